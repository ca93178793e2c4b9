"""Write a CycloneDX SBOM of what a lock pins: python -m pipeline.release.sbom LOCK > sbom.json."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from malicious_domains import __version__

NAME = "malicious-domains"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)((?:.*\\\n)+.*)?", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def make_sbom(lock: str) -> dict[str, Any]:
    """Return the bill of materials, CycloneDX 1.6, of the text of a lock with hashes.

    The same lock gives the same bill: its serial number is made of the content.

    >>> lock = "click==8.5.1 \\\\\\n    --hash=sha256:" + "0" * 64
    >>> [x["purl"] for x in make_sbom(lock)["components"]]
    ['pkg:pypi/click@8.5.1']
    """
    own: dict[str, Any] = {"type": "application", "bom-ref": NAME, "name": NAME}
    own.update({"version": __version__, "licenses": [{"license": {"id": "Apache-2.0"}}]})
    components = [*_list_components(lock)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps([own, components]))}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": NAME, "dependsOn": [x["bom-ref"] for x in components]}],
    }


def _list_components(lock: str) -> Iterator[dict[str, Any]]:
    for name, version, rest in _PINNED.findall(lock):
        purl = f"pkg:pypi/{name.lower()}@{version}"
        hashes = [{"alg": "SHA-256", "content": x} for x in _HASH.findall(rest)]
        place = f"https://pypi.org/project/{name}/{version}/"
        names = {"bom-ref": purl, "name": name, "version": version, "purl": purl}
        references = [{"type": "distribution", "url": place, "hashes": hashes}]
        yield {"type": "library", **names, "externalReferences": references}


if __name__ == "__main__":
    print(json.dumps(make_sbom(Path(sys.argv[1]).read_text(encoding="utf-8")), indent=1))
