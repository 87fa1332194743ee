"""The rows that flow between stages, as TypedDicts: each stage adds keys and removes none.

    Study --label--> labelled Study
    Study --mine--> Case --verify--> verified Case --infer--> answered Case --score--> scored Case

Only the keys that a stage needs are required; every other key passes through untouched.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec

Row = dict[str, Any]
"""Any of the rows below, perhaps with keys that are not listed here."""

Status = Literal["present", "absent", "uncertain"]
Side = Literal["left", "right", "bilateral"]
StepKind = Literal["plan", "observe", "conclude"]
Verdict = Literal["supported", "contradicted", "unmentioned", "not_checkable"]
Chains = Literal["steps", "predictions"]
"""Which chains of steps: the case's own, or those of a model's predictions."""
DialogueForm = Literal["messages", "conversations"]
"""How other trainers take a question and its answer: as ms-swift and most others, or as LLaVA."""
Unmentioned = Literal["normal", "unknown"]
"""What a finding that the report does not mention counts as: absent, or unknown."""
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Span(TypedDict):
    """Characters `report[start:end]`."""

    start: int
    end: int


class Prior(TypedDict):
    """The study before this one."""

    id: NotRequired[str | None]
    images: NotRequired[list[str]]
    report: NotRequired[str | None]


class Study(TypedDict):
    """One examination, as a source gives it.

    images: frontal films, else those of unknown view; laterals: all others, which no stage shows a model.
    labels: finding -> 1 present, 0 absent, -1 uncertain, None unknown. changes: finding -> its change since the prior:
    worsening, stable, improving, None unknown. why: key -> why it is null: {"report": "there is no file"}.
    `cxr label` adds `mentions` (MentionRow), `sections` (SectionRow) and `labelled_by`.
    """

    id: Id
    report: NotRequired[str | None]
    patient: NotRequired[str | None]
    images: NotRequired[list[str]]
    laterals: NotRequired[list[str]]
    labels: NotRequired[dict[str, int | float | None] | None]
    changes: NotRequired[dict[str, str | None] | None]
    prior: NotRequired[Prior | None]
    split: NotRequired[str | None]
    source: NotRequired[str | None]
    why: NotRequired[dict[str, str]]


class MentionRow(Span):
    """A finding that a report states at `report[start:end]`, in its section ("" before any heading)."""

    name: str
    status: Status
    side: Side | None
    zone: str | None
    severity: str | None
    change: str | None
    section: str


class SectionRow(Span):
    """A section of a report, `report[start:end]`, with its text. silent: can it state no finding of this film?"""

    name: str
    silent: bool
    text: str


class Step(TypedDict):
    """One step of reasoning. evidence: the spans of the report that state it; [] when none does.

    verdict: None if the judge gave none.
    """

    text: str
    kind: NotRequired[StepKind]
    evidence: NotRequired[list[Span]]
    verdict: NotRequired[Verdict | None]
    reason: NotRequired[str]


class Mark(TypedDict):
    """A person's mark on one step. step: its number, from 1. text: that of the step when it was marked.

    on: the steps of the case, or of the reasoning of its prediction `sample`. mark: on the verdict that was displayed,
    `shown`, or on the step itself if there was none; None for a comment alone. verdict: the person's own. answered_by,
    model: of the prediction; the model as the page names it. at: when it was marked, as ISO 8601.
    """

    id: Id
    step: Annotated[int, msgspec.Meta(ge=1)]
    text: str
    by: Id
    mark: Literal["agree", "disagree"] | None
    on: NotRequired[Chains]
    sample: NotRequired[int | None]
    shown: NotRequired[str | None]
    verdict: NotRequired[Verdict | None]
    comment: NotRequired[str | None]
    answered_by: NotRequired[str | None]
    model: NotRequired[str | None]
    at: NotRequired[str | None]


class Case(Study):
    """One question about a study. task: a name of the table `cxr_cli.tasks`, or one that another benchmark gives.

    answer: the text of the right option, a list of texts for `multiple`. why: {"steps": "engine: plan: refused"}.
    """

    task: NotRequired[str | None]
    question: NotRequired[str]
    options: NotRequired[list[str]]
    answer: NotRequired[str | list[str] | None]
    findings: NotRequired[list[str]]
    steps: NotRequired[str | list[str | Step] | dict[str, str] | None]
    made_by: NotRequired[str]
    support: NotRequired[float | None]
    checked_by: NotRequired[str]


class Prediction(TypedDict):
    """A model's reply to a case: the whole `text`, and `think` and `answer` parsed from it.

    answers: the texts of all answers of a reply that thinks and answers in turns, of which the last counts.
    """

    text: str
    sample: NotRequired[int]
    think: NotRequired[str | None]
    answer: NotRequired[str | list[str] | None]
    answers: NotRequired[list[str]]
    finish: NotRequired[str | None]
    seed: NotRequired[int | None]


class Vote(TypedDict):
    """The answer that most samples give, and the share of the samples that give it."""

    answer: str | list[str] | None
    share: float


class AnsweredCase(Case):
    """A case with a model's predictions. prediction: the bare text, in files of other tools."""

    predictions: NotRequired[list[Prediction] | None]
    vote: NotRequired[Vote | None]
    prediction: NotRequired[str | None]
    answered_by: NotRequired[str]


