"""Families that spell names with a linear congruential generator (LCG), or another rand()."""

import math
from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial
from itertools import count, cycle, islice
from string import ascii_lowercase
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from . import arithmetic
from .arithmetic import WORD, draw_decimal, draw_hexadecimal, iterate, parse_number, spell
from .family import BADER_CODE, Hosts, Variant, bader, declare, family


@family(
    "LCG", 'E. Brumaghin and others, "CCleanup" (2017), blog.talosintelligence.com', period="month"
)
def ccleaner(day: date, _: str) -> Hosts:
    """Yield the name of a month of CCleaner's backdoor (2017): three numbers of rand().

    Of all seeds of 31 bits, 20170002 and the ten after it alone give the eleven published names.
    """
    first, second, third = islice(arithmetic.microsoft_rand(10000 * day.year + day.month), 3)
    yield f"ab{second * third:x}{first:x}.com"


@family(
    "LCG",
    bader("The DGA of Corebot", 2015),
    seeds=("1DBA8930",),
    period="day",
    draw=draw_hexadecimal,
)
def corebot(day: date, seed: str) -> Hosts:
    """Yield the names of Corebot (banking trojan, 2015): letters and digits, under ddns.net."""
    x = parse_number(seed) + day.year + (65536 + 256 * day.month | day.day) & WORD
    numbers = iterate(arithmetic.step_numerical_recipes, x)
    alphabet = "abcdefghijklmnopqrstuvwxy012345678"
    for _ in range(40):
        yield f"{spell(numbers, 12 + next(numbers) % 12, alphabet)}.ddns.net"


@family("LCG", bader("The DGA of DirCrypt", 2015), seeds=("F2113C2A",), draw=draw_hexadecimal)
def dircrypt(_: date, seed: str) -> Hosts:
    """Yield the names of Dircrypt (ransomware, 2014): letters by Park and Miller."""
    numbers = iterate(arithmetic.step_park_miller, parse_number(seed))
    for _index in range(30):
        yield f"{spell(numbers, 8 + next(numbers) % 13)}.com"


@family("LCG", bader("The DGA in Alureon/DNSChanger", 2016), seeds=("87373",), draw=draw_decimal)
def dnschanger(_: date, seed: str) -> Hosts:
    """Yield the names of DNSChanger (Alureon, 2007-2012): ten letters of rand(), five times."""
    numbers = arithmetic.microsoft_rand(parse_number(seed, 10))
    for _index in range(5):
        yield f"{spell(numbers, 10)}.com"


def _fobber(_: date, _seed: str, *, start: int, addend: int, length: int, tld: str) -> Hosts:
    states = iterate(lambda x: arithmetic.rotate_right(321167 * x + addend, 16), start)
    numbers = (x & 0x17FF for x in states)
    for _index in range(300):
        yield f"{spell(numbers, length)}.{tld}"


# A banking trojan after Tinba (2015).
declare(
    "fobber",
    "multiply, add, rotate",
    BADER_CODE,
    Variant(partial(_fobber, start=0xC87C8A78, addend=-1719405398, length=17, tld="net"), "v1"),
    Variant(partial(_fobber, start=0x851A3E59, addend=-1916503263, length=10, tld="com"), "v2"),
)

# --- Kraken (botnet for spam, 2008): two names an index, as a file exists or not ---

_DYNAMIC = ("dyndns.org", "yi.org", "dynserv.com", "mooo.com")
_V1 = {"a": (0x08924541, -0x0FCFBF88), "b": (0x07924542, -0x1FCFBF87)}  # (no file, a file)
_V2 = {"a": (24938315, 24938314), "b": (1600001, 1600000)}
_V2_TLDS = {"1": ("com", "net", "tv", "cc"), "2": _DYNAMIC}
_V2_SEEDS = ("a1", "b1", "a2", "b2")  # the set of start values, the set of TLDs


def _kraken_v1(_: date, seed: str) -> Hosts:
    absent, present = _V1[_check_known(seed, tuple(_V1))]
    for n in count(1000015):
        products = (n + 2) * (n + 7) * n, n * (n + 7) * (n + 12)
        addends = (3 * n + 1) * n + absent, n * (n + 1) + present
        for product, addend in zip(products, addends, strict=True):
            state = math.trunc(arithmetic.to_signed(product) / 9) + addend
            numbers = _draw_kraken(state & WORD)
            a, b, c = islice(numbers, 3)
            yield f"{spell(numbers, 6 + (a * b - c) % 6)}.{_DYNAMIC[n % 4]}"


