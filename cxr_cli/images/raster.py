"""PNG and JPEG files to 8-bit grey images."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cxr_cli.images.film_errors import DecodeError


def read_raster(path: Path) -> Image.Image:
    """Mode "L". Transparent pixels are black; EXIF is ignored.

    White in a 16-bit file is 65535, or 255, 1023, 4095 or 16383 if its brightest pixel needs no more than these 8, 10,
    12 or 14 bits. Raises DecodeError, OSError.
    """
    try:
        with Image.open(path, formats=["PNG", "JPEG"]) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise DecodeError("is an animation; only files with one frame are supported")
            image.load()
            return _grey(image)
    except DecodeError:
        raise
    except UnidentifiedImageError as error:
        raise DecodeError("is not a DICOM, PNG or JPEG image") from error
    except Image.DecompressionBombError as error:
        raise DecodeError("has more pixels than a film can have") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DecodeError("is truncated or damaged") from error


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel
        values = np.asarray(image).astype(np.uint32)
        most = int(values.max())
        white = next(white for bits in (8, 10, 12, 14, 16, 32) if (white := (1 << bits) - 1) >= most)
        return Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))
    if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image.convert("RGB").convert("L") if image.mode == "CMYK" else image.convert("L")