class JudgeCounts(TypedDict):
    """What a judge of a published file counted in one prediction; None: its reply could not be used.

    right: whether it took the answer as right, and `by` which means.
    """

    stated: NotRequired[int | None]
    correct: NotRequired[int | None]
    reference: NotRequired[int | None]
    recalled: NotRequired[int | None]
    effective: NotRequired[int | None]
    ineffective: NotRequired[int | None]
    right: NotRequired[bool | None]
    by: NotRequired[str]


class ScoredCase(AnsweredCase):
    """A case with scores. A null score has its reason in `why`. item: the same in all models' rows of one question."""

    item: NotRequired[str]
    judged: NotRequired[JudgeCounts | None]
    scores: NotRequired[dict[str, float | None]]
    scored_by: NotRequired[str]


STAGE_SIGNATURES = ("made_by", "labelled_by", "checked_by", "answered_by", "scored_by")
"""Of which each stage adds one."""
ENGINE = "engine: "
"""How a reason in `why` begins where an engine failed to give what is null; every other reason lies in the data."""
UNPARSABLE_REPLY, UNUSABLE_REPLY, CUT_OFF_REPLY = "unparsable: ", "unusable: ", "cut off at max tokens"
"""Parts of the reasons why a model's replies could not be used."""
NOT_ASKED_FOR = "not asked for"
"""Why steps are null in a case that was mined to teach its answer alone."""


def engine_failure(row: Mapping[str, Any], key: str) -> str | None:
    """Why an engine failed to give what a stage adds to a row under `key`, in whole or in part; None if it gave it.

    key: "steps", "support", "predictions" or "scores".
    """
    names: Iterable[str] = (key,)
    parts = [row]
    if key == "support":  # of the steps of the case or of its predictions, by one judge or two
        names = ("support", "second")
        parts += [part for part in row.get("predictions") or () if isinstance(part, dict)]
    elif key == "scores":
        names = row.get("scores") or ()
    reasons = [part["why"] for part in parts if isinstance(part.get("why"), dict)]
    texts = (str(why.get(name) or "") for why in reasons for name in names)
    return next((text for text in texts if text.startswith(ENGINE)), None)


def why_no_steps(row: Mapping[str, Any]) -> str | None:
    """Why a case that should have steps has none; None if it has some, or is to teach its answer alone."""
    why = row.get("why")
    reason = why.get("steps") if row.get("steps") is None and isinstance(why, dict) else None
    return None if reason == NOT_ASKED_FOR else reason


def got_replies(failure: str) -> bool:
    """Did an engine reply, though in vain, so that it would reply the same once more? The reason as `engine_failure`
    gives it."""
    return any(part in failure for part in (UNPARSABLE_REPLY, UNUSABLE_REPLY, CUT_OFF_REPLY))


def unanswered(row: Mapping[str, Any]) -> bool:
    """Did a model fail to answer this row, so that its `predictions` are null?"""
    why = row.get("why")
    return row.get("predictions") is None and isinstance(why, dict) and "predictions" in why


def merge_reasons(row: Mapping[str, Any], decided: Container[str], why: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """{"why": ..}: the row's reasons, except for the keys `decided` in this stage, and the new ones; {} if none.

    {"why": {"steps": "engine: plan: refused"}}, ["support"], {"support": "no steps"}  ->  both reasons
    """
    old = row.get("why")
    reasons = {key: reason for key, reason in old.items() if key not in decided} if isinstance(old, dict) else {}
    return {"why": reasons | dict(why)} if reasons or why or "why" in row else {}
