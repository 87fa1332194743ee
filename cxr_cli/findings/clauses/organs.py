"""An organ and what is said of it make a finding: "the heart is enlarged", "hyperexpanded but clear lungs"."""

import re

from cxr_cli.findings.clauses.links import Links
from cxr_cli.findings.clauses.mention import AnatomyMention
from cxr_cli.findings.clauses.state import LOOKAHEAD

WEAK = frozenset({"verb", "assert", "confirm", "with", "and", "comma", "at"})
# Behind a quality that is said of an anatomy before the break: "lungs hyperexpanded but clear bilaterally".
ITEM_END = re.compile(r"\W*$|\W*[,;.:]| (?:and|with|without|bilaterally|in|throughout|on|at|except|there)\b")


class Organs(Links):
    """The anatomies of a clause, each with its qualities."""

    __slots__ = ()

    def within_anatomy(self, name: str, anatomy: AnatomyMention) -> str:
        """ "No abnormality of the ribs" speaks of the bones alone."""
        if not self.lexicon.entries[name].only_absent:
            return name
        return next(iter(self.lexicon.rules_out.get((anatomy.name, "normal"), ())), name)

    def anatomy_near(self, i: int) -> bool:
        """Is there an anatomy that the quality can be of? "No nodule or smooth mass" has none."""
        return bool(self.anatomies) or any(t[0] == "anatomy" for t in self.tokens[i + 1 : i + 6])

    def negates_next(self, i: int) -> bool:
        """ "not normal" denies what is good; "no rotation and adequate inspiration" does not."""
        between = self.tokens[self.negation_at + 1 : i]
        return not any(
            kind == "finding" or (kind == "cue" and value in ("and", "comma")) for kind, value, _, _ in between
        )

    def alone(self, i: int, kind: str, end: int) -> bool:
        """Is the quality all that the clause has said so far, and is no other thing named behind it?"""
        tokens = self.tokens[max(0, i - LOOKAHEAD) : i]
        alone = all(t[0] in ("severity", "change", kind) or t[1] in WEAK or t[1] == "bilateral" for t in tokens)
        return alone and bool(ITEM_END.match(self.plain, end))

    def joins_quality(self, i: int) -> bool:
        """Does it go on with what is said of an organ, "tortuous and mildly calcified"?"""
        start = self.tokens[i][2]
        before = [t[1] if t[0] == "cue" else t[0] for t in self.tokens[max(0, i - 6) : i] if t[2] < start]
        before = [kind for kind in before if kind not in ("severity", "side", "change")][-2:]
        return bool(self.anatomies) and before in (["bad", "and"], ["bad", "comma"], ["bad", "or"])

    def quality_before(self) -> tuple[str, str, int, int] | None:
        """The quality before the break that waits for the first anatomy behind it."""
        if self.before and len(self.anatomies) == 1 and self.before.negation_at < 0:
            return self.before.open_quality
        return None

    def combine(self, kind: str, quality: str, anatomies: list[AnatomyMention], start: int, end: int) -> bool:
        """Adds the findings that these anatomies and this quality state; False if the lexicon has none."""
        names: dict[str, AnatomyMention] = {}
        for anatomy in anatomies:
            key = (anatomy.name, quality)
            entries = self.lexicon.rules_out.get(key, ()) if kind == "good" else self.lexicon.combos.get(key)
            for name in (entries,) if isinstance(entries, str) else entries or ():
                names[name] = anatomy
        attributes = list(self.pending)
        for name, anatomy in names.items():
            anatomy.used = True
            mention = self.mention(name, min(anatomy.start, start), max(anatomy.end, end))
            if not self.pending:
                self.attach(attributes, mention)
            mention.combined = True
            if kind == "good":
                mention.negated = not mention.negated
        return bool(names)

    def combine_again(self, quality: str, start: int, end: int) -> None:
        """Another finding of the organ that was named last, in the same place."""
        last = self.mentions[-1] if self.mentions else None
        count = len(self.mentions)
        self.combine("bad", quality, self.anatomies[-1:], start, end)
        for mention in self.mentions[count:]:
            if last and last.name == mention.name:
                self.mentions.remove(mention)
            elif last and last.combined:
                mention.side, mention.zone = mention.side or last.side, mention.zone or last.zone

    def combine_with_before(self, kind: str, quality: str, start: int, end: int) -> bool:
        """ "The lungs are hyperinflated but clear": the anatomy stands before the break."""
        assert self.before
        anatomies = [a for a in self.before.anatomies[-LOOKAHEAD:] if not a.used] or self.before.anatomies[-1:]
        count = len(self.mentions)
        names = {m.name for m in self.before.mentions if not m.ask}
        if not self.combine(kind, quality, anatomies, start, end):
            return False
        self.mentions[count:] = [m for m in self.mentions[count:] if m.name not in names]
        for mention in self.mentions[count:]:
            mention.start, mention.end = start, end
            if not self.before.mentions:
                self.attach(self.before.pending, mention)  # "the left diaphragm, which is elevated"
        return True

    def finding_with_quality(self, quality: str, start: int, end: int) -> bool:
        """A device "in the right main bronchus" is a malpositioned one, which is a finding of its own."""
        combos, broader = self.lexicon.combos, self.lexicon.broader
        recent = self.mentions[-LOOKAHEAD:]
        for mention in reversed(recent):
            name = next((combos[n, quality] for n in broader(mention.name) if (n, quality) in combos), None)
            if name:
                if not mention.negated and all(m.name != name for m in recent):
                    self.mention(name, start, end).combined = True
                return True
        return False
