"""What writers of DICOM really put into headers: read as the standard says, or refused with the element's name."""

import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cxr_cli.images import BadImage, load_film
from tests.images.test_images import RAMP, RAMP8, dicom, linear, pixels, table

VALUES = np.array([[0, 1000], [1500, 4095]], np.uint16)
GREYS = linear(VALUES).tolist()
COLOUR = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


def changed(path: Path, **tags: Any) -> Path:
    """The film with elements as they are, valid or not: (VR, value), None without the element."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        film = pydicom.dcmread(path)
        for name, element in tags.items():
            if element is None:
                delattr(film, name)
            else:
                film[name] = DataElement(name, *element, validation_mode=0)
        film.save_as(path)
    return path


def with_text(path: Path, **texts: str) -> Path:
    """The film with decimal strings (VR DS) that hold any text."""
    changed(path, **{name: ("LO", text) for name, text in texts.items()})
    content = path.read_bytes()
    for name in texts:
        tag = int(pydicom.datadict.tag_for_keyword(name) or 0)
        mark = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
        assert content.count(mark + b"LO") == 1
        content = content.replace(mark + b"LO", mark + b"DS")
    path.write_bytes(content)
    return path


def reason(path: Path) -> str:
    with pytest.raises(BadImage) as error:
        load_film(path.name, path.parent)
    assert str(error.value).count("\n") == 0
    return str(error.value).removeprefix(f"image {path.name} ")


@pytest.mark.parametrize(
    ("centre", "width"),
    [
        ("1500,5", "1001"),
        (" 1500,5 ", "1001,0 "),
        ("1500.5", "1001"),
        ("1500,5\\7", "1001\\3"),
        ("nan\\1500.5", "4\\1001"),
    ],
)
def test_numbers_of_a_window(tmp_path: Path, centre: str, width: str) -> None:
    film = with_text(dicom(tmp_path / "a.dcm", VALUES), WindowCenter=centre, WindowWidth=width)
    assert pixels(film) == [[0, 0], [128, 255]]


@pytest.mark.parametrize(
    ("centre", "width"),
    [
        *(("nan", "100"), ("100", "nan"), ("1e400", "100"), ("100", "1e400"), ("inf", "1"), ("abc", "100")),
        *(("1,5.0", "100"), ("100", "-5"), ("100", "0"), ("", ""), ("100", "")),
    ],
)
def test_a_window_that_is_none_is_ignored(tmp_path: Path, centre: str, width: str) -> None:
    film = with_text(dicom(tmp_path / "a.dcm", VALUES), WindowCenter=centre, WindowWidth=width)
    assert pixels(film) == GREYS


def test_a_window_of_a_fraction(tmp_path: Path) -> None:
    how = {"RescaleSlope": 1 / 4095, "RescaleIntercept": 0, "WindowCenter": 0.5, "WindowWidth": 0.9999}
    assert pixels(dicom(tmp_path / "a.dcm", VALUES, **how)) == GREYS


@pytest.mark.parametrize("function", ["linear_exact", "LINEAR_EXACT ", " Linear_Exact"])
def test_a_function_in_small_letters(tmp_path: Path, function: str) -> None:
    film = dicom(tmp_path / "a.dcm", VALUES, WindowCenter=1500, WindowWidth=1000)
    assert pixels(changed(film, VOILUTFunction=("CS", function))) == [[0, 0], [128, 255]]


def test_a_function_that_is_unknown(tmp_path: Path) -> None:
    film = dicom(tmp_path / "a.dcm", VALUES, WindowCenter=1500, WindowWidth=1000, VOILUTFunction="LOG")
    assert reason(film) == "has a VOILUTFunction that is not supported"


@pytest.mark.parametrize(
    ("centre", "width"),
    [(100_000, 10), (-5000, 10), (1e300, 1e3), (2000, 1e300)],
    ids=["above", "below", "far", "wide"],
)
def test_a_window_that_leaves_one_grey(tmp_path: Path, centre: float, width: float) -> None:
    film = dicom(tmp_path / "a.dcm", VALUES, WindowCenter=centre, WindowWidth=width)
    assert reason(film) == "is one grey everywhere, by its WindowCenter and WindowWidth"
    padded = dicom(tmp_path / "b.dcm", VALUES, WindowCenter=centre, WindowWidth=width, PixelPaddingValue=0)
    assert reason(padded) == "is one grey everywhere, by its WindowCenter and WindowWidth"


def test_a_table_that_leaves_one_grey(tmp_path: Path) -> None:
    film = dicom(tmp_path / "a.dcm", VALUES, VOILUTSequence=Sequence([table(0, [9, 9, 9], 16)]))
    assert reason(film) == "is one grey everywhere, by its VOILUTSequence"


def test_a_film_of_one_value(tmp_path: Path) -> None:
    assert reason(dicom(tmp_path / "a.dcm", np.full((2, 2), 7, np.uint16))) == "is one grey everywhere"
    windowed = dicom(tmp_path / "b.dcm", np.full((2, 2), 7, np.uint16), WindowCenter=7, WindowWidth=9)
    assert reason(windowed) == "is one grey everywhere"
    assert reason(dicom(tmp_path / "c.dcm", VALUES, PixelPaddingValue=0, PixelPaddingRangeLimit=4095)) == (
        "is one grey everywhere"
    )


@pytest.mark.parametrize("slope", [None, ""])
def test_an_empty_slope_is_1(tmp_path: Path, slope: Any) -> None:
    how = {"RescaleIntercept": 100, "WindowCenter": 1600.5, "WindowWidth": 1001}
    assert pixels(dicom(tmp_path / "a.dcm", VALUES, RescaleSlope=slope, **how)) == [[0, 0], [128, 255]]
    assert pixels(dicom(tmp_path / "b.dcm", VALUES, **how)) == [[0, 0], [128, 255]]


@pytest.mark.parametrize(
    ("slope", "why"),
    [
        *((text, "has a RescaleSlope of 0") for text in ("0", "0.0")),
        *((text, "has a RescaleSlope that is no number") for text in ("nan", "1e400", "x")),
    ],
)
def test_a_slope_that_is_none(tmp_path: Path, slope: str, why: str) -> None:
    film = with_text(dicom(tmp_path / "a.dcm", VALUES), RescaleSlope=slope, RescaleIntercept="0")
    assert reason(film) == why


def test_values_in_the_high_bits(tmp_path: Path) -> None:
    assert pixels(dicom(tmp_path / "a.dcm", RAMP << 4, HighBit=15)) == linear(RAMP).tolist()
    signed = (RAMP.astype(np.int32) - 2048).astype(np.int16) << 4
    assert pixels(dicom(tmp_path / "b.dcm", signed, HighBit=15, PixelRepresentation=1)) == linear(RAMP).tolist()


def test_overlays_above_the_values(tmp_path: Path) -> None:
    film = dicom(tmp_path / "a.dcm", RAMP | (np.indices((16, 16)).sum(axis=0) % 2 << 15).astype(np.uint16))
    assert reason(film) == "has pixels that need more bits than its BitsStored, 12"
    dataset = pydicom.dcmread(film)
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 15)
    dataset.save_as(film)
    assert pixels(film) == linear(RAMP).tolist()


def test_values_beyond_the_bits_stored(tmp_path: Path) -> None:
    beyond = "has pixels that need more bits than its BitsStored, 12"
    assert reason(dicom(tmp_path / "a.dcm", RAMP * 3)) == beyond
    assert reason(dicom(tmp_path / "b.dcm", (RAMP * 3).astype(np.int16), PixelRepresentation=1)) == beyond
    padded = RAMP.copy()
    padded[0, 0] = 65535
    assert pixels(dicom(tmp_path / "c.dcm", padded, PixelPaddingValue=65535))[0][:2] == [0, 0]
    assert (
        pixels(dicom(tmp_path / "c.dcm", padded, PixelPaddingValue=65535))[1:]
        == (np.rint((RAMP.astype(float) - 16) / (4080 - 16) * 255).astype(int).tolist()[1:])
    )


def test_shape_inverse(tmp_path: Path) -> None:
    turned = (255 - linear(RAMP)).tolist()
    assert pixels(dicom(tmp_path / "a.dcm", PresentationLUTShape="INVERSE")) == turned
    assert pixels(dicom(tmp_path / "b.dcm", PresentationLUTShape="IDENTITY")) == linear(RAMP).tolist()
    both = {"PresentationLUTShape": "INVERSE", "PhotometricInterpretation": "MONOCHROME1"}
    assert pixels(dicom(tmp_path / "c.dcm", **both)) == turned  # DX films say it twice and mean it once


@pytest.mark.parametrize("name", ["monochrome2", " MONOCHROME2", "Monochrome2 ", "MONOCHROME2\0\0"])
def test_photometric_interpretation_in_other_letters(tmp_path: Path, name: str) -> None:
    film = changed(dicom(tmp_path / "a.dcm"), PhotometricInterpretation=("CS", name))
    assert pixels(film) == linear(RAMP).tolist()
    film = changed(dicom(tmp_path / "a.dcm"), PhotometricInterpretation=("CS", name.replace("2", "1")))
    assert pixels(film) == (255 - linear(RAMP)).tolist()


@pytest.mark.parametrize(
    "name", ["Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation"]
)
def test_a_missing_element_is_named(tmp_path: Path, name: str) -> None:
    assert reason(changed(dicom(tmp_path / "a.dcm"), **{name: None})) == f"lacks {name}"
    assert reason(dicom(tmp_path / "b.dcm", **{name: None})) == f"lacks {name}"


def test_elements_that_follow_from_others(tmp_path: Path) -> None:
    film = changed(dicom(tmp_path / "a.dcm"), HighBit=None, SamplesPerPixel=None)
    assert pixels(film) == linear(RAMP).tolist()


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"Rows": 0}, "has 0 Rows and 16 Columns"),
        ({"Rows": 65535, "Columns": 65535}, "has more pixels than a film can have"),
        ({"BitsStored": 17}, "has BitsAllocated 16, BitsStored 17 and HighBit 11, which do not agree"),
        ({"HighBit": 3}, "has BitsAllocated 16, BitsStored 12 and HighBit 3, which do not agree"),
        ({"BitsAllocated": 12}, "has BitsAllocated 12, BitsStored 12 and HighBit 11, which do not agree"),
        ({"SamplesPerPixel": 3}, "has 3 SamplesPerPixel, but its PhotometricInterpretation is MONOCHROME2"),
        ({"PhotometricInterpretation": "HSV"}, "has a PhotometricInterpretation that is not supported"),
        ({"PhotometricInterpretation": "RGB", **COLOUR, "PlanarConfiguration": None}, "lacks PlanarConfiguration"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "lacks RedPaletteColorLookupTableDescriptor"),
    ],
)
def test_elements_that_no_film_can_have(tmp_path: Path, tags: dict[str, Any], why: str) -> None:
    assert reason(dicom(tmp_path / "a.dcm", **tags)) == why


def test_a_transfer_syntax_of_a_vendor(tmp_path: Path) -> None:
    film = dicom(tmp_path / "a.dcm")
    film.write_bytes(film.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.113619.5.2\0\0"))
    assert reason(film) == "has a TransferSyntaxUID that is not supported"


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_no_preamble_and_no_file_meta(tmp_path: Path, syntax: str) -> None:
    film = dicom(tmp_path / "a.dcm", RAMP, syntax)
    whole = film.read_bytes()
    film.write_bytes(whole[132:])
    assert pixels(film) == linear(RAMP).tolist()
    meta = 12 + int.from_bytes(whole[140:144], "little")
    film.write_bytes(whole[132 + meta :])
    assert pixels(film) == linear(RAMP).tolist()
    film.write_bytes(whole[:132] + whole[132 + meta :])
    assert pixels(film) == linear(RAMP).tolist()


def test_compressed_without_file_meta(tmp_path: Path) -> None:
    film = pydicom.dcmread(dicom(tmp_path / "a.dcm"))
    film.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    film.save_as(tmp_path / "a.dcm")
    whole = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(whole[144 + int.from_bytes(whole[140:144], "little") :])
    assert reason(tmp_path / "a.dcm") == "is compressed, but lacks TransferSyntaxUID"


def lut(descriptor: list[int], data: Any, vr: str = "OW", kind: str = "US") -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", kind, descriptor)
    item.add_new("LUTData", vr, data)
    return Sequence([item])


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_of_every_form(tmp_path: Path, sequence: str) -> None:
    values = np.array([[0, 1], [2, 3]], np.uint16)

    def shown(table: Sequence, values: np.ndarray = values, **tags: Any) -> list[list[int]]:
        return pixels(dicom(tmp_path / "a.dcm", values, **{sequence: table, **tags}))

    assert shown(lut([4, 0, 8], bytes([0, 255, 128, 64]))) == [[0, 255], [128, 64]]
    assert shown(lut([4, 0, 8], [0xFF00, 0x4080], "US")) == [[0, 255], [128, 64]]
    assert shown(lut([3, 0, 8], bytes([0, 255, 128, 0]))) == [[0, 255], [128, 128]]
    assert shown(lut([4, 0, 8], [0, 255, 128, 64], "US")) == [[0, 255], [128, 64]]
    assert shown(lut([4, 0, 12], [0, 4095, 2048, 1024], "US")) == [[0, 255], [128, 64]]
    assert shown(lut([4, 0, 16], np.array([0, 65535, 32768, 16384], "<u2").tobytes())) == [[0, 255], [128, 64]]
    assert shown(lut([2, 1, 16], [0, 65535], "US")) == [[0, 0], [255, 255]]
    big = dicom(
        tmp_path / "b.dcm", values, "1.2.840.10008.1.2.2", **{sequence: lut([4, 0, 8], bytes([255, 0, 64, 128]))}
    )
    assert pixels(big) == [[0, 255], [128, 64]]
    long = np.array([[0, 20000], [40000, 65535]], np.uint16)
    wide = {"BitsStored": 16, "HighBit": 15}
    assert shown(lut([0, 0, 16], list(range(65536)), "US"), long, **wide) == [[0, 78], [156, 255]]
    negative = np.array([[-2000, -1], [0, 2000]], np.int16)
    signed = {**wide, "PixelRepresentation": 1}
    for kind, first in (("US", 63536), ("SS", -2000)):
        assert shown(lut([4001, first, 16], list(range(4001)), "US", kind), negative, **signed)[1][1] >= 249
        assert shown(lut([4001, first, 16], list(range(4001)), "US", kind), negative, **signed)[0][0] == 0
        assert 120 <= shown(lut([4001, first, 16], list(range(4001)), "US", kind), negative, **signed)[1][0] <= 130


def test_an_8_bit_table_of_4096_entries(tmp_path: Path) -> None:
    entries = (np.arange(4096) >> 4).astype(np.uint8)
    for data, vr in ((entries.tobytes(), "OW"), (entries.tolist(), "US")):
        assert pixels(dicom(tmp_path / "a.dcm", RAMP, VOILUTSequence=lut([4096, 0, 8], data, vr))) == RAMP8.tolist()


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_that_are_damaged(tmp_path: Path, sequence: str) -> None:
    film = dicom(tmp_path / "a.dcm", **{sequence: lut([256, 0, 16], [1, 2, 3], "US")})
    assert reason(film) == "has LUTData of 3 entries, but a LUTDescriptor of 256"
    film = dicom(tmp_path / "a.dcm", **{sequence: lut([3, 0], [1, 2, 3], "US")})
    assert reason(film) == f"has a {sequence} without a LUTDescriptor of three numbers"
    empty = dicom(tmp_path / "a.dcm", **{sequence: Sequence([])})
    assert pixels(empty) == linear(RAMP).tolist()


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "ybr_full "])
def test_colours(tmp_path: Path, photometric: str, planar: int) -> None:
    grey = np.dstack([RAMP8] * 3) if photometric == "RGB" else np.dstack([RAMP8, RAMP8 * 0 + 128, RAMP8 * 0 + 128])
    stored = np.ascontiguousarray(grey.transpose(2, 0, 1)) if planar else grey
    film = dicom(tmp_path / "a.dcm", stored, **{**COLOUR, "PlanarConfiguration": planar, "Rows": 16, "Columns": 16})
    assert pixels(changed(film, PhotometricInterpretation=("CS", photometric))) == RAMP8.tolist()


def test_ybr_full_422(tmp_path: Path) -> None:
    luma = RAMP8.reshape(-1, 2)
    stored = np.hstack([luma, np.full_like(luma, 128)]).reshape(16, 32)
    how = {**COLOUR, "PhotometricInterpretation": "YBR_FULL_422", "Columns": 16}
    assert pixels(dicom(tmp_path / "a.dcm", stored, **how)) == RAMP8.tolist()


def test_colours_of_16_bits(tmp_path: Path) -> None:
    stored = np.dstack([RAMP8.astype(np.uint16) * 257] * 3)
    how = {**COLOUR, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PhotometricInterpretation": "RGB"}
    assert pixels(dicom(tmp_path / "a.dcm", stored, **how)) == RAMP8.tolist()


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette(tmp_path: Path, bits: int) -> None:
    entries = np.arange(255, -1, -1)
    data = entries.astype("u1").tobytes() if bits == 8 else (entries * 257).astype("<u2").tobytes()
    how: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        how[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        how[f"{colour}PaletteColorLookupTableData"] = data
    film = dicom(tmp_path / "a.dcm", RAMP8, BitsAllocated=8, BitsStored=8, HighBit=7, **how)
    assert pixels(film) == (255 - RAMP8).tolist()


def test_names_that_no_file_can_have_and_files_that_are_none(tmp_path: Path) -> None:
    for name in ("a\0b.png", "a\ud800.png"):
        for cache in (None, tmp_path / "cache"):
            with pytest.raises(BadImage) as error:
                load_film(name, tmp_path, cache=cache)
            assert error.value.reason == f"image {name} does not exist: no file can have that name"
    os.mkfifo(tmp_path / "pipe.dcm")
    assert reason(tmp_path / "pipe.dcm") == "is no regular file"
    if sys.platform == "linux":
        assert reason(Path("/dev/zero")) == "is no regular file"
    (tmp_path / "a.dcm").symlink_to("b.dcm")
    (tmp_path / "b.dcm").symlink_to("a.dcm")
    assert reason(tmp_path / "a.dcm").startswith("cannot be read: ")
    assert reason(Path(tmp_path / ("x" * 300))).startswith("cannot be read: ")
