"""The labels of a host: checked one by one, and converted to ASCII."""

from __future__ import annotations

import re

from .errors import MAX_HOST, MAX_LABEL, InvalidDomain, Skipped, quote_text

ESCAPE = re.compile(r"\\(?:[0-9]{3}|x[0-9a-f]{2}|.)")  # RFC 1035, 5.1, and \x07 of some servers


def normalize_host(host: str) -> str:
    """Check a host's labels and convert IDNs to ASCII; raises InvalidDomain.

    The host is in lower case. An escape as dig prints it (\\046) belongs to its label and stays.

    >>> normalize_host("www.bücher.example")
    'www.xn--bcher-kva.example'
    """
    if len(host) > 4 * MAX_HOST:
        raise InvalidDomain("host_length", f"{len(host)} characters: a host has at most {MAX_HOST}")
    labels: list[str] = []
    room = MAX_HOST + 1
    for label in map(_ascii_label, host.split(".")):
        labels.append(label)
        room -= len(label) + 1
        if room < 0:  # reading on would waste time
            message = f"too long in ASCII form: a host has at most {MAX_HOST} characters"
            raise InvalidDomain("host_length", message)
    return ".".join(labels)


def _ascii_label(label: str) -> str:
    if not label.isascii() and len(label) <= MAX_LABEL:
        try:
            label = to_ascii(label)
        except UnicodeError as error:
            message = f"not a valid international name: {quote_text(label)}"
            raise InvalidDomain("idn", message) from error
    if not label:
        raise InvalidDomain("empty_label", "an empty label: two dots together or a dot in front")
    plain = ESCAPE.sub("-", label) if "\\" in label else label
    if len(plain) > MAX_LABEL:
        message = f"a label of {len(plain)} characters: at most {MAX_LABEL}"
        raise InvalidDomain("label_length", message)
    # Service labels such as _dmarc have an underscore (RFC 8552); parse() checks the others.
    for other in re.finditer(r"[^a-z0-9_-]", plain):
        message = f"the character {other[0]!r}: only letters, digits and hyphens may be"
        raise InvalidDomain("characters", message)
    return label


def to_ascii(label: str) -> str:
    """Apply Nameprep and Punycode (RFC 3491, 3492) but keep ß as in IDNA 2008; raises UnicodeError.

    >>> to_ascii("bücher")
    'xn--bcher-kva'
    """
    import unicodedata
    from encodings.idna import nameprep  # few requests need it, and it is slow to load

    # A character may become 18, and the work on a long text is not linear.
    if len(unicodedata.normalize("NFKC", label)) > MAX_LABEL:
        raise UnicodeError("too long")
    text = "ß".join(map(nameprep, label.split("ß")))
    return text if text.isascii() else "xn--" + text.encode("punycode").decode("ascii")


def check_script(label: str) -> None:
    """Raise Skipped unless a label in Punycode is in Latin script, which the model has learned.

    Raises InvalidDomain for an A-label that Punycode does not give back (RFC 5891, 5.4), or that
    stands for ASCII alone, for capitals, or for a label that looks like an A-label itself.
    """
    import unicodedata

    try:
        text = label[4:].encode("ascii").decode("punycode")
        again = text.encode("punycode").decode("ascii")
    except (UnicodeError, OverflowError) as error:  # the latter from Python 3.13 on
        raise InvalidDomain("idn", f"{label!r} is no valid international name") from error
    capitals = any(character.istitle() and character.casefold() != character for character in text)
    if again != label[4:] or text.isascii() or capitals or text[2:4] == "--":
        message = f"{label!r} is no valid international name: it stands for {quote_text(text)}"
        raise InvalidDomain("idn", message)
    for character in text:
        name = unicodedata.name(character, "UNNAMED")
        if not (character.isascii() or character == "·" or name.startswith("LATIN ")):
            message = f"{text!r} has {character!r} ({name}): the model knows Latin script only"
            raise Skipped("script", message)
