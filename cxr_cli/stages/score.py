"""The stage `cxr score`: rows scored one by one, and the summary or the comparison that goes with them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from cxr_cli.engines import Conversation, Engine, Spec, run_each
from cxr_cli.engines.prompts.structured import open_model
from cxr_cli.errors import CxrError, RowError
from cxr_cli.library.rules import Rules
from cxr_cli.published.published_table import PUBLISHED_RESULTS
from cxr_cli.records import ScoredCase, Unmentioned
from cxr_cli.rows import Flow, FlowOptions, Row, Signed, note, write_text
from cxr_cli.scoring.judges.judge_table import Empty
from cxr_cli.scoring.report_findings import ReportFindings
from cxr_cli.scoring.scorer import Scorer
from cxr_cli.scoring.summaries.model_names import ModelFile, model_files
from cxr_cli.scoring.tables.format_table import formatted
from cxr_cli.scoring.tables.table import Document
from cxr_cli.sources.inputs import plain_text
from cxr_cli.sources.shapes import own_shape

if TYPE_CHECKING:
    from cxr_cli.scoring.summaries.comparison import Comparison


@dataclass(frozen=True)
class SummaryOptions:
    """summary, compare, findings: print this instead of rows, in `format`. common, in_domain: which items a comparison
    uses; see Comparison. plot: a folder for plots."""

    summary: bool = False
    compare: bool = False
    findings: bool = False
    common: bool = False
    in_domain: Sequence[str] = ()
    plot: Path | None = None
    format: str = "table"


@dataclass(frozen=True)
class ScoreOptions:
    """layout: a name in PUBLISHED_RESULTS, if the inputs are published results. references: a path of reports, joined
    by id to rows without a report. lexicon: a file. seed: of the bootstrap. engine: the model that judges, None if no
    model does. jobs: processes. The other fields are explained at Scorer."""

    flow: FlowOptions
    empty: Empty = "null"
    layout: str | None = None
    references: str | None = None
    statements: bool = False
    grounding: bool = False
    metrics: Sequence[str] = ()
    unmentioned: Unmentioned = "normal"
    lexicon: str | None = None
    seed: int = 0
    engine: Spec | None = None
    judges: Sequence[str] = ("rules",)
    jobs: int = 1
    summary: SummaryOptions = field(default_factory=SummaryOptions)

    @property
    def dry_run(self) -> bool:
        return self.engine is not None and self.engine.dry_run


def run(options: ScoreOptions) -> int:
    """Scores rows and writes them, or prints their summary or comparison. Returns how many were rejected or failed."""
    if options.metrics and options.jobs != 1:
        raise CxrError("--metric works in one process: leave out --jobs")
    return _compare_models(options) if options.summary.compare else _score_inputs(options)


def _score_inputs(options: ScoreOptions) -> int:
    """The rows of all inputs, and their summary."""
    summary = options.summary
    takers: list[Callable[[Row], None]] = []
    if summary.summary:
        add_row, summary_document = _summing(options)
        takers.append(add_row)
    if summary.findings:
        findings = ReportFindings(Rules(options.lexicon).reader)
        takers.append(findings.add)
    if summary.plot:
        from cxr_cli.scoring.summaries.comparison import Comparison
        from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix

        matrix, draw_plots = ScoreMatrix(), _drawing(summary.plot)
        takers.append(lambda row: matrix.add(ModelFile("", name="").model(row), row))

    def take(row: Row) -> None:
        for taker in takers:
            taker(row)

    with _open(options) as scoring:
        prints = summary.summary or summary.findings
        incomplete = scoring.score(options.flow, take, write=not prints or options.flow.output is not None)
    if options.dry_run:
        return incomplete
    if summary.findings:
        write_text(formatted(findings.document(scoring.scorer.signature), summary.format).rstrip("\n"))
    if summary.summary:
        write_text(formatted(summary_document(), summary.format).rstrip("\n"))
    if summary.plot:
        draw_plots(Comparison(matrix, common=True, seed=options.seed))
    return incomplete


def _summing(options: ScoreOptions) -> tuple[Callable[[Row], None], Callable[[], Document]]:
    """Two functions: one adds a row to the summary, the other gives the whole summary in the end."""
    if options.layout is not None:
        from cxr_cli.published import recount_table
        from cxr_cli.published.recount import Recount

        recount = Recount(options.judges[0])
        return recount.add, partial(recount_table.document, recount)
    from cxr_cli.scoring.summaries import summary_table
    from cxr_cli.scoring.summaries.summary import Summary

    totals = Summary(seed=options.seed, second=options.judges[1] if len(options.judges) > 1 else None)
    return totals.add, partial(summary_table.document, totals)


def _compare_models(options: ScoreOptions) -> int:
    """The comparison of the inputs' models; an input has one model or several."""
    from cxr_cli.scoring.summaries import comparison_notes, comparison_table
    from cxr_cli.scoring.summaries.comparison import Comparison
    from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix

    summary = options.summary
    matrix, draw_plots = ScoreMatrix(), _drawing(summary.plot)
    incomplete = 0
    with _open(options) as scoring:
        for file in model_files(options.flow.inputs):

            def take(row: Row, file: ModelFile = file) -> None:
                matrix.add(file.model(row), row)

            incomplete += scoring.score(replace(options.flow, inputs=[file.path]), take, write=False)
    if options.dry_run:
        return incomplete
    if len(matrix.models) < 2:
        raise CxrError(f"--compare needs two models or more, not {', '.join(matrix.models) or 'none'}")
    comparison = Comparison(matrix, summary.common, summary.in_domain, options.seed)
    write_text(formatted(comparison_table.document(comparison), summary.format).rstrip("\n"))
    if summary.format == "csv":
        for text in comparison_notes.notes(comparison):
            note(text)
    draw_plots(comparison)
    return incomplete


