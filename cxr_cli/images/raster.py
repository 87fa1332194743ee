"""PNG and JPEG files to an 8-bit grey picture."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cxr_cli.images.dicom import Unreadable


def read_raster(path: Path) -> Image.Image:
    """Mode "L". What is transparent is black; EXIF is ignored.

    White in a 16-bit file is 65535, or the most that 8, 10, 12 or 14 bits hold if its brightest pixel needs no more.
    Raises Unreadable, OSError.
    """
    try:
        with Image.open(path, formats=["PNG", "JPEG"]) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                raise Unreadable("is an animation: one film a file is read")
            picture.load()
            return _grey(picture)
    except Unreadable:
        raise
    except UnidentifiedImageError as error:
        raise Unreadable("is not a DICOM, PNG or JPEG image") from error
    except Image.DecompressionBombError as error:
        raise Unreadable("has more pixels than a film can have") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Unreadable("is truncated or damaged") from error


def _grey(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits a pixel
        values = np.asarray(picture).astype(np.uint32)
        most = int(values.max())
        white = next(white for bits in (8, 10, 12, 14, 16, 32) if (white := (1 << bits) - 1) >= most)
        return Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))
    if picture.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
    return picture.convert("RGB").convert("L") if picture.mode == "CMYK" else picture.convert("L")
