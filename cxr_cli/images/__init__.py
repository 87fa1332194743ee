"""Image files to what a model sees: DICOM, PNG and JPEG to 8-bit pictures, one by one or ahead of the model.

load("studies/a.dcm", size=Square(448))                          -> PIL.Image, mode "L", 448 x 448
for row, pictures in decoded(rows, root="studies", size=Square(448), workers=2): ...
"""

from cxr_cli.images.films import Films, films_of
from cxr_cli.images.loading import BadImage, load
from cxr_cli.images.prefetch import Decoded, decoded
from cxr_cli.images.sizes import Budget, Size, Square

__all__ = ["BadImage", "Budget", "Decoded", "Films", "Size", "Square", "decoded", "films_of", "load"]
