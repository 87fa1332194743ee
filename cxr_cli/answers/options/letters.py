"""How a text names an option: by its letter, "(B)", "option C", by its text, or by both; which option a letter means.

The patterns are for the shadow of a text, which `reader` makes: each option in it is one private character and fillers.
"""

import re

from cxr_cli.answers.wording.cues import right_option

PRIVATE, FILLER = 0xE000, "\uf8ff"
IN_SHADOW = f"[{chr(PRIVATE)}-\uf8fe]{FILLER}*+"
_CLAUSE_END = (
    r"(?=\s*(?:$|[\n.,;:!?)\]}\"'–—/&>])|\s+-|\s+(?:because|since|as|due|and|or|which|based|given)\b"
    rf"|\s+(?:is|are|would be|seems|appears){right_option()})"
)
_OPTION_LETTER = (
    r"\(\s*[A-Za-z]\s*\)|\[\s*[A-Za-z]\s*\]|(?<![\w'-])(?:[A-Za-z]\s?\)|[A-Z]\s?[.:](?=\s|$)|[A-Z]"
    rf"{_CLAUSE_END}|[A-Z](?=\s+(?:is|seems|appears)\s+(?:to be\s+)?(?:the\s+)?(?:\w+\s+)?(?:correct|right|best"
    r"|answer))"
    rf"|[a-z](?=[.:]?\s*(?:$|\n))|[A-Z](?=\s+{IN_SHADOW}(?!\w)))"
)
OPTION_PATTERN = (
    rf"(?:(?i:options?|choices?|letter)\s*:?\s*)?(?:(?:(?i:an?|the)\s+)?(?<![\w-])(?P<text>{IN_SHADOW}){_CLAUSE_END}"
    rf"|(?P<letter>{_OPTION_LETTER})(?:[\s:.,\"(\-–—]{{0,4}}(?P<own>{IN_SHADOW})(?!\w))?)"
)

ends_clause = re.compile(_CLAUSE_END).match


def letter_index(mark: str, count: int) -> int:
    """The index of the option that "B", "(b)" or "B." means, of so many; -1 for a letter that no option has."""
    index = ord(next(c for c in mark if c.isalpha()).upper()) - ord("A")
    return index if index < count else -1
