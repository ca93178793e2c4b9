"""Training and judging the model that names families: a hint, not a verdict."""
