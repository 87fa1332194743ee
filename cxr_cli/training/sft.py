"""`cxr sft`: supervised fine-tuning on verified steps by TRL's SFTTrainer, with the loss on completions alone."""

from typing import Any

from cxr_cli.scoring.scorer import Scorer
from cxr_cli.training import models
from cxr_cli.training.data.dataset import lazy_dataset, sft_example
from cxr_cli.training.data.training_rows import TrainingData
from cxr_cli.training.data.whole_batches import WholeBatches
from cxr_cli.training.loop import run_trainer
from cxr_cli.training.model_card import write_model_card
from cxr_cli.training.processes import distributed
from cxr_cli.training.settings.combinations import evaluation_strategy
from cxr_cli.training.settings.defaults import SFT_DEFAULTS
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.names import Settings
from cxr_cli.training.settings.trainer_arguments import settings_errors, trainer_arguments


def sft_defaults(job: Job) -> Settings:
    """SFT_DEFAULTS, and with `--eval` an evaluation each epoch, or every `eval_steps`."""
    return {**SFT_DEFAULTS, **({"eval_strategy": evaluation_strategy(job.settings)} if job.evaluation else {})}


def train(job: Job, data: TrainingData, scorer: Scorer) -> None:
    """Fine-tunes `job.model` on the rows and fills `job.out`. scorer: of the answers to held-out rows. Raises
    CxrError."""
    with distributed.rendezvous(deepspeed=bool(job.settings.get("deepspeed"))):
        _train_sft(job, data, scorer)


def _train_sft(job: Job, data: TrainingData, scorer: Scorer) -> None:
    from trl import SFTConfig, SFTTrainer

    from cxr_cli.training.checkpoint_callbacks import Resumable
    from cxr_cli.training.logs.eval_callback import MAX_TOKENS, EvalCallback
    from cxr_cli.training.logs.log_callback import LogCallback

    class Trainer(Resumable, SFTTrainer):  # type: ignore[misc]
        """TRL's trainer, with checkpoints that restore everything."""

    arguments = trainer_arguments(job, SFTConfig, sft_defaults(job))
    max_length, arguments.max_length = arguments.max_length, None
    model, processor, lora = models.load_trainable(job.model, job.settings)
    held_out = data.held_out
    with settings_errors():
        trainer: Any = Trainer(
            model=model,
            args=arguments,
            train_dataset=lazy_dataset(data.rows, sft_example, job),
            eval_dataset=lazy_dataset(held_out, sft_example, job) if held_out else None,
            processing_class=processor,
            peft_config=lora,
            callbacks=[LogCallback(job.out)],
        )
    models.keep_router_quiet(model)
    if max_length is not None:
        trainer.data_collator = WholeBatches(trainer.data_collator, max_length)
    if held_out and job.settings.get("eval_cases", 0):
        count, max_tokens = job.settings["eval_cases"], job.settings.get("eval_tokens", MAX_TOKENS)
        trainer.add_callback(EvalCallback(trainer, held_out, job, scorer, count, max_tokens))
    run_trainer(trainer, job)
    write_model_card(job, "sft", trainer, data.rows)
