"""Cues that mean something together: denied exclusions, denied changes, preferences."""

from cxr_cli.findings.composition.composition import compose

__all__ = ["compose"]
