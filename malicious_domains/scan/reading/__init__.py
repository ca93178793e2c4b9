"""DNS logs of many formats, read by DuckDB as one table of events."""
