"""Cases written as conversations, for other trainers: `--to messages` and `--to conversations`."""

from collections.abc import Callable

from cxr_cli.answers.replies.reply_format import prompt_text
from cxr_cli.answers.steps import taught_reply
from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import DialogueForm, Row
from cxr_cli.rows import FlowOptions
from cxr_cli.sources.shapes.dialogues import FILM_MARK


def as_messages(case: Row) -> Row:
    """A case as ms-swift, LLaMA-Factory and most others take it."""
    return _dialogue(case, "messages", "role", "content", ("user", "assistant"))


def as_conversations(case: Row) -> Row:
    """A case as LLaVA takes it."""
    return _dialogue(case, "conversations", "from", "value", ("human", "gpt"))


DIALOGUES: dict[DialogueForm, Callable[[Row], Row]] = {"messages": as_messages, "conversations": as_conversations}
"""How `--to` writes cases, for other trainers."""


def dialogue_form(to: DialogueForm | None, flow: FlowOptions) -> Callable[[Row], Row] | None:
    """What `--to` does with a row; None without it. CxrError: an output of it cannot be continued."""
    if to and flow.continues:
        raise CxrError(
            f"--to {to}: its rows are not signed, so no run can continue them: leave out --resume and --retry-failed"
        )
    return DIALOGUES[to] if to else None


def _dialogue(case: Row, key: str, role: str, content: str, roles: tuple[str, str]) -> Row:
    from cxr_cli.tasks.task_table import task_of

    if not case.get("question"):
        raise RowError("", f"field `question`: missing, and --to {key} writes questions")
    films = task_of(case).films(case)
    texts = [FILM_MARK * len(films) + prompt_text(case["question"], case.get("options") or ()), taught_reply(case)]
    turns = [{role: name, content: text} for name, text in zip(roles, texts, strict=True) if text]
    task = {"task": case["task"]} if case.get("task") else {}  # by which the answer is read again as a list or a report
    return {"id": case["id"], key: turns, "images": films, **task}
