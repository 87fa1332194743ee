"""A folder of decoded images. A film whose file has changed, or another size, is another entry."""

import os
from hashlib import blake2b
from pathlib import Path

from PIL import Image

from cxr_cli.errors import CxrError
from cxr_cli.images.sizes import Size

_VERSION = 2  # to be raised when decoding changes


class CacheEntry:
    """The place of one image in the cache. identity: of its film, see `film_identity`."""

    def __init__(self, folder: Path, identity: str, size: Size | None) -> None:
        key = f"{_VERSION}|{identity}|{size}"
        name = blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        self.path = folder / name[:2] / f"{name}.png"

    def get(self) -> Image.Image | None:
        try:
            with Image.open(self.path, formats=["PNG"]) as image:
                image.load()
                return image.copy()
        except (OSError, SyntaxError, ValueError):  # not there yet, or cut off by a full disk
            return None

    def put(self, image: Image.Image) -> None:
        """Writes it whole or not at all, so that processes may share the folder. Raises CxrError if that fails."""
        part = self.path.with_suffix(f".{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            image.save(part, format="PNG", compress_level=1)
            part.replace(self.path)
        except OSError as error:
            raise CxrError(f"image cache {self.path.parent.parent}: {error.strerror or 'cannot be written'}") from error
