"""PNG and JPEG files to 8-bit grey images."""

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from cxr_cli.images.film_errors import DecodeError

_ORIENTATION = 0x0112  # of EXIF
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def read_raster(film: Path | BinaryIO) -> Image.Image:
    """Mode "L", turned upright as EXIF says. Transparent pixels are black.

    White in a 16-bit file is 65535, or 255, 1023, 4095 or 16383 if its brightest pixel needs no more than these 8, 10,
    12 or 14 bits. Raises DecodeError, OSError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(film, formats=["PNG", "JPEG"]) as image:
                if getattr(image, "n_frames", 1) > 1:
                    raise DecodeError("is an animation; only files with one frame are supported")
                image.load()
                return _upright(_grey(image), orientation(image))
    except DecodeError:
        raise
    except UnidentifiedImageError as error:
        raise DecodeError("is not a DICOM, PNG or JPEG image") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DecodeError("has more pixels than a film can have") from error
    except MemoryError as error:
        raise DecodeError("does not fit into memory") from error
    except Exception as error:  # there is no list of what Pillow raises for damaged files
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DecodeError("is truncated or damaged") from error


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel
        values = np.asarray(image).astype(np.uint16, copy=False)
        most = int(values.max())
        white = next(white for bits in (8, 10, 12, 14, 16) if (white := (1 << bits) - 1) >= most)
        return Image.fromarray(np.rint(np.arange(white + 1) * (255 / white)).astype(np.uint8).take(values))
    if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image.convert("RGB").convert("L") if image.mode == "CMYK" else image.convert("L")


def orientation(image: Image.Image) -> int:
    """What EXIF says of how to turn it, 1 .. 8; 1 is upright."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # browsers ignore damaged EXIF too
        return 1


def _upright(image: Image.Image, turned: int) -> Image.Image:
    return image.transpose(_TURNS[turned]) if turned in _TURNS else image
