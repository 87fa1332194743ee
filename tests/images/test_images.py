"""DICOM files to images: every transfer syntax, and every step from stored values to grey."""

import io
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.sequence import Sequence
from pydicom.uid import UID

from cxr_cli.errors import RowError
from cxr_cli.images import load_film

RAMP = (np.arange(256, dtype=np.uint16) * 16).reshape(16, 16)  # 12 bits
RAMP8 = np.arange(256, dtype=np.uint8).reshape(16, 16)
NAME = "Doe^Jane^Secret"
LOSSLESS = (
    "/9j/wwALEAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABQkQ/9oACAEBAAEAAMgggggggggggggghQBBBBBBBBBBBBBBBCgCCCCCCCCCCCCCCCFA"
    "EEEEEEEEEEEEEEEKAIIIIIIIIIIIIIIIUAQQQQQQQQQQQQQQQoAgggggggggggggghQBBBBBBBBBBBBBBBCgCCCCCCCCCCCCCCCFAEEEEEEEEEEEEEEEK"
    "AIIIIIIIIIIIIIIIUAQQQQQQQQQQQQQQQoAgggggggggggggghQBBBBBBBBBBBBBBBCgCCCCCCCCCCCCCCCFAEEEEEEEEEEEEEEEP/Z"
)
LS = (
    "/9j/9wALEAAQABABAREA//gADQH//wASAEMBFABA/9oACAEBAAAAAKD8H4PwdhuD8HYbhmLxWJxGPjcAQgg9DkNRiLRSJSEdGRkVFQgwBERERERo0aNGj"
    "RIkSJB6/yJEiRIkSJEhQoooooc/yKKKKKKKKKKKKKKGv6iiiiiiiiiiiiigjH8QQhCEIQhCEIQi37QhCEIQhCEIQhFP0hCEIRERERERL8oiIiIiIiIiQ"
    "/CIiIiIiSSR33SSSSSSSRn2SSSSSSVGfVVVVVUV9FVVVVRXzV//CP/Z"
)  # RAMP, encoded once


