"""What each cue of the lexicon does to the state; `on_X` handles `[cue] X`."""

import re

from cxr_cli.findings.clauses.mention import Mention
from cxr_cli.findings.clauses.state import AHEAD, State, Token

CONCLUDES = frozenset({"suggests", "indicates", "confirms", "supports", "points to", "leads to"})
PLACED = frozenset({"severity", "side", "zone"})
OPEN = re.compile(
    r" ?(?:(?:the|following|any|these|signs?|of|findings?|features?|for|abnormalities|each|all|specific|several"
    r"|possible|potential|conditions?|options?|two|three|four|five)\b ?)*"
)
ASIDE = re.compile(r"(?:in the |given the |given |for |because of |due to )?(?:absence of|lack of|lacking|without)")
EXCLUDE = frozenset({"r o", "rule out"})
AND_IS = (" and ", " and is ", " and are ", " and was ", " and were ", " and it is ")
ONE_SIDE = frozenset({"left", "right"})
FRESH = frozenset({"severity", "change", "good", "bad"})


class Cues(State):
    """The cues before a finding, after it, and between findings."""

    __slots__ = ()

    # Before a finding.

    def on_negate(self, i: int, start: int, end: int) -> None:
        if self.is_reply(i):
            self.on_reply_no(i, start, end)
            return
        self.negation, self.resolving, self.negated_at = "open", False, i
        self.hedge = False
        self.neither = self.neither or self.plain.startswith(("neither", "nor can", "nor could"), start)
        if self.link == "list" or len(self.mentions) > self.ask_start:  # "we check for effusion, but none ..."
            self.ask = False

    def on_resolve(self, i: int, start: int, end: int) -> None:
        self.negation, self.resolving, self.negated_at = "open", True, i

    def on_hedge(self, i: int, start: int, end: int) -> None:
        self.end_of_evidence(start, end)
        if self.negation:
            return
        self.hedge, self.hedge_start = True, len(self.mentions)
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
            self.hedge, self.hedge_start = True, len(self.mentions)

    def on_ask(self, i: int, start: int, end: int) -> None:
        if self.plain[start:end] in EXCLUDE and self.is_after_sign(i):
            self.on_hedge(i, start, end)  # "infiltrate, r/o pneumonia"
        elif not self.negation:
            self.ask, self.ask_end = True, end
            self.ask_start = self.subject = len(self.mentions)

    def is_after_sign(self, i: int) -> bool:
        """Is there a comma before the cue, and before it a finding that is no device?"""
        sign = self.mentions[-1] if self.mentions else None
        if sign is None or sign.ask or i == 0 or self.tokens[i - 1][1] != "comma":
            return False
        return "support device" not in self.lexicon.broader(sign.name)

    def on_condition(self, i: int, start: int, end: int) -> None:
        if not self.negation:
            self.condition = True

    def on_should(self, i: int, start: int, end: int) -> None:
        """ "Should pneumonia develop, ..."."""
        if i == 0 and start == 0:
            self.condition = True

    def on_suppose(self, i: int, start: int, end: int) -> None:
        if not self.suppose:
            self.suppose = True
            for mention in self.mentions[self.subject :]:
                mention.ask = not mention.negated

    def on_elsewhere(self, i: int, start: int, end: int) -> None:
        self.elsewhere, self.elsewhere_start = True, len(self.mentions)

    def on_object(self, i: int, start: int, end: int) -> None:
        """ "In the absence of prior films, ...": the negation is about no finding."""
        if self.negation == "open":
            self.end_negation()

    def on_describes(self, i: int, start: int, end: int) -> None:
        """ "Atelectasis causes volume loss" is general knowledge, "The opacity involves the left lobe" is not."""
        if len(self.mentions) != 1 or self.plain[: self.mentions[0].start] not in ("", "a ", "an "):
            return
        subject = self.mentions[0]
        if subject.side or subject.zone or subject.severity or subject.change:
            return
        if not any(kind in ("side", "zone", "change") or value == "now" for kind, value, _, _ in self.tokens):
            self.suppose = subject.ask = True

    def on_past(self, i: int, start: int, end: int) -> None:
        """ "Recently treated pneumonia", "pneumonia, treated in May"."""
        following = next((t for t in self.tokens[i + 1 : i + AHEAD] if t[1] not in ("at", "verb", "with")), None)
        if following and (following[0] == "finding" or following[0] in PLACED):
            self.on_ask(i, start, end)
        else:
            for mention in self.mentions[-1:]:
                mention.ask = not mention.negated

    # After a finding.

    def is_reply(self, i: int) -> bool:
        """Does this "no" answer the finding right before it: "effusion - no", "effusion: no, mass: no"?"""
        mention = self.mentions[-1] if self.mentions else None
        start, end = self.tokens[i][2:]
        if mention is None or mention.negated or not 0 < start - mention.end < 12:
            return False
        if self.plain[mention.end : start].strip(" ,:=>|[]().–—"):
            return False
        following = None
        word = False  # is it a word that can be an answer?
        for token in self.tokens[i : i + AHEAD]:
            if token[2] >= end:
                following = token
                break
            word = word or token[1] == "reply_no"
        return word and (following is None or (following[0] == "cue" and following[1] in ("comma", "and")))

    def on_reply_no(self, i: int, start: int, end: int) -> None:
        if self.plain[start:end] == self.plain.strip(" .,;:!"):
            self.verdict = "absent"  # the whole sentence is "No."
        elif self.is_reply(i):
            self.mentions[-1].negated, self.mentions[-1].ask = True, False
            self.heading, self.subject, self.chain = [], len(self.mentions), len(self.mentions)

    def on_less(self, i: int, start: int, end: int) -> None:
        """ "..., infection being less likely"."""
        for mention in self.mentions[max(self.item, self.subject) :]:
            mention.negated, mention.ask = True, False
        self.hedge = False
        self.end_negation()

    def on_now(self, i: int, start: int, end: int) -> None:
        """ "An effusion, as is often the case in this patient"."""
        if self.suppose and not self.ask:
            for mention in self.mentions:
                mention.ask = False
        elif self.ask and self.ask_start < len(self.mentions):  # "treated for pneumonia, now clear"
            self.ask, self.subject = False, len(self.mentions)
        self.suppose = self.elsewhere = False

    def on_negated(self, i: int, start: int, end: int) -> None:
        mentions = self.not_negated()
        if not mentions and self.mentions and self.plain.endswith(AND_IS, 0, start):
            mentions = [m for m in self.mentions[self.run :] if not m.negated]  # "are smaller and not seen"
        if not mentions and self.finding_follows(i):
            self.on_negate(i, start, end)
            return
        if not mentions and self.neither and self.plain[start:end].endswith(("excluded", "ruled out", "dismissed")):
            for mention in self.mentions[self.subject :]:  # "neither A nor B can be excluded"
                mention.negated, mention.hedge = False, True
        if self.aspect:
            return
        if mentions and (other := self.side_follows(i)) and {other, mentions[-1].side} == ONE_SIDE:
            self.mentions.append(Mention(mentions[-1].name, start, end, negated=True))  # "right effusion, none on left"
            self.link, self.tail = "", end
            return
        self.verdict = "absent"
        for mention in mentions:
            mention.negated, mention.ask = True, False
        self.ask = self.hedge = False
        self.end_negation()

    def side_follows(self, i: int) -> str:
        """The side that a denial names right behind it, "" if it names none."""
        end = self.tokens[i][3]
        for kind, value, start, _ in self.tokens[i + 1 : i + 4]:
            if start >= end and kind == "side":
                return value
            if start >= end and value != "at":
                break
        return ""

    def on_resolved(self, i: int, start: int, end: int) -> None:
        if not self.not_negated() and self.finding_follows(i):
            self.on_resolve(i, start, end)  # "resolved edema"
            return
        for mention in self.not_negated():
            mention.negated, mention.change = True, "resolved"
        self.end_negation()

    def on_aspect(self, i: int, start: int, end: int) -> None:
        """ "The age of the fracture is unclear", "tip not seen": what is denied or doubted is not the finding."""
        self.aspect = True

    def on_gone(self, i: int, start: int, end: int) -> None:
        """ "removal" of what was named last, and of nothing else."""
        if self.mentions:
            self.mentions[-1].negated, self.mentions[-1].change = True, "resolved"

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
            for mention in self.before.mentions[max(self.before.item, self.before.subject) :]:
                mention.negated, mention.hedge = False, True  # "thought unlikely but cannot be excluded"

    def on_confirm(self, i: int, start: int, end: int) -> None:
        self.verb_seen = self.verb_seen or start > 0
        if not self.negation and not any(m.ask for m in self.mentions):
            self.verdict = self.verdict or "present"

    # Between findings.

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

    def end_of_evidence(self, start: int, end: int) -> None:
        """ "The absence of these features suggests ...": the negation has its object already."""
        if (
            self.negation == "open"
            and self.plain[start:end] in CONCLUDES
            and not self.plain[:start].endswith(("that ", "which "))
        ):
            self.end_negation()
            self.verdict = "absent"

    def on_verb(self, i: int, start: int, end: int) -> None:
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        if following and following[0] == "finding" and following[2] == end + 1 and self.link == "list":
            return  # "... effusion, or identified mass": no verb
        if not self.mentions and self.plain.endswith(("previously ", "formerly "), 0, start):
            return  # "the previously seen line": no verb either
        if self.negation == "used":
            self.negation = ""
        self.verb_seen = True
        if self.ask and self.ask_start == len(self.mentions):  # "we look at the angles, which are sharp"
            self.ask = False
        self.chain = len(self.mentions)
        if self.mentions:
            self.link = "verb"
        if self.open_quality and self.open_quality[0] == "good":
            self.open_quality = None

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

    def on_only(self, i: int, start: int, end: int) -> None:
        """ "No consolidation, just atelectasis"; "no effusion, only a trace on the left"."""
        if self.link != "list" or not self.mentions or not self.mentions[-1].negated:
            return
        self.end_negation()
        if not self.something_follows(i) and any(t[0] in PLACED for t in self.tokens[i + 1 : i + AHEAD]):
            self.mentions[-1].negated = False
        self.subject = len(self.mentions)

    def on_contrast(self, i: int, start: int, end: int) -> None:
        """Like `on_break`."""

    on_except = on_contrast

    def begins_statement(self, following: Token, end: int) -> bool:
        """Does a statement begin behind "in the absence of ...,"?"""
        return bool(ASIDE.match(self.plain, 0, self.tokens[self.negated_at][3])) and (
            following[0] in FRESH or self.plain.startswith((" the ", " a ", " an ", " this "), end)
        )

    def plan_is_complete(self, colon: int) -> bool:
        """Is something named between the words of a plan and the colon: "rule out failure:", not "look for these:"?"""
        return self.plain.endswith((" for", " of", " out", "r o"), 0, self.ask_end) and not OPEN.fullmatch(
            self.plain, self.ask_end, colon
        )

    def on_break(self, i: int, start: int, end: int) -> None:
        """A break that ends no clause: "which" after an option that is quoted."""

    def separate(self, i: int) -> None:
        """A comma or "and": does the next item still belong to the list before it?"""
        self.link = "list"
        if self.tokens[i][1] == "comma":
            self.chain = len(self.mentions)
        if self.verb_seen:
            self.run, self.subject, self.verb_seen = self.subject, len(self.mentions), False
        parenthesis = i > 0 and self.tokens[i - 1][1] == "hedge" and self.tokens[i - 1][3] == self.tokens[i][2]
        listed = self.differential and self.tokens[i][1] == "and"
        if (self.negation == "used" or (self.hedge and not (parenthesis or listed))) and self.ends_negated_list(i):
            self.end_negation()
            self.hedge = False
            self.subject = len(self.mentions)
        if self.open_quality and self.next_item_has_quality(i):
            self.open_quality = None

    def next_item_has_quality(self, i: int) -> bool:
        """The next item of the list has a quality of its own: "normal heart, lungs clear"."""
        for kind, value, _, _ in self.tokens[i + 1 : i + AHEAD]:
            if kind in ("good", "bad", "finding") or (kind == "cue" and value in ("verb", "assert")):
                return True
            if kind == "cue" and value in ("comma", "and"):
                return False
        return False

    def seldom_denied(self, name: str) -> bool:
        """Is it a finding that such a list seldom holds, like low lung volumes or a device?"""
        return any(self.lexicon.entries[broader].seldom_denied for broader in self.lexicon.broader(name))

    def ends_negated_list(self, i: int) -> bool:
        """Does the negated list end here? An "or" further on keeps it open; a verb, an attribute of something seen or
        a quality before the next link ends it."""
        fresh = likely = False
        denied = self.negation == "used" and self.tokens[i][1] == "comma"
        first_item = True  # still in the item right after the link
        for kind, value, _, _ in self.tokens[i + 1 : i + AHEAD]:
            if kind == "cue":
                if value == "or" and not (fresh and not first_item):
                    return False
                if value in ("comma", "and"):
                    likely = likely and value == "and" and first_item
                    first_item = False
                elif value in ("verb", "assert", "hedge", "hedged"):
                    return fresh or likely or value not in ("verb", "hedged") or first_item
                elif value in ("negate", "negated"):
                    return fresh or likely
            elif first_item and kind in FRESH and value not in ("large", "severe", "new", "lesion"):
                fresh = True  # "no large effusion" denies a finding, "mild" describes one
            elif first_item and denied and (kind in PLACED or (kind == "finding" and self.seldom_denied(value))):
                likely = True  # "no effusion, left basal atelectasis", unless the list goes on
        return fresh or likely
