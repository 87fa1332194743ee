"""Rows of other trainers: messages, conversations, problems with a solution."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest

from cxr_cli.answers.replies.reply_format import prompt_text
from cxr_cli.errors import RowError
from cxr_cli.records import DialogueForm
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.sources.shapes import own_shape
from cxr_cli.sources.shapes.dialogue_output import DIALOGUES
from tests.cases import lines, rows
from tests.conftest import Tool

Row = dict[str, Any]
QUESTION = "Is there edema? Options:\nA) Yes\nB) No"
REPLY = "<think> The hila are sharp. </think><answer> B </answer>"
CASE = {"id": "1", "question": "Is there edema?", "options": ["Yes", "No"], "images": ["a.png"], "answer": "No"}


def user(text: str) -> Row:
    return {"role": "user", "content": text}


def assistant(text: str) -> Row:
    return {"role": "assistant", "content": text}


SWIFT: Row = {"id": "1", "messages": [user(f"<image>{QUESTION}"), assistant(REPLY)], "images": ["a.png"]}
LLAVA: Row = {
    "id": "1",
    "image": "a.png",
    "conversations": [{"from": "human", "value": f"<image>\n{QUESTION}"}, {"from": "gpt", "value": REPLY}],
}
TRL: Row = {"id": "1", "prompt": [user(f"<image>{QUESTION}")], "completion": [assistant(REPLY)], "images": ["a.png"]}
VERL: Row = {
    "id": "1",
    "data_source": "films",
    "prompt": [user(f"<image>{QUESTION}")],
    "images": [{"image": "file://a.png"}],
    "reward_model": {"style": "rule", "ground_truth": REPLY},
}
NV_REASON: Row = {"id": "1", "image": "a.png", "problem": QUESTION, "solution": REPLY}
QWEN: Row = {
    "id": "1",
    "messages": [
        {"role": "system", "content": "You are a radiologist."},
        user([{"type": "image", "image": "a.png"}, {"type": "text", "text": QUESTION}]),  # type: ignore[arg-type]
        assistant(REPLY),
    ],
}


TAGS: Row = {"id": "1", "messages": [user(f"<img>a.png</img>\n{QUESTION}"), assistant(REPLY)]}
OPENAI: Row = QWEN | {
    "messages": [
        user([{"type": "image_url", "image_url": {"url": "a.png"}}, {"type": "text", "text": QUESTION}]),  # type: ignore[arg-type]
        assistant(REPLY),
    ]
}
BOTH: Row = OPENAI | {  # a film as a part, and its mark in the text
    "messages": [
        user([{"type": "image", "image": "a.png"}, {"type": "text", "text": TAGS["messages"][0]["content"]}]),  # type: ignore[arg-type]
        assistant(REPLY),
    ]
}
JSON_TEXT: Row = LLAVA | {"conversations": json.dumps(LLAVA["conversations"])}
OBJECTS: Row = SWIFT | {"images": [{"path": "a.png", "bytes": None}]}
NO_HEADING: Row = {
    "id": "1",
    "image": "a.png",
    "problem": "Is there edema?\n(A) Yes\n(B) No\nThink.",
    "solution": REPLY,
}


GREETING: Row = SWIFT | {"messages": [assistant("How can I help?"), *SWIFT["messages"]]}
THOUGHT: Row = SWIFT | {"messages": [user(QUESTION), assistant("B") | {"reasoning_content": "The hila are sharp."}]}
ASKED: Row = SWIFT | {"messages": [user(QUESTION) | {"reasoning": "mine"}, assistant(REPLY) | {"reasoning": ""}]}
BLANK_LINES: Row = SWIFT | {
    "messages": [user("Is there edema?\nAnswer choices:\n\nA. Yes\n\nB.\tNo\n\nThink."), assistant(REPLY)]
}
GEMMA: Row = SWIFT | {
    "messages": [{"role": "developer", "content": "x"}, user(QUESTION), {"role": "model", "content": REPLY}]
}
ARROW: Row = QWEN | {  # as a table holds the parts of messages, whose fields are all there
    "messages": [
        user([{"image": {"path": "a.png", "bytes": None}}, {"text": QUESTION, "image": {"path": None, "bytes": None}}]),  # type: ignore[arg-type]
        assistant(REPLY),
    ]
}
SHAPES = [
    SWIFT,
    LLAVA,
    TRL,
    VERL,
    NV_REASON,
    QWEN,
    TAGS,
    OPENAI,
    BOTH,
    JSON_TEXT,
    OBJECTS,
    NO_HEADING,
    GREETING,
    THOUGHT,
]
SHAPES += [ASKED, BLANK_LINES, GEMMA, ARROW]


@pytest.mark.parametrize("row", SHAPES)
def test_a_conversation_becomes_a_case(row: Row) -> None:
    case = own_shape(row, "train.jsonl:3")
    assert {name: case[name] for name in CASE} == CASE
    assert case["steps"] == "The hila are sharp."


@pytest.mark.parametrize(
    "film",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image", "source": {"type": "base64", "data": "AAAA"}},
        {"type": "image", "image": {"bytes": "AAAA", "path": None}},
    ],
)
def test_a_film_that_is_text_is_refused(film: Row) -> None:
    """It would be lost, and nothing would say so."""
    with pytest.raises(RowError, match=r"field `messages`: .*save it as a file"):
        own_shape({"id": "1", "messages": [user([film, {"type": "text", "text": "Edema?"}])]}, "f:1")  # type: ignore[arg-type]


@pytest.mark.parametrize("film", ["data:image/png;base64,AAAA", {"bytes": "AAAA", "path": "a.png"}])
def test_a_film_that_is_text_is_refused_in_a_list_of_films(film: Any) -> None:
    with pytest.raises(RowError, match="save it as a file"):
        own_shape({"id": "1", "question": "Edema?", "images": [film]}, "f:1")


def test_marks_of_films_within_a_question() -> None:
    """They are named by their numbers, and each has its film."""
    row: Row = {"id": "1", "messages": [user("<image>\nCompare <image> with <image>. <image>")], "images": list("abcd")}
    assert own_shape(row, "f:1")["question"] == "Compare image 2 with image 3."
    with pytest.raises(RowError, match="4 marks <image>, but only 3 films"):
        own_shape(row | {"images": list("abc")}, "f:1")
    assert own_shape(row | {"images": list("abcde")}, "f:1")["images"] == list("abcde")


def test_a_question_without_text_is_refused() -> None:
    """As in rows whose parts of messages have names of their own."""
    for content in ("<image>", [{"type": "text", "value": "Edema?"}]):
        with pytest.raises(RowError, match="its question has no text"):
            own_shape({"id": "1", "messages": [user(content), assistant("No")], "images": ["a.png"]}, "f:1")  # type: ignore[arg-type]


def test_an_option_of_two_lines() -> None:
    """It goes on until the next letter; what follows the last option is none of it."""
    text = "Which?\nOptions:\nA) At the left\n   base\nB) None\nThink."
    case = own_shape({"id": "1", "messages": [user(text), assistant("B")]}, "f:1")
    assert (case["options"], case["answer"]) == (["At the left base", "None"], "None")
    assert prompt_text("Q?", ["At the left\nbase", "None"]) == "Q? Options:\nA) At the left base\nB) None"


@pytest.mark.parametrize(("solution", "answer"), [(["A", "B"], ["Yes", "No"]), (1, "No"), ("B", "No")])
def test_a_solution_is_right_whatever_its_type(solution: Any, answer: Any) -> None:
    """The model's reply beside it is a prediction, and never what is right."""
    options = ["Yes", "No", "Unclear"]
    case = own_shape(SWIFT | {"solution": solution, "options": options}, "f:1")
    assert (case["answer"], case["prediction"]) == (answer, REPLY)
    with pytest.raises(RowError, match="field `solution`: neither"):
        own_shape(SWIFT | {"solution": {"a": 1}}, "f:1")


