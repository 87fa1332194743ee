"""Cues that mean something together: denied exclusions, denied changes, preferences; words that stand for a finding."""

from cxr_cli.findings.composition.composition import compose
from cxr_cli.findings.composition.stand_ins import has_bare_side, with_stand_ins

__all__ = ["compose", "has_bare_side", "with_stand_ins"]
