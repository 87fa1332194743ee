"""`cxr sft`: supervised fine-tuning on verified steps, loss on the completion alone, by TRL's SFTTrainer."""

from typing import Any

from cxr_cli.engines.predictor import check_askable
from cxr_cli.rows import Row
from cxr_cli.training import distributed, models, run
from cxr_cli.training.data.dataset import completion, lazy, sft_example
from cxr_cli.training.plan import lengths
from cxr_cli.training.run import Job

DEFAULTS = {
    "learning_rate": 2e-6,  # as in the paper, for full weights
    "lr_scheduler_type": "cosine",
    "warmup_steps": 0.1,  # of all steps
    "num_train_epochs": 1,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 8,
    "max_length": None,  # a film's tokens cannot be cut
}


def usable(row: Row) -> None:
    """RowError for a row that teaches nothing."""
    check_askable(row)
    completion(row)


def train(job: Job) -> None:
    """Trains `job.model` on the rows and fills `job.out`. Raises CxrError."""
    from trl import SFTConfig, SFTTrainer

    from cxr_cli.training.checkpoints import Resumable
    from cxr_cli.training.logs.eval_callback import TOKENS, Answering
    from cxr_cli.training.logs.log_callback import Watcher

    class Trainer(Resumable, SFTTrainer):  # type: ignore[misc]
        """TRL's, that resumes truly."""

    distributed.prepare(bool(job.settings.get("deepspeed")))
    data = run.mixture(job, usable)
    args = run.arguments(job, SFTConfig, DEFAULTS)
    held_out = run.read_rows(job, [job.evaluation], usable) if job.evaluation else None
    model, processor, lora = models.load(job.model, job.settings)
    lengths.check_longest(job, data, processor, teach=True)
    trainer: Any = Trainer(
        model=model,
        args=args,
        train_dataset=lazy(data, sft_example, job.films),
        eval_dataset=lazy(held_out, sft_example, job.films) if held_out else None,
        processing_class=processor,
        peft_config=lora,
        callbacks=[Watcher(job.out)],
    )
    if held_out and job.settings.get("eval_cases", 0):
        count, tokens = job.settings["eval_cases"], job.settings.get("eval_tokens", TOKENS)
        trainer.add_callback(Answering(trainer, held_out, job.films, count, tokens))
    run.train(trainer, job)
    run.describe(job, "sft", trainer, data)
