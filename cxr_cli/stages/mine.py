"""The stage `cxr mine`: reads studies and writes cases; rules or a model write their steps."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from cxr_cli import sources
from cxr_cli.engines import Spec
from cxr_cli.errors import CxrError
from cxr_cli.findings.sections import NO_FINDINGS, why_silent
from cxr_cli.library.rules import Rules
from cxr_cli.mining.cases import Miner, StepsFor
from cxr_cli.mining.near_duplicates import without_near_duplicates
from cxr_cli.mining.selection import sample_per_finding, with_films, without_patients_of
from cxr_cli.records import DialogueForm, Unmentioned
from cxr_cli.rows import Flow, FlowOptions, Row, Signed, note
from cxr_cli.rows.output.shard_record import input_digest
from cxr_cli.rows.signatures import in_use, listed
from cxr_cli.sources.shapes import own_shape
from cxr_cli.sources.shapes.dialogue_output import dialogue_form
from cxr_cli.tasks.candidates import Uncertain


@dataclass(frozen=True)
class StudySelection:
    """Which studies are asked about, and how often.

    count: how many binary cases for each finding; balance: half of their answers are Yes, half No. shares: the
    share of each split to draw. every: takes the first of every N studies. films: leaves out studies without a
    film. others: files whose patients are left out. dedupe: keeps only the first of several studies with nearly the
    same report.
    """

    count: int | None = None
    balance: bool = False
    shares: Mapping[str, float] = field(default_factory=dict)
    every: int | None = None
    films: bool = False
    others: Sequence[str] = ()
    dedupe: bool = False

    @property
    def settings(self) -> dict[str, object]:
        """Those that are given, for signatures."""
        return in_use(
            per_finding=self.count,
            balance=self.balance,
            make_split=",".join(f"{name}={share:g}" for name, share in self.shares.items()),
            every=self.every,
            with_images=self.films,
            apart_from=listed(Path(name).name for name in self.others),
            dedupe=self.dedupe,
        )


@dataclass(frozen=True)
class MineOptions:
    """findings: names between commas, or "all". lexicon: a file. engine: the model that writes the steps, None for
    rules. jobs: processes. to: for another trainer. The other fields are explained at Miner."""

    flow: FlowOptions
    tasks: Sequence[str] = ()
    findings: str | None = None
    unmentioned: Unmentioned = "normal"
    uncertain: Uncertain = "skip"
    seed: int = 0
    steps: StepsFor = "all"
    brief: bool = False
    lexicon: str | None = None
    selection: StudySelection = field(default_factory=StudySelection)
    engine: Spec | None = None
    jobs: int = 1
    to: DialogueForm | None = None


def run(options: MineOptions) -> int:
    """Writes the cases of all studies. Returns how many rows were rejected or failed."""
    miner, selection, engine = _miner(options), options.selection, options.engine
    flags = {"--per-finding": selection.count, "--every": selection.every, "--dedupe": selection.dedupe}
    if options.flow.shard and (name := next((name for name, value in flags.items() if value), None)):
        raise CxrError(f"{name} looks at all studies, and --shard at a part of them: run it without --shard")
    flow = Flow(
        options.flow,
        find_source=sources.find,
        shape=own_shape,
        output_form=dialogue_form(options.to, options.flow),
        settings={"to": options.to, "apart_from": options.flow.shard and _apart_from(selection.others)},
        protected=selection.others,
        dry_run=engine is not None and engine.dry_run,
        engine_key="steps" if engine else None,
        same_ids=False,
        shares=selection.shares,
    )
    without_question: Counter[bool] = Counter()  # is their report without findings to read?

    def cases(rows: Iterable[Row]) -> Iterator[Row]:
        each, studies = partial(flow.each, jobs=options.jobs), iter(_selected(rows, selection))
        if selection.count:
            yield from sample_per_finding(miner, selection.count, studies, each, balance=selection.balance)
            return
        for study, study_cases in each(miner, studies):
            if not study_cases:
                without_question[why_silent(study.get("report")) == NO_FINDINGS] += 1
            yield from study_cases

    if engine is None:
        flow.pipe(cases, signed=Signed("made_by", miner.made_by))
    else:
        from cxr_cli.engines.prompts.structured import open_model
        from cxr_cli.mining.llm_steps import made_by, write_steps

        with open_model(engine, miner.seed) as model:
            by = made_by(model, miner)

            def write(rows: Iterator[Row]) -> Iterator[Row]:
                new = (case for case in cases(rows) if not flow.finished(case["id"]))
                return write_steps(new, model, miner.settings["unmentioned"], by)

            flow.pipe(write, signed=Signed("made_by", by))
    if without_question:
        why = f"; with {NO_FINDINGS}: {without_question[True]}" if without_question[True] else ""
        note(f"studies that gave no question: {without_question.total()}{why}")
    return flow.incomplete


def _miner(options: MineOptions) -> Miner:
    return Rules(options.lexicon, options.unmentioned).miner(
        tasks=options.tasks,
        findings=options.findings or None,
        uncertain=options.uncertain,
        seed=options.seed,
        steps=None if options.engine else options.steps,
        brief=options.brief,
        selection=options.selection.settings,
    )


def _apart_from(files: Iterable[str]) -> str:
    return listed(str(input_digest(Path(name))) for name in files)


def _selected(rows: Iterable[Row], selection: StudySelection) -> Iterable[Row]:
    rows = islice(rows, 0, None, selection.every) if selection.every else rows
    rows = with_films(rows) if selection.films else rows
    rows = without_patients_of(selection.others, rows) if selection.others else rows
    return without_near_duplicates(rows) if selection.dedupe else rows
