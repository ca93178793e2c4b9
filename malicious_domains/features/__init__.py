"""The features of a label: one formula for each, applied to a batch or to one label."""
