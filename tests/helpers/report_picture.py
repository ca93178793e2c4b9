"""The picture of the scan report in the documents, and what it was drawn from.

As a program it draws docs/scan-report.png anew: python -m tests.helpers.report_picture
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import struct
import tempfile
import zlib
from pathlib import Path

from malicious_domains.dga.demo_log import write_demo_log
from malicious_domains.scan.findings import Findings
from malicious_domains.scan.reading.read_logs import Source
from malicious_domains.scan.scan_report import render_page
from malicious_domains.scan.scan_run import Request, scan_logs

PICTURE = Path(__file__).parents[2] / "docs" / "scan-report.png"
_KEY = b"report-sha256\0"
_START = 33  # bytes of a PNG's signature and its first chunk


def scan_demo(folder: Path) -> Findings:
    """Scan the made-up log of `scan --demo`, which is written to a folder."""
    (folder / "dns.log").write_text(write_demo_log())
    with contextlib.chdir(folder):
        return scan_logs(Request(source=Source.of(["dns.log"]), finds_places=True))


def draw_page(findings: Findings) -> str:
    return render_page(findings, ["malicious-domains", "scan", "--demo", "--out", "report"])


def hash_report(page: str) -> str:
    """Return the SHA-256 of a report's text and look, without the versions of what made it."""
    shown = re.sub(r'<section id="made">.*?</section>', "", page, flags=re.DOTALL)
    return hashlib.sha256(re.sub(r"\s+", " ", shown).encode()).hexdigest()


def read_hash(picture: bytes) -> str:
    """Return the hash of the report that a picture was drawn from."""
    assert picture[_START + 4 : _START + 8] == b"tEXt", "run python -m tests.helpers.report_picture"
    (size,) = struct.unpack(">I", picture[_START : _START + 4])
    return picture[_START + 8 : _START + 8 + size].removeprefix(_KEY).decode()


def _add_hash(picture: bytes, value: str) -> bytes:
    chunk = b"tEXt" + _KEY + value.encode()
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return picture[:_START] + framed + picture[_START:]


def main() -> None:
    """Draw the report's beginning, 1,000 pixels wide, in light colours."""
    from tests.helpers.browser import chromium

    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        text = draw_page(scan_demo(Path(folder)))
        page = browser.new_page(viewport={"width": 1000, "height": 1480}, color_scheme="light")
        page.set_content(text)
        PICTURE.write_bytes(_add_hash(page.screenshot(), hash_report(text)))


if __name__ == "__main__":
    main()
