"""The daemon from which Spark forks its Python processes here: pyspark's own, out of its folder.

Spark has Python import pyspark from a zip, and before each task look anew at every place that it
imports from. Python before 3.12 then reads the zip's list of files sixteen times: 0.2 s a task.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder

_plain = [x for x in sys.path if not x.endswith((".zip", ".jar"))]
if PathFinder.find_spec("pyspark", _plain):  # installed, as beside this package
    sys.path[:] = _plain
    sys.path_importer_cache.clear()

if __name__ == "__main__":
    from pyspark.daemon import manager

    manager()  # type: ignore[no-untyped-call]
