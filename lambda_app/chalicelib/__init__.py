"""Names, features and scoring: NumPy and nothing heavier."""
