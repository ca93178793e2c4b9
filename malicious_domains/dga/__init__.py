"""Domain generation algorithms (DGAs): the generators, an index of their names, and feeds."""
