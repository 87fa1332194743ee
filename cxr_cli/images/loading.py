"""One image file to a picture, in the size a model wants."""

from pathlib import Path

from PIL import Image

from cxr_cli.errors import RowError
from cxr_cli.images.cache import Cache
from cxr_cli.images.dicom import Unreadable, read_dicom
from cxr_cli.images.raster import read_raster
from cxr_cli.images.sizes import Size, fit


class BadImage(RowError):
    """An image that cannot be used. reason: `image a/b.dcm is truncated`, with the path as the row has it."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__("", f"image {name} {what}")
        self.args = (self.reason,)


def load(
    path: str | Path,
    root: str | Path | None = None,
    *,
    size: Size | None = None,
    rgb: bool = False,
    cache: str | Path | None = None,
) -> Image.Image:
    """The picture in a DICOM, PNG or JPEG file: mode "L", or "RGB" with three equal channels, 8 bits each.

    root: the folder that a relative path starts from. size: None leaves the film's own. cache: a folder that keeps
    what was decoded. Raises BadImage; CxrError when a decoder has to be installed.
    """
    file = Path(root, path) if root is not None else Path(path)
    try:
        kept = Cache(Path(cache), file, size) if cache is not None else None
        picture = kept.get() if kept else None
        if picture is None:
            picture = fit(read_dicom(file) if _is_dicom(file) else read_raster(file), size)
            if kept:
                kept.put(picture)
    except Unreadable as error:
        raise BadImage(str(path), str(error)) from error
    except FileNotFoundError as error:
        raise BadImage(str(path), "does not exist") from error
    except IsADirectoryError as error:
        raise BadImage(str(path), "is a folder") from error
    except OSError as error:
        raise BadImage(str(path), f"cannot be read: {error.strerror or 'I/O error'}") from error
    return picture.convert("RGB") if rgb else picture


def _is_dicom(file: Path) -> bool:
    with file.open("rb") as stream:
        head = stream.read(132)
    if not head:
        raise Unreadable("is empty")
    return head[128:] == b"DICM"
