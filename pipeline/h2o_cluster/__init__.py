"""What needs a Java: finding one, an H2O cluster on it, reading and asking a MOJO."""
