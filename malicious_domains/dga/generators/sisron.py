"""Sisron (trojan, 2016): the date in base 64."""

from base64 import b64encode
from datetime import date, timedelta

from .family import Hosts, Variant

DAYS = 10  # whose names are queried: this one and those before
TLDS = ("com", "org", "net", "info")


def _generate(day: date, _seed: str) -> Hosts:
    """Yield the names of a day."""
    for tld in TLDS:
        for back in range(DAYS):
            yield f"{_label(day - timedelta(back))}.{tld}"


def own(day: date, _seed: str) -> Hosts:
    """Yield the names that a day is the first to have."""
    for tld in TLDS:
        yield f"{_label(day)}.{tld}"


def _label(day: date) -> str:
    text = f"{day.day:02}{day.month:02}{day.year:04}"
    return b64encode(text.encode()).decode().lower().replace("=", "a")


KIND = "base 64 of the date"
# https://www.johannesbader.ch/2016/06/the-dga-of-sisron/
SOURCE = 'J. Bader, "The DGA of Sisron" (2016), johannesbader.ch'
VARIANTS = (Variant(_generate, period="day", valid=(0, DAYS - 1), own=own),)
