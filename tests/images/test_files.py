"""PNG and JPEG files to images: sizes, the cache, and the errors of files that cannot be used."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cxr_cli.images import BadImage, Budget, Square, load_film


def pixels(path: Path) -> list[list[int]]:
    image = load_film(path)
    assert image.mode == "L"
    return np.asarray(image).tolist()


def save(path: Path, values: list[list[object]], mode: str | None = None, kind: type = np.uint8, **how: object) -> Path:
    array = np.array(values, kind)
    image = Image.fromarray(array) if mode is None else Image.fromarray(array).convert(mode)
    image.save(path, **how)  # type: ignore[arg-type]
    return path


def test_png_of_8_and_of_1_bits(tmp_path: Path) -> None:
    assert pixels(save(tmp_path / "a.png", [[0, 100], [200, 255]])) == [[0, 100], [200, 255]]
    assert pixels(save(tmp_path / "b.png", [[0, 255], [255, 0]], "1")) == [[0, 255], [255, 0]]


@pytest.mark.parametrize(
    ("values", "grey"),
    [
        ([[0, 32768], [257, 65535]], [[0, 128], [1, 255]]),
        ([[0, 2048], [16, 4095]], [[0, 128], [1, 255]]),
        ([[0, 8192], [64, 16383]], [[0, 128], [1, 255]]),
    ],
)
def test_png_of_16_bits(tmp_path: Path, values: list[list[object]], grey: list[list[int]]) -> None:
    assert pixels(save(tmp_path / "a.png", values, kind=np.uint16)) == grey


def test_alpha_and_palette(tmp_path: Path) -> None:
    alpha = [[(255, 255, 255, 255), (255, 255, 255, 0)], [(255, 255, 255, 128), (0, 0, 0, 255)]]
    assert pixels(save(tmp_path / "a.png", alpha)) == [[255, 0], [128, 0]]
    assert pixels(save(tmp_path / "b.png", [[(0, 0, 0), (255, 255, 255)]], "P")) == [[0, 255]]
    see_through = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    see_through.putpalette([255, 255, 255, 200, 200, 200])
    see_through.save(tmp_path / "c.png", transparency=0)
    assert pixels(tmp_path / "c.png") == [[0, 200]]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path: Path, mode: str) -> None:
    values = [[180] * 16] * 8 + [[60] * 16] * 8
    save(tmp_path / "a.jpg", values, mode, quality=95)
    assert np.abs(np.array(pixels(tmp_path / "a.jpg")) - values).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_exif_turns_the_film_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    upright = np.kron([[10, 80, 150], [60, 200, 240]], np.ones((16, 16)))
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / f"a.{ending}", stored.tolist(), exif=exif)
    assert np.abs(np.array(pixels(tmp_path / f"a.{ending}")) - upright).max() <= 4


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x"]
)
def test_damaged_exif_is_ignored(tmp_path: Path, exif: bytes) -> None:
    save(tmp_path / "a.jpg", [[50] * 32, [200] * 32], exif=exif)
    assert load_film(tmp_path / "a.jpg").size == (32, 2)


def test_one_grey(tmp_path: Path) -> None:
    for name, mode in {"a.png": "L", "b.png": "I;16", "c.jpg": "RGB", "d.png": "RGBA", "e.png": "1"}.items():
        Image.new(mode, (8, 8)).save(tmp_path / name)
        with pytest.raises(BadImage, match=rf"^image {name} is one grey everywhere$"):
            load_film(name, tmp_path)


def test_too_many_pixels(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for name, side in {"a.png": 40, "b.jpg": 200}.items():  # one that Pillow warns of, and one that it refuses
        Image.linear_gradient("L").resize((side, side)).save(tmp_path / name)
        with pytest.raises(BadImage, match=rf"^image {name} has more pixels than a film can have$"):
            load_film(name, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_rgb_for_a_model_that_wants_it(tmp_path: Path) -> None:
    image = load_film(save(tmp_path / "a.png", [[0, 100]]), rgb=True)
    assert (image.mode, np.asarray(image).tolist()) == ("RGB", [[[0, 0, 0], [100, 100, 100]]])


def test_sizes(tmp_path: Path) -> None:
    film = save(tmp_path / "a.png", [[0, 9] * 500] * 500)
    assert load_film(film).size == (1000, 500)
    assert load_film(film, size=Square()).size == (448, 448)
    assert load_film(film, size=Budget(448 * 448)).size == (644, 308)
    assert load_film(film, size=Budget(10**7)).size == (1008, 504)
    assert load_film(film, size=Budget(100)).size == (28, 28)
    assert Budget(200_000, step=32).of(3000, 2500) == (480, 416)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.dcm", None, "does not exist"),
        ("a.png", b"", "is empty"),
        ("a.dcm", b"no image at all", "is not a DICOM, PNG or JPEG image"),
        ("a.gif", b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\0;", "is not a DICOM, PNG or JPEG image"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "is not a DICOM, PNG or JPEG image"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadImage) as error:
        load_film(name, tmp_path)
    assert str(error.value) == error.value.reason == f"image {name} {reason}"


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_truncated(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadImage, match=rf"^image {name} is truncated or damaged$"):
        load_film(name, tmp_path)


def test_formats_that_are_not_read(tmp_path: Path) -> None:
    picture = Image.linear_gradient("L")
    for name, mode in {"a.tif": "1", "b.tif": "I;16", "a.bmp": "L", "a.gif": "P"}.items():
        (picture.convert("I").convert(mode) if mode == "I;16" else picture.convert(mode)).save(tmp_path / name)
        with pytest.raises(BadImage, match=rf"^image {name} is not a DICOM, PNG or JPEG image$"):
            load_film(name, tmp_path)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match=r"^image . is a folder$"):
        load_film(".", tmp_path)


def test_an_absolute_path_needs_no_root(tmp_path: Path) -> None:
    film = save(tmp_path / "a.png", [[7, 8]])
    assert np.asarray(load_film(film, root="/nowhere")).tolist() == [[7, 8]]


def test_the_cache_gives_the_same_and_notices_a_new_film(tmp_path: Path) -> None:
    film, cache = save(tmp_path / "a.png", [[0, 100], [200, 255]]), tmp_path / "cache"
    first = load_film(film, size=Square(4), cache=cache)
    (kept,) = cache.rglob("*.png")
    assert np.asarray(load_film(film, size=Square(4), cache=cache)).tolist() == np.asarray(first).tolist()
    Image.fromarray(np.full((4, 4), 9, np.uint8)).save(kept)
    assert np.asarray(load_film(film, size=Square(4), cache=cache)).max() == 9  # it is the cache that answers
    kept.write_bytes(b"half")
    assert np.asarray(load_film(film, size=Square(4), cache=cache)).tolist() == np.asarray(first).tolist()
    assert load_film(film, size=Square(8), cache=cache).size == (8, 8)
    save(film, [[3, 0], [0, 3]])
    os.utime(film, ns=(0, 0))
    assert np.asarray(load_film(film, size=Square(4), cache=cache)).max() <= 4
    assert len(list(cache.rglob("*.png"))) == 3
    assert list(cache.rglob("*.part")) == []
