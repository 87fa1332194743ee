"""The ids of a run's rows, most of them on disk."""

from hashlib import blake2b

from cxr_cli.records import Row
from cxr_cli.rows.temp_db import TempDb

IN_MEMORY = 20_000  # ids, after which they go to disk


class Ids(TempDb):
    """Where each id was first seen, and which ids an earlier run has finished."""

    def __init__(self) -> None:
        super().__init__(
            "create table seen(id text primary key, place text) without rowid;"
            "create table done(id text primary key, met integer, question blob, report blob) without rowid"
        )
        self._new: dict[str, str] = {}  # seen, and not yet on disk
        self._any_on_disk = False

    def see(self, id: str, place: str) -> str | None:
        """Notes an id. None if it is new, else the place, `path:line`, where it was first seen."""
        if first := self._place(id):
            return first
        self._new[id] = place
        if len(self._new) >= IN_MEMORY:
            self._store()
        return None

    def place(self, id: str) -> str:
        return self._place(id) or "?"

    def _place(self, id: str) -> str | None:
        if id in self._new or not self._any_on_disk:
            return self._new.get(id)
        row = self.run("select place from seen where id = ?", id).fetchone()
        return str(row[0]) if row else None

    def _store(self) -> None:
        self.run_each("insert into seen values (?, ?)", sorted(self._new.items()))
        self._new.clear()
        self._any_on_disk = True

    def finish(self, row: Row) -> bool:
        """Notes a row of the output. False if its id is noted already."""
        return self.run("insert or ignore into done values (?, 0, ?, ?)", row["id"], *_digests(row)).rowcount > 0

    def is_finished(self, id: str) -> bool:
        return self.run("update done set met = 1 where id = ?", id).rowcount > 0

    def has_changed(self, row: Row) -> bool:
        """Has the row of the output with this id another question or report?"""
        done = self.run("select question, report from done where id = ?", row["id"]).fetchone()
        return any(old and new and old != new for old, new in zip(done or (), _digests(row), strict=False))

    def strangers(self) -> tuple[int, str]:
        """How many ids of the output this run has neither read nor made, and one of them."""
        self._store()
        finished_before = "from done where not met and id not in (select id from seen)"
        count, first = self.run(f"select count(*), min(id) {finished_before}").fetchone()
        return count, first or ""


def _digests(row: Row) -> list[bytes | None]:
    texts = (row.get(key) for key in ("question", "report"))
    return [blake2b(text.encode(), digest_size=8).digest() if isinstance(text, str) else None for text in texts]
