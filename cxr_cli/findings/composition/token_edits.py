"""A sentence's tokens, with spans that rules drop or replace, and what the rules ask of the neighbours."""

from functools import cached_property

from cxr_cli.findings.lexicon.tokens import CONTENT, Token

PAIR_CUES = frozenset(
    {"deny", "unsettled", "able", "impossible", "exclude", "excluded", "doubt", "merely", "verb_of_change"}
    | {"seen", "see", "earlier", "prefer", "than", "lesser", "no_other", "other_study"}
)
"""Cues that only mean something together with others; none of them leaves a composition."""
DENIALS = frozenset({"deny"})
WEAK_CUES = PAIR_CUES | {
    "verb",
    "with",
    "or",
    "and",
    "hedge",
    "assert",
    "confirm",
    "negate",
    "ask",
    "reply_no",
    "imply",
}
MODAL_VERBS = frozenset(
    {"may", "might", "could", "would", "can", "may be", "might be", "could be", "would be", "can be"}
)
LONGEST_GAP = 6  # tokens between a denial and what it denies


class TokenEdits:
    """Where a span begins -> the token that stands there instead, None for nothing."""

    def __init__(self, tokens: list[Token], plain: str) -> None:
        self.tokens, self.plain = tokens, plain
        self.replacements: dict[int, Token | None] = {}

    @cached_property
    def first_content(self) -> int:
        return next((i for i, t in enumerate(self.tokens) if t[0] in CONTENT), len(self.tokens))

    @cached_property
    def last_content(self) -> int:
        return next((i for i in range(len(self.tokens) - 1, -1, -1) if self.tokens[i][0] in CONTENT), -1)

    def edited_tokens(self) -> list[Token]:
        """What is left of the tokens."""
        tokens: list[Token] = []
        for token in self.tokens:
            kind, value, start, _ = token
            if start in self.replacements:
                if instead := self.replacements[start]:
                    tokens.append(instead)
                    self.replacements[start] = None
            elif kind != "cue" or value not in PAIR_CUES:
                tokens.append(token)
        return tokens

    def denial(self, i: int, kinds: frozenset[str] = DENIALS) -> int | None:
        """The denial that the cue at `i` stands behind, with nothing but adverbs and weak verbs between them."""
        start = self.tokens[i][2]
        for j in range(i - 1, max(-1, i - 1 - LONGEST_GAP), -1):
            kind, value, at, end = self.tokens[j]
            if at == start:
                continue
            if kind == "cue" and value in kinds and at not in self.replacements:
                return j if start - end < 45 else None
            degree = kind == "severity" and self.plain.endswith("ly", at, end)  # "not significantly worse"
            if kind != "skip" and not degree and not (kind == "cue" and value in WEAK_CUES):
                return None
        return None

    def next_token(self, i: int) -> Token | None:
        """The next token behind the span of the token at `i`."""
        end = self.tokens[i][3]
        return next((t for t in self.tokens[i + 1 : i + 1 + LONGEST_GAP] if t[2] >= end), None)

    def content_follows(self, i: int) -> bool:
        """A finding comes before the next link."""
        end = self.tokens[i][3]
        for kind, value, start, _ in self.tokens[i + 1 : i + 1 + 2 * LONGEST_GAP]:
            if kind in CONTENT and start >= end:
                return True
            if kind == "cue" and value in ("comma", "break", "contrast", "except", "and", "negate"):
                return False
        return False

    def put(self, i: int, kind: str, value: str) -> None:
        """Makes the span of the token at `i` this one token."""
        _, _, start, end = self.tokens[i]
        self.replacements[start] = (kind, value, start, end)

    def drop(self, i: int) -> None:
        self.replacements[self.tokens[i][2]] = None

    def drop_denial(self, j: int) -> bool:
        """Drops a denial, and a "may" or "could" right before it; was there one?"""
        self.drop(j)
        before = self.tokens[j][2] - 12
        for k in range(j - 1, max(-1, j - 1 - LONGEST_GAP), -1):
            _, value, start, end = self.tokens[k]
            if value in ("hedge", "suppose") and end >= before and self.plain[start:end] in MODAL_VERBS:
                self.drop(k)
                return True
        return False
