"""From labelled names to an artifact: columns, a GLM in H2O, its threshold, export and proof."""
