"""Cases in Inspect, scored as by `cxr score`, with the extra `inspect`.

Task(dataset=[case_sample(case, "films") for case in cases], scorer=case_scores())
"""

from math import nan
from pathlib import Path
from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from cxr_cli.adapters.adapter_cases import answered_case, askable_case
from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.images import films_of
from cxr_cli.library.rules import Rules
from cxr_cli.records import Row
from cxr_cli.training.data.dataset import prompt


def case_sample(case: Row, images: str) -> Sample:
    """A case as a sample, which keeps it as metadata. images: the folder of its films. RowError: it cannot be asked."""
    case = askable_case(case)
    films = [ContentImage(image=str(Path(images, film))) for film in films_of(case)]
    message = ChatMessageUser(content=[*films, ContentText(text=prompt(case, INSTRUCTION))])
    return Sample(id=case["id"], input=[message], metadata={"case": case})


@scorer(metrics={"*": [mean()]})  # type: ignore[untyped-decorator]
def case_scores(lexicon: str | None = None, unmentioned: Any = "normal") -> Scorer:
    rules = Rules(lexicon, unmentioned)

    async def score(state: TaskState, target: Target) -> Score:
        row = answered_case(state.metadata["case"], state.output.completion)
        return Score(**score_record(rules.score(row)))

    return score


def score_record(row: Row) -> dict[str, Any]:
    """A row of `cxr score` as one for `precomputed_scores`; a null is NaN, which Inspect leaves out of means."""
    value = {name: nan if score is None else score for name, score in row["scores"].items()}
    return {"id": row["id"], "value": value, "metadata": {"why": row["why"], "scored_by": row["scored_by"]}}
