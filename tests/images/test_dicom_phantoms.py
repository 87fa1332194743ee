"""80 films that hold one known picture, stored and displayed in every way that DICOM has: they show that picture."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cxr_cli.images import load_film
from tests.images.test_images import dicom, packed

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, RLE, JPEG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
J2K = "1.2.840.10008.1.2.4.90"


def drawn() -> np.ndarray:
    """Brightness 0 .. 1, 64 x 48: two dark fields, a heart on one side, a corner mark; no mirror image resembles it."""
    y, x = np.mgrid[0:64, 0:48]
    picture = 0.55 + 0.004 * y
    for centre, depth in ((14, 0.4), (34, 0.3)):
        picture = picture - depth * np.exp(-(((x - centre) / 7.0) ** 2) - ((y - 28) / 18.0) ** 2)
    picture = picture + 0.25 * np.exp(-(((x - 30) / 7.0) ** 2) - ((y - 42) / 9.0) ** 2)
    picture[3:9, 3:8] = 1.0
    picture[50:60, 40:46] = 0.0
    return np.clip((picture - picture.min()) / np.ptp(picture), 0, 1)


PICTURE = drawn()


class Chain(NamedTuple):
    """A way from stored values to brightness: the elements that say so, and what they mean."""

    tags: dict[str, Any]
    brightness: Callable[[np.ndarray], np.ndarray]


def table(values: np.ndarray, first: int, bits: int, syntax: str, how: str) -> Sequence:
    """A look-up table; how: its entries are "US", in "OW", or "packed" two a word in OW."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(values) % 65536, first % 65536, bits])
    if how == "US":
        item.add_new("LUTData", "US", [int(value) for value in values])
    else:
        words = values.astype("u1").tobytes().ljust((len(values) + 1) // 2 * 2, b"\0") if how == "packed" else b""
        big = syntax == BIG
        data = np.frombuffer(words, "<u2") if how == "packed" else values.astype("u2")
        item.add_new("LUTData", "OW", data.astype(">u2" if big else "<u2").tobytes())
    return Sequence([item])


def modality(name: str, stored: np.ndarray, syntax: str) -> Chain:
    if name == "none":
        return Chain({}, lambda values: values.astype(float))
    if name.startswith("slope"):
        slope, intercept = {"slope": (0.5, -200.25), "slope-": (-2.0, 300.0), "slope?": (1.0, 77.0)}[name]
        tags = {"RescaleSlope": None if name == "slope?" else slope, "RescaleIntercept": intercept}
        return Chain(tags, lambda values: values * slope + intercept)
    bits = {"table8": 8, "table12": 12, "table16": 16}[name]
    first, last = int(stored[0]), int(stored[-1])
    entries = np.rint(np.linspace(0, 1, last - first + 1) ** 0.7 * ((1 << bits) - 1)).astype(int)
    how = "packed" if bits == 8 else "OW" if bits == 12 else "US"
    tags = {"ModalityLUTSequence": table(entries, first, bits, syntax, how)}
    return Chain(tags, lambda values: entries[values - first].astype(float))


def voi(name: str, values: np.ndarray, syntax: str) -> Chain:
    low, high = float(values.min()), float(values.max())
    centre, width = (low + high) / 2, high - low
    if name == "none":
        return Chain({}, lambda values: (values - low) / (high - low))
    if name == "linear":
        tags = {"WindowCenter": round(centre + 0.5, 3), "WindowWidth": round(width + 1, 3)}
        return Chain(tags, lambda values: (values - tags["WindowCenter"] + 0.5) / (tags["WindowWidth"] - 1) + 0.5)
    if name == "several":
        tags = {"WindowCenter": [round(centre, 3), 1], "WindowWidth": [round(width, 3), 2]}
        return Chain({**tags, "VOILUTFunction": "LINEAR_EXACT"}, lambda values: (values - centre) / width + 0.5)
    if name == "sigmoid":
        tags = {"WindowCenter": round(centre, 3), "WindowWidth": round(width / 2, 3), "VOILUTFunction": "SIGMOID"}
        return Chain(tags, lambda values: 1 / (1 + np.exp(-8 * (values - centre) / width)))
    bits, how = {"voi8": (8, "packed"), "voi12": (12, "US"), "voi16": (16, "OW")}[name]
    first = int(np.floor(low))
    entries = np.rint(np.linspace(0, 1, min(int(high) - first + 1, 65536)) ** 1.5 * ((1 << bits) - 1)).astype(int)
    index = lambda values: np.clip(np.rint(values).astype(int) - first, 0, len(entries) - 1)  # noqa: E731
    tags = {"VOILUTSequence": table(entries, first, bits, syntax, how)}
    return Chain(tags, lambda values: entries[index(values)] / ((1 << bits) - 1))


class Film(NamedTuple):
    syntax: str
    bits: int
    signed: bool
    photometric: str
    shape: str
    modality: str
    voi: str
    extra: str


def films() -> list[Film]:
    """Each value of each dimension many times, in mixtures drawn once."""
    rng = random.Random(15)

    def many(*values: Any) -> Any:
        drawn = []
        while len(drawn) < 80:
            drawn += rng.sample(values, len(values))
        return drawn[:80]

    columns = zip(
        many(IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE, J2K, JPEG),
        many(8, 10, 12, 14, 16),
        many(True, False),
        many("MONOCHROME1", "MONOCHROME2", "MONOCHROME2", "monochrome2"),
        many("", "", "IDENTITY", "INVERSE"),
        many("none", "none", "slope", "slope-", "slope?", "table8", "table12", "table16"),
        many("none", "linear", "several", "sigmoid", "voi8", "voi12", "voi16"),
        many("", "left", "overlay", "padding"),
        strict=True,
    )
    return [Film(*column) for column in columns]


def written(path: Path, film: Film) -> Path:
    """The film that shows PICTURE: its stored values are those whose brightness is nearest."""
    bits, signed, extra = film.bits, film.signed, film.extra
    if film.syntax == JPEG:
        bits, signed = 8, False
    if film.syntax in (JPEG, J2K) or bits in (8, 16) or (signed and extra == "overlay"):
        extra = "padding" if extra == "padding" and film.syntax != JPEG else ""
    lowest = -(1 << (bits - 1)) if signed else 0
    span = (1 << bits) - 1
    stored = np.arange(lowest + span // 20, lowest + span - span // 20)
    modal = modality(film.modality, stored, film.syntax)
    mapped = np.ptp(modal.brightness(stored)) < 65536  # a table maps no more
    shown = voi(film.voi if mapped else "linear", modal.brightness(stored), film.syntax)
    brightness = shown.brightness(modal.brightness(stored))
    inverse = film.photometric == "MONOCHROME1" or film.shape == "INVERSE"
    wanted = 0.04 + 0.92 * (1 - PICTURE if inverse else PICTURE)
    order = np.argsort(brightness, kind="stable")
    near = np.clip(np.searchsorted(brightness[order], wanted), 0, len(order) - 1)
    pixels = stored[order[near]].astype(np.int64)
    tags: dict[str, Any] = {**modal.tags, **shown.tags, "PhotometricInterpretation": film.photometric}
    if film.shape:
        tags["PresentationLUTShape"] = film.shape
    allocated, high = (8 if bits == 8 else 16), bits - 1
    if extra == "padding":
        pixels[:, :2] = lowest
    cells = pixels & ((1 << allocated) - 1)
    if extra == "left":
        cells, high = (pixels << (allocated - bits)) & 0xFFFF, allocated - 1
    elif extra == "overlay":
        cells = cells | (np.indices(cells.shape).sum(axis=0) % 2 << 15)
    array = cells.astype(f"u{allocated // 8}")
    how = {"BitsAllocated": allocated, "BitsStored": bits, "HighBit": high, "PixelRepresentation": int(signed), **tags}
    if film.syntax == JPEG:
        dicom(path, packed(Image.fromarray(array), "JPEG", quality=98), film.syntax, **how, Rows=64, Columns=48)
    elif film.syntax == J2K:
        how |= {"BitsStored": allocated, "HighBit": allocated - 1}
        frame = packed(Image.fromarray(array), "JPEG2000", no_jp2=True, irreversible=False)
        dicom(path, frame, film.syntax, **how, Rows=64, Columns=48)
    else:
        dicom(path, array, EXPLICIT if film.syntax == RLE else film.syntax, **how)
    if film.syntax == RLE or extra in ("overlay", "padding"):
        dataset = pydicom.dcmread(path)
        if extra == "padding":
            dataset.add_new("PixelPaddingValue", "US", lowest % (1 << allocated))
        if extra == "overlay":
            dataset.add_new(0x60000100, "US", 16)
            dataset.add_new(0x60000102, "US", 15)
        if film.syntax == RLE:
            dataset.PhotometricInterpretation = film.photometric.upper()
            dataset.compress(RLE, generate_instance_uid=False)
            dataset.PhotometricInterpretation = film.photometric
        dataset.save_as(path)
    return path


@pytest.mark.parametrize("film", films(), ids=lambda film: "-".join(str(part) for part in film))
def test_a_phantom_is_shown_as_it_is(tmp_path: Path, film: Film) -> None:
    image = np.asarray(load_film(written(tmp_path / "a.dcm", film))).astype(float)
    assert image.shape == PICTURE.shape
    inner = (slice(None), slice(2, None))  # the rest may be padding
    assert np.corrcoef(image[inner].ravel(), PICTURE[inner].ravel())[0, 1] >= 0.99
