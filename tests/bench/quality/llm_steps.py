"""Figure 17: what a small language model makes of the prompts for steps, on one case of each of 40 studies.

LLM_URL=http://127.0.0.1:8000/v1 python -c "from tests.bench.quality.llm_steps import main; main()"
"""

import os
from collections import Counter, defaultdict

from cxr_cli.engines import Engine, Reply, Sampling, Spec, run_conversations
from cxr_cli.engines.prompts.structured import Model, open_model
from cxr_cli.errors import RowError
from cxr_cli.findings import Lexicon, reader
from cxr_cli.mining.cases import Miner
from cxr_cli.mining.llm_steps import write_steps
from cxr_cli.records import engine_failure
from cxr_cli.rows import Row
from cxr_cli.rows.rng import Rng
from cxr_cli.sources import find
from cxr_cli.verifying.case_judge import CaseJudge
from cxr_cli.verifying.steps.verifier import Verifier


class Observed:
    """An engine whose requests and replies are counted by case and by prompt."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.signature, self.name = engine, engine.signature, engine.name
        self.submit, self.ready, self.close = engine.submit, engine.ready, engine.close
        self.replies: dict[str, list[Reply]] = defaultdict(list)  # by the id of the case

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    def next(self) -> Reply:
        reply = self.engine.next()
        self.replies[reply.id.partition("#")[0]].append(reply)
        return reply


def one_case_a_study() -> list[Row]:
    """Of questions of any kind, so that the plans have something to differ in."""
    miner, cases = Miner(Lexicon.load(), steps=None), []
    for _, study, _ in find("examples").items():
        if study and (questions := miner(study)):
            cases.append(Rng(f"17/{study['id']}").choice(questions))
    return cases


def main() -> None:
    cases, rows = one_case_a_study()[: int(os.environ.get("LLM_STUDIES", "40"))], list[Row]()
    verdicts, reasons = Counter[str](), Counter[str]()
    spec = Spec(os.environ["LLM_URL"], sampling=Sampling(max_tokens=1024), concurrency=8, timeout=3600, cached=False)
    judge = CaseJudge(Verifier(reader(Lexicon.load()), "normal"))
    with open_model(spec) as model:
        observed = Observed(model.engine)
        for row in write_steps(cases, Model(observed), "normal", "bench"):  # type: ignore[arg-type]
            rows.append(row)
            count = len(observed.replies[row["id"]])
            print(f"{row['id']}: {count} replies, {engine_failure(row, 'steps') or 'accepted'}", flush=True)
    good = [row for row in rows if row["steps"] is not None]
    again = {id for id, replies in observed.replies.items() if any(reply.id.endswith("#again") for reply in replies)}
    at_once = [row for row in good if row["id"] not in again]
    for _, judged in run_conversations(None, ((row, judge.case(row)) for row in good)):
        if not isinstance(judged, RowError):
            verdicts.update(step["verdict"] for step in judged["steps"])
    for row in rows:
        reasons[engine_failure(row, "steps") or "accepted"] += 1
    replies = [reply for several in observed.replies.values() for reply in several]
    tokens = sum(reply.completion_tokens or 0 for reply in replies)
    clean = sum(reply.completion_tokens or 0 for row in at_once for reply in observed.replies[row["id"]])
    plans = Counter(reply.text for reply in replies if "#plan" in reply.id)
    print(f"cases {len(rows)}, accepted at once {len(at_once)}, after one more request {len(good) - len(at_once)}")
    cut_off = sum(reply.finish == "length" for reply in replies)
    print(f"failed {len(rows) - len(good)}, replies {len(replies)}, cut off {cut_off}")
    print(
        f"completion tokens {tokens}, a case {tokens / len(rows):.0f}, of one accepted at once "
        f"{clean / max(1, len(at_once)):.0f}, all tokens an accepted case {tokens / max(1, len(good)):.0f}"
    )
    print(f"distinct plans {len(plans)} of {plans.total()}")
    print("steps", *(f"{name} {count}" for name, count in verdicts.most_common()))
    print(*(f"{count} {reason}" for reason, count in reasons.most_common()), sep="\n")
