"""How many tokens a row takes, and whether the model has room for them."""

import inspect
from collections.abc import Iterable
from typing import NamedTuple

from cxr_cli.engines.model_files import context_length, load_config, load_processor, locate
from cxr_cli.errors import CxrError
from cxr_cli.rows import Row
from cxr_cli.training.data.dataset import rl_example, sft_example
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.data.whole_batches import too_long
from cxr_cli.training.settings.job import Job

FILM_COUNTS = "batch_num_images"  # how many films each row has, for models whose tiles depend on it
LONG_ROWS = 8  # rows of each file that are counted before a training


class TokenCount(NamedTuple):
    """Tokens of one row: of its prompt, films included, and of the completion that SFT teaches, 0 in RL."""

    prompt: int
    completion: int


class TokenCounter:
    """Counts tokens as TRL's trainers do, with those of the chat template.

    supervised: the completions of the rows are taught, as in SFT. max_completion: how many tokens the model may write
    in RL. context_length: how many it takes in all.
    """

    def __init__(self, job: Job, *, supervised: bool, max_completion: int = 0) -> None:
        base, revision = locate(job.model, job.settings.get("revision")).base, job.settings.get("revision")
        self.films, self.supervised, self.max_completion = job.films, supervised, max_completion
        self.instruction = job.instruction
        self.max_length = job.settings.get("max_length") if supervised else None
        self.processor = load_processor(base, revision)
        self.context_length = context_length(load_config(base, revision))

    def count(self, row: Row) -> TokenCount:
        """Raises CxrError for a row that is too long or has a bad film."""
        from trl.data_utils import apply_chat_template, prepare_multimodal_messages

        example = (sft_example if self.supervised else rl_example)(row, self.films, self.instruction)
        messages = {"prompt": prepare_multimodal_messages(example["prompt"], images=example["images"])}
        if self.supervised:
            messages["completion"] = prepare_multimodal_messages(example["completion"])
        texts = apply_chat_template(messages, self.processor)
        inputs = self.processor(text=[texts["prompt"]], images=[example["images"]], return_tensors="pt")
        if not self.supervised:
            check_scored(inputs)
        in_prompt = len(inputs["input_ids"][0])
        in_completion = self._tokens_of(texts.get("completion", ""))
        total = in_prompt + in_completion + self.max_completion
        if self.max_length is not None and total > self.max_length:
            raise CxrError(too_long(row["id"], total, self.max_length))
        if total > self.context_length:
            answer = f", {self.max_completion} of them for the answer (max_completion_length)"
            of_films = in_prompt - self._tokens_of(texts["prompt"])
            mend = "lower size" if of_films > total / 2 else f"shorten its texts, or leave it out ({of_films} of films)"
            raise CxrError(
                f"id {row['id']}: {total} tokens{answer if self.max_completion else ''}, and the model takes "
                f"{self.context_length:.0f}: {mend}"
            )
        return TokenCount(in_prompt, in_completion)

    def _tokens_of(self, text: str) -> int:
        return len(self.processor.tokenizer(text, add_special_tokens=False)["input_ids"])


def check_scored(inputs: Iterable[str]) -> None:
    """Raises CxrError if TRL does not score all that the processor makes: the model would sample from other films than
    it is trained on.

    inputs: their names.
    """
    from trl import GRPOTrainer

    parameters = inspect.signature(GRPOTrainer._get_per_token_logps_and_entropies).parameters
    if lost := [name for name in inputs if name not in parameters and name != FILM_COUNTS]:
        raise CxrError(
            f"TRL does not hand {lost[0]} to the model when it scores completions: `cxr rl` cannot train this model"
        )


def longest_rows(rows: Mixture | RowStore) -> list[Row]:
    """The rows that take the most tokens, LONG_ROWS of each file."""
    parts = rows.parts if isinstance(rows, Mixture) else [rows]
    return [row for part in parts for row in part.longest(LONG_ROWS)]
