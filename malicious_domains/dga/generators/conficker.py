"""Conficker (worm, 2008 on), the form with eight TLDs: arithmetic on doubles and their bits.

Source: the implementation and the list of 2014-11-21 in https://github.com/andrewaeva/DGA
"""

import math
from datetime import date
from struct import pack, unpack

from .arithmetic import QUAD, letter, to_signed
from .family import Hosts, Variant

COUNT = 250  # names a day
TLDS = ("cc", "cn", "ws", "com", "net", "org", "info", "biz")
_EPOCH = date(1601, 1, 1)  # of Windows' file times, in units of 100 ns
_TURN = 2 * 0xC90FDAA22168C234C  # 2 pi as the x87's sine knows it, times 2**66


def _generate(day: date, _seed: str) -> Hosts:
    time = 86400 * 10**7 * (day - _EPOCH).days
    state = ((time * 0x352C94565 & QUAD) // 0x58028E44000 + 0xA3596526) & QUAD
    for _ in range(COUNT):
        state = _next(state)
        label = ""
        for _ in range(8 + int(math.fmod(to_signed(state), 4))):  # sign as in C: -3 to 3
            state = _next(state)
            label += letter(abs(to_signed(state)) % 26)
        state = _next(state)
        yield f"{label}.{TLDS[state & 7]}"


def _next(state: int) -> int:
    x = float(state)
    v = ((float(state * 0x53125624 & QUAD) + _sine(int(x))) * x + 0.626454564) * x + math.log(x)
    number: int = unpack("<Q", pack("<d", v))[0]
    return number


def _sine(x: int) -> float:
    """Return what the x87 instruction fsin yields: its pi has 66 bits, and x needs more."""
    return math.sin(((x << 66) % _TURN) / (1 << 66))


KIND = "floating-point arithmetic"
SOURCE = 'andrewaeva, "DGA", github.com/andrewaeva'
VARIANTS = (Variant(_generate, period="day"),)
