"""Chest X-rays drawn from a seed, with reports and labels that are true to them: data that need no licence.

for phantom in Recipe(seed=1, findings=["edema", "nodule"], each=0.5).studies(1000):
    phantom.row["labels"], phantom.film.pixels(112)
"""

from cxr_cli.phantoms.film.phantom_findings import PHANTOM_FINDINGS
from cxr_cli.phantoms.studies import Phantom, PhantomFilm, Recipe

__all__ = ["PHANTOM_FINDINGS", "Phantom", "PhantomFilm", "Recipe"]
