"""Families that spell names from digests of the date and the index."""

from base64 import b64encode
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from hashlib import md5, sha1, sha256
from string import ascii_lowercase, digits
from struct import pack, unpack

from . import arithmetic
from .arithmetic import ALPHANUMERIC, WORD, count_seconds, parse_number, spell, to_signed
from .family import Hosts, Variant, bader, declare, family


@family("hash (SHA-1)", '360 Netlab, "DGA, issue 1", github.com/360netlab', period="day")
def chinad(day: date, _: str) -> Hosts:
    """Yield the names of Chinad (botnet for denial of service, 2014 on): SHA-1 of day and index."""
    for index in range(256):
        message = bytes((day.year % 100, day.month, day.day, index)) + bytes(12)
        digest = sha1(message).digest()
        swapped = b"".join(digest[k : k + 4][::-1] for k in range(0, 20, 4))
        tld = ("com", "org", "net", "biz", "info", "ru", "cn")[swapped[16] % 7]
        yield f"{spell(iter(swapped), 16, ALPHANUMERIC)}.{tld}"


# --- Gameover Zeus and Murofet ---

_GOZ_TLDS = ("ru", "biz", "info", "org", "net", "com")
_MUROFET_TLDS = ("biz", "info", "org", "net", "com")  # of v2


def _goz_letters(byte: int) -> str:
    one, other = byte & 31, byte >> 3
    return "" if one == other else "".join(ascii_lowercase[x] for x in (one, other) if x < 26)


