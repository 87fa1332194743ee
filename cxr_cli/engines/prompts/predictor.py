"""A case to a model: from its question and images to its predictions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from cxr_cli.answers.replies import reply_format
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.answers.vote import majority
from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.prompts.prompt import Prompt
from cxr_cli.engines.requests import Engine, Reply, Request, Sampling, seed_of
from cxr_cli.errors import RowError
from cxr_cli.images import Films, films_of
from cxr_cli.records import ENGINE, Row, merge_reasons
from cxr_cli.rows.signatures import in_use, sign

PLACEHOLDERS = ("ask", "question", "options", "instruction")
DEFAULT_PROMPT = Prompt("{ask}\n{instruction}")
"""The prompt of the published checkpoints: the question, its lettered options, the instruction to reason."""
PUBLISHED = "published"  # what a signature calls their instruction


_REPLY_TAG = re.compile(r"</?(?:think|answer)>", re.I)
_FILM_PLACEHOLDER = re.compile("<image>|<video>")  # processors and TRL put films in their place


class Predictor:
    """Asks a model about a case, once or several times.

    instruction: what the prompt has in the place of {instruction}. samples: replies to each case, each with its own
    seed, made from `seed`, the row's id and the sample's number. vote: add the answer that most samples give.

    run_conversations(engine, ((row, predictor.conversation(row, images)) for row, images, _ in prefetch(rows, films)))
    """

    def __init__(
        self,
        engine: Engine,
        sampling: Sampling,
        films: Films,
        *,
        prompt: Prompt = DEFAULT_PROMPT,
        instruction: str = reply_format.INSTRUCTION,
        samples: int = 1,
        seed: int = 0,
        vote: bool = False,
    ) -> None:
        self.prompt, self.instruction, self.samples, self.vote = prompt, instruction, samples, vote
        self.seed = seed if sampling.temperature > 0 else None
        drawing = {} if self.seed is None else {"samples": samples, "seed": seed}
        settings: dict[str, object] = {**drawing, **in_use(vote=vote), "prompt": prompt.digest}
        if "instruction" in prompt.placeholders:
            published = instruction == reply_format.INSTRUCTION
            settings["instruction"] = PUBLISHED if published else Prompt(instruction).digest
        settings["size"] = films.size
        self.answered_by = sign(**engine.signature, **settings)

    def conversation(self, row: Row, images: Sequence[Image.Image]) -> Conversation[Row]:
        """The row with `predictions` and `answered_by`. If a reply failed, `predictions` is None and `why` says why."""
        question, options = row["question"], row.get("options") or []
        values = {
            "ask": reply_format.prompt_text(question, options),
            "question": question,
            "options": reply_format.option_lines(options),
            "instruction": self.instruction,
        }
        messages = self.prompt.messages(images, **values)
        replies = yield [
            Request(f"{row['id']}#{n}", messages, None if self.seed is None else seed_of(self.seed, row["id"], n))
            for n in range(self.samples)
        ]
        failure = next((reply.error for reply in replies if reply.error is not None), None)
        predictions = None if failure else [_prediction(row, n, reply) for n, reply in enumerate(replies)]
        why = {"predictions": f"{ENGINE}{failure}"} if failure else {}
        answered_row = row | {"predictions": predictions, "answered_by": self.answered_by}
        answered_row |= merge_reasons(row, ["predictions"], why)
        if predictions and self.vote:
            answered_row["vote"] = majority([prediction["answer"] for prediction in predictions])
        return answered_row


def _prediction(row: Row, sample: int, reply: Reply) -> dict[str, Any]:
    """{"sample": 0, "text": "<think>Clear.</think><answer>B) No</answer>", "think": "Clear.", "answer": "No", ..}"""
    parts, texts = parse_reply(reply.text), answer_of(row, reply.text, reply.finish).texts
    single = texts is not None and len(texts) == 1 and not isinstance(row.get("answer"), list)
    return {
        "sample": sample,
        "text": reply.text,
        "think": parts.think,
        "answer": texts[0] if texts and single else texts,
        **({"answers": list(parts.answers)} if len(parts.answers) > 1 else {}),
        "finish": reply.finish,
        "seed": reply.seed,
    }


def check_askable(row: Mapping[str, Any]) -> None:
    """Raises RowError for a row without a question or without films, and for a question or options that a model would
    misread."""
    if not row.get("question"):
        more = "; `cxr mine --task report` asks for its report" if row.get("report") else ""
        raise RowError("", f"field `question`: missing or empty; --map question=COLUMN takes another column{more}")
    if not films_of(row):
        raise RowError("", "field `images`: missing or empty; --map images=COLUMN takes another column")
    options = row.get("options") or []
    for name, text in (("question", row["question"]), *(("options", option) for option in options)):
        check_text(name, text)
    if len({" ".join(option.casefold().split()) for option in options}) < len(options):
        raise RowError("", "field `options`: one occurs twice")
    if len(options) > len(reply_format.LETTERS):
        raise RowError("", f"field `options`: there are {len(options)}, and only {len(reply_format.LETTERS)} letters")


def check_text(name: str, text: str) -> None:
    """RowError: a text for a model is blank, or has a tag of the reply's format, which would end the reasoning, or a
    mark that stands for a film. name: its field."""
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise RowError("", f"field `{name}`: a blank text")
    if tag := _REPLY_TAG.search(text):
        raise RowError("", f"field `{name}`: it has {tag[0]}, which marks a part of the reply")
    if mark := _FILM_PLACEHOLDER.search(text):
        raise RowError("", f"field `{name}`: it has {mark[0]}, which stands for a film")
