"""A trained model: its equation, its files, and the scorer that applies it."""
