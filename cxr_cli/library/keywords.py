"""The keyword arguments of the functions, by name, with their types and bounds: what mypy sees is what is checked."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from msgspec import Meta

from cxr_cli.mining.cases import StepsFor
from cxr_cli.scoring.judges.judge_table import Empty
from cxr_cli.tasks.candidates import Uncertain

if TYPE_CHECKING:
    from cxr_cli.engines.prompts.structured import Model
else:
    Model = Any

FindingNames = str | Sequence[str] | None
"""Findings by name, between commas or in a list; None for the usual ones."""


class LabelKeywords(TypedDict, total=False):
    """label_set: one of `cxr label --set`; None for "chexpert", or for "all" where findings are named."""

    findings: FindingNames
    label_set: str | None


class StudyLabelKeywords(LabelKeywords, total=False):
    """mentions, sections: adds these keys."""

    mentions: bool
    sections: bool


class MineKeywords(TypedDict, total=False):
    """The flags of `cxr mine`, as `Miner` explains them."""

    tasks: Sequence[str]
    findings: FindingNames
    uncertain: Uncertain
    seed: int
    steps: StepsFor
    brief: bool


class ScoreKeywords(TypedDict, total=False):
    """The flags of `cxr score`, as `Scorer` explains them. model: an open one, for the judge "llm"."""

    judges: Sequence[str]
    empty: Empty
    model: Model | None
    statements: bool
    grounding: bool
    metrics: Sequence[str]


class ReportKeywords(TypedDict):
    """The keyword arguments of `score_reports` that are checked."""

    per_sample: bool


class EngineKeywords(TypedDict, total=False):
    """The fields of `Spec` that `infer` takes."""

    name: str
    revision: str | None
    served: str | None
    allow_remote: bool
    concurrency: Annotated[int, Meta(ge=1)]
    timeout: Annotated[float, Meta(gt=0, le=1e6)]
    batch: Annotated[int, Meta(ge=1)]
    args: Mapping[str, Any]
    cached: bool
    replicas: Sequence[str]


class InferKeywords(EngineKeywords, total=False):
    """All keyword arguments of `infer` but `images`."""

    size: Annotated[int, Meta(ge=28)]
    samples: Annotated[int, Meta(ge=1)]
    seed: Annotated[int, Meta(ge=0)]
    vote: bool
    temperature: Annotated[float, Meta(ge=0, le=1e6)]
    max_tokens: Annotated[int, Meta(ge=1)]
    instruction: str | None
    workers: Annotated[int, Meta(ge=0)]


class BootstrapKeywords(TypedDict, total=False):
    """seed: of the bootstrap. common: only the items that all models answered."""

    seed: Annotated[int, Meta(ge=0)]
    common: bool
