"""From a text as people paste it to the one label that is judged."""
