"""Every case of the list of public bug reports has its test, by its id."""

from __future__ import annotations

import re
from pathlib import Path

IDS = re.findall(
    r"\S+",
    "P01 P02 P05 P07 P08 P10 P12 P13 P14 P15 P16 P18 P19 P21 P22 P23 P24 P26 P28 P29 P31 P32 P34 "
    "P35 P37 P40 P41 P42 P43 P45 P46 D01 D02 D03 D06 D08 D10 D11 D12 D14 D15 D16 D18 D21 D22 L01 "
    "L02 L03 L04 L05 L07 L08 L09 L12 L13 L16 L17 L18 L20 L21 C01 C02 C03 C04 C07 C08 C09 C10 C13 "
    "C14 C15 C16 C18 C19 C21 C22 C24 H01 H02 H03 H04 H06 H07 H08 H10 H13 H15 H16 H17 H18 A01 A03 "
    "A05 A06",
)


def test_every_case_has_its_test() -> None:
    here = Path(__file__)
    text = "\n".join(x.read_text() for x in here.parent.rglob("test_*.py") if x != here)
    assert [x for x in IDS if not re.search(rf"\b{x}\b", text)] == []
