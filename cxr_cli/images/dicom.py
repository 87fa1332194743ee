"""A DICOM file to an 8-bit grey picture. Of the header, only what says how to show the pixels is read."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cxr_cli.errors import CxrError

Values = npt.NDArray[np.float64]

_PIXEL_TAGS = [
    "SpecificCharacterSet",
    *("Rows", "Columns", "SamplesPerPixel", "PlanarConfiguration", "NumberOfFrames", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "SmallestImagePixelValue", "LargestImagePixelValue"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData", "FloatPixelData", "DoubleFloatPixelData"),
]


class Unreadable(ValueError):
    """Why not, in words that quote nothing of the header but pixel semantics."""


def read_dicom(path: Path) -> Image.Image:
    """Mode "L", as a workstation shows it: modality values, first window, MONOCHROME1 inverted, padding black.

    Raises Unreadable; CxrError when a decoder has to be installed; OSError.
    """
    import pydicom  # a third of a second to import

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its messages quote headers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header: Any = pydicom.dcmread(path, specific_tags=_PIXEL_TAGS)
            _check(header)
            pixels = _pixels(header)
            return _colour(pixels, header) if header.get("SamplesPerPixel", 1) > 1 else _grey(pixels, header)
        except (Unreadable, CxrError, OSError):
            raise
        except MemoryError as error:
            raise Unreadable("is too large for the memory") from error
        except Exception as error:  # what a broken header or stream makes pydicom and its decoders raise is not listed
            raise Unreadable("is truncated or damaged") from error


def _check(header: Any) -> None:
    if "PixelData" not in header:
        floats = "FloatPixelData" in header or "DoubleFloatPixelData" in header
        raise Unreadable("holds floating point pixels" if floats else "is a DICOM without an image")
    if (frames := int(header.get("NumberOfFrames") or 1)) > 1:
        raise Unreadable(f"holds {frames} frames: one film a file is read")
    if header.BitsAllocated > 16:
        raise Unreadable(f"has {header.BitsAllocated} bits a pixel: up to 16 are read")
    kind = header.PhotometricInterpretation
    if header.get("SamplesPerPixel", 1) == 1 and kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise Unreadable("has a colour palette: grey and RGB are read")
    whole = header.Rows * header.Columns * header.get("SamplesPerPixel", 1) * header.BitsAllocated // 8
    if not header.file_meta.TransferSyntaxUID.is_compressed and len(header.PixelData) < whole:
        raise Unreadable("is truncated")


def _pixels(header: Any) -> npt.NDArray[Any]:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import JPEGExtended12Bit

    syntax = header.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise Unreadable("has a transfer syntax that is not read") from error
    if not decoder.is_available:
        raise CxrError(f'{syntax.name} has no decoder here: pip install "cxr-cli[images]"')
    if syntax == JPEGExtended12Bit and header.BitsStored > 8:
        if "pylibjpeg" not in decoder.available_plugins:
            raise Unreadable("is a 12-bit JPEG Extended: pip install pylibjpeg pylibjpeg-libjpeg")
    elif "pillow" in decoder.available_plugins:  # others may end the process at a damaged stream
        header.pixel_array_options(decoding_plugin="pillow")
    pixels: npt.NDArray[Any] = header.pixel_array
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _colour(pixels: npt.NDArray[Any], header: Any) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise Unreadable("is a colour image of more than 8 bits")
    return Image.fromarray(pixels, "RGB").convert("L")


def _grey(pixels: npt.NDArray[Any], header: Any) -> Image.Image:
    """Each stored value is looked up in a table of what it shows as: as fast for any chain of tables and windows."""
    bits = min(int(header.BitsStored), 8 * pixels.dtype.itemsize)
    stored = np.arange(1 << bits)
    if header.PixelRepresentation:
        stored = np.where(stored >= 1 << (bits - 1), stored - (1 << bits), stored)
    index = pixels.view(f"u{pixels.dtype.itemsize}") & np.array((1 << bits) - 1, f"u{pixels.dtype.itemsize}")
    padding = _padding(stored, header)
    values = _modality(stored, header)
    share = _voi(values, header)
    if share is None:
        used = np.bincount(index.ravel(), minlength=1 << bits).astype(bool) & ~padding
        low, high = (values[used].min(), values[used].max()) if used.any() else (0.0, 0.0)
        share = (values - low) / ((high - low) or 1.0)
    if header.PhotometricInterpretation == "MONOCHROME1":
        share = 1 - share
    shown = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    shown[padding] = 0
    return Image.fromarray(shown.take(index, mode="clip"))


def _padding(stored: npt.NDArray[Any], header: Any) -> npt.NDArray[np.bool_]:
    """Which stored values are no part of the image."""
    value = header.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, bool)
    limit = header.get("PixelPaddingRangeLimit")
    bounds = [_signed(int(end), header) for end in (value, value if limit is None else limit)]
    return (stored >= min(bounds)) & (stored <= max(bounds))


def _signed(value: int, header: Any) -> int:
    """Some writers store a negative padding value as if it were unsigned."""
    wrap = 1 << int(header.BitsAllocated)
    return value - wrap if header.PixelRepresentation and value >= wrap // 2 else value


def _modality(stored: npt.NDArray[Any], header: Any) -> Values:
    from pydicom.pixels.processing import apply_modality_lut

    return np.asarray(apply_modality_lut(stored, header), float)


def _voi(values: Values, header: Any) -> Values | None:
    """0 .. 1 (and beyond) by the first VOI table, else by the first window; None if there is no usable one."""
    from pydicom.pixels.processing import apply_voi

    if header.get("VOILUTSequence") and header.VOILUTSequence[0].get("LUTData"):
        out = np.asarray(apply_voi(values.astype(int), header, 0), float)
        bits = int(out.max()).bit_length()  # the table's own header often claims more
        return out / max(1, (1 << bits) - 1)
    centre, width = _first(header.get("WindowCenter")), _first(header.get("WindowWidth"))
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


def _first(value: Any) -> float | None:
    """The first of one or several numbers; None for none."""
    if value is None or value == "":
        return None
    return float(value if isinstance(value, int | float) or not hasattr(value, "__getitem__") else value[0])
