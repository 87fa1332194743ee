"""The lexicon: what findings are called, how they relate, and the words that state them."""

from cxr_cli.findings.lexicon.entries import Entry
from cxr_cli.findings.lexicon.lexicon import Lexicon
from cxr_cli.findings.lexicon.phrase_automaton import Concept
from cxr_cli.findings.lexicon.terms import expand, plural_of

__all__ = ["Concept", "Entry", "Lexicon", "expand", "plural_of"]
