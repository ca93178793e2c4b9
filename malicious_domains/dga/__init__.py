"""Names that known generators (DGAs) make: the generators, an index of their names, and feeds."""
