"""`cxr infer`: cases with films in, the same rows with what a model answers out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image

from cxr_cli import layout
from cxr_cli.engines import Engine, Reply, Request, Sampling, Spec, Talk, open_engine, settle
from cxr_cli.engines.requests import seed_of
from cxr_cli.errors import RowError
from cxr_cli.images import Films
from cxr_cli.prompts import Prompt
from cxr_cli.records import Case
from cxr_cli.rows import Flow, Row
from cxr_cli.scoring.answers import answered
from cxr_cli.signatures import signed

PLACES = ("ask", "question", "options")
DEFAULT = Prompt(f"{{ask}}\n{layout.INSTRUCTION}")
"""The layout of the published checkpoints: the question, its lettered options, the instruction to reason."""


class Asker:
    """Asks a model about one case, once or several times.

    samples: replies to each case, each with a seed of its own, made from `seed`, the row's id and the sample's number.
    vote: add the answer that most samples give.
    """

    def __init__(
        self, engine: Engine, sampling: Sampling, films: Films, prompt: Prompt, samples: int, seed: int, vote: bool
    ) -> None:
        self.prompt, self.samples, self.vote = prompt, samples, vote
        self.seed = seed if sampling.temperature > 0 else None
        drawn = {} if self.seed is None else {"samples": samples, "seed": seed}
        self.answered_by = signed(**engine.signature, **drawn, prompt=prompt.digest, size=films.size)

    def talk(self, row: Row, pictures: Sequence[Image.Image]) -> Talk[Row]:
        """The row with `predictions` and `answered_by`. RowError: the engine cannot answer it."""
        question, options = row["question"], row.get("options") or []
        values = {
            "ask": layout.ask(question, options),
            "question": question,
            "options": layout.lettered(options),
        }
        messages = self.prompt.messages(pictures, **values)
        replies = yield [
            Request(f"{row['id']}#{n}", messages, None if self.seed is None else seed_of(self.seed, row["id"], n))
            for n in range(self.samples)
        ]
        for reply in replies:
            if reply.error is not None:
                raise RowError("", reply.error)
        predictions = [_prediction(row, n, reply) for n, reply in enumerate(replies)]
        grown = row | {"predictions": predictions, "answered_by": self.answered_by}
        return grown | {"vote": majority([p["answer"] for p in predictions])} if self.vote else grown


def run(flow: Flow, spec: Spec, films: Films, prompt: Prompt | None, *, samples: int, seed: int, vote: bool) -> None:
    """Answers the cases of `flow`. Films are decoded ahead; rows are written as they are answered, in any order."""
    with open_engine(spec) as engine:
        asker = Asker(engine, spec.sampling, films, prompt or DEFAULT, samples, seed, vote)

        def stage(rows: Iterator[Row]) -> Iterator[Row]:
            for _, answer in settle(engine, _talks(flow, asker, films, rows), flow.reject):
                yield answer

        flow.pipe(stage, Case)


def _talks(flow: Flow, asker: Asker, films: Films, rows: Iterator[Row]) -> Iterator[tuple[Row, Talk[Row]]]:
    def askable() -> Iterator[Row]:
        for row in rows:
            try:
                layout.check_askable(row)
            except RowError as error:
                flow.reject(row, error.reason)
            else:
                yield row

    for row, pictures, error in films.decoded(askable(), layout.shown):
        if error is not None:
            flow.reject(row, error)
        else:
            yield row, asker.talk(row, pictures)


def _prediction(row: Row, sample: int, reply: Reply) -> dict[str, Any]:
    said, chosen = layout.split(reply.text), answered(row, reply.text).texts
    single = chosen is not None and len(chosen) == 1 and not isinstance(row.get("answer"), list)
    return {
        "sample": sample,
        "text": reply.text,
        "think": said.think,
        "answer": chosen[0] if chosen and single else chosen,
        "finish": reply.finish,
        "seed": reply.seed,
    }


def majority(answers: Sequence[str | list[str] | None]) -> dict[str, Any]:
    """The answer given most often, of two given equally often the earlier one, and the share of samples that give it.

    None only if no sample answers. The order of a list does not matter.
    """
    votes = Counter(frozenset([a] if isinstance(a, str) else a) for a in answers if a is not None)
    if not votes:
        return {"answer": None, "share": 0.0}
    most, count = votes.most_common(1)[0]
    answer = next(a for a in answers if a is not None and frozenset([a] if isinstance(a, str) else a) == most)
    return {"answer": answer, "share": count / len(answers)}
