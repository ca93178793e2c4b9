"""From a text to its registrable label: parsing, public suffixes, zones, lists of names."""
