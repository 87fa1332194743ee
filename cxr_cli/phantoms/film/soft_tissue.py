"""Soft tissue: the outline of the body, belly and mediastinum, the gas in the stomach, the windpipe."""

import numpy as np
from PIL import Image

from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import Field, Sheet, row


def draw_flesh(body: Body, sheet: Sheet, rng: np.random.Generator) -> Field:
    """How bright the body would be without air in the lungs, and without bones."""
    if sheet.size <= 200:
        return _flesh(body, sheet, rng)
    small = Image.fromarray(_flesh(body, Sheet(sheet.size // 2), rng))  # it has no fine detail, and this is faster
    return np.array(small.resize((sheet.size, sheet.size), Image.Resampling.BILINEAR))


def _flesh(body: Body, sheet: Sheet, rng: np.random.Generator) -> Field:
    y = sheet.y
    off = sheet.x - body.line(y)
    outline = np.interp(
        y[:, 0],
        [0, 0.03, 0.06, 0.09, 0.13, 0.20, 0.30, 0.38, 0.46, 1.0],
        np.array([0.12, 0.13, 0.19, 0.34, 0.50, 0.56, 0.55, 0.49, body.width + 0.085, body.width + 0.10]) * body.flesh,
    ).astype(np.float32)[:, None]
    depth = np.clip((outline - np.abs(off)) * 7, 0, 1)
    belly = sheet.edge(y - (body.base - 0.14), 0.22)
    down = 0.47 + 0.17 * belly - 0.10 * np.clip(0.3 - y, 0, 1)
    flesh: Field = down + 0.20 * np.exp(-((off * 8.5) ** 2))
    flesh += 0.03 * sheet.mottle(rng, 0.13)
    flesh *= depth
    flesh *= np.subtract(2, depth, out=depth)
    gas = float(body.line(row(0.8))[0, 0])
    bubble = sheet.glow((gas + 0.15, body.dome["left"] + 0.052), (0.034, 0.011 + 0.005 * body.bubble))
    bubble *= 0.52 * min(body.bubble, 1.3)
    flesh -= np.minimum(bubble, (0.26 * min(body.bubble, 1.3)), out=bubble)
    windpipe = sheet.edge(0.0155 - np.abs(off - 0.003), 0.012)
    flesh -= windpipe * (0.13 * sheet.edge(0.37 - y, 0.05))
    return flesh
