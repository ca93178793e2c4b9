"""Names of known generators: an index of them, and feeds of those to come."""
