"""The verdict on a client's day of DNS queries: is a domain generation algorithm at work?"""
