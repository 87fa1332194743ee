"""The one error a user sees: a line that says where, what, and what to do."""


class CxrError(Exception):
    """Shown as one line on stderr, without a traceback; the command exits with 1.

    The message names file, line and id where it can. It never holds report text or patient data.
    """


class RowError(CxrError):
    """One row is broken. `--on-error skip` sends the row to `--rejects` and goes on.

    where: `path:line` (Parquet: the 1-based row). id: the row's id, if it could be read.
    """

    def __init__(self, where: str, reason: str, *, id: str | None = None) -> None:
        self.where, self.reason, self.id = where, reason, id
        named = f" (id {id})" if id is not None else ""
        super().__init__(f"{where}: {reason}{named}")
