"""The test files of pydicom's package: each is shown as pydicom's own functions show it, or refused for a reason."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data.data_manager import DATA_ROOT
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from cxr_cli.images import BadImage, load_film

FOLDER = Path(DATA_ROOT) / "test_files"
NO_IMAGE, NO_DICOM = "is a DICOM without an image", "is not a DICOM, PNG or JPEG image"
EXTENDED = "is a 12-bit JPEG Extended: pip install pylibjpeg pylibjpeg-libjpeg"
ONE_GREY = "is one grey everywhere, by its WindowCenter and WindowWidth"
REFUSED = {
    "JPEG-lossy.dcm": EXTENDED,
    "JPGExtended.dcm": EXTENDED,
    "GDCMJ2K_TextGBR.dcm": "is truncated or damaged",  # no picture for Pillow
    "JPEG2000-embedded-sequence-delimiter.dcm": "is truncated or damaged",  # nor for pydicom
    "MR_truncated.dcm": "is truncated",
    "badVR.dcm": "has a NumberOfFrames that is no number",
    "meta_missing_tsyntax.dcm": "lacks Rows",
    "nested_priv_SQ.dcm": "lacks Rows",
    "examples_ybr_color.dcm": "holds 30 frames; only files with one frame are supported",
    **dict.fromkeys(["dicomdirtests/77654033/CT2/17166", "dicomdirtests/77654033/CT2/17196"], ONE_GREY),
}


def files() -> Iterator[str]:
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path.relative_to(FOLDER).as_posix()


def expected(path: Path) -> str | np.ndarray:
    """Why the file is refused, or its picture by pydicom's functions."""
    name = path.relative_to(FOLDER).as_posix()
    if name in REFUSED:
        return REFUSED[name]
    try:
        film = pydicom.dcmread(path, force=path.suffix == ".dcm")
    except pydicom.errors.InvalidDicomError:
        return NO_DICOM
    if "PixelData" not in film:
        return NO_IMAGE if film.get("SOPClassUID") or film.file_meta else NO_DICOM
    if (frames := film.get("NumberOfFrames", 1)) > 1:
        return f"holds {frames} frames; only files with one frame are supported"
    if film.BitsAllocated > 16:
        return f"has {film.BitsAllocated} bits a pixel; up to 16 are supported"
    if not get_decoder(film.file_meta.TransferSyntaxUID).is_available:
        pytest.skip("a decoder of the extra is missing")
    pixels = film.pixel_array
    if film.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, film)
    if pixels.ndim == 3:
        eight = (pixels / pixels.max() * 255).astype(np.uint8) if pixels.dtype != np.uint8 else pixels
        return np.asarray(Image.fromarray(eight).convert("L"))
    shown = apply_voi_lut(apply_modality_lut(pixels, film), film).astype(float)
    return -shown if film.PhotometricInterpretation == "MONOCHROME1" else shown


@pytest.mark.parametrize("name", files())
def test_a_file_is_shown_as_pydicom_shows_it_or_refused(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = expected(FOLDER / name)
    if isinstance(wanted, str):
        with pytest.raises(BadImage) as error:
            load_film(name, FOLDER)
        assert error.value.reason == f"image {name} {wanted}"
    else:
        image = np.asarray(load_film(name, FOLDER))
        assert image.shape == wanted.shape
        assert np.corrcoef(image.ravel(), wanted.ravel())[0, 1] >= 0.99