def _kraken_v2(day: date, seed: str) -> Hosts:
    values, tlds = tuple(_check_known(seed, _V2_SEEDS))
    week = (arithmetic.count_seconds(day) - 1207000000) // 604800 + 2
    for index in count():
        skipped = ((week,) * 6 + (week - 1,) * 2 + (0,))[index % 9]
        for value in _V2[values]:
            state = 3 * index + value
            if skipped > 0:
                state = int(_jump(skipped - 1)[next(_draw_kraken(state))])
            numbers = _draw_kraken(state)
            a, b, c = islice(numbers, 3)
            yield f"{spell(numbers, 7 + (a * b + c) % 6)}.{_V2_TLDS[tlds][index % 4]}"


def _check_known(seed: str, seeds: tuple[str, ...]) -> str:
    if seed not in seeds:
        raise ValueError(f"{seed!r} is none of {', '.join(seeds)}")
    return seed


def _draw_kraken(state: int) -> Iterator[int]:
    while True:
        state = 1103515245 * state + 12435 & WORD  # where C's rand() has 12345
        yield state >> 8 & 0x7FFF


@lru_cache(maxsize=32)  # a week's two and their halves
def _jump(steps: int) -> NDArray[np.int64]:
    """Return where `steps` discarded numbers lead from each state: the first leaves 15 bits."""
    if steps == 0:
        return np.arange(0x8000)
    half = _jump(steps // 2)
    twice = half[half]
    return (1103515245 * twice + 12435 & WORD) >> 8 & 0x7FFF if steps % 2 else twice


declare(
    "kraken",
    "LCG",
    bader("Krakens two Domain Generation Algorithms", 2015),  # whose code lists 2,000; no end
    Variant(_kraken_v1, "v1", seeds=tuple(_V1), count=2000),
    Variant(_kraken_v2, "v2", seeds=_V2_SEEDS, period="week from Tuesday", count=2000),
)


# --- others ---


@family("LCG", BADER_CODE, seeds=("FA8",), period="day", draw=draw_hexadecimal)
def mydoom(day: date, seed: str) -> Hosts:
    """Yield the names of Mydoom (mail worm, also Novarg, 2004 on): decimal digits as letters."""
    tlds = ("com", "biz", "us", "net", "org", "ws", "info", "in", "in", "in")
    magic = parse_number(seed)
    x = day.year + day.month + day.day + magic & WORD
    for index in range(99):
        last = magic if index == 50 else x  # the second half knows no date
        x = arithmetic.step_numerical_recipes(last)
        digits = [int(digit) for digit in reversed(f"{x:010}")]
        yield f"{spell(iter(digits), 10, 'asnhreqwpm')}.{tlds[digits[0]]}"


@family(
    "LCG",
    bader("The DGA of Qadars", 2016),
    seeds=("89F5", "4449", "E1F1", "E1F2", "E08A", "E1F5"),
    period="week from Monday",
    draw=lambda random: f"{random.getrandbits(16):04X}",
)
def qadars(day: date, seed: str) -> Hosts:
    """Yield the names of Qadars (banking trojan, 2013-2016) for the week from Monday on."""
    key = parse_number(seed, bits=16)
    first_list = key in (0xE1F1, 0xE1F2, 0xE1F5)
    tlds = ("com", "org", "net") if first_list else ("net", "org", "top")
    seconds = arithmetic.count_seconds(day)
    state = seconds - (seconds - 4 * 86400) % (7 * 86400)
    numbers = iterate(lambda x: (key - 1043968403 * x) & 0x7FFFFFFF, state)
    for _ in range(200):
        yield f"{spell(numbers, 12, arithmetic.ALPHANUMERIC)}.{tlds[next(numbers) % 3]}"


def _qakbot(day: date, seed: str, *, sandbox: bool) -> Hosts:
    third = min((day.day - 1) // 10, 2)
    month = "jan feb mar apr may jun jul aug sep oct nov dec".split()[day.month - 1]  # noqa: SIM905
    text = f"{third}.{month}.{day.year}.{parse_number(seed, 10):08x}"
    numbers = _twist(crc32(text.encode()) + sandbox & WORD)
    for _ in range(5000):
        tld = ("com", "net", "org", "info", "biz", "org")[_draw_below(numbers, 6)]
        length = 8 + _draw_below(numbers, 18)
        label = "".join([ascii_lowercase[_draw_below(numbers, 26)] for _ in range(length)])
        yield f"{label}.{tld}"


def _twist(seed: int) -> Iterator[int]:
    """Yield the numbers of a Mersenne Twister."""
    twister = np.random.RandomState(seed)
    while True:
        yield from twister.randint(0, 1 << 32, 1024, np.uint32).tolist()


def _draw_below(numbers: Iterator[int], limit: int) -> int:
    return (next(numbers) & 0xFFFFFFF) * limit >> 28


# A banking trojan and loader; in a sandbox it makes decoys.
_QAKBOT: Any = {"seeds": ("0", "1"), "period": "third of the month", "draw": draw_decimal}
declare(
    "qakbot",
    "Mersenne Twister",
    bader("The DGA of Qakbot", 2016),
    Variant(partial(_qakbot, sandbox=False), **_QAKBOT),
    Variant(partial(_qakbot, sandbox=True), "sandbox", **_QAKBOT),
)

# --- Ramnit (worm and banking trojan, 2010 on): each name seeds the LCG anew ---

_RAMNIT_SEEDS = """
    79159C10 16647BB4 E7392D18 C129388E E706B455 DC485593 EF214BBF 28488EEA 4BFCBC6A 92F4BE35
    4302C04A 52278648 9753029A A6EAB21A 46CF1B28 1CCEC41C C5787AE2 FCFFD9E9 75EA95C2 8A0AEC7D
    1DF640A8 14DF29DD 8222270B 55536A85 5C39E467 D2B3C361 F318D47D 231D9480 13317EAC 89547381
    6C36D41D 123ABC12
"""  # the last one is of training data that somebody published


def _ramnit(_day: date, seed: str, *, shortest: int, longest: int, tlds: tuple[str, ...]) -> Hosts:
    state = parse_number(seed)
    for tld in cycle(tlds):
        after = arithmetic.step_park_miller(state)
        length = shortest + after % (longest - shortest + 1)
        numbers = iterate(arithmetic.step_park_miller, after)
        yield f"{spell(numbers, length, ascii_lowercase[:25])}.{tld}"
        high, low = divmod(state * after, 1 << 32)
        state = high + low & WORD


def _endless(name: str, shortest: int, longest: int, *tlds: str) -> Variant:
    make = partial(_ramnit, shortest=shortest, longest=longest, tlds=tlds)
    seeds = tuple(_RAMNIT_SEEDS.split())
    draw = lambda random: f"{random.randint(1, WORD):08X}"  # noqa: E731
    return Variant(make, name, seeds, draw=draw, unused=seeds[-1:], count=5000)


declare(
    "ramnit",
    "LCG",
    bader("The DGA of Ramnit", 2014),
    _endless("com-8-19", 8, 19, "com"),
    _endless("multi-tld-9-25", 9, 25, "click", "com", "eu", "bid"),
)

# --- Tempedreve (bot, 2015): a shuffled alphabet ---

_FIRST_DAY = date(2015, 3, 23)


@family(
    "LCG, shuffled alphabet",
    'AnubisNetworks, "Tempedreve botnet report", www.anubisnetworks.com',
    period="day",
    valid=(0, 40_000),  # for ever
    own=lambda day, _: (
        _tempedreve_name(arithmetic.count_days(day)) for _now in range(day >= _FIRST_DAY)
    ),
)
def tempedreve(day: date, _: str) -> Hosts:
    """Yield the name of a day of Tempedreve, then those of the days before, back to the first."""
    last = arithmetic.count_days(day)
    for number in range(last, min(last, arithmetic.count_days(_FIRST_DAY)) - 1, -1):
        yield _tempedreve_name(number)


def _tempedreve_name(number: int) -> str:
    seed = arithmetic.step_numerical_recipes(number)
    states = [seed]
    for _ in range(25):
        states.append(16843009 * states[-1] + 65805 & WORD)
    letters = list(ascii_lowercase)
    for j, state in enumerate(states):
        k = state % 26
        letters[j], letters[k] = letters[k], letters[j]
    label = "".join([letters[state % 26] for state in states[: 7 + seed % 5]])
    return f"{label}.{('com', 'net', 'org', 'info')[seed % 4]}"