def _drawing(folder: Path | None) -> "Callable[[Comparison], None]":
    """A function that plots a comparison. It is made before rows are scored, to report a missing library at once."""
    if folder is None:
        return lambda comparison: None
    from cxr_cli.scoring.plots.plots import draw_plots

    return lambda comparison: note(f"{len(draw_plots(comparison, folder))} plots -> {folder}")


def _digest(reports: Mapping[str, str | None]) -> str:
    return blake2b(repr(sorted(reports.items())).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


@dataclass(frozen=True)
class _Scoring:
    """Scores the rows of one flow or several. reports: by id, for rows without a report of their own."""

    options: ScoreOptions
    scorer: Scorer
    engine: Engine | None
    reports: Mapping[str, str | None] | None

    def score(self, rows: FlowOptions, take: Callable[[Row], None], *, write: bool) -> int:
        """Passes each scored row to `take`, and with `write` writes it. Returns how many were rejected or failed."""
        flow = Flow(
            rows,
            find_source=PUBLISHED_RESULTS.load(self.options.layout) if self.options.layout else plain_text.find,
            shape=own_shape,
            protected=(self.options.references,) if self.options.references else (),
            dry_run=self.options.dry_run or not write,
            engine_key="scores" if self.engine else None,
            about_doubled="; --compare is for the files of several models",
            settings={"references": rows.shard and self.reports and _digest(self.reports)},
        )
        verdicts: Counter[bool] = Counter()
        matches = 0  # rows for which there is a reference report

        def score_rows(rows: Iterator[Row]) -> Iterator[Row]:
            nonlocal matches
            for result in run_each(flow, self.engine, self._conversation, rows, self.options.jobs):
                try:
                    take(result)
                except RowError as error:
                    flow.reject(result, error.reason)
                    continue
                matches += result["id"] in (self.reports or ())
                verdicts.update([not any(reason.startswith("judge: ") for reason in result["why"].values())])
                yield result

        flow.pipe(score_rows, ScoredCase, signed=Signed("scored_by", self.scorer.signature))
        if verdicts[False] and not self.options.dry_run:
            note(f"{verdicts[False]} of {verdicts.total()} rows could not be judged in full: `why` gives the reason")
        in_part = rows.limit is not None or rows.split is not None or rows.shard or rows.continues
        if self.reports and not in_part and matches < len(self.reports):
            missing = len(self.reports) - matches
            places = ", ".join("stdin" if name == "-" else name for name in rows.inputs)
            note(f"{missing} of {len(self.reports)} reference reports have no prediction in {places}")
        return flow.incomplete

    def _conversation(self, row: Row) -> Conversation[Row]:
        """The row scored; one without a report of its own, against the one that has its id."""
        if self.reports is not None and not row.get("report"):
            if row["id"] not in self.reports:
                raise RowError("", "no reference report has this id")
            row = {**row, "report": self.reports[row["id"]]}
        return (yield from self.scorer.row(row))


@contextmanager
def _open(options: ScoreOptions) -> Iterator[_Scoring]:
    reports = plain_text.references(options.references) if options.references is not None else None
    with open_model(options.engine) if options.engine else nullcontext() as model:
        scorer = Rules(options.lexicon, options.unmentioned).scorer(
            judges=options.judges,
            empty=options.empty,
            model=model,
            statements=options.statements,
            grounding=options.grounding,
            metrics=options.metrics,
        )
        yield _Scoring(options, scorer, model.engine if model else None, reports)
