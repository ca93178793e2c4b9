"""Chinad (botnet for denial of service, 2014 on): SHA-1 of the day and the index."""

from datetime import date
from hashlib import sha1

from .arithmetic import ALPHANUMERIC, spell
from .family import Hosts, Variant

COUNT = 256  # names a day: the index is one byte
TLDS = ("com", "org", "net", "biz", "info", "ru", "cn")


def _generate(day: date, _: str) -> Hosts:
    for index in range(COUNT):
        message = bytes((day.year % 100, day.month, day.day, index)) + bytes(12)
        digest = sha1(message).digest()
        swapped = b"".join(digest[k : k + 4][::-1] for k in range(0, 20, 4))
        yield f"{spell(iter(swapped), 16, ALPHANUMERIC)}.{TLDS[swapped[16] % 7]}"


KIND = "hash (SHA-1)"
# https://github.com/360netlab/DGA/issues/1
SOURCE = '360 Netlab, "DGA, issue 1", github.com/360netlab'
VARIANTS = (Variant(_generate, period="day"),)
