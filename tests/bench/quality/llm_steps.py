"""Figure 17: what a small language model makes of the prompts of mining, verifying and scoring, on one case a study.

LLM_URL=http://127.0.0.1:8000/v1 LLM_STUDIES=40 LLM_JUDGED=8 LLM_MINUTES=25 python -m tests.bench.quality.llm_steps
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from cxr_cli.engines import Engine, Reply, Sampling, Spec, run_conversations
from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.prompts.structured import Model, open_model
from cxr_cli.errors import RowError
from cxr_cli.findings import Lexicon, reader
from cxr_cli.mining.cases import Miner
from cxr_cli.mining.llm_steps import StepWriter
from cxr_cli.records import engine_failure
from cxr_cli.rows import Row
from cxr_cli.rows.rng import Rng
from cxr_cli.scoring.judges.judge_table import JudgeSettings
from cxr_cli.scoring.judges.llm import LlmReasoningJudge
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.sources import find
from cxr_cli.verifying.case_judge import CaseJudge
from cxr_cli.verifying.steps.verifier import Verifier
from tests.shared import DATA, openi_reports, report_text

STAGES = {"plan": "mine", "evidence": "mine", "refine": "mine", "verify": "verify"}  # by the request's name; else score


class Observed:
    """An engine whose replies are kept by stage and by case."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.signature, self.name = engine, engine.signature, engine.name
        self.submit, self.ready, self.close = engine.submit, engine.ready, engine.close
        self.replies: dict[tuple[str, str], list[Reply]] = defaultdict(list)

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    def next(self) -> Reply:
        reply = self.engine.next()
        case, name, *_ = reply.id.split("#")
        self.replies[STAGES.get(name, "score"), case].append(reply)
        return reply

    def of(self, stage: str) -> dict[str, list[Reply]]:
        """The replies of a stage by case."""
        return {case: replies for (name, case), replies in self.replies.items() if name == stage}


class Outcome(NamedTuple):
    """mined: the case with the model's steps. verified: by the rules, and by the model as `second`. scores: of the
    model's steps against those of the rules. None: there was nothing to verify or to score."""

    mined: Row
    verified: Row | None = None
    scores: Scores | None = None


def studies() -> Iterator[Row]:
    """Of Open-i, drawn with a seed, where it lies beside the checkout; else the examples."""
    if DATA.is_dir():
        reports = [row for row in openi_reports() if report_text(row)]
        for row in Rng("17").sample(reports, len(reports)):
            yield {"id": row["uid"], "report": report_text(row)}
    else:
        yield from (study for _, study, _ in find("examples").items() if study)


def one_case_a_study(count: int) -> list[Row]:
    """Of questions of any kind, so that the plans have something to differ in; with the steps of the rules."""
    miner, cases = Miner(Lexicon.load()), list[Row]()
    for study in studies():
        if len(cases) < count and (questions := miner(study)):
            cases.append(Rng(f"17/{study['id']}").choice(questions))
    return cases


def stages(model: Model, case: Row, judged: bool) -> Conversation[Outcome]:
    """Mining, verifying and scoring of one case. judged: by the model too, where it has mined it."""
    language = reader(Lexicon.load())
    mined = yield from StepWriter(model, "normal").case(case)
    if mined["steps"] is None:
        return Outcome(mined)
    judges = ("rules", "llm") if judged else ("rules",)
    verified = yield from CaseJudge(Verifier(language, "normal"), judges, model).case(mined)
    if not judged:
        return Outcome(mined, verified)
    chain = "\n".join(f"{n}. {step['text']}" for n, step in enumerate(mined["steps"], 1))
    [scores] = yield from LlmReasoningJudge(JudgeSettings(language, model=model)).judge(case, [chain])
    return Outcome(mined, verified, scores)


def tokens(replies: list[Reply]) -> int:
    return sum(reply.completion_tokens or 0 for reply in replies)


def summary(stage: str, replies: dict[str, list[Reply]], failures: dict[str, str | None]) -> str:
    """Accepted at once, after one more request, failed; tokens. failures: of each case that ended, None if it was
    accepted."""
    asked_again = {case for case, several in replies.items() if any(r.id.endswith("#again") for r in several)}
    good = [case for case, failure in failures.items() if failure is None]
    at_once = [case for case in good if case not in asked_again]
    all_replies = [reply for case, several in replies.items() if case in failures for reply in several]
    clean = tokens([reply for case in at_once for reply in replies.get(case, [])]) / max(1, len(at_once))
    lines = [
        f"{stage}: {len(failures)} cases, {len(at_once)} accepted at once, {len(good) - len(at_once)} after one more",
        f"  {len(all_replies)} replies, {sum(r.finish == 'length' for r in all_replies)} cut off",
        f"  tokens: {tokens(all_replies)}, of a case accepted at once {clean:.0f}, "
        f"an accepted case {tokens(all_replies) / max(1, len(good)):.0f}",
    ]
    return "\n".join([*lines, *(f"  {n} {why}" for why, n in Counter(filter(None, failures.values())).most_common())])


def main() -> None:
    cases = one_case_a_study(int(os.environ.get("LLM_STUDIES", "40")))
    start, minutes = time.monotonic(), float(os.environ.get("LLM_MINUTES", "1e9"))
    judged = int(os.environ.get("LLM_JUDGED", len(cases)))  # of the cases, by the model
    spec = Spec(os.environ["LLM_URL"], sampling=Sampling(max_tokens=1024), concurrency=12, timeout=3600, cached=False)
    outcomes: dict[str, Outcome] = {}
    with open_model(spec) as opened:
        observed = Observed(opened.engine)
        model = Model(observed)  # type: ignore[arg-type]
        conversations = ((case, stages(model, case, n < judged)) for n, case in enumerate(cases))
        for case, outcome in run_conversations(observed, conversations):  # type: ignore[arg-type]
            if isinstance(outcome, RowError):
                raise outcome
            outcomes[case["id"]] = outcome
            failure = engine_failure(outcome.mined, "steps") or "accepted"
            print(f"{time.monotonic() - start:.0f} s: {case['id']}: {failure}", flush=True)
            if time.monotonic() - start > 60 * minutes:
                break
    verified = {id: outcome.verified for id, outcome in outcomes.items() if outcome.verified}
    print(summary("mine", observed.of("mine"), {id: engine_failure(o.mined, "steps") for id, o in outcomes.items()}))
    plans = Counter(r.text for replies in observed.of("mine").values() for r in replies if "#plan" in r.id)
    print(f"  distinct plans {len(plans)} of {plans.total()}")
    steps = [step for row in verified.values() for step in row["steps"]]
    print("  by the rules:", *(f"{n} {verdict}" for verdict, n in Counter(s["verdict"] for s in steps).most_common()))
    by_model = {id: engine_failure(verified[id], "support") for id in observed.of("verify") if id in verified}
    print(summary("verify", observed.of("verify"), by_model))
    seconds = Counter(step["second"]["verdict"] for step in steps if step.get("second"))
    print("  by the model:", *(f"{n} {verdict}" for verdict, n in seconds.most_common()))
    scored = {id: outcome.scores for id, outcome in outcomes.items() if outcome.scores}
    print(summary("score", observed.of("score"), {id: _score_failure(scores) for id, scores in scored.items()}))


def _score_failure(scores: Scores) -> str | None:
    return next((why for why in scores[1].values() if why.startswith("engine: ")), None)


if __name__ == "__main__":
    main()
