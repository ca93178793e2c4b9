"""Arrays in .npy files, read without NumPy, whose import takes longer than all else at start.

The result is a memoryview, of which NumPy makes an array without a copy when one is needed. Only
what this project writes is read: one dimension, three types of numbers, little-endian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from array import array

    from numpy.typing import NDArray

    Numbers = memoryview | array[int] | bytes | NDArray[Any]
    Kind = Literal["B", "i", "Q"]
else:
    Numbers = Kind = Any

# Types of numbers, as memoryview names them.
UINT8: Kind = "B"
INT32: Kind = "i"
UINT64: Kind = "Q"
_SIZES = {UINT8: 1, INT32: 4, UINT64: 8}  # bytes
_STORED = {UINT8: "|u1", INT32: "<i4", UINT64: "<u8"}  # and as .npy files do
_NAMES = {UINT8: "uint8", INT32: "int32", UINT64: "uint64"}
_MAGIC = b"\x93NUMPY"
# By version: bytes of the header's length; ASCII headers do not differ otherwise.
_LENGTHS = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}


def read_numbers(data: bytes, what: str, kind: Kind) -> memoryview:
    """Return the numbers of an .npy file without a copy; raises ValueError unless kind (n,).

    The format is "numpy.lib.format" in NumPy's documentation, 1.0 to 3.0. what: is for the error.
    """
    wide = _LENGTHS.get(data[6:8])
    if not data.startswith(_MAGIC) or wide is None:
        raise ValueError(f"{what} are in no .npy file of a known version")
    start = 8 + wide + int.from_bytes(data[8 : 8 + wide], "little")
    header = data[8 + wide : start].decode("latin-1").rstrip(" \n")
    numbers = memoryview(data)[start:]
    count, rest = divmod(len(numbers), _SIZES[kind])
    expected = f"{{'descr': '{_STORED[kind]}', 'fortran_order': False, 'shape': ({count},), }}"
    if header != expected or rest:
        raise ValueError(f"{what} are said to be {header[:200]}, the file is of {expected}")
    return numbers.cast(kind)


def view_numbers(numbers: Numbers, what: str, kind: Kind) -> memoryview:
    """Return a contiguous view of an array; raises ValueError unless it is of kind (n,).

    >>> view_numbers(b"abc", "letters", UINT8).tolist()
    [97, 98, 99]
    """
    buffer: Any = numbers  # type checkers know an array as one from Python 3.12 on
    given = memoryview(buffer)
    if _name(given) != _NAMES[kind] or given.ndim != 1:
        raise ValueError(f"{what} are {_name(given)} {given.shape}, not {_NAMES[kind]} (n,)")
    if not given.c_contiguous:
        given = memoryview(given.tobytes())
    return given.cast("B").cast(kind)


def _name(given: memoryview) -> str:
    """Return NumPy's name of a type, such as int64, whichever C name it has."""
    kind = (given.format or "B").lstrip("<=@")
    if kind.lower() not in "bhilq":
        return kind
    return f"{'u' if kind.isupper() else ''}int{8 * given.itemsize}"
