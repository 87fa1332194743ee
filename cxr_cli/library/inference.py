"""Cases answered by a model."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Unpack

from cxr_cli.engines import Conversation, Engine, Sampling, Spec, open_engine, run_or_reject
from cxr_cli.engines.engine_table import ENGINES
from cxr_cli.engines.model_files.recorded_instruction import instruction_of
from cxr_cli.engines.prompts.predictor import Predictor, check_askable
from cxr_cli.errors import RowError
from cxr_cli.images import Films, Square, prefetch
from cxr_cli.library.keywords import EngineKeywords, InferKeywords
from cxr_cli.library.option_checks import check_one_of, checked_options, path_text
from cxr_cli.library.plain_rows import each_row, plain_row
from cxr_cli.records import Case, Row
from cxr_cli.worker_processes import end_while_starting


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
    **engine: Unpack[EngineKeywords],
) -> Iterator[Row]:
    """The cases with a model's `predictions`, as they are answered, in any order.

    rows: cases with `question` and `images`. model: a folder, a name on the Hugging Face hub, or the URL of a server;
    images: the folder that paths of films start from; workers: processes that decode films; engine: fields of `Spec`,
    such as allow_remote=True. The others are flags of `cxr infer`. RowError: a case cannot be asked, or its id is
    doubled. CxrError: the model or an option cannot be used, or workers cannot start, as in a script without
    `if __name__ == "__main__":`.
    """
    options: dict[str, Any] = {"size": size, "samples": samples, "seed": seed, "vote": vote, "workers": workers}
    options |= {"temperature": temperature, "max_tokens": max_tokens, "instruction": instruction, **engine}
    checked = checked_options(options, InferKeywords)
    if "name" in checked:
        check_one_of("name", checked["name"], ("auto", *ENGINES))
    folder = None if images is None else Path(path_text("images", images))
    return _answered_cases(each_row("rows", rows), path_text("model", model), folder, checked)


def _answered_cases(
    rows: Iterator[Mapping[str, Any]], model: str, images: Path | None, options: Mapping[str, Any]
) -> Iterator[Row]:
    sampling = Sampling(options["temperature"], 1.0, options["max_tokens"])
    if options["workers"]:
        end_while_starting()
    films = Films(images, Square(options["size"]), options["workers"])
    engine: dict[str, Any] = {name: value for name, value in options.items() if name in EngineKeywords.__annotations__}
    engine["replicas"] = tuple(engine.get("replicas", ()))
    with open_engine(Spec(model, sampling=sampling, **engine)) as opened:
        predictor = Predictor(
            opened,
            sampling,
            films,
            instruction=options["instruction"] or instruction_of(model),
            samples=options["samples"],
            seed=options["seed"],
            vote=options["vote"],
        )
        yield from answer_rows(opened, predictor, films, _cases(rows), _stop)


def _cases(rows: Iterator[Mapping[str, Any]]) -> Iterator[Row]:
    """The rows as cases, each id once: requests and replies find each other by it."""
    ids = set[str]()
    for row in rows:
        case = plain_row(row, Case)
        if case["id"] in ids:
            raise RowError("row", "field `id`: doubled", id=case["id"])
        ids.add(case["id"])
        yield case


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
