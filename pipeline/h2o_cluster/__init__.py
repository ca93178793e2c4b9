"""Work that needs Java: finding one, running H2O on it, reading and scoring MOJOs."""
