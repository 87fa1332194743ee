"""Steps in words: where to look; what is seen, with the sentences of the report that say so; what follows."""

from collections.abc import Iterable, Sequence

from cxr_cli.findings import Finding
from cxr_cli.findings.phrasing import Phrasing, capital
from cxr_cli.findings.study import StatedFinding, StudyFindings
from cxr_cli.records import Span, Step, StepKind
from cxr_cli.rows.rng import Rng

PLACES = 2  # one finding is described in at most so many places

LOOK = (
    "I look at {look} for {signs}.",
    "First, I check {look} for {signs}.",
    "I inspect {look}, looking for {signs}.",
)
LOOK_FOR = ("I look for {a}.", "I check the image for {a}.")
TOUR = ("I look at {looks}.", "I check each option in its place: I look at {looks}.")
OVERVIEW = (
    "I go through the lungs, the pleura, the heart, the mediastinum and the bones in turn.",
    "I look at the lungs and the pleura, then at the heart and the mediastinum, then at the bones.",
)
PRESENT_CONCLUSIONS = ("{A} {is} present, so the answer is {answer}.", "As {a} {is} seen, the answer is {answer}.")
ORGANS = (  # the findings of an organ; those that its sentences deny
    ("lung abnormality", ("lung opacity",), ("The lungs are clear.", "The lungs appear clear.")),
    ("pleural abnormality", ("pleural effusion", "pneumothorax"), ("The pleural spaces are clear.",)),
    ("cardiac abnormality", ("cardiomegaly",), ("The heart is not enlarged.", "The heart size is normal.")),
    ("mediastinal abnormality", ("enlarged cardiomediastinum",), ("The mediastinal contours are normal.",)),
    ("bone abnormality", ("bone abnormality",), ("The bones are unremarkable.", "The bones appear normal.")),
)


class StepWording:
    """The sentences that the tasks' steps are made of."""

    def __init__(self, phrasing: Phrasing) -> None:
        self.phrasing, self.lexicon = phrasing, phrasing.lexicon

    def look(self, name: str, rng: Rng, templates: Sequence[str] = LOOK) -> str:
        """Where one looks for a finding, and for which signs of it."""
        entry = self.lexicon.entries[name]
        if not (entry.look and entry.signs):
            return rng.choice(LOOK_FOR).format(a=self.phrasing.with_article(name))
        look = f"{entry.look}," if ", " in entry.look else entry.look
        return rng.choice(templates).format(look=look, signs=in_words(entry.signs)).replace(",,", ",")

    def tour(self, names: Iterable[str], rng: Rng) -> str:
        """Where one looks for several findings, each place once."""
        looks = dict.fromkeys(self.lexicon.entries[name].look or "the whole film" for name in names)
        return rng.choice(TOUR).format(looks=", then at ".join(looks))

    def observe(self, study: StudyFindings, name: str, rng: Rng, places: int = PLACES) -> list[Step]:
        """What is seen of a finding, or that it is not seen; without evidence where the report does not say so."""
        status = study.status(name)
        evidence = study.evidence(name)
        if evidence and status != "absent":
            return [
                step(self.phrasing.observe(finding, rng), "observe", sentences)
                for finding, sentences in by_place(evidence)[:places]
            ]
        sides = {e.finding.side for e in evidence}
        side = sides.pop() if sides in ({"left"}, {"right"}) else None
        finding = Finding(name, status or "absent", side)
        return [step(self.phrasing.observe(finding, rng), "observe", evidence[:PLACES])]

    def observe_health(self, study: StudyFindings, rng: Rng) -> list[Step]:
        """Organ by organ: it is normal, or, where the report only denies some of its findings, they are absent."""
        steps = []
        for organ, denied, sentences in ORGANS:
            evidence = [e for name in denied for e in study.evidence(name)]
            parts = [] if evidence else [name for name in study.sentences if name in self.lexicon.narrower(organ)]
            for name in parts[:PLACES]:
                steps += self.observe(study, name, rng)
            if not parts:
                steps.append(step(rng.choice(sentences), "observe", evidence[:PLACES]))
        return steps

    def conclude(self, name: str, answer: str, templates: Sequence[str], rng: Rng) -> str:
        """From one finding to the answer."""
        return rng.choice(templates).format(**self.phrasing.words(name), answer=answer)

    def conclude_present(self, names: Sequence[str], answer: str, rng: Rng) -> str:
        """From one or more findings that are present to the answer."""
        if len(names) == 1:
            return self.conclude(names[0], answer, PRESENT_CONCLUSIONS, rng)
        a = in_words([self.phrasing.with_article(name) for name in names])
        return rng.choice(PRESENT_CONCLUSIONS).format(a=a, A=capital(a), **{"is": "are"}, answer=answer)


def by_place(evidence: Iterable[StatedFinding]) -> list[tuple[Finding, list[StatedFinding]]]:
    """Sentences about the same finding in the same place as one finding, with all that they say of it."""
    groups: list[tuple[Finding, list[StatedFinding]]] = []
    for sentence in evidence:
        finding = sentence.finding
        for i, (other, sentences) in enumerate(groups):
            if other.name == finding.name and _same_place(other, finding):
                names = ("side", "zone", "severity", "change")
                both = {name: getattr(other, name) or getattr(finding, name) for name in names}
                sentences.append(sentence)
                groups[i] = (other._replace(**both), sentences)
                break
        else:
            groups.append((finding, [sentence]))
    return groups


def _same_place(a: Finding, b: Finding) -> bool:
    """Does one say where it is, and the other the same, or less?"""
    pairs = ((a.side, b.side), (a.zone, b.zone))
    return all(x in (None, y) for x, y in pairs) or all(y in (None, x) for x, y in pairs)


def step(text: str, kind: StepKind, evidence: Iterable[StatedFinding] = ()) -> Step:
    """A step, and the spans of the report that it rests on, each once."""
    spans = {(e.start, e.end): Span(start=e.start, end=e.end) for e in evidence}
    return {"text": text, "kind": kind, "evidence": list(spans.values())}


def in_words(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
