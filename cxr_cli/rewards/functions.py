"""The rewards. The docstring of each gives its formula; its first sentence stands in the table of docs/train.md."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Any

from cxr_cli.answers.replies.reply_parts import compared_text
from cxr_cli.errors import RowError
from cxr_cli.findings import Finding, Lexicon, Reader, reader
from cxr_cli.findings.sections import why_silent
from cxr_cli.findings.sections.text_cache import cached_by_text, length_together
from cxr_cli.records import STAGE_SIGNATURES, Case, Row, Unmentioned
from cxr_cli.rows.fields import plain_value
from cxr_cli.rows.validation import row_errors_named
from cxr_cli.scoring.metrics.completion import CaseReference, Completion
from cxr_cli.scoring.metrics.radrscore import effective_share, recalled_share
from cxr_cli.scoring.report import ReportComparer
from cxr_cli.sources.shapes import checked_row, own_shape
from cxr_cli.sources.shapes.choices import names_option
from cxr_cli.tasks.task_table import task_of

Rewards = list[float | None]
Share = Callable[[Sequence[Finding], Sequence[Finding], Lexicon], float | None]
CASE_COLUMNS = ("question", "options", "answer", "task", "findings", "report", "steps")
SHORT, LONG = 15, 300  # words of a reasoning between which `length` is 1


@dataclass(frozen=True)
class _ReportReading:
    """How rewards read reports and completions. reader: None for that of the packaged lexicon."""

    reader: Reader | None = None
    unmentioned: Unmentioned = "normal"


_reading: ContextVar[_ReportReading] = ContextVar("cxr_reading", default=_ReportReading())  # noqa: B039 - frozen


@contextmanager
def use_reader(reader: Reader, unmentioned: Unmentioned = "normal") -> Iterator[None]:
    """In this block rewards read with this reader and this policy on what a report does not mention; in other threads
    they do not."""
    token = _reading.set(_ReportReading(reader, unmentioned))
    try:
        yield
    finally:
        _reading.reset(token)


def format(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for `<think>` .. `</think><answer>` .. `</answer>`, each tag once and nothing else; otherwise 0."""
    return [float(c.parts.well_formed) for c in read_completions(completions, columns)]


