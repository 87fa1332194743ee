"""DICOM files to 8-bit grey images. Of the header, only the tags that say how to display the pixels are read."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cxr_cli.errors import CxrError
from cxr_cli.images.errors import DecodeError

Values = npt.NDArray[np.float64]
"""One number for each value that a pixel can have: after the modality table, the window, .."""

_PIXEL_TAGS = [
    "SpecificCharacterSet",
    *("Rows", "Columns", "SamplesPerPixel", "PlanarConfiguration", "NumberOfFrames", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "SmallestImagePixelValue", "LargestImagePixelValue"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData", "FloatPixelData", "DoubleFloatPixelData"),
]


def read_dicom(path: Path) -> Image.Image:
    """Mode "L", as a workstation displays it: modality values, first window, MONOCHROME1 inverted, padding black.

    Raises DecodeError; CxrError when a decoder has to be installed; OSError.
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
        except (DecodeError, CxrError, OSError):
            raise
        except MemoryError as error:
            raise DecodeError("does not fit into memory") from error
        except Exception as error:  # there is no list of what pydicom and its decoders raise for damaged files
            raise DecodeError("is truncated or damaged") from error


def _check(header: Any) -> None:
    if "PixelData" not in header:
        floats = "FloatPixelData" in header or "DoubleFloatPixelData" in header
        raise DecodeError(
            "has floating point pixels, which are not supported" if floats else "is a DICOM without an image"
        )
    if (frames := int(header.get("NumberOfFrames") or 1)) > 1:
        raise DecodeError(f"holds {frames} frames; only files with one frame are supported")
    if header.BitsAllocated > 16:
        raise DecodeError(f"has {header.BitsAllocated} bits a pixel; up to 16 are supported")
    grey = header.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2")
    if header.get("SamplesPerPixel", 1) == 1 and not grey:
        raise DecodeError("has a colour palette; only grey and RGB are supported")
    whole = header.Rows * header.Columns * header.get("SamplesPerPixel", 1) * header.BitsAllocated // 8
    if not header.file_meta.TransferSyntaxUID.is_compressed and len(header.PixelData) < whole:
        raise DecodeError("is truncated")


def _pixels(header: Any) -> npt.NDArray[Any]:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import JPEGExtended12Bit

    syntax = header.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise DecodeError("has a transfer syntax that is not supported") from error
    if not decoder.is_available:
        raise CxrError(f'{syntax.name} has no decoder here: pip install "cxr-cli[images]"')
    if syntax == JPEGExtended12Bit and header.BitsStored > 8:
        if "pylibjpeg" not in decoder.available_plugins:
            raise DecodeError("is a 12-bit JPEG Extended: pip install pylibjpeg pylibjpeg-libjpeg")
    elif "pillow" in decoder.available_plugins:  # other decoders may crash on a damaged stream
        header.pixel_array_options(decoding_plugin="pillow")
    pixels: npt.NDArray[Any] = header.pixel_array
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _colour(pixels: npt.NDArray[Any], header: Any) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise DecodeError("is a colour image with more than 8 bits a channel")
    return Image.fromarray(pixels, "RGB").convert("L")


def _grey(pixels: npt.NDArray[Any], header: Any) -> Image.Image:
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
    bounds = [_signed(int(end), header) for end in (value, value if limit is None else limit)]
    return (stored >= min(bounds)) & (stored <= max(bounds))


def _signed(value: int, header: Any) -> int:
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
    """The first number of a tag that holds one or several; None if it holds none."""
    if value is None or value == "":
        return None
    return float(value if isinstance(value, int | float) or not hasattr(value, "__getitem__") else value[0])
