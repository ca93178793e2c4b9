"""Generators of the names that malware families make up, as documented.

One module a family; each algorithm is a pure function of date, seed and index.
"""

from __future__ import annotations

from . import (
    banjori,
    ccleaner,
    chinad,
    conficker,
    corebot,
    cryptolocker,
    dircrypt,
    dnschanger,
    fobber,
    goz,
    kraken,
    locky,
    murofet,
    mydoom,
    necurs,
    newgoz,
    nymaim,
    padcrypt,
    pitou,
    proslikefan,
    pushdo,
    pykspa,
    qadars,
    qakbot,
    qsnatch,
    ramdo,
    ramnit,
    ranbyus,
    shiotob,
    simda,
    sisron,
    symmi,
    tempedreve,
    tinba,
    vawtrak,
    zloader,
)
from .family import Family

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY
    for module in (
        banjori,
        chinad,
        conficker,
        corebot,
        cryptolocker,
        dircrypt,
        dnschanger,
        fobber,
        goz,
        kraken,
        locky,
        murofet,
        mydoom,
        necurs,
        newgoz,
        nymaim,
        padcrypt,
        pitou,
        proslikefan,
        pushdo,
        pykspa,
        qadars,
        qakbot,
        qsnatch,
        ramdo,
        ramnit,
        ranbyus,
        shiotob,
        simda,
        sisron,
        symmi,
        tempedreve,
        tinba,
        vawtrak,
        zloader,
    )
}

# Besides, those that make too few names to learn anything from: they are matched and printed alone.
EVERY: dict[str, Family] = dict(sorted({**FAMILIES, "ccleaner": ccleaner.FAMILY}.items()))
