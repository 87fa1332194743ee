"""DICOM files to 8-bit grey images. Of the header, only the tags that say how to display the pixels are read."""

import logging
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from cxr_cli.extras import install_line, package_line
from cxr_cli.images.dicom_greyscale import to_grey
from cxr_cli.images.dicom_header import OVERLAY_POSITIONS, PALETTE, PixelHeader, PixelLayout, pixel_layout
from cxr_cli.images.film_errors import DecodeError

_CHANNELS = ("Red", "Green", "Blue")
_PIXEL_TAGS: list[Any] = [
    "SpecificCharacterSet",
    *("Rows", "Columns", "SamplesPerPixel", "PlanarConfiguration", "NumberOfFrames", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence", "PresentationLUTShape"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "SmallestImagePixelValue", "LargestImagePixelValue"),
    *(f"{colour}PaletteColorLookupTable{part}" for colour in _CHANNELS for part in ("Descriptor", "Data")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in _CHANNELS),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData", "FloatPixelData", "DoubleFloatPixelData"),
    *OVERLAY_POSITIONS,
]


def read_dicom(film: Path | BinaryIO) -> Image.Image:
    """Mode "L", as a workstation displays it: modality values, first window, MONOCHROME1 inverted, padding black.

    Raises DecodeError and OSError.
    """
    import pydicom  # a third of a second to import

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its messages quote headers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _image(pydicom.dcmread(film, specific_tags=_PIXEL_TAGS, force=True))
        except (DecodeError, OSError):
            raise
        except MemoryError as error:
            raise DecodeError("does not fit into memory") from error
        except Exception as error:  # there is no list of what pydicom and its decoders raise for damaged files
            raise DecodeError("is truncated or damaged") from error


def _image(dataset: Any) -> Image.Image:
    if "PixelData" not in dataset:
        floats = "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset
        raise DecodeError(
            "has floating point pixels, which are not supported" if floats else "is a DICOM without an image"
        )
    header = PixelHeader(dataset)
    dataset.file_meta.TransferSyntaxUID = _transfer_syntax(dataset)
    decoder = _decoder(dataset.file_meta.TransferSyntaxUID)
    layout = pixel_layout(header)
    _prepare(dataset, header, layout)
    pixels = _pixels(dataset, layout, decoder)
    return to_grey(pixels, header, layout) if layout.is_grey else _colour(pixels, dataset, layout)


def _transfer_syntax(dataset: Any) -> Any:
    """That of the file's preface; of a file without one, what its elements look like."""
    from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if syntax := str(dataset.file_meta.get("TransferSyntaxUID") or "").strip(" \0"):
        return UID(syntax)
    if dataset["PixelData"].is_undefined_length:
        raise DecodeError("is compressed, but lacks TransferSyntaxUID")
    implicit, little = dataset.original_encoding
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _prepare(dataset: Any, header: PixelHeader, layout: PixelLayout) -> None:
    """Writes the layout into the data set, as pydicom's decoders want it. DecodeError: there are too few pixels, or
    a row too many."""
    from pydicom.pixels.utils import get_expected_length

    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = layout.rows, layout.columns, layout.samples
    dataset.BitsAllocated, dataset.BitsStored, dataset.NumberOfFrames = layout.allocated, layout.bits, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = layout.photometric, int(layout.signed)
    if layout.samples > 1:
        dataset.PlanarConfiguration = 0 if header.is_compressed else header.integer("PlanarConfiguration")
    if not header.is_compressed:
        expected, row = get_expected_length(dataset), layout.columns * layout.samples * layout.allocated // 8
        if len(dataset.PixelData) < expected:
            raise DecodeError("is truncated")
        surplus = dataset.PixelData[expected:]
        if len(surplus) >= max(2, row) and any(surplus):  # no padding: the picture would be cut, or sheared
            raise DecodeError("has more PixelData than Rows and Columns say")


def _decoder(syntax: Any) -> Any:
    """DecodeError: there is none."""
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise DecodeError("has a TransferSyntaxUID that is not supported") from error
    if not decoder.is_available:
        raise DecodeError(f"is in {syntax.name}, which has no decoder here: {install_line('images')}")
    return decoder


def _pixels(dataset: Any, layout: PixelLayout, decoder: Any) -> npt.NDArray[Any]:
    from pydicom.uid import JPEGExtended12Bit

    options: dict[str, Any] = {}
    if JPEGExtended12Bit == decoder.UID and layout.bits > 8:
        if "pylibjpeg" not in decoder.available_plugins:
            raise DecodeError(f"is a 12-bit JPEG Extended: {package_line('pylibjpeg', 'pylibjpeg-libjpeg')}")
    elif "pillow" in decoder.available_plugins:  # other decoders may crash on a damaged stream
        options["decoding_plugin"] = "pillow"
    if layout.is_grey:
        options["correct_unused_bits"] = False  # `to_grey` looks at them
    if decoder.is_native:
        options["view_only"] = layout.is_grey  # without a copy
    dataset.pixel_array_options(**options)
    pixels: npt.NDArray[Any] = dataset.pixel_array
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _colour(pixels: npt.NDArray[Any], dataset: Any, layout: PixelLayout) -> Image.Image:
    from pydicom.pixels.processing import apply_color_lut

    if layout.photometric == PALETTE:
        for name in (f"{channel}PaletteColorLookupTableDescriptor" for channel in _CHANNELS):
            if not dataset.get(name):
                raise DecodeError(f"lacks {name}")
        pixels = apply_color_lut(pixels, dataset)[..., :3]
        white = 255 if pixels.max() < 256 else 65535
    else:
        white = (1 << layout.bits) - 1
    if white != 255:
        pixels = np.rint(np.minimum(pixels, white) * (255 / white))
    return Image.fromarray(pixels.astype(np.uint8), "RGB").convert("L")
