"""DNSChanger (Alureon, 2007-2012): ten letters from C's rand(), seeded by the clock's ticks."""

from datetime import date

from .arithmetic import draw_decimal, microsoft_rand, parse_decimal, spell
from .family import Hosts, Variant

COUNT = 5  # names a seed


def _generate(_: date, seed: str) -> Hosts:
    numbers = microsoft_rand(parse_decimal(seed))
    for _index in range(COUNT):
        yield f"{spell(numbers, 10)}.com"


KIND = "LCG"
# https://johannesbader.ch/2016/01/the-dga-in-alureon-dnschanger/
SOURCE = 'J. Bader, "The DGA in Alureon/DNSChanger" (2016), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=("87373",), draw=draw_decimal),)
