"""Steps without an LLM: where to look; what is seen, with the sentence of the report that says so; what follows."""

from collections.abc import Iterable, Sequence

from cxr_cli.findings import Finding
from cxr_cli.mining.evidence import StudyFindings, Told
from cxr_cli.mining.phrasing import Phrases, capital
from cxr_cli.mining.tasks import Question, changes
from cxr_cli.records import Span, Step, StepKind
from cxr_cli.rows.rng import Draws, First

PLACES = 2  # one finding is described in at most so many places
SHOWN = 4  # an abnormal film is called so after at most so many findings

_LOOK = (
    "I look at {look} for {signs}.",
    "First, I check {look} for {signs}.",
    "I inspect {look}, looking for {signs}.",
)
_LOOK_FOR = ("I look for {a}.", "I check the image for {a}.")
_COMPARE = ("I look at {look} on this film and on the prior one, checking for {signs}.",)
_TOUR = ("I look at {looks}.", "I check each option in its place: I look at {looks}.")
_OVERVIEW = (
    "I go through the lungs, the pleura, the heart, the mediastinum and the bones in turn.",
    "I look at the lungs and the pleura, then at the heart and the mediastinum, then at the bones.",
)
_YES = ("{A} {is} present, so the answer is {answer}.", "As {a} {is} seen, the answer is {answer}.")
_NO = ("There {is} no {bare}, so the answer is {answer}.", "As no {bare} {is} seen, the answer is {answer}.")
_MAYBE = ("{A} {is} possible but not certain, so the answer is {answer}.",)
_ONLY = ("Of these findings, only {a} {is} seen, so the answer is {answer}.",)
_NORMAL = ("No abnormality is seen, so the answer is Normal.", "There is no abnormality, so the answer is Normal.")
_COURSE = {  # by the first change that is told
    "new": ("The {bare} {is} new, so the answer is {answer}.",),
    "worse": ("The {bare} {has} worsened, so the answer is {answer}.",),
    "stable": ("The {bare} {is} unchanged, so the answer is {answer}.",),
    "better": ("The {bare} {has} improved, so the answer is {answer}.",),
    "resolved": ("The {bare} {has} resolved, so the answer is {answer}.",),
}
_ORGANS = (  # the findings of an organ; those that its sentences deny
    ("lung abnormality", ("lung opacity",), ("The lungs are clear.", "The lungs appear clear.")),
    ("pleural abnormality", ("pleural effusion", "pneumothorax"), ("The pleural spaces are clear.",)),
    ("cardiac abnormality", ("cardiomegaly",), ("The heart is not enlarged.", "The heart size is normal.")),
    ("mediastinal abnormality", ("enlarged cardiomediastinum",), ("The mediastinal contours are normal.",)),
    ("bone abnormality", ("bone abnormality",), ("The bones are unremarkable.", "The bones appear normal.")),
)


