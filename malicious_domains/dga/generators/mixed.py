"""Families that mix date, seed and index by shifts, multiplications and rotations."""

import math
from collections.abc import Iterator
from datetime import date
from itertools import count
from string import ascii_lowercase
from struct import pack, unpack

from . import arithmetic
from .arithmetic import QUAD, WORD, draw_decimal, draw_hexadecimal, parse_number, rotate_left
from .family import BADER_CODE, Hosts, Variant, bader, declare, family

_ANDREWAEVA = 'andrewaeva, "DGA", github.com/andrewaeva'


# --- Conficker (worm, 2008 on) ---

_FILE_TIME = date(1601, 1, 1)  # from which Windows counts, in units of 100 ns
_TURN = 2 * 0xC90FDAA22168C234C  # 2 pi as the x87's sine knows it, times 2**66


@family("floating-point arithmetic", _ANDREWAEVA, period="day")
def conficker(day: date, _seed: str) -> Hosts:
    """Yield the names of Conficker, the form with eight TLDs: doubles and their bits."""
    time = 86400 * 10**7 * (day - _FILE_TIME).days
    state = ((time * 0x352C94565 & QUAD) // 0x58028E44000 + 0xA3596526) & QUAD
    for _ in range(250):
        state = _step_conficker(state)
        label = ""
        for _ in range(8 + int(math.fmod(arithmetic.to_signed(state), 4))):  # sign as in C: -3 to 3
            state = _step_conficker(state)
            label += ascii_lowercase[abs(arithmetic.to_signed(state)) % 26]
        state = _step_conficker(state)
        yield f"{label}.{('cc', 'cn', 'ws', 'com', 'net', 'org', 'info', 'biz')[state & 7]}"


def _step_conficker(state: int) -> int:
    x = float(state)
    sine = math.sin(((int(x) << 66) % _TURN) / (1 << 66))  # as the x87 has it: its pi has 66 bits
    v = ((float(state * 0x53125624 & QUAD) + sine) * x + 0.626454564) * x + math.log(x)
    number: int = unpack("<Q", pack("<d", v))[0]
    return number


# --- Cryptolocker (ransomware, 2013-2014) ---

# The variant date-walk is no malware's: it is an encyclopaedia's sketch of such an algorithm
# (InfoSec Institute, "Domain Generation Algorithm (DGA)"), which published training data took for
# Cryptolocker's. A seed is the start in days and the length; these are our own choice.
_WALKS = ("100x32", "1x12", "5000x20")


def _cryptolocker(day: date, _seed: str) -> Hosts:
    tlds = ("com", "net", "biz", "ru", "org", "co.uk", "info")
    for index in range(1000):
        d, m, y = 65537 * day.day, 65537 * day.month, 65537 * (day.year + index)
        length = 12 + (((d >> 3) ^ (y >> 8) ^ (y >> 11)) & 3)
        label = ""
        for _ in range(length):
            d = ((d << 13 & WORD) >> 19) ^ ((d >> 1) << 13 & WORD) ^ (d >> 19)
            m = ((m << 2 & WORD) >> 25) ^ ((m >> 3) << 7 & WORD) ^ (m >> 25)
            y = ((y << 3 & WORD) >> 11) ^ ((y >> 4) << 21 & WORD) ^ (y >> 11)
            label += ascii_lowercase[(d ^ m ^ y) % 25]
        yield f"{label}.{tlds[index % 7]}"


def _walk(_day: date, seed: str) -> Hosts:
    start, _x, text = seed.partition("x")
    length = parse_number(text, 10, 6)
    first = date(2016, 1, 1).toordinal() + parse_number(start, 10) + 1
    for ordinal in range(first, date.max.toordinal() + 1, 2):
        day = date.fromordinal(ordinal)
        y, m, d = day.year, day.month, day.day
        label = ""
        for _ in range(length):  # unbounded integers, not words of 32 bits
            y = ((y ^ 8 * y) >> 11) ^ ((y & 0xFFFFFFF0) << 17)
            m = ((m ^ 4 * m) >> 25) ^ 16 * (m & 0xFFFFFFF8)
            d = ((d ^ (d << 13)) >> 19) ^ ((d & 0xFFFFFFFE) << 12)
            label += ascii_lowercase[(y ^ m ^ d) % 25]
        yield label


declare(
    "cryptolocker",
    "shift registers",
    _ANDREWAEVA,
    Variant(_cryptolocker, period="day"),
    Variant(
        _walk,
        "date-walk",
        seeds=_WALKS,
        draw=lambda random: f"{random.randint(1, 1_000_000)}x{random.randint(8, 32)}",
        sampled=False,
        unused=_WALKS,
    ),
)

# --- Locky (ransomware, 2016); v3 is by Nominum, "Locky back", nominum.com ---

_LOCKY_V2_TLDS = tuple("ru pw eu in yt pm us fr de it be uk nl tf".split())  # noqa: SIM905
_LOCKY_V3_TLDS = tuple("ru info biz click su work pl org pw xyz".split())  # noqa: SIM905
_LOCKY_V3_SEEDS = """
    7077 5566 9106 5579 111 9044 9099 9047 9133 9199 9190 9088 9998 9992 1511 1513 1517 9056 7773
    7743
"""
_ADDEND = 0x27100001


def _locky_v2(day: date, seed: str) -> Hosts:
    number = parse_number(seed, 10)
    shift, distinct = (7, 8) if number else (5, 6)
    t = _mix_locky(day.year + 0x1BF5, shift)
    if number:
        t = _mix_locky(t + number + _ADDEND, shift)
    t = _mix_locky(t + day.day // 2 + _ADDEND, shift)
    t = _mix_locky(t + day.month + 0x2709A354, shift)
    for index in range(8):  # listed to the end although 6 may be distinct
        r = rotate_left(index % distinct, 21) + t + rotate_left(number, 17) + _ADDEND
        r = _mix_locky(r, shift) + _ADDEND & WORD
        yield _name_locky(r, 5 + r % 11, shift, _LOCKY_V2_TLDS)


def _locky_v3(day: date, seed: str) -> Hosts:
    number = parse_number(seed, 10)
    for index in range(12):
        k = 0
        for j in range(7):
            a = (_mix_locky(day.year + j + k + 0x1BF5) + _ADDEND) & WORD ^ k
            b = (_mix_locky(a + number) + _ADDEND) & WORD ^ a
            c = 0xD8EFFFFF - _mix_locky(day.day // 2 + b) + b
            d = c + _mix_locky(day.month + c - 0x65CAD) + _ADDEND & WORD
            own = d + rotate_left(number, 17) + rotate_left(index, 21)
            k = (_mix_locky(own) + _ADDEND) & WORD ^ d
        yield _name_locky(k, 7 + k % 11, 7, _LOCKY_V3_TLDS)


def _name_locky(r: int, length: int, shift: int, tlds: tuple[str, ...]) -> str:
    label = ""
    for k in range(length):
        r = _mix_locky(rotate_left(r, k), shift) + _ADDEND & WORD
        label += ascii_lowercase[r % 25]
    return f"{label}.{tlds[(_mix_locky(r, shift) + _ADDEND & WORD) % len(tlds)]}"


def _mix_locky(value: int, shift: int = 7) -> int:
    return arithmetic.rotate_right(0xB11924E1 * value, shift)


_LOCKY_V2_SEEDS = ("62", "75", "9", "7", "660", "555", "0")
declare(
    "locky",
    "multiply, rotate",
    'Forcepoint, "Locky\'s new DGA - seeding the new domains" (2016), blogs.forcepoint.com',
    Variant(_locky_v2, "v2", _LOCKY_V2_SEEDS, "2 days", draw_decimal),
    Variant(_locky_v3, "v3", tuple(_LOCKY_V3_SEEDS.split()), "2 days", draw_decimal),
)

# --- Necurs (botnet for spam, 2012 on) ---

_NECURS_TLDS = """
    tj in jp tw ac cm la mn so sh sc nu nf mu ms mx ki im cx cc tv bz me eu de ru co su pw kz sx
    us ug ir to ga com net org biz xxx pro bit
""".split()  # noqa: SIM905


@family(
    "mixing function",
    bader("The DGAs of Necurs", 2015),
    seeds=("9",),
    period="4 days",
    draw=draw_decimal,
)
def necurs(day: date, seed: str) -> Hosts:
    """Yield the names of Necurs for four days: a mixing function of 64 bits, 43 TLDs."""
    magic = parse_number(seed, 10)
    period = _mix_necurs(_mix_necurs(_mix_necurs(day.year) + day.month + 43690) + day.day // 4)
    for index in range(2048):
        n = _mix_necurs(_mix_necurs(period + index) + magic)
        label = ""
        for k in range(7 + n % 15):
            n = _mix_necurs(n + k)
            label += ascii_lowercase[n % 25]
            n = _mix_necurs(n + 0xABBEDF)
        yield f"{label}.{_NECURS_TLDS[n % len(_NECURS_TLDS)]}"


def _mix_necurs(value: int) -> int:
    value &= QUAD
    for k in range(0, 8 * (value % 128 + 21), 8):
        value = value + (7 * value ^ value << 15) + k - (value >> 5) & QUAD
    return value


# --- others ---


@family("xorshift", BADER_CODE, period="day")
def nymaim(day: date, _: str) -> Hosts:
    """Yield the names of Nymaim (downloader of ransomware, 2013 on): shifts, xors, four words."""
    draws = _draw_nymaim(day)
    for _index in range(128):
        label = arithmetic.spell(draws, 6 + next(draws) % 6)
        tlds = (("i", "com"), ("m", "org"), ("q", "biz"), ("u", "net"), ("z", "info"))
        yield f"{label}.{next(tld for last, tld in tlds if label[-2] <= last)}"


def _draw_nymaim(day: date) -> Iterator[int]:
    sunday_first = day.isoweekday() % 7
    s = day.year + (day.month << 16) + sunday_first + (day.day << 16)
    a, b, c, d = s + 0x52455641, s + 0x49484F4C, s + 0x59554820, s + 0x4D415620
    while True:
        t = a << 11 & WORD ^ a
        u = d >> 19 ^ d ^ t ^ t >> 8
        yield (c + u & WORD) // 100
        a, b, c, d = a + b & WORD, b + c & WORD, c + d & WORD, u


@family(
    "multiplications",
    'Damballa, "Behind Ramdo\'s DGA", www.damballa.com',
    seeds=("D5FFF", "DEADBEEF"),
    draw=draw_hexadecimal,
    count=5000,  # that are kept; there is no end
)
def ramdo(_day: date, seed: str) -> Hosts:
    """Yield the names of a seed of Ramdo (click fraud, 2013-2014), without end."""
    key = parse_number(seed)
    for index in count():
        factor = 2 * key * (index + 1) & WORD
        state = factor ^ (26 * key * index & WORD)
        label = ""
        for i in range(16):
            label += ascii_lowercase[state % 26]
            state = state + (state ^ (26 * factor * i * i & WORD)) & WORD
        yield f"{label}.org"


# --- Ranbyus (banking trojan): shift registers in May 2015, an LCG of 64 bits from September on ---

_RANBYUS_TLDS = ("in", "me", "cc", "su", "tw", "net", "com", "pw")
_OTHER_TLDS = {0xCE7F8514: ("in", "net", "org", "com", "me", "su", "tw", "cc")}
_SEPTEMBER = """
    0F0D5BFA F2C72B14 AE8714BE CE7F8514 572473BB 17794CF1 C0E32524 7CB7966E 9F90C9E7 8FB8879B
    E981684B
"""


def _ranbyus_may(day: date, seed: str) -> Hosts:
    d, m, y, s = day.day, day.month, day.year, parse_number(seed)
    for index in range(40):
        label = ""
        for _ in range(14):
            d = (d >> 15) ^ (16 * ((d & 0x1FFF) ^ 4 * (s ^ d)) & WORD)
            y = ((y & 0xFFFFFFF0) << 17 & WORD) ^ ((y ^ (7 * y & WORD)) >> 11)
            m = (14 * (m & 0xFFFFFFFE) & WORD) ^ ((m ^ (4 * m & WORD)) >> 8)
            s = (s >> 6) ^ ((d + 8 * s) << 8 & 0x03FFFF00)
            label += ascii_lowercase[(d ^ m ^ y) % 25]
        yield f"{label}.{_RANBYUS_TLDS[(day.day + index) % 8]}"


def _ranbyus_september(day: date, seed: str) -> Hosts:
    key = parse_number(seed)
    tlds = _OTHER_TLDS.get(key, _RANBYUS_TLDS)
    state = day.day * day.month * day.year ^ key
    for index in range(40):
        first, state = _make_block(state)
        second, state = _make_block(state)
        label = arithmetic.spell(iter(first + second), 17, ascii_lowercase[:25])
        yield f"{label}.{tlds[(day.day + index) % 8]}"


def _make_block(state: int) -> tuple[bytes, int]:
    """Return 16 bytes made of three steps, and the new state."""
    x1 = _step_ranbyus(state)
    x2 = _step_ranbyus(x1)
    x3 = _step_ranbyus(x2)
    low1, low2 = x1 & WORD, x2 & WORD
    mixed = (x3 >> 24 & 0xFFFFFF00) | (x3 & WORD) >> 24
    third = (low1 & 0xFFF00000) | x3 >> 44
    return pack("<4I", ((mixed ^ low2) & 0xFFFFF) ^ low2, x2 >> 32, third, x1 >> 32), x3


def _step_ranbyus(state: int) -> int:
    return (0x5851F42D4C957F2D * state + 0x14057B7EF767814F) & QUAD


_MAY = ("C5F128F3", "B6354BC3", "65BA0743", "0478620C")
declare(
    "ranbyus",
    "shift registers, LCG",
    bader("The DGA of Ranbyus", 2015),  # and "Ranbyus's DGA, revisited" (2015)
    Variant(_ranbyus_may, "may", _MAY, "day", draw_hexadecimal),
    Variant(_ranbyus_september, "september", tuple(_SEPTEMBER.split()), "day", draw_hexadecimal),
)
