"""Qadars (banking trojan, 2013-2016): an LCG over the week and a seed."""

from datetime import date

from .arithmetic import ALPHANUMERIC, count_seconds, iterate, parse_hexadecimal, spell
from .family import Hosts, Variant

COUNT = 200  # names a week
_COM = (0xE1F1, 0xE1F2, 0xE1F5)  # the seeds of the first list of TLDs


def _generate(day: date, seed: str) -> Hosts:
    """Yield the names of the week, from Monday on."""
    key = parse_hexadecimal(seed, 16)
    tlds = ("com", "org", "net") if key in _COM else ("net", "org", "top")
    state = count_seconds(day) - (count_seconds(day) - 4 * 86400) % (7 * 86400)
    numbers = iterate(lambda x: (key - 1043968403 * x) & 0x7FFFFFFF, state)
    for _ in range(COUNT):
        yield f"{spell(numbers, 12, ALPHANUMERIC)}.{tlds[next(numbers) % 3]}"


KIND = "LCG"
# https://www.johannesbader.ch/2016/04/the-dga-of-qadars/
SOURCE = 'J. Bader, "The DGA of Qadars" (2016), johannesbader.ch'
VARIANTS = (
    Variant(
        _generate,
        seeds=("89F5", "4449", "E1F1", "E1F2", "E08A", "E1F5"),
        period="week from Monday",
        draw=lambda random: f"{random.getrandbits(16):04X}",
    ),
)
