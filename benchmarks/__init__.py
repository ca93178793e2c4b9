"""Every speed and size that the README quotes."""