def test_the_reasoning_stays_beside_an_answer_under_our_name() -> None:
    case = own_shape(SWIFT | {"answer": "No"}, "f:1")
    assert (case["answer"], case["steps"]) == ("No", "The hila are sharp.")


def test_what_the_row_says_under_our_names_stays() -> None:
    """Options beside the conversation are those of its question, and 0 is an id."""
    question: Row = {"id": 0, "messages": [user("Edema?")], "solution": "B", "answer": None, "steps": None}
    for options in ({"options": ["Yes", "No"]}, {"option_a": "Yes", "option_b": "No"}):
        case = own_shape(question | options, "f:1")
        assert (case["id"], case["options"], case["answer"]) == ("0", ["Yes", "No"], "No")


def test_all_of_them_have_one_fingerprint() -> None:
    prints = set()
    for row in (SWIFT, LLAVA, NV_REASON, QWEN, CASE):
        fingerprint = Fingerprint()
        fingerprint.add(own_shape(row, "f:1"))
        prints.add(str(fingerprint))
    assert len(prints) == 1


def test_a_row_without_an_id_has_its_place() -> None:
    assert own_shape(SWIFT | {"id": None}, "data/train.jsonl.gz:12")["id"] == "train/12"
    assert own_shape({"messages": SWIFT["messages"]}, "stdin:2")["id"] == "stdin/2"