def accuracy(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for the right option, partial credit where several are right, F1 of the findings for open answers and for
    reports."""
    return [
        _report_f1(c) if task_of(c.case).writes_report else c.accuracy() for c in read_completions(completions, columns)
    ]


def _report_f1(completion: Completion) -> float | None:
    """`finding_f1` of the report that a completion writes; 0 for none. None: there is no report to compare it with."""
    case, text = completion.case, compared_text(completion.text)
    report = case.get("report") or case.get("answer")
    if not report or why_silent(report):
        return None
    return ReportComparer(completion.reader).compare(report, text)[0]["finding_f1"] or 0.0


def process(completions: Sequence[Any], **columns: Any) -> Rewards:
    """How much of the reference the reasoning states, with false statements counted against it; present and absent
    findings count evenly.

    For the present (and possible) and for the absent findings of the reference: stated / (in the reference + false
    statements of the other kind); the mean of the two. If the reference has no finding of a kind, that kind is a
    factor instead: 1 / (1 + false statements of the other kind). Times the share of sentences that are not repeats.

    Plain factuality pays for calling everything absent; here a missed finding costs as much as an invented one, a
    finding at a wrong place is half stated and not false, what is true but beside the point earns nothing, and silence
    is 0. None: there is no report.
    """
    return [_process(c) for c in read_completions(completions, columns)]


def _process(completion: Completion) -> float | None:
    if completion.reference.report is None:
        return None
    kinds = [completion.recall(absent=False), completion.recall(absent=True)]
    parts, factor = [], completion.novelty
    for kind, other in zip(kinds, reversed(kinds), strict=True):
        if kind.total:
            parts.append(kind.hits / (kind.total + other.errors))
        else:
            factor /= 1 + other.errors
    return factor * sum(parts) / len(parts) if parts else None


def factuality(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The share of the statements that the report supports, the paper's process reward; a model can win it by calling
    everything in doubt absent. 0 if there are no statements. None: there is no report."""
    return [
        None if c.reference.report is None else c.verdicts.count("supported") / max(1, len(c.verdicts))
        for c in read_completions(completions, columns)
    ]


def completeness(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The share of the reference's observations that the reasoning states. None: there are no reference steps."""
    return [_against_steps(c, recalled_share) for c in read_completions(completions, columns)]


def effectiveness(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The share of the statements that are among the reference's observations. 0 if there are no statements. None:
    there are no reference steps."""
    return [_against_steps(c, effective_share) for c in read_completions(completions, columns)]


def _against_steps(completion: Completion, share: Share) -> float | None:
    """share: of the statements and the observations of the steps."""
    reference = completion.reference
    if not reference.from_steps or not reference.findings:
        return None
    return share(completion.statements, reference.findings, completion.reader.lexicon) or 0.0


def consistency(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 if the answer follows from the statements of the reasoning, otherwise 0. 0 too if there is no answer. None: the
    answer claims no finding."""
    return [c.consistency() for c in read_completions(completions, columns)]


def length(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for a reasoning of 15 to 300 words, less in proportion as it is shorter or longer."""
    counts = [len((c.parts.think or "").split()) for c in read_completions(completions, columns)]
    return [min(1.0, n / SHORT, LONG / max(1, n)) for n in counts]


def statement_metrics(completions: Sequence[Any], **columns: Any) -> dict[str, float]:
    """Sensitivity and specificity of the statements, and how many there are: means over the completions."""
    read = read_completions(completions, columns)
    rates = [c.sensitivity_specificity() for c in read if c.reference.report is not None]
    metrics = {
        "sensitivity": [rate for rate, _ in rates if rate is not None],
        "specificity": [rate for _, rate in rates if rate is not None],
        "statements": [float(len(c.statements)) for c in read],
    }
    return {name: sum(values) / len(values) for name, values in metrics.items() if values}


def read_completions(completions: Sequence[Any], columns: Mapping[str, Any]) -> list[Completion]:
    """Each completion, read with its case. columns: `case`, or the fields of rows by name, a list for each, as Python,
    numpy or pandas hold them, in any shape that `cxr score` takes. A completion that is None or NaN is an empty one.
    RowError: a column is no list of as many values, or a case or a completion is none."""
    texts = [text_of(text) for text in _values("completions", completions)]
    names = ["case"] if columns.get("case") is not None else [name for name in columns if is_case_column(name)]
    values = {name: _values(name, columns[name], len(texts)) for name in names if columns.get(name) is not None}
    cases = values.get("case") or [{name: values[name][i] for name in values} for i in range(len(texts))]
    reading = _reading.get()
    return [_completion((_case_text(case), text), reading) for case, text in zip(cases, texts, strict=True)]


def is_case_column(name: str) -> bool:
    """Does a reward read the field of this name? A signature says that the answer is a text, and no letter."""
    return name in CASE_COLUMNS or name in STAGE_SIGNATURES or names_option(name)


def _values(name: str, column: Any, count: int | None = None) -> list[Any]:
    plain = plain_value(column)
    if isinstance(plain, str | Mapping) or not isinstance(plain, Iterable):
        raise RowError(name, f"expected a list, got {type(column).__name__}")
    values = [plain_value(value) for value in plain]
    if count not in (None, len(values)):
        raise RowError(name, f"{len(values)} values for {count} completions")
    return values


def _case_text(case: Any) -> str:
    """A case as JSON; what is JSON already as it is."""
    if isinstance(case, Mapping):
        try:
            return json.dumps(case, sort_keys=True, default=_date_text)
        except (TypeError, ValueError) as error:
            raise RowError("case", "not a row: it holds what JSON cannot") from error
    return str(case)


def _date_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def text_of(completion: Any) -> str:
    """The text of a completion: a string, the messages of a conversation, or None for an empty one."""
    if completion is None or isinstance(completion, str):
        return completion or ""
    try:
        content = completion[-1]["content"] or ""
        return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    except (LookupError, TypeError, AttributeError) as error:
        raise RowError("completion", "expected a text, or messages with their content") from error


@cached_by_text(4096, length_together)
def _completion(case_and_text: tuple[str, str], reading: _ReportReading) -> Completion:
    """Kept in a cache, since every reward needs the same."""
    case, text = case_and_text
    return Completion(_case_of(case), text, _reference(case, reading), reading.reader or reader())


@cached_by_text(1024)
def _reference(case: str, reading: _ReportReading) -> CaseReference:
    return CaseReference(_case_of(case), reading.reader or reader(), reading.unmentioned)


@cached_by_text(1024)
def _case_of(text: str) -> Row:
    """The case as `cxr score` reads it, with what rewards read of it checked."""
    try:
        case = json.loads(text, parse_constant=lambda _: None)  # NaN is the null of some tables
    except ValueError:
        case = None
    if not isinstance(case, dict):
        raise RowError("case", "expected a case for each completion, a dict or its JSON")
    id = case["id"] if isinstance(case.get("id"), str) else None
    with row_errors_named("case", id):
        row = own_shape({**case, "id": id or "case"}, "case")
        fields = {name: row.pop(name) for name in ("id", *CASE_COLUMNS) if name in row}
        return row | checked_row(fields, Case)
