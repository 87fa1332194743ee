"""Chest X-rays drawn from a seed, with reports and labels that are true to them: data that needs no licence.

for phantom in Recipe(seed=1, findings=["edema", "nodule"], each=0.5).studies(1000):
    phantom.row["labels"], phantom.now.pixels(112)
"""

from cxr_cli.phantoms.film.scene import FINDINGS
from cxr_cli.phantoms.studies import Film, Phantom, Recipe

__all__ = ["FINDINGS", "Film", "Phantom", "Recipe"]
