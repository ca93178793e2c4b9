"""Families whose names can be pronounced: consonants and vowels in turn."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from hashlib import md5

from . import arithmetic
from .arithmetic import CONSONANTS, VOWELS, WORD, iterate, microsoft_rand, parse_number, spell
from .family import BADER_CODE, Hosts, Variant, bader, declare, family

# --- Pitou (spam bot with a rootkit, 2014-2019) ---


@family(
    "syllables",
    bader("The DGA of Pitou", 2019),
    seeds=("DAFE02C", "DAFE02D"),
    period="day",
    draw=lambda random: f"{random.getrandbits(28):07X}",
)
def pitou(day: date, seed: str) -> Hosts:
    """Yield the names of a day of Pitou, the candidates of a label one after the other.

    There are 20 counters a day; the longer labels come with all their last letters.
    """
    tlds = ("com", "org", "biz", "net", "info", "mobi", "us", "name", "me")
    magic = parse_number(seed)
    shifted = _shift_month(day)
    for counter in range(20):
        block = (counter // 3 + shifted) // 10 * 10
        mixed = ((magic >> counter) * ((counter - 1) % 256)) % 256 * block
        label = _spell_pitou(_pitou_bytes(magic, counter, block, day.year - 1900), 8 + mixed % 2)
        tld = tlds[((counter ^ block ^ magic) & WORD) % len(tlds)]
        for candidate in _list_candidates(label):
            yield f"{candidate}.{tld}"


def _shift_month(day: date) -> int:
    """Count the days from 1970 to the same day of the next month, or as far into the one after."""
    first = (day.replace(day=1) + timedelta(32)).replace(day=1)
    return arithmetic.count_days(first) + day.day - 1


def _pitou_bytes(magic: int, counter: int, block: int, year: int) -> list[int]:
    low, high = block & 255, block >> 8 & 255
    values = []
    for k in range(8):
        group, part = divmod(k, 4)
        byte = magic >> 8 * group & 255
        nibble = byte % 16 if part % 2 else byte >> 4
        factor = (
            year >> group,
            year << group,
            (high << group) ^ (low >> group),
            (low << group) ^ (high >> group),
        )[part]
        values.append((nibble * factor) % 256 * (counter + 1) % 256)
    return [*values, 0xE0]  # the last one begins with a consonant, so it never runs out


def _spell_pitou(values: list[int], wanted: int) -> str:
    label = ""
    position = 0
    while len(label) < wanted:
        if values[position] >= 128:
            pattern: tuple[str, ...] = (CONSONANTS, VOWELS)
            if position + 2 < len(values) and values[position + 2] & 0x40:
                pattern += (VOWELS,)
            pattern = pattern[: wanted - len(label)]
        else:
            pattern = (VOWELS, CONSONANTS)  # both, even if one would do
        for letters in pattern:
            label += letters[values[position] % len(letters)]
            position += 1
    return label


def _list_candidates(label: str) -> list[str]:
    """Return what a label may become: a bug leaves the last letter beyond eight to chance."""
    if len(label) <= 8:
        return [label]
    letters = VOWELS if label[-1] in VOWELS else CONSONANTS
    return [label[:-1] + letter for letter in letters]


# --- Pushdo (dropper of the Cutwail spam bot): a chain of MD5 digests ---

_BACK, _AHEAD = 30, 14  # days whose names are queried as well, after the day's own
_OFFSETS = (*range(0, -_BACK - 1, -1), *range(1, _AHEAD + 1))

# By version: first and last letters, and the bits that add a second vowel and a last letter.
_Letters = tuple[str, str, int, int]
_V1: _Letters = ("bcdfghjklmnpqrstvwx", "zxtsrqpnmlkgfdc", 7, 1)
_V2: _Letters = ("kqbhcndjfwglpmzxrsv", "qzlbtgrnkxsfdcm", 8, 2)
_V3: _Letters = ("zhjntdwmqbglpxrsfc", "rlngbtkszpfdcmx", 8, 2)


def _pushdo(
    day: date, _: str, *, letters: _Letters, tld: str, offsets: Sequence[int] = _OFFSETS
) -> Hosts:
    for offset in offsets:
        state = _count_as_pushdo(day) + offset
        for _index in range(30):
            digest = md5((state & WORD).to_bytes(4, "little")).digest()
            state = int.from_bytes(digest[:4], "little")
            yield f"{_spell_pushdo(digest, 9 + state % 4, letters)}.{tld}"
            state += 1


def _count_as_pushdo(day: date) -> int:
    """Count days as the malware does: without January, and with a leap year every four years."""
    leaps = day.year // 4
    leap_day = day.year % 4 == 0 and day.month > 1
    years = 365 * (day.year - leaps) + 366 * leaps
    months = sum(monthrange(2001, month)[1] for month in range(2, day.month + 1))
    return day.day + months + leap_day + years


def _spell_pushdo(digest: bytes, length: int, letters: _Letters) -> str:
    first, last, vowel_mask, last_mask = letters
    label = ""
    for byte in digest:
        label += first[byte % len(first)]
        vowel = VOWELS[(byte + 1) % 256 % 5]
        label += vowel
        if vowel == "e" and (byte + 2) & vowel_mask:
            label += "aio"[(byte + 2) % 3]
        elif (byte + 2) & last_mask:
            label += last[(byte + 3) % 15]
        if len(label) >= length:
            break
    return label[:length]


def _make_pushdo(name: str, letters: _Letters) -> Variant:
    make = partial(_pushdo, letters=letters, tld=name[:-3])
    own = partial(make, offsets=[0])
    return Variant(make, name, period="day", valid=(_AHEAD, _BACK), own=own)


declare(
    "pushdo",
    "syllables, hash (MD5)",
    BADER_CODE,
    _make_pushdo("kz_v1", _V1),
    _make_pushdo("kz_v2", _V2),
    _make_pushdo("kz_v3", _V3),
    _make_pushdo("com_v1", _V1),
)


# --- others ---


@family(
    "consonants and vowels",
    bader("The DGA of Simda/Shiz", 2015),
    seeds=("45AE94B2x7",),
    draw=lambda random: f"{random.getrandbits(32):08X}x7",
)
def simda(_day: date, seed: str) -> Hosts:
    """Yield the names of Simda (backdoor, also Shiz): consonants and vowels in turn.

    A seed is a base in hexadecimal, "x" and the length of labels.
    """
    text, _, digits = seed.partition("x")
    base, length = parse_number(text), parse_number(digits, 10, 6)
    if not length:
        raise ValueError(f"{seed!r} gives empty labels")
    for _ in range(1000):
        base += sum(b"1676d5775e05c50b46baa5579d4fc7")
        label = ""
        for i in range(length):
            letters = ("qwrtpsdfghjklzxcvbnm", "eyuioa")[i % 2]
            label += letters[base // (3 + 2 * i) % len(letters)]
        yield f"{label}.com"


@family("LCG, vowels and consonants", bader("The DGA of Symmi", 2015), period="half of the month")
def symmi(day: date, _seed: str) -> Hosts:
    """Yield the names of Symmi (downloader, also MewsSpy) for a half of the month: an LCG."""
    numbers = microsoft_rand(10000 * (100 * (day.day // 16) + day.month) + day.year + 42)
    for _ in range(64):
        label, phase = "", 0
        for i in range(8 + next(numbers) % 8):
            if i % 2 == 0:  # each pair may swap its letters' kinds
                phase = next(numbers) >> 8 & 1
            label += spell(numbers, 1, ("aeiou", "bcdfghklmnpqrstvwx")[(phase + i) % 2])
        yield f"{label}.ddns.net"


# --- Vawtrak (banking trojan, also NeverQuest): from version 2 on with a letter pattern ---

_TESTS = ("DEADBEEF", "12345678")  # no seed of version 1 is known


def _vawtrak_v1(_day: date, seed: str) -> Hosts:
    numbers = iterate(_step_vawtrak, parse_number(seed))
    for _ in range(96):
        yield f"{spell(numbers, 7 + next(numbers) % 5)}.top"


def _vawtrak(_day: date, seed: str, *, delta: int) -> Hosts:
    state = parse_number(seed)
    for _ in range(150):
        state = _step_vawtrak(state)
        length = 7 + state % 5
        state = _step_vawtrak(state)
        consonants, label = state % 2, ""  # how many come before the next vowel
        for _ in range(length):
            state = value = _step_vawtrak(state + delta)
            if consonants:
                label += "cdfghlmnrstw"[value % 12]
                consonants -= 1
            else:
                state = _step_vawtrak(state)
                consonants = 1 + state % 2
                label += VOWELS[value % 5]
        yield f"{label}.com"


def _step_vawtrak(x: int) -> int:
    return (1103515245 * x + 12345) & 0x7FFFFFFF


def _make_vawtrak(name: str, delta: int, *seeds: str) -> Variant:
    return Variant(partial(_vawtrak, delta=delta), name, seeds, draw=arithmetic.draw_hexadecimal)


declare(
    "vawtrak",
    "LCG",
    'Threat Geek, "Vawtrak DGA round 2" (2016), www.threatgeek.com',
    Variant(_vawtrak_v1, "v1", _TESTS, draw=arithmetic.draw_hexadecimal, unused=_TESTS),
    _make_vawtrak("v2", 2, "5884C3C4", "5542B2"),
    _make_vawtrak("v3", 0x1895120F, "874C49", "3CDCA1"),  # what it adds to a state
)
