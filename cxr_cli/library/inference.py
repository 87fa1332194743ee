"""Cases answered by a model."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cxr_cli.engines import Conversation, Engine, Sampling, Spec, open_engine, run_or_reject
from cxr_cli.engines.model_files.recorded_instruction import instruction_of
from cxr_cli.engines.prompts.predictor import Predictor, check_askable
from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import Films, Square, prefetch
from cxr_cli.library.option_checks import path_text
from cxr_cli.library.plain_rows import plain_row
from cxr_cli.records import Case, Row
from cxr_cli.rows.fields import plain_value
from cxr_cli.worker_processes import end_while_starting

_LEAST = {"size": 28, "samples": 1, "seed": 0, "temperature": 0, "max_tokens": 1, "workers": 0}
_LEAST |= {"concurrency": 1, "batch": 1, "timeout": 1}  # fields of `Spec`


def infer(
    rows: Iterable[Mapping[str, Any]],
    model: str | Path,
    *,
    images: str | Path | None = None,
    size: int = 448,
    samples: int = 1,
    seed: int = 0,
    vote: bool = False,
    temperature: float = 0.0,
    max_tokens: int = 1024,
    instruction: str | None = None,
    workers: int = 0,
    **engine: Any,
) -> Iterator[Row]:
    """The cases with a model's `predictions`, as they are answered, in any order.

    rows: cases with `question` and `images`. model: a folder, a name on the Hugging Face hub, or the URL of a server;
    images: the folder that paths of films start from; workers: processes that decode films; engine: fields of `Spec`,
    such as allow_remote=True. The others are flags of `cxr infer`. RowError: a case cannot be asked. CxrError: the
    model cannot be used, a number is too small, or workers cannot start, as in a script without `if __name__ ==
    "__main__":`.
    """
    numbers = {"size": size, "samples": samples, "seed": seed, "temperature": temperature, "max_tokens": max_tokens}
    _check_numbers({**numbers, "workers": workers, **engine})
    model = path_text("model", model)
    sampling = Sampling(temperature, 1.0, max_tokens)
    if workers:
        end_while_starting()
    films = Films(None if images is None else Path(path_text("images", images)), Square(size), workers)
    with open_engine(Spec(model, sampling=sampling, **engine)) as opened:
        sentence = instruction or instruction_of(model)
        predictor = Predictor(opened, sampling, films, instruction=sentence, samples=samples, seed=seed, vote=vote)
        yield from answer_rows(opened, predictor, films, (plain_row(row, Case) for row in rows), _stop)


def _check_numbers(values: Mapping[str, Any]) -> None:
    for name in _LEAST.keys() & values.keys():
        value = plain_value(values[name])
        if not (isinstance(value, int | float) and value >= _LEAST[name]):
            raise CxrError(f"{name}: expected a number of at least {_LEAST[name]}")


def answer_rows(
    engine: Engine, predictor: Predictor, films: Films, rows: Iterator[Row], reject: Callable[[Row, str], None]
) -> Iterator[Row]:
    """The rows with their predictions, in any order. Films are decoded ahead. reject: gets what cannot be asked."""
    conversations = _film_conversations(predictor, films, rows, reject)
    for _, answer in run_or_reject(engine, conversations, reject):
        yield answer


def _film_conversations(
    predictor: Predictor, films: Films, rows: Iterator[Row], reject: Callable[[Row, str], None]
) -> Iterator[tuple[Row, Conversation[Row]]]:
    def askable() -> Iterator[Row]:
        for row in rows:
            try:
                check_askable(row)
            except RowError as error:
                reject(row, error.reason)
            else:
                yield row

    for row, images, error in prefetch(askable(), films):
        if error is not None:
            reject(row, error)
        else:
            yield row, predictor.conversation(row, images)


def _stop(row: Row, reason: str) -> None:
    raise RowError("row", reason, id=row["id"])
