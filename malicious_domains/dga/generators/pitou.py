"""Pitou (spam bot with a rootkit, 2014-2019): syllables over the date and a magic number."""

from calendar import monthrange
from datetime import date

from .arithmetic import CONSONANTS, VOWELS, WORD, count_days, parse_hexadecimal
from .family import Hosts, Variant

COUNT = 20  # counters a day; the longer labels come with all their last letters
TLDS = ("com", "org", "biz", "net", "info", "mobi", "us", "name", "me")


def _generate(day: date, seed: str) -> Hosts:
    """Yield the names of a day, the candidates of a label one after the other."""
    magic = parse_hexadecimal(seed)
    shifted = _shifted(day)
    for counter in range(COUNT):
        block = (counter // 3 + shifted) // 10 * 10
        mixed = ((magic >> counter) * ((counter - 1) % 256)) % 256 * block
        label = _spell(_bytes(magic, counter, block, day.year - 1900), 8 + mixed % 2)
        tld = TLDS[((counter ^ block ^ magic) & WORD) % len(TLDS)]
        for candidate in _candidates(label):
            yield f"{candidate}.{tld}"


def _shifted(day: date) -> int:
    """Count the days from 1970 to the same day of the next month, or as far into the one after."""
    year, month = _next_month(day.year, day.month)
    number, length = day.day, monthrange(year, month)[1]
    if number > length:
        number -= length
        year, month = _next_month(year, month)
    return count_days(date(year, month, number))


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def _bytes(magic: int, counter: int, block: int, year: int) -> list[int]:
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


def _spell(values: list[int], wanted: int) -> str:
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


def _candidates(label: str) -> list[str]:
    """Return what a label may become: a bug leaves the last letter beyond eight to chance."""
    if len(label) <= 8:
        return [label]
    letters = VOWELS if label[-1] in VOWELS else CONSONANTS
    return [label[:-1] + letter for letter in letters]


KIND = "syllables"
# https://johannesbader.ch/2019/07/the-dga-of-pitou/
SOURCE = 'J. Bader, "The DGA of Pitou" (2019), johannesbader.ch'
VARIANTS = (
    Variant(
        _generate,
        seeds=("DAFE02C", "DAFE02D"),
        period="day",
        draw=lambda random: f"{random.getrandbits(28):07X}",
    ),
)
