"""A sentence cut into clauses: "but", "however", "except for" and ";" part them."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cxr_cli.findings.clauses.interrogatives import holds_answer, opens_option
from cxr_cli.findings.lexicon.tokens import CONTENT, Token

BREAKS = frozenset({"break", "contrast", "except"})
# What stands for the organs before the break: "I look at the angles; both are sharp".
PRONOUN = re.compile(
    r" (?:both|they|these|it|each|all)(?: of (?:them|these))? (?:is|are|was|were|appears?|looks?|remains?|has|have)\b"
)
VERDICT_CUES = frozenset({"negate", "negated", "resolved", "confirm", "hedge", "hedged", "imply", "reply_no"})


class ClauseSpan(NamedTuple):
    """The tokens of a clause, and the breaks before and behind it.

    informative: does it name a finding, an anatomy, a quality or a change, or give a verdict? If not, it
    states nothing.
    """

    tokens: list[Token]
    informative: bool
    break_before: str
    break_behind: str


def clause_spans(tokens: Iterable[Token], plain: str) -> Iterator[ClauseSpan]:
    """The clauses of a sentence. In "option B, which mentions ..." what follows "which" is still the option."""
    clause: list[Token] = []
    informative, break_before, option, answered = False, "", False, False
    for token in tokens:
        kind, value, start, end = token
        if value == "break" and PRONOUN.match(plain, end):
            value = "contrast"
        if value in BREAKS and not (option and plain.startswith("which", start)):
            yield ClauseSpan(clause, informative, break_before, value)
            clause, informative, break_before = [], False, value
        elif value == "ask" and opens_option(token, plain):
            answered = answered if option else holds_answer(plain)
            option = True
            if not answered:  # "the answer is option B, scoliosis" states it
                clause.append(token)
        else:
            clause.append(token)
            informative = informative or kind in CONTENT or kind == "change" or value in VERDICT_CUES
    if not (option and plain.startswith("which")):  # "which of these is option B?" states nothing
        yield ClauseSpan(clause, informative, break_before, "break")