class Rules:
    """Writes the steps that lead to a question's answer. brief: without the plan, and in one wording."""

    def __init__(self, phrases: Phrases, *, brief: bool = False) -> None:
        self.phrases, self.lexicon, self.brief = phrases, phrases.lexicon, brief

    def steps(self, question: Question, study: StudyFindings, draws: Draws) -> list[Step]:
        """A plan, one or more observations, a conclusion that names the answer."""
        task, names = question.task, question.findings
        draws = First() if self.brief else draws
        if task == "binary":
            plan, seen = self._plan(names[0], _LOOK, draws), self._observed(study, names[0], draws)
        elif task == "temporal":
            plan, seen = self._plan(names[0], _COMPARE, draws), self._changed(study, names[0], draws)
        else:
            shown = names[:SHOWN] if task == "anomaly" else names
            plan = self._tour(names, draws) if question.options and task != "anomaly" else draws.choice(_OVERVIEW)
            seen = [step for name in shown for step in self._observed(study, name, draws, places=1)]
            seen = seen or self._healthy(study, draws)
        plans = [] if self.brief else [_step(plan, "plan")]
        return [*plans, *seen, _step(self._conclusion(question, study, draws), "conclude")]

    def _plan(self, name: str, templates: Sequence[str], draws: Draws) -> str:
        entry = self.lexicon.entries[name]
        if not (entry.look and entry.signs):
            return draws.choice(_LOOK_FOR).format(a=self.phrases.a(name))
        look = f"{entry.look}," if ", " in entry.look else entry.look
        return draws.choice(templates).format(look=look, signs=_joined(entry.signs)).replace(",,", ",")

    def _tour(self, names: Iterable[str], draws: Draws) -> str:
        looks = dict.fromkeys(self.lexicon.entries[name].look or "the whole film" for name in names)
        return draws.choice(_TOUR).format(looks=", then at ".join(looks))

    def _observed(self, study: StudyFindings, name: str, draws: Draws, places: int = PLACES) -> list[Step]:
        """What is seen of a finding, or that it is not seen; without evidence where the report does not say so."""
        status = study.status(name)
        told = study.statements(name)
        if told and status != "absent":
            return [_step(self.phrases.observe(f, draws), "observe", by) for f, by in _gathered(told)[:places]]
        sides = {t.finding.side for t in told}
        side = sides.pop() if sides in ({"left"}, {"right"}) else None
        return [_step(self.phrases.observe(Finding(name, status or "absent", side), draws), "observe", told[:PLACES])]

    def _changed(self, study: StudyFindings, name: str, draws: Draws) -> list[Step]:
        told = _gathered(changes(study, name))[:PLACES]
        told = told or [(Finding(name, "present", change=study.changes[name]), [])]
        return [_step(self.phrases.observe(f, draws, change=True), "observe", by) for f, by in told]

    def _healthy(self, study: StudyFindings, draws: Draws) -> list[Step]:
        """Organ by organ: it is normal, or, where the report only denies some of its findings, they are not there."""
        seen = []
        for organ, denied, sentences in _ORGANS:
            told = [t for name in denied for t in study.statements(name)]
            parts = [] if told else [name for name in study.told if name in self.lexicon.narrower(organ)]
            for name in parts[:PLACES]:
                seen += self._observed(study, name, draws)
            if not parts:
                seen.append(_step(draws.choice(sentences), "observe", told[:PLACES]))
        return seen

    def _conclusion(self, question: Question, study: StudyFindings, draws: Draws) -> str:
        task, names, answer = question.task, question.findings, question.answer
        if isinstance(answer, list):
            right = [name for name in names if self.phrases.option(name) in answer]
            return self._all_present(right, ", ".join(answer), draws)
        if task == "anomaly":
            return self._all_present(names[:SHOWN], answer, draws) if names else draws.choice(_NORMAL)
        if task == "single":
            name = next(name for name in names if self.phrases.option(name) == answer)
            templates: Sequence[str] = _ONLY
        else:
            name, status = names[0], study.status(names[0])
            templates = _YES if status == "present" else _NO if status == "absent" else _MAYBE
        if task == "temporal":
            told = changes(study, name)
            templates = _COURSE[told[0].finding.change or "" if told else study.changes[name]]
        return draws.choice(templates).format(**self.phrases.words(name), answer=answer)

    def _all_present(self, names: Sequence[str], answer: str, draws: Draws) -> str:
        words = self.phrases.words(names[0])
        if len(names) > 1:
            a = _joined([self.phrases.a(name) for name in names])
            words = {"a": a, "A": capital(a), "is": "are"}
        return draws.choice(_YES).format(**words, answer=answer)


def _gathered(told: Iterable[Told]) -> list[tuple[Finding, list[Told]]]:
    """Sentences about the same finding in the same place as one, with all that they say of it."""
    groups: list[tuple[Finding, list[Told]]] = []
    for t in told:
        for i, (known, by) in enumerate(groups):
            if known.name == t.finding.name and _same_place(known, t.finding):
                names = ("side", "zone", "severity", "change")
                said = {name: getattr(known, name) or getattr(t.finding, name) for name in names}
                by.append(t)
                groups[i] = (known._replace(**said), by)
                break
        else:
            groups.append((t.finding, [t]))
    return groups


def _same_place(a: Finding, b: Finding) -> bool:
    """Does one say where it is, and the other the same, or less?"""
    pairs = ((a.side, b.side), (a.zone, b.zone))
    return all(x in (None, y) for x, y in pairs) or all(y in (None, x) for x, y in pairs)


def _step(text: str, kind: StepKind, told: Iterable[Told] = ()) -> Step:
    spans = {(t.start, t.end): Span(start=t.start, end=t.end) for t in told}
    return {"text": text, "kind": kind, "evidence": list(spans.values())}


def _joined(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
