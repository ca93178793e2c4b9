"""Train models on labelled names: design, fit in H2O, threshold, export and verification."""
