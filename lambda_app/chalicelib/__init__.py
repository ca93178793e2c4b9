"""Names, features and scoring: plain Python for one name, NumPy for many, nothing heavier."""
