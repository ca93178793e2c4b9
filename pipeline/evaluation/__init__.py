"""Measure what a model is worth on names, families and lists that it has not seen."""

REPORT_FILES = ("index.html", "report.json")  # the files of a report's folder
