"""The shapes in which people bring questions, made one: that of records.py."""

from cxr_cli.records import Row
from cxr_cli.rows.fields import with_texts
from cxr_cli.sources.shapes.choices import with_choices


def own_shape(row: Row, where: str) -> Row:
    """The row as a Case has it. where: `path:line`. RowError: it can be understood in two ways."""
    return with_texts(with_choices(row))
