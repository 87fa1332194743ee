"""What the splits of a set share that they must not: patients, films, questions.

A patient is a name, whatever the source: the patients of MS-CXR-T are patients of MIMIC-CXR.
Nearly the same reports are listed but are no leak by themselves: normal films of different patients are described by
the same template, and a split by patient cannot keep them apart. Where rows name no patient they are the only sign.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from hashlib import blake2b, file_digest
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from cxr_cli.findings.sections.text_cache import cached_by_text
from cxr_cli.images import BadImage, films_of
from cxr_cli.images.film_errors import DecodeError
from cxr_cli.images.films import open_film
from cxr_cli.mining.near_duplicates import Reports
from cxr_cli.rows import Row
from cxr_cli.rows.files.embedded_films import film_content
from cxr_cli.rows.fingerprint import value_hash
from cxr_cli.rows.temp_db import TempDb

OVERLAP_KINDS = {
    "patient": "same patient",
    "film": "same film",
    "id": "same question id",
    "report": "nearly the same report",
}
NO_LEAK = "report"
"""The kind that is listed and is no leak."""


class Overlap(NamedTuple):
    """What two splits share of one kind. n: how many; rows: how many rows of each split; ids: the first row of each."""

    kind: str
    splits: tuple[str, str]
    n: int
    rows: tuple[int, int]
    ids: tuple[str, str]


class SplitIndex(TempDb):
    """Which patients, films, ids, reports and studies are in which split: their digests alone, on disk.

    root: the folder of the films, which are then compared by their bytes; None: by their paths, and those that lie in
    a table by their digests.
    """

    def __init__(self, reports: Reports, root: Path | None) -> None:
        super().__init__(
            "create table facts(kind text, digest blob, split text, rows integer, id text,"
            " primary key(kind, digest, split)) without rowid"
        )
        self._film = lru_cache(10_000)(partial(_file_digest, root)) if root else _name_hash
        self._report = cached_by_text(1000)(partial(_first_alike, reports))

    def add(self, row: Row, split: str) -> None:
        """RowError: a film is not there."""
        report, patient, films = row.get("report"), row.get("patient"), films_of(row)
        self._insert("id", value_hash(row["id"]), split, row)
        if patient is not None:
            self._insert("patient", value_hash(patient), split, row)
        for film in {self._film(path) for path in films}:
            self._insert("film", film, split, row)
        if report:
            self._insert("report", self._report(report), split, row)
        study = [row.get("source"), patient, [film_content(path) for path in row.get("images") or ()], report]
        self._insert("study", value_hash(study if any(study[1:]) else row["id"]), split, row)

    def distinct(self, kind: str, split: str) -> int:
        """How many patients, films .. a split has."""
        count = self.run("select count(*) from facts where kind = ? and split = ?", kind, split).fetchone()
        return int(count[0])

    def overlaps(self, splits: Iterable[str]) -> Iterator[Overlap]:
        """What each two splits share, kind by kind; nothing for a kind of which they share none."""
        pairs = [*combinations(splits, 2)]
        for kind in OVERLAP_KINDS:
            for pair in pairs:
                n, *rest = self.run(
                    "select count(*), sum(a.rows), sum(b.rows), min(a.id), b.id from facts a join facts b"
                    " on a.kind = b.kind and a.digest = b.digest where a.kind = ? and a.split = ? and b.split = ?",
                    kind,
                    *pair,
                ).fetchone()
                if n:
                    yield Overlap(kind, pair, n, (rest[0], rest[1]), (rest[2], rest[3]))

    def _insert(self, kind: str, code: bytes, split: str, row: Row) -> None:
        self.run(
            "insert into facts values (?, ?, ?, 1, ?)"
            " on conflict(kind, digest, split) do update set rows = rows + 1, id = min(id, excluded.id)",
            kind,
            code,
            split,
            row["id"],
        )


def _first_alike(reports: Reports, report: str) -> bytes:
    """The digest of the first report that is nearly the same."""
    own = value_hash(report)
    twin = reports.near_duplicate(report, own.hex())
    return bytes.fromhex(twin) if twin else own


def _name_hash(path: str) -> bytes:
    return value_hash(film_content(path))


def _file_digest(root: Path, path: str) -> bytes:
    try:
        with open_film(path, root) as film:
            return file_digest(film, lambda: blake2b(digest_size=16)).digest()  # type: ignore[arg-type]
    except DecodeError as error:
        raise BadImage(path, str(error)) from error
    except OSError as error:
        raise BadImage(path, f"cannot be read: {error.strerror}") from error
