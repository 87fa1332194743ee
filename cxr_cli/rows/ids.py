"""The ids of a run's rows, on disk."""

from cxr_cli.rows.temp_db import TempDb


class Ids(TempDb):
    """Where each id was first seen, and which ids an earlier run has finished."""

    def __init__(self) -> None:
        super().__init__(
            "create table seen(id text primary key, place text) without rowid;"
            "create table done(id text primary key, met integer) without rowid"
        )

    def see(self, id: str, place: str) -> str | None:
        """Notes an id. None if it is new, else the place, `path:line`, where it was first seen."""
        if self.run("insert or ignore into seen values (?, ?)", id, place).rowcount:
            return None
        return self.place(id)

    def place(self, id: str) -> str:
        row = self.run("select place from seen where id = ?", id).fetchone()
        return str(row[0]) if row else "?"

    def finish(self, id: str) -> bool:
        """Notes an id of the output. False if it is noted already."""
        return self.run("insert or ignore into done values (?, 0)", id).rowcount > 0

    def is_finished(self, id: str) -> bool:
        return self.run("update done set met = 1 where id = ?", id).rowcount > 0

    def strangers(self) -> tuple[int, str]:
        """How many ids of the output this run has neither read nor made, and one of them."""
        finished_before = "from done where not met and id not in (select id from seen)"
        count, first = self.run(f"select count(*), min(id) {finished_before}").fetchone()
        return count, first or ""
