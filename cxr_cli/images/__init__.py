"""The files of films to the images that a model sees: DICOM, PNG and JPEG, one by one or ahead of the model.

A film is a radiograph on disk; an image is what it is decoded to, a PIL image.

load_film("studies/a.dcm", size=Square(448))                     -> PIL.Image, mode "L", 448 x 448
for row, images, error in prefetch(rows, Films(root=Path("studies"), size=Square(448), workers=2)): ...
"""

from cxr_cli.images.film_errors import BadImage
from cxr_cli.images.films import Films, films_of
from cxr_cli.images.loading import load_film
from cxr_cli.images.prefetch import RowImages, prefetch
from cxr_cli.images.sizes import Budget, Size, Square

__all__ = ["BadImage", "Budget", "Films", "RowImages", "Size", "Square", "films_of", "load_film", "prefetch"]
