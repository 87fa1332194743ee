"""The stored values of a DICOM film to grey, as a workstation displays them."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Values = npt.NDArray[np.float64]
"""One number for each value that a pixel can have: after the modality table, the window, .."""


def to_grey(pixels: npt.NDArray[Any], header: Any) -> Image.Image:
    """A table with the grey of every possible stored value, then one look-up a pixel: fast for any chain of tables.

    pixels: (rows, columns), of 1 or 2 bytes.
    """
    bits = min(int(header.BitsStored), 8 * pixels.dtype.itemsize)
    stored = np.arange(1 << bits)
    if header.PixelRepresentation:
        stored = np.where(stored >= 1 << (bits - 1), stored - (1 << bits), stored)
    index = pixels.view(f"u{pixels.dtype.itemsize}") & np.array((1 << bits) - 1, f"u{pixels.dtype.itemsize}")
    padding = _padding(stored, header)
    values = _modality(stored, header)
    brightness = _voi(values, header)
    if brightness is None:  # from the darkest to the brightest pixel of the film
        used = np.bincount(index.ravel(), minlength=1 << bits).astype(bool) & ~padding
        low, high = (values[used].min(), values[used].max()) if used.any() else (0.0, 0.0)
        brightness = (values - low) / ((high - low) or 1.0)
    if header.PhotometricInterpretation == "MONOCHROME1":
        brightness = 1 - brightness
    grey = np.rint(np.clip(brightness, 0, 1) * 255).astype(np.uint8)
    grey[padding] = 0
    return Image.fromarray(grey.take(index, mode="clip"))


def _padding(stored: npt.NDArray[Any], header: Any) -> npt.NDArray[np.bool_]:
    """Which stored values are padding and no part of the image."""
    value = header.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, bool)
    limit = header.get("PixelPaddingRangeLimit")
    bounds = [_as_signed(int(end), header) for end in (value, value if limit is None else limit)]
    return (stored >= min(bounds)) & (stored <= max(bounds))


def _as_signed(value: int, header: Any) -> int:
    """The value itself, of writers that store a negative padding value as if it were unsigned."""
    wrap = 1 << int(header.BitsAllocated)
    return value - wrap if header.PixelRepresentation and value >= wrap // 2 else value


def _modality(stored: npt.NDArray[Any], header: Any) -> Values:
    from pydicom.pixels.processing import apply_modality_lut

    return np.asarray(apply_modality_lut(stored, header), float)


def _voi(values: Values, header: Any) -> Values | None:
    """Brightness, 0 .. 1 and beyond, by the first VOI table, else by the first window; None if neither is usable."""
    from pydicom.pixels.processing import apply_voi

    if header.get("VOILUTSequence") and header.VOILUTSequence[0].get("LUTData"):
        looked_up = np.asarray(apply_voi(values.astype(int), header, 0), float)
        bits = int(looked_up.max()).bit_length()  # the table's own header often claims more
        return looked_up / max(1, (1 << bits) - 1)
    centre, width = _first_number(header.get("WindowCenter")), _first_number(header.get("WindowWidth"))
    if centre is None or width is None or width <= 0:
        return None
    match str(header.get("VOILUTFunction") or "LINEAR").strip():
        case "SIGMOID":
            return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -60, 60)))
        case "LINEAR_EXACT":
            return (values - centre) / width + 0.5
        case _ if width > 1:
            return (values - (centre - 0.5)) / (width - 1) + 0.5
        case _:
            return (values > centre - 0.5).astype(float)


def _first_number(value: Any) -> float | None:
    """The first number of a tag that holds one or several; None if it holds none."""
    if value is None or value == "":
        return None
    return float(value if isinstance(value, int | float) or not hasattr(value, "__getitem__") else value[0])
