"""The films of a page: by reference, rendered beside it, or inlined."""

import base64
import io
import os
from pathlib import Path
from urllib.parse import quote

from cxr_cli.images import BadImage, Budget, load
from cxr_cli.images.cache import CacheEntry

RENDERED, EMBEDDED = Budget(2_000_000, step=1), Budget(800_000, step=1)
_PNG_DEPTH = 24  # the byte of a PNG that says how many bits a channel has


class Gallery:
    """Where the page finds each film. What a browser cannot show (DICOM, 16-bit PNG) is rendered as PNG into a folder
    beside the page, once for each state of the file; `embed` inlines all films as JPEG.

    films, missing: how many different ones so far.
    """

    def __init__(self, page: Path, root: Path | None, embed: bool) -> None:
        self.page, self.root, self.embed = page, root, embed
        self.folder = page.with_name(f"{page.stem}_files")
        self.missing = 0
        self._urls: list[tuple[str, str]] = []
        self._known: dict[str, dict[str, str]] = {}

    @property
    def films(self) -> int:
        return len(self._known)

    def film(self, path: str) -> dict[str, str]:
        """{"name", "src"}, {"name", "inlined"} or, of one that cannot be shown, {"name", "missing": why}."""
        if path not in self._known:
            try:
                place = self._inlined(path) if self.embed else {"src": self._reference(path)}
            except BadImage as error:
                self.missing += 1
                place = {"missing": error.reason.removeprefix(f"image {path} ")}
            self._known[path] = {"name": path, **place}
        return self._known[path]

    def taken(self) -> list[tuple[str, str]]:
        """(name, data URL) of the films inlined since the last time."""
        urls, self._urls = self._urls, []
        return urls

    def _reference(self, path: str) -> str:
        file = Path(self.root or "", path)
        if not _displayable(file):
            load(path, self.root, size=RENDERED, cache=self.folder)
            file = CacheEntry(self.folder, file, RENDERED).path
        return quote(Path(os.path.relpath(file.absolute(), self.page.absolute().parent)).as_posix())

    def _inlined(self, path: str) -> dict[str, str]:
        packed = io.BytesIO()
        load(path, self.root, size=EMBEDDED).save(packed, format="JPEG", quality=88)
        name = f"film-{len(self._known)}"
        self._urls.append((name, f"data:image/jpeg;base64,{base64.b64encode(packed.getvalue()).decode()}"))
        return {"inlined": name}


def _displayable(file: Path) -> bool:
    """A JPEG, or a PNG of 8 bits a channel. Of other files, and of none, decoding says what is the matter."""
    try:
        with file.open("rb") as stream:
            head = stream.read(_PNG_DEPTH + 1)
    except OSError:
        return False
    return head.startswith(b"\xff\xd8\xff") or (head.startswith(b"\x89PNG") and head[_PNG_DEPTH:] <= b"\x08")
