"""Ramdo (click fraud, 2013-2014): multiplications of a seed with the index."""

from datetime import date
from itertools import count

from .arithmetic import WORD, draw_hexadecimal, letter, parse_hexadecimal
from .family import Hosts, Variant

LENGTH = 16
COUNT = 5000  # names that are kept; there is no end


def _generate(_day: date, seed: str) -> Hosts:
    """Yield the names of a seed, without end."""
    key = parse_hexadecimal(seed)
    for index in count():
        factor = 2 * key * (index + 1) & WORD
        state = factor ^ (26 * key * index & WORD)
        label = ""
        for i in range(LENGTH):
            label += letter(state % 26)
            state = state + (state ^ (26 * factor * i * i & WORD)) & WORD
        yield f"{label}.org"


KIND = "multiplications"
# https://www.damballa.com/behind-ramdo-dga-domain-generation-algorithm/
SOURCE = 'Damballa, "Behind Ramdo\'s DGA", www.damballa.com'
VARIANTS = (
    Variant(
        _generate,
        seeds=("D5FFF", "DEADBEEF"),
        draw=draw_hexadecimal,
        count=COUNT,
    ),
)
