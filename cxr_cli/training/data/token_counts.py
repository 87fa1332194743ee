"""How many tokens a row takes, and whether the model has room for them."""

from typing import NamedTuple

from cxr_cli.engines.model_files import load_processor, locate
from cxr_cli.errors import CxrError
from cxr_cli.rows import Row
from cxr_cli.training.data.dataset import load_images, prompt, target_text, taught_prompt
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.settings.job import Job

LONG_ROWS = 8  # rows of each file that are counted before a training


class TokenCount(NamedTuple):
    """Tokens of one row: of its prompt, films included, and of the completion that SFT teaches, 0 in RL."""

    prompt: int
    completion: int


class TokenCounter:
    """Counts tokens as the model does.

    supervised: the completions of the rows are taught, as in SFT. max_completion: how many tokens the model may write
    in RL. context_length: how many it takes in all.
    """

    def __init__(self, job: Job, *, supervised: bool, max_completion: int = 0) -> None:
        from transformers import AutoConfig

        base, revision = locate(job.model, job.settings.get("revision")).base, job.settings.get("revision")
        config = AutoConfig.from_pretrained(base, revision=revision, trust_remote_code=False)
        self.films, self.supervised, self.max_completion = job.films, supervised, max_completion
        self.instruction = job.instruction
        self.max_length = job.settings.get("max_length") if supervised else None
        self.processor = load_processor(base, revision)
        self.context_length: int = config.get_text_config().max_position_embeddings

    def count(self, row: Row) -> TokenCount:
        """Raises CxrError for a row that is too long or has a bad film."""
        images = load_images(row, self.films)
        content = [{"type": "image"} for _ in images]
        text_of_prompt = taught_prompt if self.supervised else prompt
        content.append({"type": "text", "text": text_of_prompt(row, self.instruction)})
        text = self.processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        in_prompt = len(self.processor(text=[text], images=[images], return_tensors="pt")["input_ids"][0])
        in_completion = len(self.processor.tokenizer(target_text(row))["input_ids"]) if self.supervised else 0
        total = in_prompt + in_completion + self.max_completion
        if self.max_length is not None and total > self.max_length:
            raise CxrError(
                f"id {row['id']}: {total} tokens, and max_length {self.max_length} would cut what is taught: raise it, "
                "or leave it out"
            )
        if total > self.context_length:
            answer = f", {self.max_completion} of them for the answer (max_completion_length)"
            of_films = in_prompt - len(self.processor.tokenizer(text)["input_ids"])
            mend = "lower size" if of_films > total / 2 else f"shorten its texts, or leave it out ({of_films} of films)"
            raise CxrError(
                f"id {row['id']}: {total} tokens{answer if self.max_completion else ''}, and the model takes "
                f"{self.context_length}: {mend}"
            )
        return TokenCount(in_prompt, in_completion)


def longest_rows(rows: Mixture | RowStore) -> list[Row]:
    """The rows that take the most tokens, LONG_ROWS of each file."""
    parts = rows.parts if isinstance(rows, Mixture) else [rows]
    return [row for part in parts for row in part.longest(LONG_ROWS)]
