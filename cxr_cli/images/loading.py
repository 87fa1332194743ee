"""The file of a film to an image in the size that a model wants."""

from pathlib import Path
from typing import BinaryIO

from PIL import Image

from cxr_cli.images.dicom import read_dicom
from cxr_cli.images.film_cache import CacheEntry
from cxr_cli.images.film_errors import BadImage, DecodeError, is_one_grey
from cxr_cli.images.films import film_identity, open_film
from cxr_cli.images.raster import read_raster
from cxr_cli.images.sizes import Size, fit


def load_film(
    path: str | Path,
    root: str | Path | None = None,
    *,
    size: Size | None = None,
    rgb: bool = False,
    cache: str | Path | None = None,
) -> Image.Image:
    """The image in a DICOM, PNG or JPEG file, or in a table of films: mode "L", or "RGB" with three equal channels, 8
    bits each.

    root: the folder that a relative path starts from. size: None leaves the film's own. cache: a folder for decoded
    images. Raises BadImage; CxrError when a decoder has to be installed.
    """
    try:
        with open_film(path, root) as film:
            entry = CacheEntry(Path(cache), film_identity(path, root), size) if cache is not None else None
            image = entry.get() if entry else None
            if image is None:
                image = fit(_decoded(film), size)
                if entry:
                    entry.put(image)
    except DecodeError as error:
        raise BadImage(str(path), str(error)) from error
    except FileNotFoundError as error:
        raise BadImage(str(path), "does not exist") from error
    except OSError as error:
        raise BadImage(str(path), f"cannot be read: {error.strerror or 'I/O error'}") from error
    return image.convert("RGB") if rgb else image


def _decoded(film: BinaryIO) -> Image.Image:
    image = read_dicom(film) if _is_dicom(film) else read_raster(film)
    if is_one_grey(image):
        raise DecodeError("is one grey everywhere")
    return image


def _is_dicom(film: BinaryIO) -> bool:
    """By the mark after the preamble; a file without one begins with group 2 or 8, in either byte order."""
    head = film.read(132)
    film.seek(0)
    if not head:
        raise DecodeError("is empty")
    return head[128:] == b"DICM" or head[:2] in (b"\2\0", b"\0\2", b"\x08\0", b"\0\x08")
