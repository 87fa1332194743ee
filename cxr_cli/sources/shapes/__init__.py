"""The shapes in which people bring questions, made one: that of records.py."""

from cxr_cli.records import Row
from cxr_cli.rows.fields import with_texts
from cxr_cli.sources.shapes.choices import with_choices
from cxr_cli.sources.shapes.dialogues import with_question


def own_shape(row: Row, where: str) -> Row:
    """The row as a Case has it. where: `path:line`. RowError: it can be understood in two ways, or in none."""
    return with_texts(with_choices(_with_images(with_question(row, where))))


def _with_images(row: Row) -> Row:
    """The row with `images` in the place of one `image`, or of a list under this name."""
    film = row.get("image")
    films = [film] if isinstance(film, str) else film
    if row.get("images") or not (isinstance(films, list) and films and all(isinstance(name, str) for name in films)):
        return row
    return {name: value for name, value in row.items() if name not in ("image", "images")} | {"images": films}
