"""Phantoms to a folder: images/*.dcm or images/*.png, and studies.jsonl."""

from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from cxr_cli.errors import CxrError
from cxr_cli.phantoms.film.canvas import Layer
from cxr_cli.phantoms.studies import PhantomFilm, Recipe
from cxr_cli.rows.output.part_file import check_replaceable
from cxr_cli.rows.output.writing import errors_named, open_output

Format = Literal["dicom", "png", "both"]
MADE_BY = "cxr phantom"


def write_studies(
    recipe: Recipe, count: int, folder: Path, size: int, format: Format, *, overwrite: bool = False
) -> int:
    """Draws `count` studies; returns the number of films. format: with "both" the rows name the DICOM files."""
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CxrError(f"{folder}: {error.strerror}") from error
    rows = folder / "studies.jsonl"
    check_replaceable(rows, overwrite)
    suffix, films = ("png" if format == "png" else "dcm"), 0
    with open_output(rows, overwrite=True) as output:
        for phantom in recipe.studies(count):
            for film in filter(None, (phantom.prior_film, phantom.film)):
                _write_film(film, folder / "images", size, format)
                films += 1
            row = phantom.row
            row["images"] = [f"images/{phantom.film.name}.{suffix}"]
            if phantom.prior_film:
                row["prior"]["images"] = [f"images/{phantom.prior_film.name}.{suffix}"]
            output.write(row)
    return films


def _write_film(film: PhantomFilm, folder: Path, size: int, format: Format) -> None:
    pixels = film.pixels(size)
    if format != "dicom":
        grey = Image.fromarray((pixels * 255 + 0.5).astype(np.uint8))
        with errors_named(path := folder / f"{film.name}.png"):
            grey.save(path, compress_level=2)
    if format != "png":
        write_dicom(pixels, folder / f"{film.name}.dcm", film.name, variant=film.seed)


def write_dicom(pixels: Layer, path: Path, name: str, *, variant: int = 0) -> None:
    """A Computed Radiography image with generated UIDs and without a patient's name.

    pixels: (rows, columns), 0 black .. 1 white. variant: determines the bits (12 or 16), MONOCHROME1 or 2, the window.
    """
    from pydicom.dataset import FileDataset, FileMetaDataset  # a third of a second to import
    from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

    bits = 16 if variant % 3 == 0 else 12
    inverted = variant % 5 == 0
    floor, span = 200 * (variant % 4), (4096 if bits == 12 else 16384) - 800
    values = ((1 - pixels if inverted else pixels) * span + floor + 0.5).astype("<u2")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[MADE_BY, name, "image"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID = generate_uid(entropy_srcs=[MADE_BY, name, "study"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[MADE_BY, name, "series"])
    image.PatientName = image.PatientBirthDate = image.PatientSex = ""
    image.PatientID = name
    image.StudyDate = image.StudyTime = image.ReferringPhysicianName = image.StudyID = image.AccessionNumber = ""
    image.Modality, image.Manufacturer, image.ImageType = "CR", MADE_BY, ["DERIVED", "PRIMARY"]
    image.BodyPartExamined, image.ViewPosition, image.PatientOrientation = "CHEST", "PA", ["L", "F"]
    image.SeriesNumber = image.InstanceNumber = 1
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PixelRepresentation = 1, 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, bits, bits - 1
    image.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = 0, 1, "US"
    image.WindowCenter, image.WindowWidth = floor + span // 2, span
    image.PixelData = values.tobytes()
    with errors_named(path):
        image.save_as(path, enforce_file_format=True)
