"""Soft tissue: the outline of the body, belly and mediastinum, gas in the stomach, the windpipe."""

import numpy as np
from PIL import Image

from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import Canvas, Layer, flat_layer


def draw_soft_tissue(body: Body, canvas: Canvas, rng: np.random.Generator) -> Layer:
    """(size, size): the brightness of the body without air in the lungs and without bones."""
    if canvas.size <= 200:
        return _soft_tissue(body, canvas, rng)
    # It has no fine detail, so that half the size will do.
    small = Image.fromarray(_soft_tissue(body, Canvas(canvas.size // 2), rng))
    return np.array(small.resize((canvas.size, canvas.size), Image.Resampling.BILINEAR))


def _soft_tissue(body: Body, canvas: Canvas, rng: np.random.Generator) -> Layer:
    y = canvas.y
    off = canvas.x - body.line(y)
    outline = np.interp(
        y[:, 0],
        [0, 0.03, 0.06, 0.09, 0.13, 0.20, 0.30, 0.38, 0.46, 1.0],
        np.array([0.12, 0.13, 0.19, 0.34, 0.50, 0.56, 0.55, 0.49, body.width + 0.085, body.width + 0.10]) * body.girth,
    ).astype(np.float32)[:, None]
    depth = np.clip((outline - np.abs(off)) * 7, 0, 1)
    belly = canvas.edge(y - (body.base - 0.14), 0.22)
    down = 0.47 + 0.17 * belly - 0.10 * np.clip(0.3 - y, 0, 1)
    tissue: Layer = down + 0.20 * np.exp(-((off * 8.5) ** 2))
    tissue += 0.03 * canvas.mottle(rng, 0.13)
    tissue *= depth
    tissue *= np.subtract(2, depth, out=depth)
    gas = float(body.line(flat_layer(0.8))[0, 0])
    bubble = canvas.glow((gas + 0.15, body.dome["left"] + 0.052), (0.034, 0.011 + 0.005 * body.bubble))
    bubble *= 0.52 * min(body.bubble, 1.3)
    tissue -= np.minimum(bubble, (0.26 * min(body.bubble, 1.3)), out=bubble)
    windpipe = canvas.edge(0.0155 - np.abs(off - 0.003), 0.012)
    tissue -= windpipe * (0.13 * canvas.edge(0.37 - y, 0.05))
    return tissue
