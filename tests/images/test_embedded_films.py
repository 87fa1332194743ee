"""Films that lie in a Parquet file, as Hugging Face's `datasets` saves them."""

import io
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from cxr_cli.card.leaks import SplitIndex
from cxr_cli.images import BadImage, load_film
from cxr_cli.images.films import film_exists
from cxr_cli.mining.near_duplicates import Reports
from cxr_cli.records import Case
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.sources import for_each_row
from tests.cases import Row


def png(shade: int) -> bytes:
    film = Image.radial_gradient("L").resize((32, 32)).point(lambda value: min(255, value + shade))
    stream = io.BytesIO()
    film.save(stream, "PNG")
    return stream.getvalue()


def write(path: Path, shades: range = range(20)) -> Path:
    rows = [
        {"id": str(n), "question": "Edema?", "answer": "No", "image": {"bytes": png(n), "path": f"{n}.png"}}
        for n in shades
    ]
    pl.DataFrame(rows).write_parquet(path, row_group_size=5)
    return path


def read(path: Path) -> list[Row]:
    rows: list[Row] = []
    for_each_row([str(path)], rows.append, Case)
    return rows


def test_films_in_a_table(tmp_path: Path) -> None:
    """A row names its film; nothing is written beside the table."""
    path = write(tmp_path / "train.parquet")
    rows = read(path)
    (film,) = rows[17]["images"]
    assert film.startswith(f"{path}#image/18/0:")
    assert load_film(film).tobytes() == Image.open(io.BytesIO(png(17))).tobytes()
    assert film_exists(film)
    assert [file.name for file in tmp_path.iterdir()] == ["train.parquet"]
    with_cache = load_film(film, cache=tmp_path / "cache")
    assert load_film(film, cache=tmp_path / "cache").tobytes() == with_cache.tobytes()


def test_lists_of_films_and_films_that_are_files(tmp_path: Path) -> None:
    films = [
        [{"bytes": png(1), "path": None}, {"bytes": png(2), "path": None}],
        [{"bytes": None, "path": "a.png"}],
        None,
    ]
    struct = pl.Struct({"bytes": pl.Binary, "path": pl.String})
    data = {"id": ["1", "2", "3"], "images": pl.Series(films, dtype=pl.List(struct))}
    pl.DataFrame(data).write_parquet(tmp_path / "t.parquet")
    first, second, third = read(tmp_path / "t.parquet")
    assert [load_film(film).getpixel((16, 16)) for film in first["images"]] == [8, 9]
    assert (second["images"], third.get("images")) == (["a.png"], None)


def test_the_same_films_in_another_table_have_the_same_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    prints = []
    for path in (tmp_path / "a.parquet", tmp_path / "other/b.parquet"):
        fingerprint = Fingerprint()
        for row in read(write(path)):
            fingerprint.add(row)
        prints.append(str(fingerprint))
    assert prints[0] == prints[1]


def test_the_same_film_in_two_splits_is_a_leak(tmp_path: Path) -> None:
    """Also where films are compared by their names, and though they lie in two tables."""
    with Reports() as reports, SplitIndex(reports, None) as index:
        for split, shades in (("train", range(3)), ("test", range(2, 4))):
            for row in read(write(tmp_path / f"{split}.parquet", shades)):
                index.add(row | {"id": f"{split}{row['id']}"}, split)
        leaks = {leak.kind: (leak.n, leak.ids) for leak in index.overlaps(("train", "test"))}
        assert leaks == {"film": (1, ("train2", "test2"))}


def test_a_table_without_ids(tmp_path: Path) -> None:
    """As many on Hugging Face are: a row's id is its place."""
    rows = pl.read_parquet(write(tmp_path / "a.parquet", range(2)))
    rows.drop("id").write_parquet(tmp_path / "test-0.parquet")
    assert [row["id"] for row in read(tmp_path / "test-0.parquet")] == ["test-0/1", "test-0/2"]


def test_one_film_in_a_column_for_several(tmp_path: Path) -> None:
    table = pl.read_parquet(write(tmp_path / "a.parquet", range(1)))
    table.rename({"image": "images"}).write_parquet(tmp_path / "b.parquet")
    assert [len(read(tmp_path / f"{name}.parquet")[0]["images"]) for name in "ab"] == [1, 1]


def test_a_table_that_has_changed_or_is_gone(tmp_path: Path) -> None:
    path = write(tmp_path / "train.parquet")
    (film,) = read(path)[3]["images"]
    write(path, range(1, 9))
    with pytest.raises(BadImage, match="has changed: its table holds another film"):
        load_film(film)
    for column in ("image", "other"):
        pl.DataFrame({column: ["a.png"] * 9}).write_parquet(path)
        with pytest.raises(BadImage, match="has changed: its table holds another film"):
            load_film(film)
    path.write_bytes(b"PAR1")
    with pytest.raises(BadImage, match="lies in a table that cannot be read"):
        load_film(film)
    path.unlink()
    with pytest.raises(BadImage, match="does not exist"):
        load_film(film)
    assert not film_exists(film)
