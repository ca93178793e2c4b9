"""QSnatch (malware on QNAP storage, 2019): SHA-1 in base 64 of the time and the TLD.

Source: J. Bader, "The DGA of QSnatch", https://johannesbader.ch/blog/the-dga-of-qsnatch/,
and NCSC-FI, "QSnatch malware designed for QNAP NAS devices",
https://www.kyberturvallisuuskeskus.fi/en/news/qsnatch-malware-designed-qnap-nas-devices
"""

from base64 import b64encode
from datetime import date
from functools import partial
from hashlib import sha1

from .arithmetic import count_seconds
from .family import Hosts, Variant, declare

# One begins with a dot, so its names have two.
_A_TLDS = """
    cf tk com ml de rocks mx biz net cn ga gq org top nl men ws se info xyz today ru ec co ee
    rs com.sv com.cy co.zw kg com.ge tl name tw lv bs li ng ae bt tv pe uz me gy am kr by fr
    com.uy com.lb com.br vu hk in re ch af com.ps ug dz pro co.th sg cd so mo co.id co.il
    com.do ke cx ro id pm hm vg az com.eg bz su com.ar gg com.lr pa com.ve al fm to mu co.ck pk
    co.rs cw nr gd gl ac lk md fi sx lc es cc cm la co.za je cz jp ai pw bg nu ag bm eu com.my
    sc ax wf ly qa vn aq mobi com.tr com.ua com.py hk.org south.am com.kh co.zm ru.net com.km
    tt kn co.ls co.fk uy.com com.gu .com.bn com.pf com.fj
""".split()  # noqa: SIM905
_B_TLDS = """
    cf tk ml ga gq com biz org de rocks mx cn top nl men ws se info xyz net today ru fi name to
    in com.ua vg vn cd
""".split()  # noqa: SIM905
_HOUR = 3600
_DAY = 24 * _HOUR
_INTERVALS = (15 * _DAY, 5 * _DAY, _DAY, 8 * _HOUR, 2 * _HOUR, _HOUR)  # of variant a
_LETTERS = bytes.maketrans(b"+/", b"bc")


def _first(day: date, _seed: str, seconds: int = 1) -> Hosts:
    """Yield the names of variant a, of three to six characters, from midnight UTC on."""
    midnight = count_seconds(day)
    for interval in _INTERVALS:
        for time in range(midnight, midnight + seconds, min(interval, seconds)):
            yield from _short(time, interval)


def _second(day: date, _seed: str) -> Hosts:
    """Yield the names at midnight UTC in variant b, of six to ten characters each."""
    for tld in _B_TLDS:
        characters = _characters(count_seconds(day), 15 * _DAY, tld)
        for length in range(6, 11):
            yield f"{characters[:length]}.{tld}"


def _short(time: int, interval: int) -> Hosts:
    for length in (5, 3, 4):
        for tld in _A_TLDS:
            longer = tld in ("com", "net", "org")
            yield f"{_characters(time, interval, tld)[: length + longer]}.{tld}"


def _characters(time: int, interval: int, tld: str) -> str:
    text = f"{time // interval}IbjGOEgnuD{tld}\n"
    encoded = b64encode(sha1(text.encode()).digest())
    return encoded.lower().translate(_LETTERS).decode()


declare(
    "qsnatch",
    "hash (SHA-1)",
    'J. Bader, "The DGA of QSnatch", johannesbader.ch',
    Variant(_first, "a", period="hour", own=partial(_first, seconds=_DAY)),
    Variant(_second, "b", period="15 days"),
)
