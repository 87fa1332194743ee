"""The stored values of a DICOM film to grey, as a workstation displays them: PS3.3 C.7.6.3, C.11.1, C.11.2."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cxr_cli.images.dicom_header import PixelHeader, PixelLayout
from cxr_cli.images.dicom_tables import table_of
from cxr_cli.images.film_errors import DecodeError, is_one_grey

Values = npt.NDArray[np.float64]
"""One number for each value that a pixel can have: after the modality table, the window, .."""


def to_grey(pixels: npt.NDArray[Any], header: PixelHeader, layout: PixelLayout) -> Image.Image:
    """A table with the grey of every possible stored value, then one look-up a pixel: fast for any chain of tables.

    pixels: (rows, columns), of 1 or 2 bytes. DecodeError: a damaged table, values that the header excludes, or a film
    that ends as one grey.
    """
    index, stored_values = _stored_cells(pixels, header, layout)
    padding = _padding(stored_values, header, layout)
    values = _modality(stored_values, header)
    brightness, element = _voi(values, header)
    if brightness is None:  # from the darkest to the brightest pixel of the film
        used = _used(index, stored_values) & ~padding
        low, high = (values[used].min(), values[used].max()) if used.any() else (0.0, 0.0)
        brightness = (values - low) / ((high - low) or 1.0)
    if layout.photometric == "MONOCHROME1" or header.word("PresentationLUTShape") == "INVERSE":
        brightness = 1 - brightness  # once, also where both say so: C.8.11.3 asks for both
    grey = np.rint(np.clip(brightness, 0, 1) * 255).astype(np.uint8)
    grey[padding] = 0
    image = Image.fromarray(grey.take(index, mode="clip"))
    if is_one_grey(image) or (padding.any() and sum(map(bool, image.histogram())) == 2):
        visible = _used(index, stored_values) & ~padding
        if np.unique(grey[visible]).size < 2:
            why = f", by its {element}" if element and visible.sum() > 1 else ""
            raise DecodeError(f"is one grey everywhere{why}")
    return image


def _stored_cells(
    pixels: npt.NDArray[Any], header: PixelHeader, layout: PixelLayout
) -> tuple[npt.NDArray[np.unsignedinteger[Any]], npt.NDArray[np.int64]]:
    """(for each pixel the number of its stored value, all values that can be stored, by number).

    Values beyond BitsStored are read as they are if they are padding, or if the film is compressed: its code stream
    knows better. In other films nobody can tell what they mean.
    """
    width = 8 * pixels.dtype.itemsize
    cells = pixels.view(f"u{pixels.dtype.itemsize}")
    if layout.overlay:
        cells = cells & cells.dtype.type(~layout.overlay & ((1 << width) - 1))
    if layout.shift:
        cells = cells >> cells.dtype.type(layout.shift)
    bits = min(layout.bits, width)
    if bits == width or _in_range(cells, bits, layout.signed):
        mask = cells.dtype.type((1 << bits) - 1)
        return (cells & mask if layout.signed and bits < width else cells), _stored_values(bits, layout.signed)
    values = _stored_values(width, layout.signed)
    if not header.is_compressed:
        beyond = (values < (-(1 << (bits - 1)) if layout.signed else 0)) | (values >= 1 << bits)
        if (_used(cells, values) & beyond & ~_padding(values, header, layout)).any():
            raise DecodeError(f"has pixels that need more bits than its BitsStored, {bits}")
    return cells, values


def _in_range(cells: npt.NDArray[np.unsignedinteger[Any]], bits: int, signed: bool) -> bool:
    """Do all values fit into so many bits? The sign of a negative one may be in its last bit alone, or in all above."""
    if not signed:
        return int(cells.max()) < 1 << bits
    numbers = cells.view(f"i{cells.dtype.itemsize}")
    return int(numbers.min()) >= -(1 << (bits - 1)) and int(numbers.max()) < 1 << bits


def _stored_values(bits: int, signed: bool) -> npt.NDArray[np.int64]:
    values = np.arange(1 << bits)
    return np.where(values >= 1 << (bits - 1), values - (1 << bits), values) if signed else values


def _used(index: npt.NDArray[np.unsignedinteger[Any]], values: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    used = np.zeros(values.shape, bool)
    used[index.ravel()] = True
    return used


def _padding(values: npt.NDArray[Any], header: PixelHeader, layout: PixelLayout) -> npt.NDArray[np.bool_]:
    """Which stored values are padding and no part of the image."""
    value, limit = header.number("PixelPaddingValue"), header.number("PixelPaddingRangeLimit")
    if value is None:
        return np.zeros(values.shape, bool)
    bounds = [_as_signed(end, layout) for end in (value, value if limit is None else limit)]
    return (values >= min(bounds)) & (values <= max(bounds))


def _as_signed(value: float, layout: PixelLayout) -> float:
    """The value itself, of writers that store a negative padding value as if it were unsigned."""
    wrap = 1 << layout.allocated
    return value - wrap if layout.signed and value >= wrap // 2 else value


def _modality(values: npt.NDArray[np.int64], header: PixelHeader) -> Values:
    if table := table_of(header, "ModalityLUTSequence"):
        return table.look_up(values)
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope == 0:
        raise DecodeError("has a RescaleSlope of 0")
    return np.asarray(values * (1.0 if slope is None else slope) + (intercept or 0.0), np.float64)


def _voi(values: Values, header: PixelHeader) -> tuple[Values | None, str]:
    """(brightness, 0 .. 1 and beyond, by the first VOI table, else by the first usable window; the elements that say
    so). (None, "") if there is neither."""
    if table := table_of(header, "VOILUTSequence"):
        bits = int(table.entries.max()).bit_length()  # the table's own header often claims more
        return table.look_up(values) / float(max(1, (1 << bits) - 1)), "VOILUTSequence"
    pairs = zip(header.numbers("WindowCenter"), header.numbers("WindowWidth"), strict=False)
    window = next((pair for pair in pairs if all(map(math.isfinite, pair)) and pair[1] > 0), None)
    if window is None:
        return None, ""
    return _windowed(values, *window, header.word("VOILUTFunction") or "LINEAR"), "WindowCenter and WindowWidth"


def _windowed(values: Values, centre: float, width: float, function: str) -> Values:
    """C.11.2.1.2 and C.11.2.1.3. LINEAR has no widths below 1: writers who have them mean LINEAR_EXACT."""
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -60, 60))), np.float64)
    if function == "LINEAR_EXACT" or (function == "LINEAR" and width < 1):
        return (values - centre) / width + 0.5
    if function != "LINEAR":
        raise DecodeError("has a VOILUTFunction that is not supported")
    if width == 1:
        return (values > centre - 0.5).astype(float)
    return (values - (centre - 0.5)) / (width - 1) + 0.5
