"""Tempedreve (bot, 2015): an LCG over a shuffled alphabet."""

from datetime import date
from itertools import islice
from string import ascii_lowercase

from .arithmetic import WORD, count_days, step_numerical_recipes
from .family import Hosts, Variant

FIRST = date(2015, 3, 23)
EVER = 40_000  # days
TLDS = ("com", "net", "org", "info")


def _generate(day: date, _seed: str) -> Hosts:
    """Yield the name of a day, then those of the days before it, back to the first."""
    last = count_days(day)
    for number in range(last, min(last, count_days(FIRST)) - 1, -1):
        yield _name(step_numerical_recipes(number))


def own(day: date, _seed: str) -> Hosts:
    """Yield the name that a day is the first to have."""
    return islice(_generate(day, ""), 1 if day >= FIRST else 0)


def _name(seed: int) -> str:
    letters = list(ascii_lowercase)
    state = seed
    for j in range(26):
        k = state % 26
        letters[j], letters[k] = letters[k], letters[j]
        state = _step(state)
    label, state = "", seed
    for _ in range(7 + seed % 5):
        label += letters[state % 26]
        state = _step(state)
    return f"{label}.{TLDS[seed % 4]}"


def _step(state: int) -> int:
    return (16843009 * state + 65805) & WORD


KIND = "LCG, shuffled alphabet"
# https://www.anubisnetworks.com/tempedreve-botnet-report
SOURCE = 'AnubisNetworks, "Tempedreve botnet report", www.anubisnetworks.com'
VARIANTS = (Variant(_generate, period="day", valid=(0, EVER), own=own),)
