"""What a model is worth on names, families and lists that it has not seen, and the report."""

REPORT_FILES = ("index.html", "report.json")  # what a report's folder holds
