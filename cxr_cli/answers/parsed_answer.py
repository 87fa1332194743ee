"""The answer that a reply gives, or why it gives none."""

from typing import NamedTuple

NO_ANSWER, REFUSED, TWO, UNPARSABLE = "no answer", "refused", "names two options", "unparsable"
CUT_OFF = "cut off before an answer"


class ParsedAnswer(NamedTuple):
    """The option texts a model answers (phrases, if there are no options), or None and the reason."""

    texts: list[str] | None
    reason: str | None
