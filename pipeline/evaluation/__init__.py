"""What a model is worth on names, families and lists that it has not seen, and the report of it."""
