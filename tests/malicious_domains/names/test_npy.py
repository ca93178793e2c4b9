""".npy files that are read without NumPy: as NumPy reads them, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from malicious_domains.names import npy

KINDS: dict[npy.Kind, str] = {npy.UINT8: "uint8", npy.INT32: "<i4", npy.UINT64: "<u8"}


def written(array: NDArray[Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)  # type: ignore[no-untyped-call]
    return file.getvalue()


@settings(max_examples=40)
@given(st.data(), st.sampled_from([*KINDS]), st.sampled_from([None, (1, 0), (2, 0), (3, 0)]))
def test_all_versions_read_as_numpy_reads_them(
    data: st.DataObject, kind: npy.Kind, version: tuple[int, int] | None
) -> None:
    array = data.draw(arrays.arrays(KINDS[kind], st.integers(0, 40)))
    found = npy.read_numbers(written(array, version), "numbers", kind)
    assert found.tolist() == array.tolist()
    again = np.frombuffer(found, array.dtype)
    assert again.tolist() == array.tolist()
    assert not again.flags.writeable


def test_the_numbers_are_not_copied() -> None:
    data = written(np.arange(9, dtype=np.int32))
    assert npy.read_numbers(data, "numbers", npy.INT32).obj is data
    assert np.frombuffer(npy.read_numbers(data, "numbers", npy.INT32), np.int32).base is not None


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4"),
        np.arange(6, dtype="<i8"),
        np.arange(6, dtype="<u4"),
        np.arange(6, dtype="<f4"),
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.array(5, np.int32),
        np.zeros(3, [("a", "<i4")]),
        np.zeros(3, "S4"),
    ],
)
def test_another_type_or_shape_is_refused(array: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"numbers are said to be \{'descr': .*, the file is of"):
        npy.read_numbers(written(array), "numbers", npy.INT32)


WHOLE = written(np.arange(5, dtype=np.int32))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:7],
        lambda data: data[:60],
        lambda data: data[:-1],
        lambda data: data[:-4],
        lambda data: data + b"\0",
        lambda data: data + b"\0\0\0\0",
        lambda data: b"PK" + data[2:],
        lambda data: data[:6] + b"\4\0" + data[8:],
        lambda data: data[:6] + b"\1\1" + data[8:],
        lambda data: data[:8] + b"\xff\xff" + data[10:],
        lambda data: data.replace(b"False", b"True "),
        lambda data: data.replace(b"(5,)", b"(4,)"),
        lambda data: data.replace(b"(5,)", b"(-1,)"),
        lambda data: data.replace(b"}", b" "),
    ],
)
def test_what_is_damaged_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="numbers are"):
        npy.read_numbers(change(WHOLE), "numbers", npy.INT32)


@settings(max_examples=40)
@given(st.integers(0, len(WHOLE) - 21), st.integers(1, 255))
def test_no_changed_byte_of_a_header_gives_other_numbers(at: int, change: int) -> None:
    """It is refused, or one of the header's blanks or its line feed."""
    data = bytearray(WHOLE)
    data[at] ^= change
    try:
        found = npy.read_numbers(bytes(data), "numbers", npy.INT32)
    except ValueError:
        return
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_arrays_are_looked_at_and_not_copied() -> None:
    array = np.arange(5, dtype=np.int32)
    found = npy.view_numbers(array, "cells", npy.INT32)
    array[0] = 7
    assert found.tolist() == [7, 1, 2, 3, 4]
    assert npy.view_numbers(array[::2], "cells", npy.INT32).tolist() == [7, 2, 4]
    for other in (array.astype(np.int64), array[:, None], array.astype(np.uint32)):
        with pytest.raises(ValueError, match=r"cells are u?int\d\d \(.*\), not int32 \(n,\)"):
            npy.view_numbers(other, "cells", npy.INT32)
    assert npy.view_numbers(np.zeros(0, np.uint64), "hashes", npy.UINT64).tolist() == []
