"""DNS logs of many formats, read by DuckDB as one table of events.

>>> import duckdb, tempfile
>>> from pathlib import Path
>>> from malicious_domains.scan import scan
>>> dnsmasq = "Nov 25 12:00:00 dnsmasq[7]: query[A] example.com from 192.0.2.7\\n"
>>> json = '{"client": "192.0.2.7", "query": "example.com"}\\n{"client": "192.0.2.7", "qu\\n'
>>> with tempfile.TemporaryDirectory() as folder:
...     for name, text in {"dnsmasq.log": dnsmasq, "dns.json": json}.items():
...         _ = Path(folder, name).write_text(text)
...     rows = duckdb.sql("SELECT '::1' AS client, 'example.com' AS query")
...     rows.write_parquet(f"{folder}/dns.parquet")
...     findings = scan([folder])
>>> findings.line_counts
LineCounts(scored=3, skipped={}, other=0, broken=1, blank=0)
>>> [(Path(file).name, line) for file, line, _ in findings.broken_lines]
[('dns.json', 2)]
"""