@family("hash (MD5)", bader("Three variants of Murofet's DGA", 2015), period="week of the month")
def goz(
    day: date, _: str, count: int = 1000, spell_byte: Callable[[int], str] = _goz_letters
) -> Hosts:
    """Yield the names of Gameover Zeus (banking trojan) before June 2014: MD5 of the week.

    A week of the month is days 0 to 6, 7 to 13 and so on.
    """
    for index in range(count):
        message = pack("<BBBI", (day.year + 0x30) % 256, day.month, day.day // 7 * 7, index)
        yield f"{''.join(map(spell_byte, md5(message).digest()))}.{_dividing_tld(index)}"


def _dividing_tld(index: int, tlds: tuple[str, ...] = _GOZ_TLDS) -> str:
    """Return the k-th TLD, for the first k for which n - k divides the index."""
    n = len(tlds)
    return tlds[next(k for k in range(n) if index % (n - k) == 0)]


def _murofet_v2(day: date, seed: str) -> Hosts:
    key = pack("<I", parse_number(seed) if seed else 0) * 2
    for index in range(1020):
        even = index & ~1  # two names share a label
        message = pack("<BBBBI", (day.year + 0x30) % 256, day.month, day.day, 0, even)
        digest = md5(bytes(a ^ b for a, b in zip(message, key, strict=True))).digest()
        sums = ((byte & 15) + (byte >> 4) for byte in digest)
        label = "".join(ascii_lowercase[x] for x in sums if x < 26)
        yield f"{label}.{_dividing_tld(index, _MUROFET_TLDS)}"


def _murofet_piece(byte: int) -> str:
    high, low = divmod(byte, 16)
    if high < 10:
        return ascii_lowercase[low] + ascii_lowercase[16 + high]
    return f"{ascii_lowercase[low]}{high - 9}{(97 + low) % 10}"


# Licat, the downloader of Zeus (2010 on).
declare(
    "murofet",
    "hash (MD5)",
    bader("Three variants of Murofet's DGA", 2015),
    Variant(partial(goz, count=1020), "v1", period="week of the month", sampled=False),
    Variant(
        _murofet_v2,
        "v2",
        seeds=("D6D7A4BE", "DEADC2DE", "D6D7A4B1", ""),  # "": it also came without a key
        period="day",
        draw=arithmetic.draw_hexadecimal,
    ),
    Variant(partial(goz, spell_byte=_murofet_piece), "v3", period="week of the month"),
)

# --- Gameover Zeus from July 2014 on ---


def _newgoz(day: date, seed: str, *, salt: int, count: int, has_day: bool = True) -> Hosts:
    if parse_number(seed) != salt:
        raise ValueError(f"{seed!r} is not this variant's salt, {salt:08X}")
    for k in range(count):
        index = k if has_day else (salt + k) % count
        message = pack("<IHIHI", index, day.year, salt, day.month, salt)
        message += pack("<HI", day.day, salt) if has_day else pack("<I", salt)
        label = "".join(map(_base36, unpack("<4I", md5(message).digest())))
        tlds = ((4, "com"), (3, "org"), (2, "biz"), (1, "net"))
        yield f"{label}.{next(tld for divisor, tld in tlds if index % divisor == 0)}"


def _base36(value: int) -> str:
    high, low = divmod(value, 36)
    return (_base36(high) if high else "") + (digits + ascii_lowercase)[low]


def _salted(salt: int, count: int, name: str = "", period: str = "day") -> Variant:
    make = partial(_newgoz, salt=salt, count=count, has_day=not name)
    return Variant(make, name or f"salt-{salt:08x}", seeds=(f"{salt:08X}",), period=period)


declare(
    "newgoz",
    "hash (MD5)",
    bader("The DGA of newGOZ", 2014),  # no-day: github.com/andrewaeva/DGA
    _salted(0x35190501, 1000),
    _salted(0x0052E645, 10000),
    _salted(0x35190501, 1000, "no-day", "month"),
)

# --- PadCrypt (ransomware, 2016) ---

_PADCRYPT_LETTERS = str.maketrans("0123456789", "abcdnfolmk")
_PADCRYPT_TLDS = "com co.uk de org net eu info online co cc website"


def _padcrypt(day: date, _: str, *, separator: str, count: int) -> Hosts:
    tlds = _PADCRYPT_TLDS.split()
    for index in range(count):
        text = f"{day.day}-{day.month}-{day.year}{separator}{index}"
        digest = sha256(text.encode()).hexdigest()
        kind = int(digest[-1], 16)
        tld = tlds[kind] if kind < len(tlds) else "com"
        yield f"{digest[3:19].translate(_PADCRYPT_LETTERS)}.{tld}"


declare(
    "padcrypt",
    "hash (SHA-256)",
    bader("The DGA of PadCrypt", 2016),
    Variant(partial(_padcrypt, separator=":", count=24), "2.2.86.1", period="day"),
    Variant(partial(_padcrypt, separator="|", count=72), "2.2.97.0", period="day"),
)


# --- QSnatch (malware on QNAP storage, 2019): base 64 of the time and the TLD ---

# One begins with a dot, so its names have two.
_QSNATCH_A_TLDS = """
    cf tk com ml de rocks mx biz net cn ga gq org top nl men ws se info xyz today ru ec co ee
    rs com.sv com.cy co.zw kg com.ge tl name tw lv bs li ng ae bt tv pe uz me gy am kr by fr
    com.uy com.lb com.br vu hk in re ch af com.ps ug dz pro co.th sg cd so mo co.id co.il
    com.do ke cx ro id pm hm vg az com.eg bz su com.ar gg com.lr pa com.ve al fm to mu co.ck pk
    co.rs cw nr gd gl ac lk md fi sx lc es cc cm la co.za je cz jp ai pw bg nu ag bm eu com.my
    sc ax wf ly qa vn aq mobi com.tr com.ua com.py hk.org south.am com.kh co.zm ru.net com.km
    tt kn co.ls co.fk uy.com com.gu .com.bn com.pf com.fj
""".split()  # noqa: SIM905
_QSNATCH_B_TLDS = """
    cf tk ml ga gq com biz org de rocks mx cn top nl men ws se info xyz net today ru fi name to
    in com.ua vg vn cd
""".split()  # noqa: SIM905
_HOUR, _DAY = 3600, 86400
_INTERVALS = (15 * _DAY, 5 * _DAY, _DAY, 8 * _HOUR, 2 * _HOUR, _HOUR)  # of variant a
_QSNATCH_LETTERS = bytes.maketrans(b"+/", b"bc")


def _qsnatch_a(day: date, _: str, seconds: int = 1) -> Hosts:
    """Yield the names of variant a, of three to six characters, from midnight UTC on."""
    midnight = count_seconds(day)
    for interval in _INTERVALS:
        for time in range(midnight, midnight + seconds, min(interval, seconds)):
            for length in (5, 3, 4):
                for tld in _QSNATCH_A_TLDS:
                    longer = tld in ("com", "net", "org")
                    yield f"{_spell_qsnatch(time, interval, tld)[: length + longer]}.{tld}"


def _qsnatch_b(day: date, _: str) -> Hosts:
    """Yield the names at midnight UTC in variant b, of six to ten characters each."""
    for tld in _QSNATCH_B_TLDS:
        characters = _spell_qsnatch(count_seconds(day), 15 * _DAY, tld)
        for length in range(6, 11):
            yield f"{characters[:length]}.{tld}"


def _spell_qsnatch(time: int, interval: int, tld: str) -> str:
    text = f"{time // interval}IbjGOEgnuD{tld}\n"
    encoded = b64encode(sha1(text.encode()).digest())
    return encoded.lower().translate(_QSNATCH_LETTERS).decode()


declare(
    "qsnatch",
    "hash (SHA-1)",
    'J. Bader, "The DGA of QSnatch", johannesbader.ch',  # and kyberturvallisuuskeskus.fi
    Variant(_qsnatch_a, "a", period="hour", own=partial(_qsnatch_a, seconds=_DAY)),
    Variant(_qsnatch_b, "b", period="15 days"),
)


# --- others ---


@family(
    "hash (31 h + c)",
    bader("The DGA of Proslikefan", 2016),
    seeds=("prospect", "OK"),
    period="day",
    draw=lambda random: "".join(
        random.choice(ascii_lowercase) for _ in range(random.randint(3, 10))
    ),
)
def proslikefan(day: date, seed: str) -> Hosts:
    """Yield the names of Proslikefan (worm): the string hash of JavaScript over date and word."""
    for index in range(10):
        for tld in ("eu", "biz", "se", "info", "com", "net", "org", "ru", "in", "name"):
            text = f"{seed}.{day.month}.{day.day}.{day.year}.{tld}"
            value = _hash_string(text) + index
            label = ""
            while len(label) < value % 7 + 6:  # the wanted length changes on the way
                value = _hash_string(f"{label}{value}")
                label += ascii_lowercase[value % 26]
            yield f"{label}.{tld}"


def _hash_string(text: str) -> int:
    """Return the absolute value of the hash that Java has for strings."""
    value = 0
    for character in text:
        value = 31 * value + ord(character) & WORD
    return abs(to_signed(value))


_SISRON_DAYS = 10  # whose names are queried: this one and those before


def _sisron(day: date, _: str, days: int = 1) -> Hosts:
    for tld in ("com", "org", "net", "info"):
        for back in range(days):
            text = f"{day - timedelta(back):%d%m%Y}"
            yield f"{b64encode(text.encode()).decode().lower().replace('=', 'a')}.{tld}"


# A trojan (2016).
declare(
    "sisron",
    "base 64 of the date",
    bader("The DGA of Sisron", 2016),
    Variant(
        partial(_sisron, days=_SISRON_DAYS), period="day", valid=(0, _SISRON_DAYS - 1), own=_sisron
    ),
)
