"""The daemon from which Spark forks its Python processes here: pyspark's own, without its zips.

Python before 3.12 reads a zip's list of files sixteen times before each task: 0.2 s, which is half
of a scan in a warm session.
"""

import sys

if __name__ == "__main__":
    sys.path[:] = [x for x in sys.path if not x.endswith((".zip", ".jar"))]
    from pyspark.daemon import manager

    manager()  # type: ignore[no-untyped-call]
