"""`cxr rl --filter-variance K`: leaves out a prompt whose K answers all get the same reward, as it teaches nothing."""

import json
from collections.abc import Iterator

import numpy as np

from cxr_cli.engines import Conversation, Sampling, Spec, open_engine, run_conversations
from cxr_cli.engines.prompts.predictor import Predictor
from cxr_cli.errors import CxrError, RowError
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.rows import Row, note
from cxr_cli.training.data.dataset import load_images
from cxr_cli.training.data.row_store import Mixture
from cxr_cli.training.data.training_rows import TrainingData, only
from cxr_cli.training.out_folder import KEPT_PROMPTS
from cxr_cli.training.settings.job import Job

MIN_DEVIATION = 1e-6  # of the rewards of a prompt's answers


def kept_prompts(job: Job, data: TrainingData, samples: int | None) -> TrainingData:
    """The data without the prompts that OUT/varied.json leaves out, if OUT has one. Raises CxrError for one that was
    made from other rows, or with other samples."""
    path = job.out / KEPT_PROMPTS
    if not path.is_file():
        return data
    try:
        choice = json.loads(path.read_text("utf-8"))
        before, ids = (choice["samples"], choice["rows"]), set(choice["kept"])
    except (ValueError, KeyError, TypeError) as error:
        raise CxrError(f"{path} is damaged: remove it, and --filter-variance writes it again") from error
    if before != (samples or choice["samples"], len(data.rows)):
        raise CxrError(
            f"{path} is of {before[1]} rows and {before[0]} samples, and this run has {len(data.rows)} and "
            f"{samples or before[0]}: remove it, and --filter-variance writes it again"
        )
    return only(data, ids)


def filter_prompts(job: Job, data: TrainingData, rewards: RewardMix, samples: int) -> None:
    """Writes the ids of the prompts to keep to OUT/varied.json, unless the file is there. samples: answers to each
    prompt. CxrError: the answers to no prompt vary."""
    path, rows = job.out / KEPT_PROMPTS, data.rows
    if path.exists():
        return
    settings = job.settings
    max_tokens = settings.get("max_completion_length", 1024)
    sampling = Sampling(settings.get("temperature", 1.0), settings.get("top_p", 1.0), max_tokens)
    ids: list[str] = []
    failures: list[RowError] = []
    with open_engine(Spec(job.model, sampling=sampling, revision=settings.get("revision"))) as engine:
        seed = settings.get("seed", 42)
        predictor = Predictor(engine, sampling, job.films, instruction=job.instruction, samples=samples, seed=seed)
        for row, varies in run_conversations(engine, _prompt_conversations(job, rows, rewards, predictor)):
            if isinstance(varies, RowError):
                failures.append(varies)
            elif varies:
                ids.append(row["id"])
    if failures:
        note(f"{len(failures)} prompts could not be asked and are left out; the first: {failures[0].reason}")
    share = 1 - len(ids) / len(rows)
    note(f"{len(ids)} of {len(rows)} prompts vary in {samples} answers (frac_reward_zero_std {share:.2f})")
    if not ids:
        raise CxrError("no prompt varies: raise temperature or K, or train the model further with `cxr sft` first")
    path.write_text(json.dumps({"samples": samples, "rows": len(rows), "kept": sorted(ids)}) + "\n", "utf-8")


def _prompt_conversations(
    job: Job, rows: Mixture, rewards: RewardMix, predictor: Predictor
) -> Iterator[tuple[Row, Conversation[bool]]]:
    def conversation(row: Row) -> Conversation[bool]:
        """Do the rewards of this row's answers vary?"""
        answered_row = yield from predictor.conversation(row, load_images(row, job.films))
        if answered_row["predictions"] is None:
            raise RowError("", answered_row["why"]["predictions"])
        texts = [prediction["text"] for prediction in answered_row["predictions"]]
        totals = rewards.total(rewards.pay(texts, {"case": [row] * len(texts)}))
        return bool(np.std(totals) > MIN_DEVIATION)

    for index in range(len(rows)):
        row = rows[index]
        yield row, conversation(row)
