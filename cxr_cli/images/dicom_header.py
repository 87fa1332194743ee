"""The elements of a DICOM header that say how pixels are stored and displayed, as writers really fill them in."""

import math
from typing import Any, NamedTuple

from cxr_cli.images.film_errors import DecodeError

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
_SAMPLES = {**dict.fromkeys([*GREY, PALETTE], 1), **dict.fromkeys(["RGB", "YBR_FULL", "YBR_FULL_422"], 3)}
_SAMPLES |= {"YBR_RCT": 3, "YBR_ICT": 3}  # of JPEG 2000
OVERLAY_POSITIONS = [(group << 16) + 0x0102 for group in range(0x6000, 0x6020, 2)]
_MOST_PIXELS = 89_000_000  # pixels; the largest films have 30 million


class PixelHeader:
    """A pydicom dataset. What cannot be read is a DecodeError that names the element."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    @property
    def is_little_endian(self) -> bool:
        return self.dataset.original_encoding[1] is not False

    @property
    def is_compressed(self) -> bool:
        return bool(self.dataset.file_meta.TransferSyntaxUID.is_encapsulated)

    def numbers(self, name: str | int) -> list[float]:
        """The numbers of an element, with a decimal point or comma; nan for one that is none."""
        value = self._value(name)
        if value is None or value == "":
            return []
        several = hasattr(value, "__iter__") and not isinstance(value, str | bytes)
        return [_element_number(one) for one in (value if several else [value])]

    def number(self, name: str | int) -> float | None:
        """The first number of an element; None where it is missing or empty."""
        numbers = self.numbers(name)
        if not numbers:
            return None
        if not math.isfinite(numbers[0]):
            raise DecodeError(f"has a {name} that is no number")
        return numbers[0]

    def integer(self, name: str) -> int:
        """Of an element that every film needs."""
        number = self.number(name)
        if number is None:
            raise DecodeError(f"lacks {name}")
        if number != int(number):
            raise DecodeError(f"has a {name} that is no whole number")
        return int(number)

    def word(self, name: str) -> str:
        """The first code of an element in capitals; "" where it is missing or empty."""
        value = self._value(name)
        first = value if value is None or isinstance(value, str | bytes) else next(iter(value), None)
        text = first.decode("ascii", "replace") if isinstance(first, bytes) else str(first or "")
        return text.strip(" \0").upper()

    def items(self, name: str) -> list[Any]:
        """The items of a sequence."""
        return list(self._value(name) or [])

    def _value(self, name: str | int) -> Any:
        try:
            return self.dataset[name].value if name in self.dataset else None
        except Exception as error:  # there is no list of what pydicom raises for a damaged element
            raise DecodeError(f"has a damaged {name}") from error


def _element_number(value: Any) -> float:
    text = value.strip(" \0") if isinstance(value, str) else value
    if isinstance(text, str) and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text)
    except (TypeError, ValueError, OverflowError):
        return math.nan


class PixelLayout(NamedTuple):
    """How pixels are stored: PS3.3 C.7.6.3, PS3.5 8.1.1.

    bits, shift: a value has `bits` bits, `shift` bits above the lowest of its cell. overlay: the bits of a cell that
    hold overlays, as old films have them.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    allocated: int
    bits: int
    shift: int
    signed: bool
    overlay: int

    @property
    def is_grey(self) -> bool:
        return self.photometric in GREY


def pixel_layout(header: PixelHeader) -> PixelLayout:
    """DecodeError: an element is missing, or says what no film can have."""
    if (frames := header.number("NumberOfFrames") or 1) > 1:
        raise DecodeError(f"holds {frames:g} frames; only files with one frame are supported")
    rows, columns, allocated = (header.integer(name) for name in ("Rows", "Columns", "BitsAllocated"))
    if min(rows, columns) < 1:
        raise DecodeError(f"has {rows} Rows and {columns} Columns")
    if rows * columns > _MOST_PIXELS:
        raise DecodeError("has more pixels than a film can have")
    if allocated > 16:
        raise DecodeError(f"has {allocated} bits a pixel; up to 16 are supported")
    photometric, samples = _photometric(header)
    bits = header.integer("BitsStored")
    high = bits - 1 if header.number("HighBit") is None else header.integer("HighBit")
    if allocated not in (1, 8, 16) or not 1 <= bits <= allocated or not bits - 1 <= high < allocated:
        raise DecodeError(f"has BitsAllocated {allocated}, BitsStored {bits} and HighBit {high}, which do not agree")
    signed = samples == 1 and photometric != PALETTE and header.integer("PixelRepresentation") == 1
    return PixelLayout(
        rows, columns, samples, photometric, allocated, bits, high + 1 - bits, signed, _overlay(header, bits, high)
    )


def _photometric(header: PixelHeader) -> tuple[str, int]:
    photometric = header.word("PhotometricInterpretation")
    if not photometric:
        raise DecodeError("lacks PhotometricInterpretation")
    if photometric not in _SAMPLES:
        raise DecodeError("has a PhotometricInterpretation that is not supported")
    samples = header.number("SamplesPerPixel") or _SAMPLES[photometric]
    if samples != _SAMPLES[photometric]:
        raise DecodeError(f"has {samples:g} SamplesPerPixel, but its PhotometricInterpretation is {photometric}")
    return photometric, _SAMPLES[photometric]


def _overlay(header: PixelHeader, bits: int, high: int) -> int:
    values = range(high + 1 - bits, high + 1)
    positions = [header.number(tag) for tag in OVERLAY_POSITIONS if tag in header.dataset]
    outside = {int(one) for one in positions if one is not None and one in range(16) and one not in values}
    return sum(1 << bit for bit in outside)
