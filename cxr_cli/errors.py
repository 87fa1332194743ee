"""The errors that users see: one line that says where, what, and what to do."""


class CxrError(Exception):
    """Printed as one line on stderr, without a traceback; the command exits with 1.

    The message names file, line and id where it can, and never quotes reports or patient data.
    """


class RowError(CxrError):
    """A row is broken: "cases.jsonl:3: field `id`: missing". `--on-error skip` sends it to `--rejects` and goes on.

    where: `path:line`, of Parquet `path:row`, from 1. id: the row's id, if it could be read.
    """

    def __init__(self, where: str, reason: str, *, id: str | None = None) -> None:
        self.where, self.reason, self.id = where, reason, id
        super().__init__(f"{where}: {reason}" + (f" (id {id})" if id is not None else ""))
