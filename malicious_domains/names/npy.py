"""Arrays of numbers in .npy files, read without NumPy, whose import takes longer than all else.

What comes out is a memoryview: its elements are numbers of Python, and NumPy makes an array of
the same memory when one is asked for. Only what this project writes is read: one dimension,
three types of numbers, the lowest byte first, as the processors have it that we run on.
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
# By version, which says nothing else that matters to ASCII: bytes of the header's length.
_LENGTHS = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}


def read_numbers(data: bytes, what: str, kind: Kind) -> memoryview:
    """The numbers of an .npy file, not copied; raises ValueError for anything but kind (n,).

    The format: "numpy.lib.format" in NumPy's documentation, versions 1.0 to 3.0. what: what
    the numbers are, for the error.
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
    """An array or a view of kind (n,), next to each other in memory, as a view of it.

    Raises ValueError for any other type or shape.
    """
    buffer: Any = numbers  # which an array is to type checkers from Python 3.12 on only
    given = memoryview(buffer)
    if _name(given) != _NAMES[kind] or given.ndim != 1:
        raise ValueError(f"{what} are {_name(given)} {given.shape}, not {_NAMES[kind]} (n,)")
    if not given.c_contiguous:
        given = memoryview(given.tobytes())
    return given.cast("B").cast(kind)


def _name(given: memoryview) -> str:
    """NumPy's name of a type: int64, whichever of its names in C it has here."""
    kind = (given.format or "B").lstrip("<=@")
    if kind.lower() not in "bhilq":
        return kind
    return f"{'u' if kind.isupper() else ''}int{8 * given.itemsize}"