def dicom(path: Path, pixels: np.ndarray | bytes = RAMP, syntax: str = "1.2.840.10008.1.2.1", **tags: Any) -> Path:
    """Writes a film with these stored values. bytes: a compressed frame of RAMP's shape."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = UID(syntax)
    little, implicit = syntax != "1.2.840.10008.1.2.2", syntax == "1.2.840.10008.1.2"
    film = FileDataset(str(path), {}, b"\0" * 128, meta, is_implicit_VR=implicit, is_little_endian=little)
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.PatientName, film.PatientID = NAME, "secret-7"
    film.Rows, film.Columns = (16, 16) if isinstance(pixels, bytes) else pixels.shape[:2]
    film.SamplesPerPixel, film.PhotometricInterpretation, film.PixelRepresentation = 1, "MONOCHROME2", 0
    film.BitsAllocated, film.BitsStored, film.HighBit = 16, 12, 11
    if isinstance(pixels, bytes):
        film.PixelData = encapsulate([pixels])
    else:
        film.PixelData = pixels.astype(pixels.dtype.newbyteorder("<" if little else ">")).tobytes()
    film["PixelData"].VR = "OB" if isinstance(pixels, bytes) or pixels.itemsize == 1 else "OW"
    for name, value in tags.items():
        setattr(film, name, value)
    film.save_as(path, enforce_file_format=True)
    return path


def pixels(path: Path) -> list[list[int]]:
    return np.asarray(load_film(path)).tolist()


def linear(values: np.ndarray) -> np.ndarray:
    """The grey of these values in a film without a window."""
    low, high = int(values.min()), int(values.max())
    return np.rint((values.astype(float) - low) / (high - low) * 255).astype(int)


def packed(image: Image.Image, format: str, **how: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **how)
    return stream.getvalue()


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]
)
def test_uncompressed_and_deflated(tmp_path: Path, syntax: str) -> None:
    image = load_film(dicom(tmp_path / "a.dcm", RAMP, syntax))
    assert (image.mode, image.size) == ("L", (16, 16))
    assert np.asarray(image).tolist() == linear(RAMP).tolist()


def test_rle(tmp_path: Path) -> None:
    film = pydicom.dcmread(dicom(tmp_path / "a.dcm"))
    film.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    film.save_as(tmp_path / "a.dcm")
    assert pixels(tmp_path / "a.dcm") == linear(RAMP).tolist()


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"])
def test_jpeg_2000(tmp_path: Path, syntax: str) -> None:
    frame = packed(Image.fromarray(RAMP), "JPEG2000", no_jp2=True, irreversible=False)
    film = dicom(tmp_path / "a.dcm", frame, syntax, BitsStored=16, HighBit=15)
    assert pixels(film) == linear(RAMP).tolist()


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"])
def test_jpeg_with_8_bits(tmp_path: Path, syntax: str) -> None:
    frame = packed(Image.fromarray(RAMP8), "JPEG", quality=100)
    film = dicom(tmp_path / "a.dcm", frame, syntax, BitsAllocated=8, BitsStored=8, HighBit=7)
    assert np.abs(np.asarray(load_film(film)).astype(int) - RAMP8).max() <= 3


@pytest.mark.parametrize(
    ("syntax", "frame"),
    [("1.2.840.10008.1.2.4.57", LOSSLESS), ("1.2.840.10008.1.2.4.70", LOSSLESS), ("1.2.840.10008.1.2.4.80", LS)],
)
def test_transfer_syntaxes_of_the_extra(tmp_path: Path, syntax: str, frame: str) -> None:
    film = dicom(tmp_path / "a.dcm", b64decode(frame), syntax)
    if get_decoder(UID(syntax)).is_available:
        assert pixels(film) == linear(RAMP).tolist()
    else:
        with pytest.raises(
            RowError, match=r'is in JPEG.*, which has no decoder here: pip install -e "\.\[images\]" in a clone'
        ):
            load_film(film)


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    film = dicom(tmp_path / "a.dcm", PhotometricInterpretation="MONOCHROME1")
    assert pixels(film) == linear(RAMP)[::-1, ::-1].tolist()


def test_signed_values_and_rescale(tmp_path: Path) -> None:
    values = np.array([[-1000, -500], [0, 1000]], np.int16)
    film = dicom(tmp_path / "a.dcm", values, PixelRepresentation=1, BitsStored=16, HighBit=15)
    assert pixels(film) == [[0, 64], [128, 255]]
    falling = dicom(
        tmp_path / "b.dcm",
        values,
        PixelRepresentation=1,
        BitsStored=16,
        HighBit=15,
        RescaleSlope=-0.5,
        RescaleIntercept=500,
    )
    assert pixels(falling) == [[255, 191], [128, 0]]


def test_signed_values_of_12_bits(tmp_path: Path) -> None:
    values = np.array([[-2048, -1], [0, 2047]], np.int16)
    film = dicom(tmp_path / "a.dcm", values & 0x0FFF, PixelRepresentation=1)
    assert pixels(film) == [[0, 127], [128, 255]]


def test_8_bits(tmp_path: Path) -> None:
    film = dicom(tmp_path / "a.dcm", RAMP8, BitsAllocated=8, BitsStored=8, HighBit=7)
    assert pixels(film) == RAMP8.tolist()


def test_the_first_window_counts(tmp_path: Path) -> None:
    values = np.array([[0, 1000], [1500, 4095]], np.uint16)
    one = dicom(tmp_path / "a.dcm", values, WindowCenter=1500.5, WindowWidth=1001)
    assert pixels(one) == [[0, 0], [128, 255]]
    two = dicom(tmp_path / "b.dcm", values, WindowCenter=[1500.5, 50], WindowWidth=[1001, 10])
    assert pixels(two) == pixels(one)
    exact = dicom(tmp_path / "c.dcm", values, WindowCenter=1500, WindowWidth=1000, VOILUTFunction="LINEAR_EXACT")
    assert pixels(exact) == [[0, 0], [128, 255]]
    curved = dicom(tmp_path / "d.dcm", values, WindowCenter=1500, WindowWidth=1000, VOILUTFunction="SIGMOID")
    assert pixels(curved) == [[1, 30], [128, 255]]
    step = dicom(tmp_path / "e.dcm", values, WindowCenter=1000.5, WindowWidth=1)
    assert pixels(step) == [[0, 0], [255, 255]]


def test_an_unusable_window_is_ignored(tmp_path: Path) -> None:
    assert pixels(dicom(tmp_path / "a.dcm", WindowCenter=100, WindowWidth=0)) == linear(RAMP).tolist()
    assert pixels(dicom(tmp_path / "b.dcm", WindowCenter=None, WindowWidth=None)) == linear(RAMP).tolist()


def table(first: int, data: list[int], bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(data), first, bits])
    item.add_new("LUTData", "US", data)
    return item


def test_tables(tmp_path: Path) -> None:
    values = np.array([[0, 1], [2, 3]], np.uint16)
    voi = dicom(tmp_path / "a.dcm", values, VOILUTSequence=Sequence([table(0, [0, 4095, 2048, 1024], 16)]))
    assert pixels(voi) == [[0, 255], [128, 64]]
    modality = dicom(tmp_path / "b.dcm", values, ModalityLUTSequence=Sequence([table(0, [0, 100, 50, 25], 16)]))
    modality_then_window = dicom(
        tmp_path / "c.dcm",
        values,
        ModalityLUTSequence=Sequence([table(0, [0, 100, 50, 25], 16)]),
        WindowCenter=50.5,
        WindowWidth=51,
    )
    assert pixels(modality) == [[0, 255], [128, 64]]
    assert pixels(modality_then_window) == [[0, 255], [128, 0]]


def test_padding_is_black_and_sets_no_range(tmp_path: Path) -> None:
    values = np.array([[4095, 100], [200, 300]], np.uint16)
    one = dicom(tmp_path / "a.dcm", values, PixelPaddingValue=4095)
    assert pixels(one) == [[0, 0], [128, 255]]
    negative = dicom(tmp_path / "b.dcm", values, PixelPaddingValue=4095, PhotometricInterpretation="MONOCHROME1")
    assert pixels(negative) == [[0, 255], [128, 0]]
    several = dicom(tmp_path / "c.dcm", values, PixelPaddingValue=4095, PixelPaddingRangeLimit=250)
    assert pixels(several) == [[0, 0], [255, 0]]
    signed = np.array([[-2000, 0], [50, 100]], np.int16)
    below = dicom(tmp_path / "d.dcm", signed, PixelRepresentation=1, BitsStored=16, HighBit=15, PixelPaddingValue=-2000)
    assert pixels(below) == [[0, 0], [128, 255]]


def test_colour_becomes_grey(tmp_path: Path) -> None:
    rgb = np.zeros((2, 2, 3), np.uint8)
    rgb[0, 0], rgb[1, 1] = 255, (255, 0, 0)
    film = dicom(
        tmp_path / "a.dcm",
        rgb,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
    )
    assert pixels(film) == [[255, 0], [0, 76]]
