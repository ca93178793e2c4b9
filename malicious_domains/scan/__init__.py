"""From DNS logs to infected clients: reading, grouping, judging, telling."""

REPORT_FILES = ("index.html", "alarms.jsonl")
