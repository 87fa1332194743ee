"""How many tokens a row takes, and whether a model takes so many."""

from typing import Any

from cxr_cli.engines.local_models import load_processor, locate
from cxr_cli.errors import CxrError
from cxr_cli.images import BadImage
from cxr_cli.rows import Row
from cxr_cli.training.data.dataset import Mixture, completion, pictures, prompt
from cxr_cli.training.run import Job

LONGEST = 8  # rows of each file that are counted before a training


class Counter:
    """Counts tokens as the model does. teach: rows are taught, as in SFT. answer: tokens that the model may write."""

    def __init__(self, job: Job, *, teach: bool, answer: int = 0, processor: Any = None) -> None:
        from transformers import AutoConfig

        base, revision = locate(job.model, job.settings.get("revision")).base, job.settings.get("revision")
        self.job, self.teach, self.answer = job, teach, answer
        self.processor = processor or load_processor(base, revision)
        self.room: int = AutoConfig.from_pretrained(base, revision=revision).get_text_config().max_position_embeddings

    def count(self, row: Row) -> tuple[int, int]:
        """Tokens of the prompt and of what is taught. Raises CxrError for a row that is too long or has a bad film."""
        try:
            shown = pictures(row, self.job.films)
        except BadImage as error:
            raise CxrError(str(error)) from error
        content = [{"type": "image"} for _ in shown]
        content.append({"type": "text", "text": prompt(row, reasoned=not self.teach or bool(row.get("steps")))})
        text = self.processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        asked = len(self.processor(text=[text], images=[shown], return_tensors="pt")["input_ids"][0])
        taught = len(self.processor.tokenizer(completion(row))["input_ids"]) if self.teach else 0
        if (most := asked + taught + self.answer) > self.room:
            and_answer = f", {self.answer} of them for the answer (max_completion_length)" if self.answer else ""
            raise CxrError(f"id {row['id']}: {most} tokens{and_answer}, and the model takes {self.room}: lower size")
        return asked, taught


def longest(data: Mixture) -> list[Row]:
    """The rows that take the most, some of each file."""
    return [row for part in data.parts for row in part.longest(LONGEST)]


def check_longest(job: Job, data: Mixture, processor: Any, *, teach: bool, answer: int = 0) -> None:
    """Raises CxrError before a training that the longest of its rows would stop."""
    counter = Counter(job, teach=teach, answer=answer, processor=processor)
    for row in longest(data):
        counter.count(row)
