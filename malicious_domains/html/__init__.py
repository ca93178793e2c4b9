"""HTML pages of one file, without links and without JavaScript: their look, numbers and plots."""
