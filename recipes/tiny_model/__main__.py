"""`python -m recipes.tiny_model OUT [FAMILY]`."""

import sys
from pathlib import Path

from recipes.tiny_model import build

print(build(Path(sys.argv[1]), *sys.argv[2:3]))
