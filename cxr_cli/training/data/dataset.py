"""Rows as a trainer's examples; films are decoded when a batch asks for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_cli.answers.replies import reply_format
from cxr_cli.answers.steps import as_steps, taught_reply
from cxr_cli.engines.prompts.predictor import check_askable, check_text
from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import Films, films_of, load_film
from cxr_cli.images.films import film_exists
from cxr_cli.rows import Row
from cxr_cli.rows.files import json_text
from cxr_cli.training.data.row_store import MODEL_TEXTS, Mixture, RowStore
from cxr_cli.training.settings.job import Job


def target_text(row: Row) -> str:
    """What the model learns to write: the steps and the answer, or the answer alone where there are no steps.

    RowError: there is no answer to teach.
    """
    if row.get("answer") in (None, ""):
        raise RowError("", "field `answer`: there is none to teach (if it has another name: --map answer=COLUMN)")
    _check_answer(row)
    return taught_reply(row)


def check_teachable(row: Row) -> None:
    """RowError: the row has no question, no film, no answer to teach, or a text with a tag of the reply's format."""
    check_askable(row)
    target_text(row)


def check_payable(row: Row) -> None:
    """RowError: the row has no question or no film to answer it by, or an answer that no reply can give."""
    check_askable(row)
    _check_answer(row)


def _check_answer(row: Row) -> None:
    """RowError: the answer or a step is one that no reply should give."""
    steps, options, answer = as_steps(row.get("steps")), row.get("options") or [], row.get("answer")
    answers = answer if isinstance(answer, list) else [answer] if answer else []
    for name, text in (*(("steps", step["text"]) for step in steps), *(("answer", text) for text in answers)):
        check_text(name, str(text))
    if isinstance(row.get("steps"), list) and len(steps) < len(row["steps"]):
        raise RowError("", "field `steps`: a blank text")
    if len({*answers}) < len(answers):
        raise RowError("", "field `answer`: one occurs twice")
    if options and not set(answers) <= set(options):
        raise RowError("", "field `answer`: it is none of the options")


def model_texts(row: Row) -> Iterator[tuple[str, str]]:
    """(field, text) for each text of the row that a model reads or writes."""
    for name in MODEL_TEXTS:
        values = as_steps(row.get(name)) if name == "steps" else row.get(name)
        for value in values if isinstance(values, list) else [values]:
            text = value["text"] if isinstance(value, dict) else value
            if isinstance(text, str):
                yield name, text


def prompt(row: Row, instruction: str = "") -> str:
    """The question and its lettered options, and below them the instruction to reason first, if there is one."""
    question = reply_format.prompt_text(row["question"], row.get("options") or [])
    return f"{question}\n{instruction}" if instruction else question


def taught_prompt(row: Row, instruction: str) -> str:
    """The prompt of fine-tuning: a row without steps teaches the answer alone, so its prompt has no instruction."""
    return prompt(row, instruction if row.get("steps") else "")


def load_images(row: Row, films: Films) -> list[Any]:
    """The row's films as PIL images in RGB, prior films included. CxrError with the row's id: one cannot be read."""
    try:
        return [load_film(path, films.root, size=films.size, rgb=True, cache=films.cache) for path in films_of(row)]
    except RowError as error:
        raise CxrError(f"{error.reason} (id {row.get('id')})") from error


def sft_example(row: Row, films: Films, instruction: str) -> dict[str, Any]:
    """{"id": .., "images": [PIL.Image], "prompt": [a message], "completion": [a message]}, as TRL's SFTTrainer takes
    them. Raises CxrError."""
    return {
        "id": row.get("id"),
        "images": load_images(row, films),
        "prompt": [{"role": "user", "content": taught_prompt(row, instruction)}],
        "completion": [{"role": "assistant", "content": target_text(row)}],
    }


def rl_example(row: Row, films: Films, instruction: str) -> dict[str, Any]:
    """{"images": [PIL.Image], "prompt": [a message], "case": the row as JSON, for the rewards}. Raises CxrError."""
    return {
        "images": load_images(row, films),
        "prompt": [{"role": "user", "content": prompt(row, instruction)}],
        "case": json_text.encode(row).decode(),
    }


@dataclass(frozen=True)
class _Examples:
    """Makes the examples of a batch of row numbers. A class, since `datasets` would disassemble a closure for its
    fingerprint, and all that the closure calls: half a second at the start of each process."""

    rows: RowStore | Mixture
    example: Callable[[Row, Films, str], dict[str, Any]]
    films: Films
    instruction: str

    def __call__(self, batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        examples = [self.example(self.rows[index], self.films, self.instruction) for index in batch["index"]]
        return {name: [one[name] for one in examples] for name in examples[0]}


def lazy_dataset(rows: RowStore | Mixture, example: Callable[[Row, Films, str], dict[str, Any]], job: Job) -> Any:
    """A `datasets.Dataset` as long as `rows`. It holds row numbers; the loader's workers make an example of a row when
    a batch asks for it."""
    from datasets import Dataset

    make = _Examples(rows, example, job.films, job.instruction)
    data: Any = Dataset.from_dict({"index": range(len(rows))}).with_transform(make)
    return data


def missing_films(rows: RowStore | Mixture, root: Path | None) -> list[str]:
    """One line for each row that lacks a film: `image a.png does not exist (id x)`."""
    missing = []
    for index in range(len(rows)):
        row = rows[index]
        path = next((path for path in films_of(row) if not film_exists(path, root)), None)
        if path is not None:
            missing.append(f"image {path} does not exist (id {row.get('id')})")
    return missing
