"""Films that cannot be used, and why."""

from PIL import Image

from cxr_cli.errors import RowError, shortened

_LONGEST_PATH = 1000  # characters; what is longer may be the film itself, as text


class DecodeError(ValueError):
    """Why a file cannot be decoded: "is truncated". Of a DICOM header it quotes how pixels are stored, nothing else."""


class BadImage(RowError):
    """A film that cannot be used. reason: "image a/b.dcm is truncated", with the path that the row has."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__("", f"image {path if len(path) <= _LONGEST_PATH else shortened(path)} {what}")
        self.args = (self.reason,)


def is_one_grey(image: Image.Image) -> bool:
    """mode "L". The middle row alone settles it for nearly all films."""
    middle = image.height // 2
    for part in (image.crop((0, middle, image.width, middle + 1)), image):
        darkest, brightest = part.getextrema()
        if darkest != brightest:
            return False
    return True
