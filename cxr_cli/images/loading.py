"""The file of a film to an image in the size that a model wants."""

import stat
from pathlib import Path

from PIL import Image

from cxr_cli.images.dicom import read_dicom
from cxr_cli.images.film_cache import CacheEntry
from cxr_cli.images.film_errors import BadImage, DecodeError, is_one_grey
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
    """The image in a DICOM, PNG or JPEG file: mode "L", or "RGB" with three equal channels, 8 bits each.

    root: the folder that a relative path starts from. size: None leaves the film's own. cache: a folder for decoded
    images. Raises BadImage; CxrError when a decoder has to be installed.
    """
    file = Path(root, path) if root is not None else Path(path)
    try:
        _refuse_what_is_no_file(file)
        entry = CacheEntry(Path(cache), file, size) if cache is not None else None
        image = entry.get() if entry else None
        if image is None:
            image = fit(_decoded(file), size)
            if entry:
                entry.put(image)
    except DecodeError as error:
        raise BadImage(str(path), str(error)) from error
    except FileNotFoundError as error:
        raise BadImage(str(path), "does not exist") from error
    except OSError as error:
        raise BadImage(str(path), f"cannot be read: {error.strerror or 'I/O error'}") from error
    return image.convert("RGB") if rgb else image


def _decoded(file: Path) -> Image.Image:
    image = read_dicom(file) if _is_dicom(file) else read_raster(file)
    if is_one_grey(image):
        raise DecodeError("is one grey everywhere")
    return image


def _refuse_what_is_no_file(file: Path) -> None:
    """A named pipe would be waited for, and a device never ends."""
    try:
        mode = file.stat().st_mode
    except ValueError as error:  # a NUL, or half a character
        raise DecodeError("does not exist: no file can have that name") from error
    if stat.S_ISDIR(mode):
        raise DecodeError("is a folder")
    if not stat.S_ISREG(mode):
        raise DecodeError("is no regular file")


def _is_dicom(file: Path) -> bool:
    """By the mark after the preamble; a file without one begins with group 2 or 8, in either byte order."""
    with file.open("rb") as stream:
        head = stream.read(132)
    if not head:
        raise DecodeError("is empty")
    return head[128:] == b"DICM" or head[:2] in (b"\2\0", b"\0\2", b"\x08\0", b"\0\x08")