@pytest.mark.parametrize(
    ("change", "answer", "prediction"),
    [
        ({"solution": "A"}, "Yes", REPLY),
        ({"response": "A", "labels": "B"}, "No", "A"),
        ({"response": "A"}, None, "A"),
        ({"solution": "A", "messages": [user(QUESTION)]}, "Yes", None),
    ],
)
def test_what_a_model_replied(change: Row, answer: str | None, prediction: str | None) -> None:
    """Beside a solution, or what ms-swift writes, the assistant's words are a prediction."""
    case = own_shape(SWIFT | change, "f:1")
    assert (case.get("answer"), case.get("prediction")) == (answer, prediction)
    assert "labels" not in case


@pytest.mark.parametrize(
    "messages",
    [
        [user("a"), assistant("b"), user("c"), assistant("d")],
        [user("a"), assistant("b"), assistant("c")],
        [assistant("a")],
        [user("a"), "b"],
        [{"role": "x"}],
    ],
)
def test_what_is_no_question_is_refused(messages: Any) -> None:
    with pytest.raises(RowError, match="field `messages`"):
        own_shape({"id": "1", "messages": messages}, "f:1")


@pytest.mark.parametrize(
    "case",
    [
        CASE | {"steps": ["The hila are sharp."]},
        CASE,
        CASE | {"task": "multiple", "answer": ["Yes", "No"]},
        CASE | {"task": "multiple", "options": [], "answer": ["Edema", "Nodule"]},
        CASE | {"task": "multiple", "options": [], "answer": ["Edema"]},
        CASE | {"task": "multiple", "options": [], "answer": []},
        CASE | {"question": "Which options:\nleft or right?"},
        {"id": "1", "question": "What is seen?", "options": [], "answer": "Edema", "images": ["a.png", "b.png"]},
    ],
)
@pytest.mark.parametrize("name", DIALOGUES)
def test_what_is_written_is_read_again(name: str, case: Row) -> None:
    written = DIALOGUES[name](case)
    assert written.keys() == {"id", name, "images"} | ({"task"} & case.keys())
    back = own_shape(written, "f:1")
    assert {key: back[key] for key in CASE if key != "answer"} == {key: case[key] for key in CASE if key != "answer"}
    assert back["answer"] == case["answer"]


def test_a_study_cannot_be_written_as_a_conversation() -> None:
    with pytest.raises(RowError, match="field `question`: missing"):
        DIALOGUES["messages"]({"id": "1", "report": "Clear."})


def test_the_commands_write_them_and_read_them(tool: Tool, tmp_path: Path) -> None:
    """What `cxr verify --to messages` writes is scored as it is."""
    assert tool("mine", "examples", "--task", "binary", "--limit", "2", "-o", "cases.jsonl").code == 0
    for form in get_args(DialogueForm):
        texts = rows(tool("verify", "cases.jsonl", "--to", form).out)
        assert {tuple(row) for row in texts} == {("id", form, "images", "task")}
        (tmp_path / "out.jsonl").write_text(lines(*(row | {"prediction": REPLY} for row in texts)))
        scores = rows(tool("score", "out.jsonl").out)
        assert {row["scores"]["accuracy"] for row in scores} == {1}
    resumed = tool("verify", "cases.jsonl", "--to", "messages", "-o", "m.jsonl", "--resume").err
    assert resumed.endswith("not signed, so no run can continue them: leave out --resume and --retry-failed\n")
    study = tool("verify", "--to", "messages", stdin=b'{"id": "1", "report": "Clear.", "steps": ["Clear lungs."]}\n')
    assert study.err == "cxr: output: field `question`: missing, and --to messages writes questions (id 1)\n"


def test_texts_that_are_no_films_and_no_questions() -> None:
    """A table of Open-i describes the image, and other tables have a column for the problem."""
    row: Row = {"id": "1", "image": "Xray Chest PA and Lateral", "problem": "Cough", "report": "Clear."}
    for messages in ("Dr. Roe was called.", 2, ["Dr. Roe was called."], [{"at": "12:00"}]):
        assert own_shape(row | {"messages": messages}, "f:1") == row | {"messages": messages}
    assert own_shape({"id": "1", "image": ["a.png", "b.dcm"]}, "f:1")["images"] == ["a.png", "b.dcm"]


@pytest.mark.parametrize(
    "key", ["messages", "conversations", "problem", "solution", "image", "options", "option_0", "answer"]
)
def test_values_of_other_types_are_no_crash(key: str) -> None:
    strange: list[Any] = [
        7,
        -1.5,
        True,
        "",
        "x",
        "[",
        "{",
        [],
        {},
        [7],
        [None],
        [[]],
        {"a": 1},
        {"a": []},
        [{}],
        float("nan"),
    ]
    for base in (SWIFT, LLAVA, NV_REASON, CASE):
        for value in strange:
            with suppress(RowError):
                own_shape({**base, key: value}, "f:1")
            with suppress(RowError):
                own_shape({key: value}, "f:1")
