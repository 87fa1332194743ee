"""A model asked about one case, once or several times: the case with its predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from cxr_cli.answers import reply_format
from cxr_cli.answers.answer import answer_of
from cxr_cli.answers.vote import majority
from cxr_cli.engines.conversations import Talk
from cxr_cli.engines.prompts.prompt import Prompt
from cxr_cli.engines.requests import Engine, Reply, Request, Sampling, seed_of
from cxr_cli.errors import RowError
from cxr_cli.images import Films, films_of
from cxr_cli.records import Row
from cxr_cli.rows.signatures import signed

PLACES = ("ask", "question", "options")
DEFAULT = Prompt(f"{{ask}}\n{reply_format.INSTRUCTION}")
"""The layout of the published checkpoints: the question, its lettered options, the instruction to reason."""


class Predictor:
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
            "ask": reply_format.prompt_text(question, options),
            "question": question,
            "options": reply_format.option_lines(options),
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


def _prediction(row: Row, sample: int, reply: Reply) -> dict[str, Any]:
    parts, chosen = reply_format.parse_reply(reply.text), answer_of(row, reply.text).texts
    single = chosen is not None and len(chosen) == 1 and not isinstance(row.get("answer"), list)
    return {
        "sample": sample,
        "text": reply.text,
        "think": parts.think,
        "answer": chosen[0] if chosen and single else chosen,
        "finish": reply.finish,
        "seed": reply.seed,
    }


def check_askable(row: Mapping[str, Any]) -> None:
    """RowError: the row has no question or no film."""
    if not row.get("question"):
        raise RowError("", "field `question`: there is none to ask (other names: --map question=COLUMN)")
    if not films_of(row):
        raise RowError("", "field `images`: there is no film to look at (other names: --map images=COLUMN)")
