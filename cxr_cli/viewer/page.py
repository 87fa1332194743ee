"""Rows to one HTML page that needs nothing else: its style, its code and its rows are in it, and it loads nothing.

Rows are written as they come, each as JSON in a <script> of its own that no browser runs. Rows of the same question of
the same study (the same `item`, else the same `id`; and the same report and question) are one item of the page, with
their models side by side; the first of them holds what they share.
"""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows import Row
from cxr_cli.rows.files import json_text
from cxr_cli.rows.fingerprint import value_hash
from cxr_cli.rows.output.part_file import check_place, check_replaceable
from cxr_cli.rows.output.standard_output import STDOUT_NAMES
from cxr_cli.rows.output.writing import WholeFile
from cxr_cli.scoring.summaries.model_names import ModelFile
from cxr_cli.viewer.gallery import Gallery
from cxr_cli.viewer.page_row import PageRow, page_row

PAGE_FILES = Path(__file__).with_name("page_files")
SCRIPTS = (
    *("dom", "items", "person", "marks", "mark_check", "mark_store", "mark_files"),
    *("filters", "list", "films", "report", "steps", "models", "case", "keys", "main"),
)
_SHARED = ("task", "findings", "question", "options", "answer", "report", "films", "before", "steps", "rest")
_HARMFUL = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def check_output(output: Path, overwrite: bool) -> None:
    """CxrError: the page cannot be written, or is there and not to be replaced."""
    if str(output) in STDOUT_NAMES:
        return
    if output.suffix.lower() not in (".html", ".htm") and (output.is_file() or not output.exists()):
        raise CxrError(f"{output}: a page is an .html file")
    check_place(output)
    check_replaceable(output, overwrite)


def page_title(sources: Iterable[ModelFile]) -> str:
    """The names of the models or files: "SFT, RL"."""
    return ", ".join(map(_source_title, sources))


def _source_title(source: ModelFile) -> str:
    return source.name if source.given or source.path == "-" else Path(source.path).name


def page_frame(title: str) -> tuple[str, str]:
    """The page before its rows and after them. The browser runs the scripts with these digests, and nothing else."""
    style = (PAGE_FILES / "page.css").read_text("utf-8")
    scripts = [(PAGE_FILES / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    policy = [
        "default-src 'none'",
        "img-src 'self' file: data:",
        f"style-src {_sha256(style)}",
        f"script-src {' '.join(map(_sha256, scripts))}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    page = (
        (PAGE_FILES / "page.html")
        .read_text("utf-8")
        .replace("<!-- policy -->", "; ".join(policy))
        .replace("<!-- title -->", escape(title))
        .replace("/* style */", style)
        .replace("<!-- scripts -->", "\n".join(f"<script>{script}</script>" for script in scripts))
    )
    before, _, after = page.partition("<!-- rows -->")
    return before, after


def _sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class PageRows:
    """Writes the rows of the page. fingerprint: of all rows; a browser stores marks under it."""

    def __init__(self, file: WholeFile, gallery: Gallery) -> None:
        self.file, self.gallery = file, gallery
        self.number, self.models, self.items = 0, set[str](), _Items()
        self.fingerprint = hashlib.blake2b(digest_size=16)

    def write(self, source: ModelFile, row: Row) -> None:
        data = page_row(row, source, self.gallery.film)
        self.number += 1
        self.models |= {data["model"]} if data["predictions"] else set()
        self.fingerprint.update(json_text.encode(row))
        for name, url in self.gallery.new_data_urls():
            self.file.write(f'<script type="text/plain" id="{name}">{url}</script>\n')
        _write_data(self.file, "row", self.items.join(row, data))

    def finish(self) -> None:
        """Writes what the page says about all rows."""
        _write_data(self.file, "about", {"fingerprint": self.fingerprint.hexdigest()})

    def counts(self) -> str:
        """ "3 rows, 2 cases, 1 model"."""
        counts = {"row": self.number, "case": len(self.items), "model": len(self.models)}
        return ", ".join(f"{n:,} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n or name == "row")


def _write_data(file: WholeFile, kind: str, data: Any) -> None:
    """As JSON that cannot end its script element."""
    text = json_text.encode(data).decode()
    for character, escaped in _HARMFUL.items():
        text = text.replace(character, escaped)
    file.write(f'<script type="application/json" class="{kind}">{text}</script>\n')


class _Items:
    """Numbers the items, and leaves out of later rows of an item what they share with its first."""

    def __init__(self) -> None:
        self._first: dict[bytes, tuple[int, dict[str, bytes]]] = {}

    def __len__(self) -> int:
        return len(self._first)

    def join(self, row: Row, data: PageRow) -> PageRow:
        key = value_hash([row.get("item") or row["id"], data["report"], data["question"]])
        codes = {name: value_hash(data[name]) for name in _SHARED}
        number, first = self._first.setdefault(key, (len(self), codes))
        same = {name for name in _SHARED if codes[name] == first[name]} if first is not codes else set()
        return {"of": number, **{name: value for name, value in data.items() if name not in same}}
