"""MD6 of 256 bits for messages that fit one block, without a key.

Source: R. Rivest and others, "The MD6 hash function" (2008).
"""

from __future__ import annotations

from struct import unpack

from .arithmetic import QUAD

ROUNDS = 104
_BLOCK = 512  # bytes
_Q = unpack(  # the fraction of the square root of 6
    ">15Q",
    bytes.fromhex(
        "7311C2812425CFA06432286434AAC8E7B60450E9EF68B7C1E8FB23908D9F06F1DD2E76CBA691E5BF"
        "0CD0D63B2C30BC411F8CCF6823058F8A54E5ED5B88E3775D4AD12AAE0A6D60313E7F16BB88222E0D"
        "8AF8671D3FB50C2C995AD1178BD25C31C878C1DD04C4B6333B72066C7A1552AC0D6F3522631EFFCB"
    ),
)
_RIGHT = (10, 5, 13, 10, 11, 12, 2, 7, 14, 15, 7, 13, 11, 7, 6, 12)
_LEFT = (11, 24, 9, 16, 15, 9, 27, 15, 6, 2, 29, 8, 15, 5, 31, 9)


def hexdigest(message: bytes) -> str:
    """Return the digest in lower-case hexadecimal; raises ValueError beyond 512 bytes."""
    if len(message) > _BLOCK:
        raise ValueError(f"{len(message)} bytes are more than one block")
    padding = 8 * (_BLOCK - len(message))
    node = 1 << 56  # level 1, index 0
    control = ROUNDS << 48 | 64 << 40 | 1 << 36 | padding << 20 | 256
    data = unpack(">64Q", message.ljust(_BLOCK, b"\0"))
    words = _compress([*_Q, *[0] * 8, node, control, *data])
    return "".join(f"{word:016x}" for word in words[-4:])


def _compress(words: list[int]) -> list[int]:
    constant = 0x0123456789ABCDEF
    shifts = tuple(zip(_RIGHT, _LEFT, strict=True))
    for _ in range(ROUNDS):
        for right, left in shifts:
            x = constant ^ words[-89] ^ words[-17]
            x ^= (words[-18] & words[-21]) ^ (words[-31] & words[-67])
            x ^= x >> right
            words.append((x ^ x << left) & QUAD)
        constant = ((constant << 1 | constant >> 63) & QUAD) ^ (constant & _Q[0])
    return words
