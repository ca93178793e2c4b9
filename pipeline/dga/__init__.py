"""Generators of the names that malware families make up, as documented.

One module a family. `domain` is a pure function of date, seed and index.
"""
