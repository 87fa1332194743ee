"""Open answers that the rules cannot compare, judged by a model: does the answer mean the same as the right one?"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_cli.answers.grading import BEYOND_RULES, Grades
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.prompts.json_schema import BOOLEAN, object_of
from cxr_cli.engines.prompts.prompt import answer_text, packaged_prompt, question_text
from cxr_cli.engines.prompts.structured import Failure

if TYPE_CHECKING:
    from cxr_cli.engines.prompts.structured import Model

SAME = packaged_prompt(Path(__file__).parent, "same")
_SCHEMA = object_of(right=BOOLEAN)
_MOST = 2000  # characters of a reply without an answer tag; its end holds the answer


def judged_answer(
    model: "Model", case: Mapping[str, Any], number: int, text: str, grades: Grades
) -> Conversation[Grades]:
    """The scores of reply `number`, with the model's accuracy where the rules could not compare an open answer."""
    scores, why = grades
    if why.get("accuracy") not in BEYOND_RULES or case.get("options") or "answer_f1" in scores:
        return grades
    parts = parse_reply(text)
    right = yield from model.ask(
        f"{case['id']}#judge{number}/same",
        SAME,
        _SCHEMA,
        lambda reply: bool(reply["right"]),
        question=question_text(case),
        answer=answer_text(case),
        given=parts.answer or parts.rest[-_MOST:],
    )
    if isinstance(right, Failure):
        return scores, {**why, "accuracy": right.why}
    rest = {metric: reason for metric, reason in why.items() if metric != "accuracy"}
    return {**scores, "accuracy": float(right)}, rest
