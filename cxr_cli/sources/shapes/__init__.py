"""The shapes in which people bring questions, made one: that of records.py."""

from pathlib import PurePath
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.records import Row
from cxr_cli.rows.fields import with_texts
from cxr_cli.rows.files.embedded_films import embedded_film
from cxr_cli.rows.mapping import unmapped_section
from cxr_cli.rows.validation import check_and_clean
from cxr_cli.sources.shapes.choices import with_choices
from cxr_cli.sources.shapes.dialogues import place_id, with_question
from cxr_cli.sources.shapes.film_names import film_name

_FILM_ENDS = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")


def own_shape(row: Row, where: str) -> Row:
    """The row as a Case has it. where: `path:line`. RowError: it can be understood in two ways, or in none."""
    return with_texts(with_choices(_with_id(_with_images(with_question(row, where)), where)))


def checked_row(row: Row, kind: type) -> Row:
    """A row in our own shape as a `kind` of records.py. RowError: it is none."""
    row, reason = check_and_clean(row, kind)
    if reason := unmapped_section(row) or reason:
        raise RowError("", reason)
    return row


def _with_images(row: Row) -> Row:
    """The row with `images` as a list of paths, where `images` or `image` names a film, or a list of them."""
    name = next((name for name in ("images", "image") if row.get(name)), None)
    if name is None:
        return row
    films = [film_name(film, name) for film in (row[name] if isinstance(row[name], list) else [row[name]])]
    if films == row.get("images") or not all(map(_names_film, films)):
        return row
    return row | {"images": films}


def _with_id(row: Row, where: str) -> Row:
    """The row with its place as its id, if it is one of a table of films that has no column for ids."""
    films = row.get("images")
    if "id" in row or not isinstance(films, list) or not any(map(_is_embedded, films)):
        return row
    return {"id": place_id(where), **row}


def _is_embedded(film: Any) -> bool:
    return isinstance(film, str) and embedded_film(film) is not None


def _names_film(value: Any) -> bool:
    """Other tools' `image` may be a text, as "Xray Chest PA and Lateral" in a table of Open-i."""
    if not isinstance(value, str) or ("." not in value and "#" not in value):
        return False
    return PurePath(value).suffix.lower() in _FILM_ENDS or _is_embedded(value)
