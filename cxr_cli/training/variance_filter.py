"""`cxr rl --filter-variance K`: prompts whose K answers are all paid the same teach nothing, and are left out."""

import json
from collections.abc import Iterator

import numpy as np

from cxr_cli.engines import Sampling, Spec, Talk, converse, open_engine
from cxr_cli.engines.predictor import DEFAULT, Predictor, check_askable
from cxr_cli.errors import CxrError, RowError
from cxr_cli.rewards.selection import RewardMix
from cxr_cli.rows import Row, note
from cxr_cli.training import run
from cxr_cli.training.data.dataset import Rows, pictures
from cxr_cli.training.run import Job

FILE = "varied.json"
TOO_SMALL = 1e-6  # of a standard deviation


def find_varied(job: Job, chosen: RewardMix, samples: int) -> None:
    """Writes the ids of the prompts to keep to OUT/varied.json, unless it is there. CxrError: none varies."""
    path = job.out / FILE
    if path.exists():
        return
    rows = run.read_rows(job, job.sources, check_askable)
    settings = job.settings
    longest = settings.get("max_completion_length", 1024)
    sampling = Sampling(settings.get("temperature", 1.0), settings.get("top_p", 1.0), longest)
    kept: list[str] = []
    failed: list[RowError] = []
    with open_engine(Spec(job.model, sampling=sampling, revision=settings.get("revision"))) as engine:
        asker = Predictor(engine, sampling, job.films, DEFAULT, samples, settings.get("seed", 42), vote=False)
        for row, varies in converse(engine, _talks(job, rows, chosen, asker)):
            if isinstance(varies, RowError):
                failed.append(varies)
            elif varies:
                kept.append(row["id"])
    if failed:
        note(f"{len(failed)} prompts could not be asked and are left out; the first: {failed[0].reason}")
    share = 1 - len(kept) / len(rows)
    note(f"{len(kept)} of {len(rows)} prompts vary in {samples} answers (frac_reward_zero_std {share:.2f})")
    if not kept:
        raise CxrError("no prompt varies: raise temperature or K, or train the model further with `cxr sft` first")
    path.write_text(json.dumps({"samples": samples, "rows": len(rows), "kept": sorted(kept)}) + "\n")


def _talks(job: Job, rows: Rows, chosen: RewardMix, asker: Predictor) -> Iterator[tuple[Row, Talk[bool]]]:
    def talk(row: Row) -> Talk[bool]:
        """Does the pay of this row's answers vary?"""
        answered = yield from asker.talk(row, pictures(row, job.films))
        texts = [prediction["text"] for prediction in answered["predictions"]]
        paid = chosen.total(chosen.pay(texts, {"case": [row] * len(texts)}))
        return bool(np.std(paid) > TOO_SMALL)

    for index in range(len(rows)):
        row = rows[index]
        yield row, talk(row)
