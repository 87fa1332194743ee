"""DICOM files that cannot be used: one line says why and quotes nothing of the header."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import pydicom
import pytest
from PIL import Image
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGExtended12Bit

from cxr_cli.images import BadImage, load_film
from tests.images.test_images import LOSSLESS, RAMP, dicom, packed


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"NumberOfFrames": 3}, "holds 3 frames; only files with one frame are supported"),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "has 32 bits a pixel; up to 16 are supported"),
        ({"Rows": 17}, "is truncated"),
        ({"Rows": 15}, "has more PixelData than Rows and Columns say"),
        ({"Columns": 15}, "has more PixelData than Rows and Columns say"),
    ],
)
def test_films_that_are_refused(tmp_path: Path, tags: dict[str, Any], reason: str) -> None:
    dicom(tmp_path / "a.dcm", **tags)
    with pytest.raises(BadImage) as error:
        load_film("a.dcm", tmp_path)
    assert str(error.value) == f"image a.dcm {reason}"


def test_no_pixels(tmp_path: Path) -> None:
    film = pydicom.dcmread(dicom(tmp_path / "a.dcm"))
    del film.PixelData
    film.save_as(tmp_path / "a.dcm")
    with pytest.raises(BadImage, match=r"^image .*a.dcm is a DICOM without an image$"):
        load_film(tmp_path / "a.dcm")


def test_12_bit_jpeg_extended_names_the_packages_that_decode_it(tmp_path: Path) -> None:
    if "pylibjpeg" in get_decoder(JPEGExtended12Bit).available_plugins:
        pytest.skip("pylibjpeg-libjpeg is installed")
    dicom(tmp_path / "a.dcm", b64decode(LOSSLESS), JPEGExtended12Bit)
    with pytest.raises(BadImage) as error:
        load_film("a.dcm", tmp_path)
    assert str(error.value) == "image a.dcm is a 12-bit JPEG Extended: pip install pylibjpeg pylibjpeg-libjpeg"


@pytest.mark.parametrize("share", [0.2, 0.6, 0.8, 0.95])
def test_a_truncated_film_is_a_bad_row_and_quotes_no_names(
    tmp_path: Path, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, film in {
        "plain.dcm": dicom(tmp_path / "plain.dcm"),
        "j2k.dcm": dicom(
            tmp_path / "j2k.dcm", packed(Image.fromarray(RAMP), "JPEG2000", no_jp2=True), "1.2.840.10008.1.2.4.90"
        ),
    }.items():
        whole = film.read_bytes()
        film.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(BadImage) as error:
            load_film(name, tmp_path)
        assert str(error.value).startswith(f"image {name} is ")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_broken_header_is_not_quoted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film = dicom(tmp_path / "a.dcm")
    broken = film.read_bytes().replace(b"1.2.3\0", b"Doe,Ja").replace(b"MONOCHROME2 ", b"MONOCHROMEX ")
    film.write_bytes(broken)
    with pytest.raises(BadImage, match=r"^image a.dcm has a PhotometricInterpretation that is not supported"):
        load_film("a.dcm", tmp_path)
    assert "Doe" not in "".join(capfd.readouterr())
