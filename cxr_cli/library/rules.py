"""The work of `cxr label`, `mine`, `verify` and `score` by rules, on one row at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, get_args, overload

from cxr_cli.engines.conversations import result_of
from cxr_cli.errors import CxrError
from cxr_cli.findings import Finding, Lexicon, Reader
from cxr_cli.findings import reader as reader_of
from cxr_cli.findings.name_lists import parse_findings
from cxr_cli.labelling.label_set import LABEL_SETS, labels_of, of_findings, parse_labels
from cxr_cli.labelling.labeller import Labeller, Labels
from cxr_cli.labelling.row_labeller import RowLabeller
from cxr_cli.library.keywords import (
    FindingNames,
    LabelKeywords,
    MineKeywords,
    ReportKeywords,
    ScoreKeywords,
    StudyLabelKeywords,
)
from cxr_cli.library.option_checks import (
    OptionPairs,
    check_one_of,
    checked_options,
    names_text,
    option_pairs,
    path_text,
    report_list,
)
from cxr_cli.library.plain_rows import plain_row, text_or_empty, with_own_values
from cxr_cli.mining.cases import Miner, StepsFor
from cxr_cli.records import AnsweredCase, Chains, Row, ScoredCase, Study, Unmentioned
from cxr_cli.rewards.reward_table import REWARDS
from cxr_cli.rows.validation import row_errors_named
from cxr_cli.tasks.task_table import task_names

if TYPE_CHECKING:  # what only some commands need is loaded where it is used: it takes a third of their start
    from cxr_cli.engines.prompts.structured import Model
    from cxr_cli.scoring.scorer import Scorer
    from cxr_cli.verifying.case_judge import CaseJudge
    from cxr_cli.verifying.steps.verifier import Verifier

Texts = Sequence[str | None]
PairScores = dict[str, float | None]
_KEPT = 16  # lexicons and settings whose readers, miners and scorers are kept in a process


@dataclass(frozen=True)
class Rules:
    """How findings are read. Equal rules read alike; they can be pickled and hashed, and several threads may use them.

    lexicon: a TOML file that is merged over the packaged lexicon, as `--lexicon`. unmentioned: what a finding that the
    report does not mention counts as, "normal" or "unknown". CxrError: there is no such file, or it is no lexicon.

    Rows are those of the commands, docs/rows.md; values of numpy and pandas are taken as well. A row that cannot be
    used is a RowError.
    """

    lexicon: str | Path | None = None
    unmentioned: Unmentioned = "normal"

    def __post_init__(self) -> None:
        check_one_of("unmentioned", self.unmentioned, get_args(Unmentioned))
        if self.lexicon is not None:  # the same file from every folder
            object.__setattr__(self, "lexicon", os.path.abspath(path_text("lexicon", self.lexicon)))
        Lexicon.load(self.lexicon)

    def read(self, text: str | None) -> list[Finding]:
        """The findings that a text states, in order, each with its place in the text."""
        return self.reader.read(text_or_empty(text))

    def label(self, report: str | None, findings: FindingNames = None, *, label_set: str | None = None) -> Labels:
        """1, 0, -1 for each label that the report states; None for one that it does not state.

        findings: names between commas or in a list, None for all of the set. label_set: one of `cxr label --set`; None
        for "chexpert", or for "all" where findings are named.
        """
        options = option_pairs({"label_set": label_set, "findings": findings}, LabelKeywords)
        return _kept_labeller(self, options).labels(text_or_empty(report))

    def label_study(self, study: Mapping[str, Any], **options: Unpack[StudyLabelKeywords]) -> Row:
        """The study with `labels`, and `why` where they are null, as `cxr label` writes it. options:
        label_set="mimic", findings="edema", mentions=True, sections=True."""
        labeller = _kept_row_labeller(self, option_pairs(options, StudyLabelKeywords))
        row = plain_row(study, Study)
        with row_errors_named("row", row["id"]):
            return row | labeller(row)

    def mine(self, study: Mapping[str, Any], **options: Unpack[MineKeywords]) -> list[Row]:
        """The cases of a study. options: tasks=["binary"], findings="edema", uncertain="yes", seed=1, steps="none",
        brief=True, as the flags of `cxr mine`."""
        miner = _kept_miner(self, option_pairs(options, MineKeywords))
        row = plain_row(study, Study)
        with row_errors_named("row", row["id"]):
            return [with_own_values(case, row) for case in miner(row)]

    def verify(self, case: Mapping[str, Any], on: Chains = "steps") -> Row:
        """The case with a verdict, a reason and the evidence for each step, and the share that is supported.

        on: "steps", or "predictions" for the reasoning of what a model answered.
        """
        check_one_of("on", on, get_args(Chains))
        row, judge = plain_row(case, AnsweredCase), _kept_judge(self, on)
        with row_errors_named("row", row["id"]):
            return result_of(judge.case(row) if on == "steps" else judge.predictions(row))

    def score(self, row: Mapping[str, Any], **options: Unpack[ScoreKeywords]) -> Row:
        """The row with `scores`, and `why` for each that is null. options: statements=True, grounding=True,
        empty="zero", metrics=["bleu"], judges=["stored"], as the flags of `cxr score`."""
        scorer = _kept_scorer(self, option_pairs(options, ScoreKeywords))
        answered = plain_row(row, ScoredCase)
        with row_errors_named("row", answered["id"]):
            return result_of(scorer.row(answered))

    @overload
    def score_reports(self, *, refs: Texts, hyps: Texts, per_sample: Literal[False] = False) -> PairScores: ...
    @overload
    def score_reports(self, *, refs: Texts, hyps: Texts, per_sample: Literal[True]) -> list[PairScores]: ...
    def score_reports(self, *, refs: Texts, hyps: Texts, per_sample: bool = False) -> PairScores | list[PairScores]:
        """Reports that a model wrote (hyps) against those of radiologists (refs), in the same order.

        Gives metric -> mean over the pairs that have it, None if none has; with `per_sample` a list of metric -> score,
        one a pair. Both are named, since tools of this kind differ in their order. CxrError: they are not as many, or
        no lists.
        """
        reports, replies = report_list("refs", refs), report_list("hyps", hyps)
        per_sample = checked_options({"per_sample": per_sample}, ReportKeywords)["per_sample"]
        if len(reports) != len(replies):
            raise CxrError(f"refs and hyps must be as many: {len(reports)} and {len(replies)}")
        pairs = zip(map(text_or_empty, reports), map(text_or_empty, replies), strict=True)
        rows = ({"id": str(n), "report": ref or None, "prediction": hyp} for n, (ref, hyp) in enumerate(pairs))
        scores: list[PairScores] = [self.score(row)["scores"] for row in rows]
        if per_sample:
            return scores
        names = dict.fromkeys(name for sample in scores for name in sample)
        return {name: _mean([value for sample in scores if (value := sample[name]) is not None]) for name in names}

    def reward(self, name: str) -> RulesReward:
        """A reward of `cxr rl` that reads by these rules: `reward(completions, **columns)`, as TRL calls it.

        CxrError: no reward has this name.
        """
        return RulesReward(self, name)

    @property
    def reader(self) -> Reader:
        return _kept_reader(self.lexicon)

    @property
    def verifier(self) -> Verifier:
        """A new one; what it remembers is of its own."""
        from cxr_cli.verifying.steps.verifier import Verifier

        return Verifier(self.reader, self.unmentioned)

    def miner(
        self,
        *,
        tasks: Sequence[str] = (),
        findings: FindingNames = None,
        steps: StepsFor | None = "all",
        **options: Any,
    ) -> Miner:
        """A new one, with counts of its own. findings: names between commas or in a list, or "all". options: those of
        `Miner`. Raises CxrError."""
        for name in tasks:
            check_one_of("tasks", name, task_names())
        lexicon, names = self.reader.lexicon, names_text(findings)
        about = None if names is None else parse_findings(names, lexicon)
        return Miner(lexicon, tasks=tasks, findings=about, unmentioned=self.unmentioned, steps=steps, **options)

    def labeller(self, label_set: str | None = None, findings: FindingNames = None) -> Labeller:
        """A new one, for `findings` of a set as at `label`. Raises CxrError."""
        if label_set is not None:
            check_one_of("label_set", label_set, LABEL_SETS)
        lexicon, names = self.reader.lexicon, names_text(findings)
        if names is not None and label_set in (None, "all"):
            return Labeller(self.reader, of_findings(parse_findings(names, lexicon)))
        labels = labels_of(label_set or "chexpert", lexicon)
        return Labeller(self.reader, labels, None if names is None else parse_labels(names, labels, lexicon))

    def row_labeller(
        self,
        label_set: str | None = None,
        findings: FindingNames = None,
        *,
        mentions: bool = False,
        sections: bool = False,
    ) -> RowLabeller:
        """A new one, of a labeller for these; mentions, sections: adds these keys. Raises CxrError."""
        name = label_set or ("all" if findings else "chexpert")
        labeller = self.labeller(label_set, findings)
        return RowLabeller(labeller, name, by_name=bool(findings), mentions=mentions, sections=sections)

    def scorer(self, *, judges: Sequence[str] = ("rules",), model: Model | None = None, **options: Any) -> Scorer:
        """A new one. options: those of `Scorer`. Raises CxrError."""
        from cxr_cli.scoring.judges.judge_table import JUDGES
        from cxr_cli.scoring.scorer import Scorer

        for name in judges:
            check_one_of("judges", name, JUDGES)
        if not judges:
            raise CxrError("judges: none is named")
        if "llm" in judges and model is None:
            raise CxrError("judges: llm needs a model: cxr score --judge llm -m MODEL")
        return Scorer(self.reader, judges=judges, model=model, unmentioned=self.unmentioned, **options)


@dataclass(frozen=True)
class RulesReward:
    """A function of rewards/functions.py, `name`, in which reports and completions are read by `rules`."""

    rules: Rules
    name: str

    def __post_init__(self) -> None:
        check_one_of("reward", self.name, REWARDS)

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """A number from 0 to 1 for each completion, None where the reward does not apply. columns: `case`, whole rows,
        or their fields by name, a list for each. A completion that is None or NaN is an empty one."""
        from cxr_cli.rewards.functions import use_reader

        with use_reader(self.rules.reader, self.rules.unmentioned):
            values: list[float | None] = REWARDS.load(self.name)(completions, **columns)
        return values


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


@lru_cache(_KEPT)
def _kept_reader(lexicon: str | None) -> Reader:
    return reader_of(Lexicon.load(lexicon))


@lru_cache(_KEPT)
def _kept_labeller(rules: Rules, options: OptionPairs) -> Labeller:
    return rules.labeller(**dict(options))


@lru_cache(_KEPT)
def _kept_row_labeller(rules: Rules, options: OptionPairs) -> RowLabeller:
    return rules.row_labeller(**dict(options))


@lru_cache(_KEPT)
def _kept_miner(rules: Rules, options: OptionPairs) -> Miner:
    return rules.miner(**dict(options))


@lru_cache(_KEPT)
def _kept_judge(rules: Rules, on: Chains) -> CaseJudge:
    from cxr_cli.verifying.case_judge import CaseJudge

    return CaseJudge(rules.verifier, settings={} if on == "steps" else {"on": on})


@lru_cache(_KEPT)
def _kept_scorer(rules: Rules, options: OptionPairs) -> Scorer:
    return rules.scorer(**dict(options))
