"""DICOM files to 8-bit grey images. Of the header, only the tags that say how to display the pixels are read."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cxr_cli.errors import CxrError
from cxr_cli.extras import install_line, package_line
from cxr_cli.images.dicom_greyscale import to_grey
from cxr_cli.images.film_errors import DecodeError

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
            _refuse_unsupported(header)
            pixels = _pixels(header)
            return _colour(pixels, header) if header.get("SamplesPerPixel", 1) > 1 else to_grey(pixels, header)
        except (DecodeError, CxrError, OSError):
            raise
        except MemoryError as error:
            raise DecodeError("does not fit into memory") from error
        except Exception as error:  # there is no list of what pydicom and its decoders raise for damaged files
            raise DecodeError("is truncated or damaged") from error


def _refuse_unsupported(header: Any) -> None:
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
        raise CxrError(f"{syntax.name} has no decoder here: {install_line('images')}")
    if syntax == JPEGExtended12Bit and header.BitsStored > 8:
        if "pylibjpeg" not in decoder.available_plugins:
            raise DecodeError(f"is a 12-bit JPEG Extended: {package_line('pylibjpeg', 'pylibjpeg-libjpeg')}")
    elif "pillow" in decoder.available_plugins:  # other decoders may crash on a damaged stream
        header.pixel_array_options(decoding_plugin="pillow")
    pixels: npt.NDArray[Any] = header.pixel_array
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _colour(pixels: npt.NDArray[Any], header: Any) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise DecodeError("is a colour image with more than 8 bits a channel")
    return Image.fromarray(pixels, "RGB").convert("L")
