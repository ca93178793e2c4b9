"""PadCrypt (ransomware, 2016): SHA-256 of the date and the index."""

from datetime import date
from functools import partial
from hashlib import sha256

from .family import Hosts, Variant

TLDS = ("com", "co.uk", "de", "org", "net", "eu", "info", "online", "co", "cc", "website")
_LETTERS = str.maketrans("0123456789", "abcdnfolmk")


def _generate(day: date, _seed: str, *, separator: str, count: int) -> Hosts:
    """Yield the names of a day in one version."""
    for index in range(count):
        text = f"{day.day}-{day.month}-{day.year}{separator}{index}"
        digits = sha256(text.encode()).hexdigest()
        kind = int(digits[-1], 16)
        tld = TLDS[kind] if kind < len(TLDS) else "com"
        yield f"{digits[3:19].translate(_LETTERS)}.{tld}"


KIND = "hash (SHA-256)"
# http://johannesbader.ch/2016/03/the-dga-of-padcrypt/
SOURCE = 'J. Bader, "The DGA of PadCrypt" (2016), johannesbader.ch'
VARIANTS = (
    Variant(partial(_generate, separator=":", count=24), "2.2.86.1", period="day"),
    Variant(partial(_generate, separator="|", count=72), "2.2.97.0", period="day"),
)
