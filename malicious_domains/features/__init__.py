"""What is asked of a label: one definition of each feature, for a batch and for one label."""
