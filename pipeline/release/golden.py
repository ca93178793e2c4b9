"""Names whose answers say whether an artifact is the one that was published."""

from __future__ import annotations

from typing import Any

# Words, runs of consonants, digits, hyphens, short and long, IDNA: every part of either model.
NAMES = (
    "google.com",
    "wikipedia.org",
    "plzdonthackmekthxbye",
    "xmqjtoevkbhrw.ru",
    "bbc.co.uk",
    "163.com",
    "x.org",
    "bücher.de",
    "my-very-long-family-holiday-photographs.example.org",
    "1a5b2c9x8z7y6w5v4u3t.net",
    "zwgpgtdhqcdljnpjubaexmrtwdsg.ru",
    "facebook.com",
    "krakow-noclegi.pl",
    "qsnwk.info",
    "bookstore24.shop",
    "0123456789abcdef0123456789abcdef.biz",
)

Golden = list[dict[str, Any]]  # {"domain", "probability", "label"}
