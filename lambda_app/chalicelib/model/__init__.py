"""A trained model: its equation, its files, and the scorer that puts them to work."""
