"""Families that make each name, or each letter, from the one before."""

from datetime import date
from hashlib import md5
from itertools import pairwise
from string import ascii_letters, digits

from .arithmetic import ALPHANUMERIC, WORD, count_seconds
from .family import Hosts, bader, family

_TEST_SEEDS = ("hereisaseeddomainthatweuse.com", "somestring")  # never seen in malware


@family(
    "arithmetic on the previous name",
    bader("The DGA of Banjori", 2015),
    seeds=("earnestnessbiophysicalohax.com", *_TEST_SEEDS),
    unused=_TEST_SEEDS,  # but one seed alone makes names of one ending
    count=15372,  # of the published seed, after which they come again
)
def banjori(_: date, seed: str) -> Hosts:
    """Yield the names of Banjori (banking trojan, 2013 on): four letters change, without end."""
    if len(seed) < 4 or not seed.isascii():
        raise ValueError(f"{seed!r} is no host of at least 4 ASCII characters")
    a, b, c, d = map(ord, seed[:4])
    while True:
        yield f"{chr(a)}{chr(b)}{chr(c)}{chr(d)}{seed[4:]}"
        a = _wrap(a + d)
        b = _wrap(a + 2 * b)
        c = _wrap(a + c - 1)
        d = _wrap(b + c + d)


def _wrap(code: int) -> int:
    return 97 + (code - 97) % 26


# --- Shiotob (banking trojan, also Urlzone and Bebloh) ---

_BUFFER = 65  # bytes of the malware's buffer
_CHARACTERS = "qwertyuiopasdfghjklzxcvbnm123945678"


@family(
    "mixing of the name before",
    bader("The DGA of Shiotob", 2015),
    seeds=("4ypv1eehphg3a.com", "wtipubctwiekhir.net"),
    draw=lambda random: (
        "".join(random.choices(ALPHANUMERIC, k=random.randint(10, 15)))
        + random.choice((".com", ".net"))
    ),
)
def shiotob(_day: date, seed: str) -> Hosts:
    """Yield the names of Shiotob that follow from a first one, 2,001 with it."""
    label, _, tld = seed.rpartition(".")
    if not (label.isascii() and label.isalnum() and tld in ("com", "net") and len(seed) <= _BUFFER):
        raise ValueError(f"{seed!r} is no name in com or net of up to {_BUFFER} characters")
    for _ in range(2001):
        yield f"{label}.{tld}"
        label = _mix_shiotob(label, tld)
        tld = "com" if tld == "net" else "net"


def _mix_shiotob(label: str, tld: str) -> str:
    length = len(label)
    size = max(length, 16)  # the bytes after those that are read have no effect on them
    values = list(f"{label}.{tld}".encode().ljust(size, b"\0"))[:size]
    total = sum(label.encode()) + ord(".")
    for i in range(size):
        for j in range(size - i):
            values[i + j] = ((length * values[j]) ^ values[i + j] ^ total) & 255
    new = (values[2] * length ^ values[0]) % 256 // 16
    return "".join([_CHARACTERS[value // 8] for value in values[: new if new >= 10 else length]])


# --- Tinba (banking trojan, "tiny banker") ---

# By seed: the first name, which is hard-coded, how many labels follow it, and under which TLDs.
_SETTINGS = {
    "oGkS3w3sGGOGG7oc": ("ssrgwnrmgrxe.com", 1000, "com"),
    "jc74FlUna852Ji9o": ("blackfreeqazyio.cc", 100, "com net in ru"),
    "yqokqFC2TPBFfJcG": ("watchthisnow.xyz", 100, "pw us xyz club"),
    "j193HsnW72Yqns7u": ("j193hsne720uie8i.cc", 100, "com net biz org"),
}


@family(
    "mixing of the name before",
    bader("New top level domains for Tinba's DGA", 2015),
    seeds=tuple(_SETTINGS),
    draw=lambda random: "".join(random.choices(ascii_letters + digits, k=16)),
)
def tinba(_day: date, seed: str) -> Hosts:
    """Yield the hard-coded name of a seed of Tinba, then each label under every TLD."""
    if len(seed) != 16 or not seed.isascii():
        raise ValueError(f"{seed!r} is no text of 16 ASCII characters")
    digest = md5(seed.encode()).digest()  # of a seed without a known first name, one is made up
    made_up = "".join(chr(98 + byte % 24) for byte in digest[:12])
    domain, count, tlds = _SETTINGS.get(seed) or (f"{made_up}.com", 100, "com")
    yield domain
    for _ in range(count):
        label = _mix_tinba(domain, seed.encode())
        for tld in tlds.split():
            domain = f"{label}.{tld}"
            yield domain


def _mix_tinba(domain: str, seed: bytes) -> str:
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


# --- Zloader (banking trojan and loader, 2020) ---

_KEY = ascii_letters + digits
_ZLOADER_SEEDS = """
    q23Cud3xsNf3 41997b4a729e1a0175208305170752dd kZieCw23gffpe43Sd Ts72YjsjO5TghE6m
    03d5ae30a0bd934a23b6a7f0756aa504
"""


@family(
    "arithmetic, seed from RC4",
    'J. Bader, "The DGA of Zloader", johannesbader.ch',
    seeds=tuple(_ZLOADER_SEEDS.split()),
    period="day",
    draw=lambda random: "".join(random.choices(_KEY, k=random.randint(12, 32))),
)
def zloader(day: date, seed: str) -> Hosts:
    """Yield the names of a day of Zloader: a chain of letters from the date and an RC4 key."""
    if not seed or not seed.isascii():
        raise ValueError(f"{seed!r} is no key of ASCII characters")
    word = count_seconds(day) & WORD ^ _make_keystream(seed.encode())
    state = word
    for _ in range(32):
        label = bytearray()
        for _ in range(20):
            label.append(97 + state % 25)
            state = word ^ (state + label[-1] & WORD)
        yield f"{label.decode()}.com"


def _make_keystream(key: bytes) -> int:
    """Return the first four bytes of the RC4 keystream as a number."""
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    j, stream = 0, bytearray()
    for i in range(1, 5):
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        stream.append(box[(box[i] + box[j]) % 256])
    return int.from_bytes(stream, "little")
