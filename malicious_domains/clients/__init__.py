"""A client's day of DNS queries, judged: is a generator of names at work?"""
