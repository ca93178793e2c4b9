"""Which family a flagged name looks like: a hint, computed for those who ask for it."""
