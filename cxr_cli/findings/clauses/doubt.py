"""Cues that make a finding uncertain, before it ("may be", "?") and behind it ("is possible"), or that confirm it."""

from cxr_cli.findings.clauses.negation import Negation

CONCLUSIONS = frozenset({"suggests", "indicates", "confirms", "supports", "points to", "leads to"})


class Doubt(Negation):
    """What is uncertain, and what the uncertainty is about."""

    __slots__ = ()

    def on_hedge(self, i: int, start: int, end: int) -> None:
        self.end_of_evidence(start, end)
        if self.negation:
            return
        self.hedge, self.query, self.hedge_start = True, False, len(self.mentions)
        self.differential = self.plain.startswith("differential", start)
        if not self.something_follows(i) and self.says_existence(i):
            self.on_hedged(i, start, end)  # "effusion suspected"

    def on_query(self, i: int, start: int, end: int) -> None:
        """ "?effusion" before a finding, "effusion?" after it."""
        touches = start > 0 and (self.plain[start - 1].isalnum() or self.plain.startswith((")", "]"), end))
        ends = not self.plain[end:].lstrip()[:1].isalnum()  # "opacity ? hydatid cyst" doubts what the lexicon lacks
        if touches or (ends and self.mentions and not self.something_follows(i)):
            self.on_hedged(i, start, end)
        else:
            self.hedge, self.query, self.hedge_start = True, True, len(self.mentions)

    def on_hedged(self, i: int, start: int, end: int) -> None:
        if self.aspect:
            return
        mentions = self.mentions[max(self.item, self.subject) :]
        if not mentions and self.mentions and (not self.something_follows(i) or self.plain[start] == "?"):
            mentions = self.mentions[-1:]  # "a trace effusion, if any"
        elif not mentions and self.something_follows(i):  # "it is possible that there is an effusion"
            self.on_hedge(i, start, end)
        for mention in mentions:
            if not mention.negated:
                mention.hedge = True
        if not self.mentions and self.before and not self.something_follows(i):
            before = self.before
            item = before.mentions[max(before.item, before.subject) :]
            for mention in item or [m for m in before.mentions[before.run :] if m.negated]:
                mention.negated, mention.hedge = False, True  # "thought unlikely, but cannot be excluded"

    def on_alternative(self, i: int, start: int, end: int) -> None:
        """ "atelectasis versus pneumonia", where a label set takes neither as sure."""
        if self.mentions and not self.negation and self.finding_follows(i):
            self.mentions[-1].hedge, self.alternative_at = True, len(self.mentions)

    def on_aspect(self, i: int, start: int, end: int) -> None:
        """ "The age of the fracture is unclear", "tip not seen": what is denied or doubted is not the finding."""
        self.aspect = True

    def on_confirm(self, i: int, start: int, end: int) -> None:
        self.verb_seen = self.verb_seen or start > 0
        if not self.negation and not any(m.ask for m in self.mentions):
            self.verdict = self.verdict or "present"

    def end_of_evidence(self, start: int, end: int) -> None:
        """ "The absence of these features suggests ...": the negation has its object already."""
        if (
            self.negation == "open"
            and self.plain[start:end] in CONCLUSIONS
            and not self.plain[:start].endswith(("that ", "which "))
        ):
            self.end_negation()
            self.verdict = "absent"
