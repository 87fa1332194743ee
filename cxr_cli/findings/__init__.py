"""The language of findings: what a chest X-ray sentence states."""

from cxr_cli.findings.extraction import Finding, Reader, Statement, observations, read, reader
from cxr_cli.findings.lexicon import Entry, Lexicon

__all__ = ["Entry", "Finding", "Lexicon", "Reader", "Statement", "observations", "read", "reader"]
