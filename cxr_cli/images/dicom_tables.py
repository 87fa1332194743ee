"""The look-up tables of a DICOM film: PS3.3 C.11.1 (modality) and C.11.2 (VOI).

pydicom's `apply_modality_lut` and `apply_voi` read neither entries of 8 bits that are packed in words nor modality
tables of 12 bits, and `apply_voi` counts the entries of an 8-bit table in one byte.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cxr_cli.images.dicom_header import PixelHeader
from cxr_cli.images.film_errors import DecodeError


class LookupTable(NamedTuple):
    """first: the value that has the first entry; lower values have it too, and those beyond the table the last one."""

    first: int
    entries: npt.NDArray[np.uint16]

    def look_up(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The entry of each value."""
        first = self.first
        if first >= 1 << 15 and values.min() < 0:  # of writers that store a negative number as if it were unsigned
            first -= 1 << 16
        elif first < 0 <= values.min() and values.max() >= 1 << 15:
            first += 1 << 16
        index = np.clip(np.rint(values) - first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[index.astype(np.intp)], np.float64)


def table_of(header: PixelHeader, sequence: str) -> LookupTable | None:
    """The first table of a sequence that has entries; None if there is none. DecodeError: it is damaged."""
    for item in header.items(sequence):
        table = PixelHeader(item)
        data = item.get("LUTData")
        if not data:
            continue
        descriptor = table.numbers("LUTDescriptor")
        if isinstance(item.get("LUTDescriptor"), bytes):
            descriptor = [float(one) for one in np.frombuffer(item.LUTDescriptor, _word(header))]
        if len(descriptor) != 3 or not all(one == int(one) for one in descriptor):
            raise DecodeError(f"has a {sequence} without a LUTDescriptor of three numbers")
        length, first, bits = (int(one) for one in descriptor)
        length = length % (1 << 16) or 1 << 16
        entries = _entries(data, item["LUTData"].VR, length, bits, _word(header))
        if len(entries) < length:
            raise DecodeError(f"has LUTData of {len(entries)} entries, but a LUTDescriptor of {length}")
        return LookupTable(first, entries[:length])
    return None


def _word(header: PixelHeader) -> str:
    return "<u2" if header.is_little_endian else ">u2"


def _entries(data: Any, vr: str, length: int, bits: int, word: str) -> npt.NDArray[np.uint16]:
    """Words; or bytes, two a word and the lower one first, where the words are too few for the descriptor."""
    if isinstance(data, bytes) and vr == "OB" and len(data) < 2 * length:
        return np.frombuffer(data, "u1").astype(np.uint16)
    if isinstance(data, bytes):
        words = np.frombuffer(data[: len(data) // 2 * 2], word).astype(np.uint16)
    else:
        words = (np.atleast_1d(np.array(data, np.int64)) % (1 << 16)).astype(np.uint16)
    if bits <= 8 and len(words) < length:
        return words.astype("<u2").view("u1").astype(np.uint16)
    return words
