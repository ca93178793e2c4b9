"""Necurs (botnet for spam, 2012 on): a mixing function of 64 bits, 43 TLDs."""

from datetime import date

from .arithmetic import QUAD, draw_decimal, letter, parse_decimal
from .family import Hosts, Variant

COUNT = 2048  # names a period
TLDS = tuple(
    "tj in jp tw ac cm la mn so sh sc nu nf mu ms mx ki im cx cc tv bz me eu de ru co su pw kz sx"  # noqa: SIM905
    " us ug ir to ga com net org biz xxx pro bit".split()
)


def _generate(day: date, seed: str) -> Hosts:
    magic = parse_decimal(seed)
    period = _mixed(_mixed(_mixed(day.year) + day.month + 43690) + day.day // 4)
    for index in range(COUNT):
        n = _mixed(_mixed(period + index) + magic)
        label = ""
        for k in range(7 + n % 15):
            n = _mixed(n + k)
            label += letter(n % 25)
            n = _mixed(n + 0xABBEDF)
        yield f"{label}.{TLDS[n % len(TLDS)]}"


def _mixed(value: int) -> int:
    value &= QUAD
    for k in range(0, 8 * (value % 128 + 21), 8):
        value = value + (7 * value ^ value << 15) + k - (value >> 5) & QUAD
    return value


KIND = "mixing function"
# http://johannesbader.ch/2015/02/the-dgas-of-necurs/
SOURCE = 'J. Bader, "The DGAs of Necurs" (2015), johannesbader.ch'
VARIANTS = (Variant(_generate, seeds=("9",), period="4 days", draw=draw_decimal),)
