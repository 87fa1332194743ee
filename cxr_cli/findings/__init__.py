"""The language of findings: what a chest X-ray sentence states."""

from cxr_cli.findings.extraction import Reader, observations, read, reader
from cxr_cli.findings.finding import Finding, Statement
from cxr_cli.findings.lexicon import Entry, Lexicon

__all__ = ["Entry", "Finding", "Lexicon", "Reader", "Statement", "observations", "read", "reader"]
