"""Tinba (banking trojan, "tiny banker"): each name is mixed from the one before and a seed.

Source: http://johannesbader.ch/2015/04/new-top-level-domains-for-tinbas-dga/ and
http://garage4hackers.com/entry.php?b=3086
"""

from dataclasses import dataclass
from datetime import date
from hashlib import md5
from itertools import pairwise
from random import Random
from string import ascii_letters, digits

from .family import Hosts, Variant


@dataclass(frozen=True)
class _Setting:
    domain: str  # hard-coded, the first name
    tlds: tuple[str, ...]
    count: int = 100  # labels after it


_SETTINGS = {
    "oGkS3w3sGGOGG7oc": _Setting("ssrgwnrmgrxe.com", ("com",), 1000),
    "jc74FlUna852Ji9o": _Setting("blackfreeqazyio.cc", ("com", "net", "in", "ru")),
    "yqokqFC2TPBFfJcG": _Setting("watchthisnow.xyz", ("pw", "us", "xyz", "club")),
    "j193HsnW72Yqns7u": _Setting("j193hsne720uie8i.cc", ("com", "net", "biz", "org")),
}


def _generate(_day: date, seed: str) -> Hosts:
    """Yield the hard-coded name of a seed, then each label under every TLD."""
    if len(seed) != 16 or not seed.isascii():
        raise ValueError(f"{seed!r} is no text of 16 ASCII characters")
    setting = _SETTINGS.get(seed) or _made_up(seed)
    domain = setting.domain
    yield domain
    for _ in range(setting.count):
        label = _next_label(domain, seed.encode())
        for tld in setting.tlds:
            domain = f"{label}.{tld}"
            yield domain


def _next_label(domain: str, seed: bytes) -> str:
    codes = domain.encode()
    total, value = sum(seed), seed[-1]
    label = bytearray()
    for code, following in pairwise(codes[:13]):
        while True:
            value = (((value + code) ^ total & 255) + following) & 255
            if 98 <= value <= 121:  # b to y
                break
            total += 1
        label.append(value)
    return label.decode()


def _made_up(seed: str) -> _Setting:
    """Make up a first name of the usual shape for a seed without a known one."""
    digest = md5(seed.encode()).digest()
    return _Setting("".join(chr(98 + byte % 24) for byte in digest[:12]) + ".com", ("com",))


def _draw(random: Random) -> str:
    return "".join(random.choices(ascii_letters + digits, k=16))


KIND = "mixing of the name before"
SOURCE = 'J. Bader, "New top level domains for Tinba\'s DGA" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=tuple(_SETTINGS), draw=_draw),)
