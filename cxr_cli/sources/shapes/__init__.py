"""The shapes in which people bring questions, made one: that of records.py."""

from pathlib import PurePath
from typing import Any

from cxr_cli.records import Row
from cxr_cli.rows.fields import with_texts
from cxr_cli.rows.files.embedded_films import embedded_film
from cxr_cli.sources.shapes.choices import with_choices
from cxr_cli.sources.shapes.dialogues import with_question

_FILM_ENDS = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")


def own_shape(row: Row, where: str) -> Row:
    """The row as a Case has it. where: `path:line`. RowError: it can be understood in two ways, or in none."""
    return with_texts(with_choices(_with_images(with_question(row, where))))


def _with_images(row: Row) -> Row:
    """The row with `images`, where `image` names a film, or a list of them."""
    film = row.get("image")
    if film is None or row.get("images"):
        return row
    films = film if isinstance(film, list) else [film]
    return row | {"images": films} if all(map(_names_film, films)) else row


def _names_film(value: Any) -> bool:
    """Other tools' `image` may be a text, as "Xray Chest PA and Lateral" in a table of Open-i."""
    if not isinstance(value, str) or ("." not in value and "#" not in value):
        return False
    return PurePath(value).suffix.lower() in _FILM_ENDS or embedded_film(value) is not None
