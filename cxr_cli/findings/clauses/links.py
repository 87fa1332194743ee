"""Cues between findings: verbs, commas, "and", places, colons."""

import re

from cxr_cli.findings.clauses.negated_list import ends_negated_list, next_item_has_quality
from cxr_cli.findings.clauses.state import DESCRIPTION, DETAILS, LOOKAHEAD, SUBJECTS
from cxr_cli.findings.clauses.supposition import Supposition
from cxr_cli.findings.lexicon.tokens import Token

FILLERS = re.compile(
    r" ?(?:(?:the|following|any|these|signs?|of|findings?|features?|for|abnormalities|each|all|specific|several"
    r"|possible|potential|conditions?|options?|two|three|four|five)\b ?)*"
)
SUPPORT = re.compile(r"(?: [a-z]+){0,3} (?:positions?|placement|lines?|tubes?|devices?|change|progress|location)")
ASIDE = re.compile(r"(?:in the |given the |given |for |because of |due to )?(?:absence of|lack of|lacking|without)")


class Links(Supposition):
    """How findings hang together."""

    __slots__ = ()

    def on_assert(self, i: int, start: int, end: int) -> None:
        # "there is", "the image shows" end general knowledge; a bare "shows" does not.
        if self.negation != "open" and " " in self.plain[start:end]:
            self.suppose = self.condition = self.elsewhere = False
        self.begin_statement()

    def on_imply(self, i: int, start: int, end: int) -> None:
        self.end_of_evidence(start, end)
        self.same_place_at = len(self.mentions)
        if self.negation == "used" and self.link in ("", "at") and not self.verb_seen:
            return  # "no opacity indicating pneumonia" denies both
        self.begin_statement()

    def on_verb(self, i: int, start: int, end: int) -> None:
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        if following and following[0] == "finding" and following[2] == end + 1 and self.link == "list":
            return  # "... effusion, or identified mass": no verb
        if not self.mentions and self.plain.endswith(("previously ", "formerly "), 0, start):
            return  # "the previously seen line": no verb either
        if self.negation == "used":
            self.negation = ""
        if 0 < self.contrast_at == len(self.mentions) - 1 and not self.verb_seen:
            # "A rather than B is likely on the left" speaks of A
            self.mentions[-2:] = self.mentions[-1], self.mentions[-2]
        self.verb_seen = True
        if self.ask and self.ask_start == len(self.mentions):  # "we look at the angles, which are sharp"
            self.ask = False
        self.chain = len(self.mentions)
        if self.mentions:
            self.link = "verb"
        if self.open_quality and self.open_quality[0] == "good":
            self.open_quality = None

    def on_visible(self, i: int, start: int, end: int) -> None:
        """ "A nodule can be seen" states it; "nodules can be seen in sarcoidosis" is general knowledge."""
        following = next((t for t in self.tokens[i + 1 : i + LOOKAHEAD] if t[0] != "cue"), None)
        if self.plain.startswith((" when", " if"), end):
            self.on_suppose(i, start, end)
        elif self.plain.startswith((" in ", " with ", " after "), end) and (not following or following[0] == "finding"):
            self.on_describes(i, start, end)
        if not self.suppose:
            self.on_verb(i, start, end)

    def on_comma(self, i: int, start: int, end: int) -> None:
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        if not (following and following[1] in ("and", "or") and following[2] <= end + 1):
            self.item = len(self.mentions)
        if self.negation == "open" and not self.mentions and following and self.begins_statement(following, end):
            self.end_negation()  # "in the absence of symptoms, the effusion ..."
        if self.plain.startswith("in ") and len(self.mentions) == 1 and self.mentions[0].start == 3:
            self.on_suppose(i, start, end)  # "in heart failure, ..."
        self.aspect = False
        if self.elsewhere and self.elsewhere_start < len(self.mentions):
            self.elsewhere = False
        self.separate(i)

    def begins_statement(self, following: Token, end: int) -> bool:
        """Does a statement begin behind "in the absence of ...,"?"""
        return bool(ASIDE.match(self.plain, 0, self.tokens[self.negation_at][3])) and (
            following[0] in DESCRIPTION or self.plain.startswith((" the ", " a ", " an ", " this "), end)
        )

    def on_and(self, i: int, start: int, end: int) -> None:
        self.separate(i)

    def on_or(self, i: int, start: int, end: int) -> None:
        if not self.negation:
            self.same_place_at = len(self.mentions)  # "basal atelectasis or scar"
        self.link = "list"

    def on_with(self, i: int, start: int, end: int) -> None:
        if self.ask and self.ask_start < len(self.mentions) and self.attribute_follows(i):
            self.ask, self.subject = False, len(self.mentions)  # "history of COPD with a new left effusion"
        if self.negation == "used":
            self.end_negation()
        self.chain = len(self.mentions)
        self.link = "list"

    def on_at(self, i: int, start: int, end: int) -> None:
        if self.mentions and self.link != "list":
            self.link = "at"
            run = self.mentions[max(self.chain, self.subject) :]
            self.place_targets = [m for m in run[:-1] if not (m.side or m.zone)] + self.mentions[-1:]

    def on_colon(self, i: int, start: int, end: int) -> None:
        """The findings before a colon, without a verb, are a heading: "Effusion: none", "Effusion: look for it"."""
        plan = self.ask and (self.ask_start < len(self.mentions) or self.plan_is_complete(start))
        if (plan or (self.hedge and self.hedge_start < len(self.mentions))) and self.last_doubt < i:
            for mention in self.mentions[self.subject :]:
                mention.ask = not mention.negated  # "question effusion: ..."
            self.ask = self.hedge = False  # "evaluate for effusion: small effusion"
            self.subject = len(self.mentions)
        elif not self.verb_seen and self.link != "list":
            self.heading = [m for m in self.mentions[self.subject :] if not m.negated]
            self.heading_end = len(self.mentions)
        self.link = "list"

    def plan_is_complete(self, colon: int) -> bool:
        """Is something named between the words of a plan and the colon: "rule out failure:", not "look for these:"?"""
        if SUPPORT.fullmatch(self.plain, self.ask_end, colon):
            return True  # "assess line position: ..."
        return self.plain.endswith((" for", " of", " out", "r o"), 0, self.ask_end) and not FILLERS.fullmatch(
            self.plain, self.ask_end, colon
        )

    def on_only(self, i: int, start: int, end: int) -> None:
        """ "No consolidation, just atelectasis"; "no effusion, only a trace on the left"."""
        if self.negation == "open" and self.pending and not self.mentions:
            self.end_negation()  # "no tension, just a small pneumothorax"
            self.pending = []
        if self.link != "list" or not self.mentions or not self.mentions[-1].negated:
            return
        self.end_negation()
        following = next((t[:2] for t in self.tokens[i + 1 : i + LOOKAHEAD] if t[0] in SUBJECTS), None)
        if following == ("finding", self.mentions[-1].name):
            self.mentions.pop()  # "no small effusion, rather a massive one"
        elif not self.something_follows(i) and any(t[0] in DETAILS for t in self.tokens[i + 1 : i + LOOKAHEAD]):
            self.mentions[-1].negated = False
        self.subject = len(self.mentions)

    def on_break(self, i: int, start: int, end: int) -> None:
        """A break that ends no clause: "which" after an option that is quoted."""

    def on_contrast(self, i: int, start: int, end: int) -> None:
        """Like `on_break`."""

    on_except = on_contrast

    def doubts_one_item(self, i: int) -> bool:
        """ "?nodule, atelectasis", "possible pneumonia, and edema": the doubt is about the one item before it."""
        if self.tokens[i][1] != "comma" or len(self.mentions) != self.hedge_start + 1 or self.negation:
            return False
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        return self.query or (following is not None and following[1] == "and" and following[2] == self.tokens[i][3] + 1)

    def separate(self, i: int) -> None:
        """A comma or "and": does the next item still belong to the list before it?"""
        self.link = "list"
        if self.tokens[i][1] == "comma":
            self.chain = len(self.mentions)
        if self.verb_seen:
            self.run, self.subject, self.verb_seen = self.subject, len(self.mentions), False
        parenthesis = i > 0 and self.tokens[i - 1][1] == "hedge" and self.tokens[i - 1][3] == self.tokens[i][2]
        listed = self.differential and self.tokens[i][1] == "and"
        in_doubt = self.hedge and not (parenthesis or listed)
        if in_doubt and self.doubts_one_item(i):
            self.hedge, self.subject = False, len(self.mentions)
        elif (self.negation == "used" or in_doubt) and ends_negated_list(self, i):
            self.end_negation()
            self.hedge = False
            self.subject = len(self.mentions)
        if self.open_quality and next_item_has_quality(self, i):
            self.open_quality = None
