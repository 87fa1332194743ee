"""What a denial means together with what it denies: an exclusion, a doubt, a change, what is seen."""

import re

from cxr_cli.findings.composition.token_edits import LONGEST_GAP, TokenEdits

# Behind "exclude" where its object comes before it: "pneumonia is hard to exclude in view of the fever".
WITHOUT_OBJECT = re.compile(
    r" (?:in|on|at|by|from|with|without|given|because|due|as|under|here|entirely|completely|fully)\b"
)
OPEN_EXCLUSIONS = frozenset({"deny", "impossible", "unsettled"})
POSSIBLE_EXCLUSIONS = frozenset({"able"})
EARLIER_FILM = (
    *("prior", "previous", "earlier", "last", "preceding", "old", "before", "yesterday"),
    *("the p", "the e", "the l", "the o"),
)


class Denials(TokenEdits):
    """Rules for cues that stand behind a denial."""

    def on_exclude(self, i: int) -> None:
        """ "cannot exclude X", "unable to rule out X", "exclusion of X is not possible"; "we can exclude X"."""
        if (j := self.denial(i, OPEN_EXCLUSIONS)) is not None:
            self.drop_denial(j)
            is_behind = self.first_content < j and WITHOUT_OBJECT.match(self.plain, self.tokens[i][3])
            self.put(i, "cue", "hedged" if is_behind or self.last_content < i else "hedge")
            return
        if self.denial(i, POSSIBLE_EXCLUSIONS) is not None:
            self.put(i, "cue", "negate")
            return
        for k in range(i + 1, min(len(self.tokens), i + 2 * LONGEST_GAP)):
            kind, value, _, _ = self.tokens[k]
            if kind == "cue" and value in ("break", "contrast", "except", "comma", "exclude"):
                return
            if kind == "cue" and value == "impossible":
                self.put(i, "cue", "hedge")
                self.drop(k)
                return

    def on_excluded(self, i: int) -> None:
        """ "X cannot be fully excluded", "X has yet to be ruled out"."""
        if (j := self.denial(i, OPEN_EXCLUSIONS)) is not None:
            self.drop_denial(j)
            self.put(i, "cue", "hedged")

    def on_doubt(self, i: int) -> None:
        """ "without question"."""
        if (j := self.denial(i)) is not None:
            self.drop(j)
            self.drop(i)

    on_resolved = on_doubt  # "not yet cleared"

    def on_merely(self, i: int) -> None:
        """ "not just an effusion"."""
        j, start = self.denial(i), self.tokens[i][2]
        if j is None or start - self.tokens[j][3] > 4:
            return
        # "No less than two", but not "no unusual opacity".
        word = self.plain[slice(*self.tokens[j][2:])]
        if word.split(" ")[0] not in ("no", "without") or self.plain.startswith(("less than", "fewer than"), start):
            self.drop(j)
            self.drop(i)

    def on_change(self, i: int) -> None:
        """ "The edema is no worse", "no interval increase in the effusion"; not "no worsening edema"."""
        _, value, start, end = self.tokens[i]
        if value not in ("worse", "better") or (j := self.denial(i)) is None:
            return
        if any(kind == "bad" for kind, _, at, _ in self.tokens[i - 1 : i + 2] if at == start):
            return  # "the heart is not enlarged"
        following = self.next_token(i)
        of_it = self.plain[start:end].endswith((" in", " of")) or bool(
            following
            and following[1] == "at"
            and self.plain[following[2] : following[3]] in ("in", "of")
            and following[2] - end <= 1
        )
        of_it = of_it and (" the " in self.plain[end : end + 8] or "interval" in self.plain[self.tokens[j][3] : end])
        aside = bool(
            following and following[1] == "comma" and following[2] == end
        )  # "persisting, not resolving, effusion"
        if of_it or aside or (self.first_content < j and not self.content_follows(i)):
            for k in range(j, i):
                if k == j or self.tokens[k][0] == "severity":
                    self.drop(k)
            self.put(i, "change", "stable")

    def on_verb_of_change(self, i: int) -> None:
        """ "did not decrease"."""
        if (j := self.denial(i)) is not None:
            self.drop(j)
            self.put(i, "change", "stable")

    def on_seen(self, i: int) -> None:
        """ "could not be convincingly demonstrated"."""
        j = self.denial(i)
        _, _, start, end = self.tokens[i]
        if j is None or self.first_content > i or self.plain.startswith(" to ", end):
            return
        between = self.plain[self.tokens[j][3] : start]
        if self.plain[slice(*self.tokens[j][2:])] in ("no", "without", "neither", "nothing") or " as " in between:
            return  # "no nodule seen"; "not as well seen as before"
        self.put(i, "cue", "hedged" if self.drop_denial(j) else "negated")
        self.earlier_follows(i)

    def on_see(self, i: int) -> None:
        """ "I cannot see any X"; "..., which I do not see"."""
        if (j := self.denial(i)) is not None:
            self.drop(j)
            self.put(i, "cue", "negated" if self.last_content < i else "negate")

    def on_negated(self, i: int) -> None:
        self.earlier_follows(i)

    def earlier_follows(self, i: int) -> None:
        """ "not seen on the prior film"."""
        end = self.tokens[i][3]
        for _, value, start, _ in self.tokens[i + 1 : i + 1 + LONGEST_GAP]:
            if start >= end and value in ("earlier", "other_study", "object"):
                if start - end < 14 and (value == "earlier" or self.plain.startswith(EARLIER_FILM, start)):
                    self.put(i, "change", "new")
                return
            if start >= end and value != "at":
                return

    def on_earlier(self, i: int) -> None:
        """ "not previously seen"."""
        j, start = self.denial(i), self.tokens[i][2]
        if j is not None and start - self.tokens[j][3] <= 1 and self.plain.startswith("previously", start):
            self.drop(j)
            self.put(i, "change", "new")
