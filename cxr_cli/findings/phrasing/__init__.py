"""Findings put into words: what they are called, and sentences that state them."""

from cxr_cli.findings.phrasing.nouns import capital
from cxr_cli.findings.phrasing.phrasing import Phrasing, phrasing_of

__all__ = ["Phrasing", "capital", "phrasing_of"]
