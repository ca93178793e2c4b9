"""Every speed and size that the documents quote."""
