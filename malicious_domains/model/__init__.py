"""A trained model: its linear predictor, its files, and the scorer that puts them to work."""
