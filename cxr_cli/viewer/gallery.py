"""The films of a page: by reference, rendered beside it, or inlined. All are read as `cxr infer` reads them."""

import base64
import io
import os
import warnings
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from cxr_cli.images import BadImage, Budget, load_film
from cxr_cli.images.film_cache import CacheEntry
from cxr_cli.images.films import film_identity
from cxr_cli.images.raster import orientation

RENDER_SIZE, EMBED_SIZE = Budget(2_000_000, step=1), Budget(800_000, step=1)
_UPRIGHT = 1  # of EXIF


class Gallery:
    """Where the page finds each film. A film that browsers do not show as models see it (DICOM, 16-bit PNG, a photo
    turned by its EXIF) is rendered as PNG into a folder beside the page, once for each state of its file; `embed`
    inlines all films as JPEG. A film that `cxr infer` refuses is missing, though a browser might show half of it.

    films, missing: how many different films so far, and how many of them cannot be shown.
    """

    def __init__(self, page: Path, root: Path | None, embed: bool) -> None:
        self.page, self.root, self.embed = page, root, embed
        self.folder = page.with_name(f"{page.stem}_files")
        self.missing = 0
        self._data_urls: list[tuple[str, str]] = []
        self._films: dict[str, dict[str, str]] = {}

    @property
    def films(self) -> int:
        return len(self._films)

    def film(self, path: str) -> dict[str, str]:
        """{"name", "src"}, {"name", "inlined"} or, for a film that cannot be shown, {"name", "missing": the reason}."""
        if path not in self._films:
            try:
                place = self._inlined(path) if self.embed else {"src": self._reference(path)}
            except BadImage as error:
                self.missing += 1
                place = {"missing": error.reason.removeprefix(f"image {path} ")}
            self._films[path] = {"name": path, **place}
        return self._films[path]

    def new_data_urls(self) -> list[tuple[str, str]]:
        """(name, data URL) of the films inlined since the last call."""
        urls, self._data_urls = self._data_urls, []
        return urls

    def _reference(self, path: str) -> str:
        file = Path(self.root or "", path)
        if os.path.isfile(file) and _is_displayed_alike(file):
            load_film(path, self.root)
        else:
            load_film(path, self.root, size=RENDER_SIZE, cache=self.folder)
            file = CacheEntry(self.folder, film_identity(path, self.root), RENDER_SIZE).path
        return quote(Path(os.path.relpath(file.absolute(), self.page.absolute().parent)).as_posix())

    def _inlined(self, path: str) -> dict[str, str]:
        jpeg = io.BytesIO()
        load_film(path, self.root, size=EMBED_SIZE).save(jpeg, format="JPEG", quality=88)
        name = f"film-{len(self._films)}"
        self._data_urls.append((name, f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode()}"))
        return {"inlined": name}


def _is_displayed_alike(file: Path) -> bool:
    """Does a browser show the file as `load_film` reads it? Files that are no image are left to `load_film`."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file, formats=["PNG", "JPEG"]) as image:
            return image.mode in ("L", "RGB") and "transparency" not in image.info and orientation(image) == _UPRIGHT
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
