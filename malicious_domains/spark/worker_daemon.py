"""The daemon from which Spark forks its Python processes here: pyspark's own, without its zips.

Python before 3.12 reads a zip's list of files sixteen times a task: half of a scan's time.
"""

import sys

if __name__ == "__main__":
    sys.path[:] = [x for x in sys.path if not x.endswith((".zip", ".jar"))]
    from pyspark.daemon import manager

    manager()  # type: ignore[no-untyped-call]
