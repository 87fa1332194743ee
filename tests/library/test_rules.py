"""`import cxr_cli`: what notebooks and harnesses call. It gives what the commands write, byte for byte."""

import ast
import builtins
import gc
import io
import json
import locale
import logging
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import cxr_cli
from cxr_cli import Rules, compare, each, infer, label, mine, read, rewards, score, summarize, verify
from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.errors import CxrError, EngineError, RowError
from cxr_cli.images.film_errors import BadImage, DecodeError
from cxr_cli.records import Row
from cxr_cli.rewards import REWARDS
from cxr_cli.rewards.other_trainers.case_rewards import case_rewards
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.json_text import BrokenJson
from cxr_cli.termination import Terminated
from cxr_cli.training.settings.yaml_text import YamlError
from tests.cases import examples
from tests.conftest import Tool, needs
from tests.engines.server import Fault, Server
from tests.rewards.test_rewards import CASE
from tests.shared import needs_shared, openi_reports, report_text

STUDY = {"id": "s1", "report": "Small left pleural effusion. No pneumothorax."}


@pytest.fixture
def gizmo(tmp_path: Path) -> Rules:
    """Rules that know one more finding."""
    (tmp_path / "own.toml").write_text('[[finding]]\nname = "gizmo"\nterms = ["gizmo"]\nanswer = true\n')
    return Rules(tmp_path / "own.toml", unmentioned="unknown")


def test_the_names_that_there_are() -> None:
    assert sorted(cxr_cli.__all__) == cxr_cli.__all__
    assert len(cxr_cli.__all__) == 10
    assert {*cxr_cli.__all__} <= {*dir(cxr_cli)}
    assert all(callable(getattr(cxr_cli, name)) for name in cxr_cli.__all__)
    assert all(getattr(cxr_cli, name).__doc__ for name in cxr_cli.__all__)
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        _ = cxr_cli.scores


def test_reading_and_labelling() -> None:
    assert [finding[:3] for finding in read("Small left pleural effusion. No edema.")] == [
        ("pleural effusion", "present", "left"),
        ("edema", "absent", None),
    ]
    assert label("Small left effusion.", "pleural effusion,edema") == {"pleural effusion": 1, "edema": None}
    assert label("Possible edema.", ["edema"]) == {"edema": -1}
    assert label("No edema.", ["Edema"], label_set="chexpert") == {"Edema": 0}
    assert len(label("No edema.")) == 14
    with pytest.raises(CxrError, match="`oedemata` is no finding"):
        label("No edema.", ["oedemata"])


def test_mining_verifying_and_scoring() -> None:
    [case] = mine(STUDY, tasks=["binary"], findings="effusion")
    assert (case["id"], case["answer"]) == ("s1/binary/pleural-effusion", "Yes")
    checked = verify({**case, "steps": ["There is a left effusion.", "There is a pneumothorax."]})
    assert [step["verdict"] for step in checked["steps"]] == ["supported", "contradicted"]
    reply = "<think>There is a left effusion. There is edema.</think><answer>A</answer>"
    scores = score({**case, "prediction": reply})["scores"]
    assert (scores["accuracy"], scores["factuality"]) == (1.0, 0.5)
    assert "sensitivity" in score({**case, "prediction": reply}, statements=True)["scores"]
    answered = {**case, "predictions": [{"text": reply}]}
    assert verify(answered, on="predictions")["predictions"][0]["support"] == 0.5


def test_rules_are_values() -> None:
    rules = Rules(unmentioned="unknown")
    copy = pickle.loads(pickle.dumps(rules))
    assert copy == rules
    assert hash(copy) == hash(rules)
    assert Rules() != rules
    assert len(pickle.dumps(rules)) < 200
    case = {"id": "a", "report": "No edema.", "steps": ["There is no fracture."]}
    assert verify(case)["support"] == 1.0
    assert rules.verify(case)["steps"][0]["verdict"] == "unmentioned"
    with pytest.raises(CxrError, match="unmentioned: often is none of normal, unknown"):
        Rules(unmentioned="often")  # type: ignore[arg-type]
    with pytest.raises(CxrError, match="nowhere"):
        Rules("nowhere.toml")


def test_references_and_hypotheses_are_named() -> None:
    refs, hyps = ["Edema.", "No edema.", None], ["Edema. Fracture.", "No edema.", "Edema."]
    means = Rules().score_reports(refs=refs, hyps=hyps)
    samples = Rules().score_reports(refs=refs, hyps=hyps, per_sample=True)
    assert [sample["finding_precision"] for sample in samples] == [0.5, 1.0, None]
    assert (means["finding_precision"], means["finding_recall"]) == (0.75, 1.0)
    with pytest.raises(TypeError):
        Rules().score_reports(refs, hyps)  # type: ignore[misc]
    with pytest.raises(CxrError, match="refs and hyps must be as many: 3 and 1"):
        Rules().score_reports(refs=refs, hyps=hyps[:1])


def test_what_notebooks_hold_is_taken_or_refused() -> None:
    numpy = pytest.importorskip("numpy")

    class NAType:  # as pandas calls it, which is not installed here
        def __eq__(self, other: object) -> Any:
            return self

        def __bool__(self) -> bool:
            raise TypeError("boolean value of NA is ambiguous")

        __hash__ = None  # type: ignore[assignment]

    for nothing in (None, float("nan"), NAType()):
        assert read(nothing) == []  # type: ignore[arg-type]
        assert label(nothing, ["edema"]) == {"edema": None}  # type: ignore[arg-type]
        assert mine({**STUDY, "patient": nothing, "labels": nothing}) == mine(
            {**STUDY, "patient": None, "labels": None}
        )
        with pytest.raises(RowError, match="report"):
            verify({"id": "a", "report": nothing, "steps": ["No edema."]})
    case = {"report": "Edema.", "steps": numpy.array(["No edema."], dtype=object), "seen": numpy.datetime64("NaT")}
    assert rewards.factuality([None, "<think>Edema.</think>"], case=[case, case]) == [0.0, 1.0]
    paid = Rules().reward("factuality")
    text = "<think>No edema.</think><answer>A</answer>"
    cases = [{"report": "Edema.", "steps": numpy.array(["No edema."], dtype=object)}, {"report": float("nan")}]
    assert paid([float("nan"), text], case=cases) == [0.0, None]
    assert paid([text, None], report=numpy.array(["No edema.", "Edema."], dtype=object)) == [1.0, 0.0]
    row = {"id": numpy.int64(7), "report": "No edema.", "steps": numpy.array(["No edema."], dtype=object)}
    assert (verify(row)["id"], verify(row)["support"]) == ("7", 1.0)
    with pytest.raises(RowError, match="text: expected a string, got list"):
        read(numpy.array(["No edema."]))  # type: ignore[arg-type]
    with pytest.raises(RowError, match=r"row: field `steps`: expected .*, got a whole number \(id a\)"):
        verify({"id": "a", "report": "No edema.", "steps": 7})
    with pytest.raises(RowError, match="row: expected a dict, got str"):
        mine("No edema.")  # type: ignore[arg-type]
    with pytest.raises(RowError, match="row: field `id`: missing"):
        mine({"report": "No edema."})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: label("Edema.", label_set="mimmic"),
            "label_set: mimmic is none of chexpert, mimic, ",
        ),
        (lambda: mine(STUDY, tasks=["binery"]), "tasks: binery is none of binary, single, multiple, "),
        (lambda: mine(STUDY, tasks="binary"), "tasks: expected a list, got a string"),
        (lambda: mine(STUDY, uncertain="maybe"), "uncertain: not one of no, skip, yes"),
        (lambda: mine(STUDY, steps="some"), "steps: not one of all, none, reported"),
        (lambda: score({**STUDY, "prediction": "x"}, judges=["rule"]), "judges: rule is none of rules, llm, stored"),
        (lambda: score({**STUDY, "prediction": "x"}, empty="one"), "empty: not one of null, zero"),
        (lambda: score({**STUDY, "prediction": "x"}, judges=["llm"]), "judges: llm needs a model"),
        (lambda: score({**STUDY, "prediction": "x"}, judges=[]), "judges: none is named"),
        (
            lambda: score({**STUDY, "prediction": "x"}, metrics=[len]),
            "metrics[0]: expected a string, got builtin_function_or_method",
        ),
        (
            lambda: score({**STUDY, "prediction": "x"}, statements="false"),  # type: ignore[arg-type]
            "statements: expected true or false, got a string",
        ),
        (lambda: Rules().label_study(STUDY, mentions=object()), "mentions: expected true or false, got "),  # type: ignore[arg-type]
        (lambda: mine(STUDY, breif=True), "breif: no such option; did you mean brief? there are: tasks, "),  # type: ignore[call-arg]
        (
            lambda: mine(STUDY, unmentioned="unknown"),
            "unmentioned: no such option; it is one of Rules: Rules(unmentioned=..)",
        ),  # type: ignore[call-arg]
        (lambda: mine(STUDY, findings={"edema"}), "findings: expected a list, got a set, which has no order"),  # type: ignore[arg-type]
        (lambda: infer([STUDY], "a", dry_run=True), "dry_run: no such option"),  # type: ignore[call-arg]
        (lambda: infer([STUDY], "a", vote=1), "vote: expected true or false, got a whole number"),  # type: ignore[arg-type]
        (lambda: infer([STUDY], "a", size=2.5), "size: expected a whole number, got a number"),  # type: ignore[arg-type]
        (lambda: infer([STUDY], "a", timeout=float("inf")), "timeout: expected a number of at most 1,000,000"),
        (lambda: infer([STUDY], "a", name="openia"), "name: openia is none of auto, vllm, openai, transformers"),
        (lambda: infer([STUDY], "a", args=["x"]), "args: expected an object, got a list"),  # type: ignore[arg-type]
        (lambda: infer([STUDY], "a", replicas="http://b"), "replicas: expected a list, got a string"),
        (lambda: infer(STUDY, "a"), "rows: expected rows, as a list or an iterator, got dict"),  # type: ignore[arg-type]
        (lambda: each(mine, STUDY), "rows: expected rows, as a list or an iterator, got dict"),  # type: ignore[arg-type]
        (lambda: each(mine, None), "rows: expected rows, as a list or an iterator, got NoneType"),  # type: ignore[arg-type]
        (lambda: each(None, [STUDY]), "function: expected a function, got NoneType"),  # type: ignore[arg-type]
        (lambda: each(mine, [STUDY], errors=[]), "errors: list is none of raise, keep"),  # type: ignore[call-overload]
        (lambda: summarize([], frame=[]), "frame: list is none of polars, pandas"),  # type: ignore[arg-type]
        (lambda: summarize("rows"), "rows: expected rows, as a list or an iterator, got str"),  # type: ignore[arg-type]
        (lambda: compare([[], []]), "models: expected a dict, {name: rows, ..}"),  # type: ignore[arg-type]
        (lambda: compare({"a": [], "b": []}, common="no"), "common: expected true or false, got a string"),  # type: ignore[arg-type]
        (lambda: Rules("a\0"), "lexicon: no path has the character \\0"),
        (lambda: mine(STUDY, uncertain="\ud800"), "uncertain: half a character"),  # type: ignore[arg-type]
        (lambda: Rules("\ud800"), "lexicon: expected a text or a path"),
        (
            lambda: Rules().score_reports(refs=[""], hyps=[""], per_sample="no"),  # type: ignore[call-overload]
            "per_sample: expected true or false, got a string",
        ),
        (lambda: mine(STUDY, seed=float("nan")), "seed: expected a whole number, got null"),  # type: ignore[arg-type]
        (lambda: mine(STUDY, seed=True), "seed: expected a whole number, got true or false"),
        (lambda: label("Edema.", label_set=["mimic"]), "label_set: "),  # type: ignore[arg-type]
        (lambda: Rules(float("nan")), "lexicon: expected a text or a path"),  # type: ignore[arg-type]
        (lambda: [*infer([STUDY], ["http://a", "http://b"])], "model: expected a text or a path"),  # type: ignore[arg-type]
        (lambda: Rules().score_reports(refs="Edema.", hyps="Edema."), "refs: expected a list of reports, got str"),
    ],
)
def test_a_misspelt_choice_is_an_error(call: Callable[[], Any], message: str) -> None:
    """It would give no questions, or rows that are signed with it."""
    with pytest.raises(CxrError, match="^" + re.escape(message)):
        call()


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [["a"]]], ids=str)
def test_an_option_that_is_an_object_is_an_error(value: Any) -> None:
    """Of whichever function, and also where it is kept by its options."""
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("label_set", lambda: label("Edema.", label_set=value)),
        ("findings", lambda: label("Edema.", value)),
        ("mentions", lambda: Rules().label_study(STUDY, mentions=value)),
        ("seed", lambda: mine(STUDY, seed=value)),
        ("findings", lambda: mine(STUDY, findings=value)),
        ("tasks", lambda: mine(STUDY, tasks=value)),
        ("statements", lambda: score({**STUDY, "prediction": "x"}, statements=value)),
        ("on", lambda: verify({**STUDY, "steps": ["Edema."]}, on=value)),
        ("lexicon", lambda: Rules(value)),
        ("model", lambda: next(infer([], value))),
        ("images", lambda: next(infer([], "http://localhost:9/v1", images=value))),
    ]
    for name, call in calls:
        with pytest.raises(CxrError, match=rf"^{name}(\[0\])?: "):
            call()


def test_scored_rows_of_a_table() -> None:
    """NaN is null: no task, no patient, no score."""
    frames = pytest.importorskip("polars")
    numpy = pytest.importorskip("numpy")
    rows = [
        score({**STUDY, "id": str(n), "question": "Effusion?", "answer": "Yes", "prediction": "Yes" if n else "No"})
        for n in range(4)
    ]
    nan = float("nan")

    def as_in_a_table(row: Row) -> Row:
        scores = {name: nan if value is None else numpy.float64(value) for name, value in row["scores"].items()}
        return {**row, "task": nan, "patient": nan, "item": nan, "scores": scores}

    loose = [*map(as_in_a_table, rows)]
    assert frames.DataFrame.equals(summarize(loose), summarize(rows))
    assert compare({"a": loose, "b": rows})["task"].unique().to_list() == ["-"]
    for broken in (7, None, {"id": "a", "scores": 7}):
        with pytest.raises(RowError):
            summarize([broken])  # type: ignore[list-item]
        with pytest.raises(RowError):
            compare({"a": [broken], "b": rows})  # type: ignore[list-item]


def test_summaries_of_rows_that_do_not_belong_together() -> None:
    """Frames have no place for a note but a column."""
    pytest.importorskip("polars")
    rows = [score({"id": str(n), "report": "Edema.", "prediction": "Edema."}) for n in range(2)]
    others = [Rules(unmentioned="unknown").score(row) for row in rows]
    differ = "different scored_by signatures"
    assert all(differ in note for note in summarize([rows[0], others[1]])["notes"])
    assert all(differ in note for note in compare({"a": rows, "b": others})["notes"])
    assert {*summarize(rows)["notes"]} == {""}
    unscored = {"id": "2", "report": "Edema.", "prediction": "Edema."}
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: summarize([*rows, rows[0]]), r"row: field `id`: doubled; .* \(id 0\)"),
        (lambda: summarize([unscored]), r"row: field `scores`: missing; .* \(id 2\)"),
        (lambda: compare({"a": rows, "b": [unscored]}), "row: field `scores`: missing"),
        (lambda: compare({"a": rows, "b": iter(())}), "compare: b has no rows"),
        (lambda: compare({"a": [*rows, rows[0]], "b": rows}), r"row: model a answers this item twice.* \(id 0\)"),
        (lambda: summarize(rows, seed=-1), "seed: expected a whole number of at least 0"),
    ]
    for call, message in calls:
        with pytest.raises(CxrError, match=f"^{message}"):
            call()


def test_rows_of_frames() -> None:
    """A missing cell is None in polars, and a row of pandas a Series."""
    frames = pytest.importorskip("polars")
    rows: list[Row] = [
        {"id": "a", "report": "Edema.", "steps": [{"text": "Edema."}], "question": "Edema?", "options": ["Yes", "No"]},
        {"id": "b", "report": "Edema.", "steps": [{"text": "Edema.", "kind": "observe"}], "images": ["a.png"]},
    ]
    assert [verify(row)["support"] for row in frames.DataFrame(rows).to_dicts()] == [1.0, 1.0]
    assert [len(mine(row)) for row in frames.DataFrame(rows).to_dicts()] == [len(mine(row)) for row in rows]

    class Series:  # as pandas has it
        def to_dict(self) -> Row:
            return rows[0]

    assert verify(Series())["support"] == 1.0  # type: ignore[arg-type]
    with pytest.raises(CxrError, match="the rows of a frame are "):
        each(verify, frames.DataFrame(rows))
    with pytest.raises(RowError, match=r"field `steps\[0\]`: expected a string or an object, got null"):
        verify({"id": "a", "report": "Edema.", "steps": [None]})


def test_options_from_tables_are_taken_and_wrong_ones_refused() -> None:
    numpy = pytest.importorskip("numpy")
    names = numpy.array(["edema"], dtype=object)
    assert label("No edema.", names) == {"edema": 0}
    assert mine(STUDY, tasks=numpy.array(["binary"]), findings=numpy.array(["effusion"])) == mine(
        STUDY, tasks=["binary"], findings="effusion"
    )
    for call in (lambda: label("", 7), lambda: mine(STUDY, findings=[7]), lambda: mine(STUDY, tasks=[None])):  # type: ignore[arg-type]
        with pytest.raises(CxrError):
            call()
    for columns in (
        {"case": [None]},
        {"case": ["no JSON"]},
        {"case": []},
        {"report": "Edema."},
        {"report": ["a", "b"]},
    ):
        for reward in (Rules().reward("format"), rewards.format):
            with pytest.raises(RowError, match=r"case|report"):
                reward(["Yes"], **columns)
    with pytest.raises(RowError, match="completions: expected a list, got str"):
        rewards.format("Yes", case=[{}])
    half = {**STUDY, "steps": ["No edema."], "options": "\ud800"}
    with pytest.raises(RowError, match=r"half a character.* \(id s1\)"):
        verify(half)


def test_the_same_row_in_other_containers() -> None:
    """A tuple, an array of polars or Arrow is a list; a set has no order, and a frame is no value."""
    numpy, polars, arrow = map(pytest.importorskip, ("numpy", "polars", "pyarrow"))
    row = {"id": "a", "question": "Edema?", "options": ["A. Yes", "B. No"], "answer": "B", "prediction": "B"}
    plain = score(row)
    assert plain["scores"]["accuracy"] == 1.0
    for make in (tuple, polars.Series, arrow.array, lambda texts: numpy.array(texts, dtype=object)):
        assert json_text.encode(score({**row, "options": make(row["options"])})) == json_text.encode(plain)
    assert score({**row, "seen": (1, 2)})["seen"] == [1, 2]
    assert type(score({**row, "id": numpy.str_("a")})["id"]) is str
    assert score({**row, "seen": {1}})["seen"] == {1}
    for odd in ({"Yes", "No"}, frozenset(["Yes"]), polars.DataFrame({"a": [1]})):
        for name in ("options", "answer", "images"):
            with pytest.raises(RowError, match=f"field `{name}`: expected a list, got "):
                score({**row, name: odd})

    class Series:  # as pandas has it, without names
        def to_dict(self) -> dict[int, str]:
            return {0: "a"}

    with pytest.raises(RowError, match="field `id`: missing"):
        mine(Series())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        {"options": '["Yes", "No"]', "answer": "B"},
        {"option_0": "Yes", "option_1": "No", "answer": 1},
        {"Choice A": "Yes", "Choice B": "No", "answer": "B"},
        {"options": {"A": "Yes", "B": "No"}, "answer": "B"},
        {"options": ["No", "Yes"], "answer": "No", "made_by": "x"},
        {"options": [1, 2], "answer": 2},
        {"options": ["B", "A"], "answer": "A", "made_by": "x"},
    ],
    ids=str,
)
def test_a_reward_reads_a_row_as_the_metric_does(row: Row) -> None:
    """The index of an option was no answer for a reward, or another option."""
    row = {"id": "a", "question": "Is there edema?", **row}
    for reply in ("<think>No.</think><answer>A</answer>", "<think>No.</think><answer>B</answer>"):
        expected = score({**row, "prediction": reply})["scores"]["accuracy"]
        assert rewards.accuracy([reply], case=[row]) == [expected]
        assert rewards.accuracy([reply], case=[json.dumps(row)]) == [expected]
        assert rewards.accuracy([reply], **{name: [value] for name, value in row.items()}) == [expected]
        assert case_rewards(reply, row).by_name["accuracy"] == expected


def test_a_reward_refuses_what_the_metric_refuses() -> None:
    case = {"id": "a", "question": "Is there edema?", "options": ["Yes", "No"], "answer": "No", "report": "No edema."}
    for name, value in (("options", 7), ("report", 7), ("steps", 7), ("findings", "x"), ("answer", 1)):
        with pytest.raises(RowError, match=rf"^case: .*`{name}`.* \(id a\)$"):
            rewards.process(["No edema."], case=[{**case, name: value}])
        with pytest.raises(RowError, match=rf"^case: .*`{name}`"):
            rewards.process(["No edema."], **{field: [item] for field, item in {**case, name: value}.items()})
    with pytest.raises(RowError, match=r"^case: half a character"):
        rewards.process(["No edema."], options=["\ud800"])
    assert rewards.process(["x"], case=['{"id": "a", "report": NaN}']) == [None]


def test_cases_of_a_study_share_nothing() -> None:
    """A loop that puts a folder before the films of each case would put it there as often as there are cases."""
    study = {**STUDY, "images": ["a.png"], "labels": {"edema": 0}, "prior": {"images": ["b.png"]}}
    cases = mine(study, tasks=["binary"])
    assert len(cases) > 1
    for case in cases:
        case["images"][0] = f"films/{case['images'][0]}"
        case["prior"]["images"].clear()
        case["labels"].clear()
    assert {case["images"][0] for case in cases} == {"films/a.png"}
    assert study == {**STUDY, "images": ["a.png"], "labels": {"edema": 0}, "prior": {"images": ["b.png"]}}


def test_rows_that_the_commands_refuse() -> None:
    section = {**STUDY, "findings": "Clear lungs."}
    for function in (mine, Rules().label_study):
        with pytest.raises(RowError, match=r"column `findings` is a text, .* \(id s1\)"):
            function(section)
    with pytest.raises(RowError, match="half a character"):
        mine({**STUDY, "id": "\ud800"})
    number = json_text.decode(b"0.12345678901234567890123")
    assert json_text.encode(verify({**STUDY, "steps": ["Edema."], "x": number})["x"]) == b"0.12345678901234567890123"


def test_errors_are_one_line(tmp_path: Path) -> None:
    for call in (lambda: label("", "a\nb"), lambda: Rules("a\nb"), lambda: Rules().reward("a\nb")):
        with pytest.raises(CxrError) as error:
            call()
        assert str(error.value).isprintable()


def test_a_lexicon_stays_the_same_file_in_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = []
    for name in ("gizmo", "widget"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        Path("own.toml").write_text(f'[[finding]]\nname = "{name}"\nterms = ["thing"]\nanswer = true\n')
        both.append(Rules("own.toml"))
    assert [rules.read("A thing.")[0].name for rules in both] == ["gizmo", "widget"]


def test_each_row_or_its_error() -> None:
    rows = [STUDY, {"id": "s2"}, {"id": "s3", "report": "Edema."}]
    results = [*each(mine, rows, errors="keep")]
    assert [str(result) for result in results if isinstance(result, RowError)] == [
        "row: no report and no labels (if the report has another name: --map report=COLUMN) (id s2)"
    ]
    assert [result["id"] for result in results if not isinstance(result, RowError)] == [
        case["id"] for row in (rows[0], rows[2]) for case in mine(row)
    ]
    with pytest.raises(RowError, match="s2"):
        [*each(mine, rows)]
    with pytest.raises(CxrError, match="errors: skip is none of raise, keep"):
        each(mine, rows, errors="skip")  # type: ignore[arg-type]


ERRORS = [
    *(CxrError("a"), EngineError("a"), RowError("a:1", "bad", id="x"), BadImage("a.png", "is truncated")),
    *(BrokenJson("no JSON"), DecodeError("is truncated"), Terminated(signal.SIGTERM), Terminated(signal.SIGINT)),
    YamlError("a key twice", 3),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_survive_pickle(error: BaseException) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_all_errors_are_tried() -> None:
    """Every class of the house that derives from an exception."""
    names = {
        name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
    }
    own = {type(error).__name__ for error in ERRORS}
    classes = [
        node
        for path in Path(cxr_cli.__path__[0]).rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    assert {node.name for node in classes if {*map(ast.unparse, node.bases)} & (names | own)} == own


def test_public_objects_survive_cloudpickle(gizmo: Rules) -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    for name in cxr_cli.__all__:
        assert pickle.loads(cloudpickle.dumps(getattr(cxr_cli, name))).__name__ == name
    values = [gizmo, gizmo.reward("process"), *gizmo.read("A gizmo."), *ERRORS[:4]]
    for value, copy in zip(values, pickle.loads(cloudpickle.dumps(values)), strict=True):
        assert copy == value or str(copy) == str(value)
    work = pickle.loads(cloudpickle.dumps(lambda report: gizmo.label(report, ["gizmo"])))
    assert work("A gizmo.") == {"gizmo": 1}


def _verify_without_report(number: int) -> Row:
    return verify({"id": str(number)})


def test_an_error_in_a_worker_comes_back() -> None:
    """An error that cannot be unpickled breaks the pool, or hangs `multiprocessing.Pool`."""
    with ProcessPoolExecutor(1) as pool, pytest.raises(RowError, match=r"field `report`: missing .* \(id 3\)"):
        pool.submit(_verify_without_report, 3).result(timeout=60)
    with get_context("fork").Pool(1) as workers, pytest.raises(RowError, match=r"field `report`: missing .* \(id 4\)"):
        workers.apply_async(_verify_without_report, (4,)).get(timeout=60)


def test_two_lexicons_in_eight_threads_do_not_mix(gizmo: Rules) -> None:
    both = Rules(), gizmo
    case = {"question": "Is there a gizmo?", "report": "There is a gizmo."}
    reply = "<think>There is a gizmo. There is no edema.</think><answer>Yes</answer>"

    def work(number: int) -> tuple[list[str], list[float | None]]:
        rules = both[number % 2]
        names = [finding.name for finding in rules.read(f"There is a gizmo. Edema {number}.")]
        return names, rules.reward("factuality")([f"{reply} {number}"], case=[case])

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(200)))
    theirs, ours = (
        (["edema"], [1.0]),
        (["gizmo", "edema"], [0.5]),
    )  # no edema: unmentioned is absent there, unknown here
    assert results == [ours if number % 2 else theirs for number in range(200)]


def test_rewards_by_rules(gizmo: Rules) -> None:
    """They are what the functions of `cxr rl` give, and go to the processes of a trainer."""
    text = completion_text(CASE["steps"], "A")
    for name in REWARDS:
        reward = REWARDS.load(name)
        values = [*reward([text], case=[CASE]), *reward([text], **{field: [value] for field, value in CASE.items()})]
        assert [*Rules().reward(name)([text], case=[CASE]), *Rules().reward(name)([text], case=[CASE])] == values
    reward = gizmo.reward("process")
    assert pickle.loads(pickle.dumps(reward)) == reward
    assert (reward.__name__, hash(reward)) == ("process", hash(gizmo.reward("process")))
    with pytest.raises(CxrError, match="reward: bleu is none of format, accuracy"):
        gizmo.reward("bleu")


def test_the_import_is_light() -> None:
    code = (
        "import sys, time\n"
        "start = time.process_time()\n"
        "import cxr_cli\n"
        "print(time.process_time() - start)\n"
        "names = [getattr(cxr_cli, name) for name in ('Rules', 'each', 'read', 'mine', 'verify', 'score')]\n"
        "assert not {'click', 'polars', 'torch', 'numpy', 'transformers'} & {*sys.modules}, sys.modules.keys()\n"
    )
    runs = (subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(9))
    assert any(float(done.stdout) < 0.15 for done in runs)  # not all of them, on a machine that does much else


def process_state() -> dict[str, Any]:
    """What a library may not change."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return {
        "signals": handlers,
        "gc": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "files": sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else [],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "draws": random.getstate(),
        "imports": ([*sys.path], [*sys.meta_path], sys.excepthook, sys.stdout, sys.stderr),
        "warnings": [*warnings.filters],
        "logging": (logging.root.level, [*logging.root.handlers], logging.root.manager.disable),
        "locale": locale.setlocale(locale.LC_ALL),
        "recursion": sys.getrecursionlimit(),
    }


def test_nothing_is_printed_and_nothing_is_changed(capfd: pytest.CaptureFixture[str], gizmo: Rules) -> None:
    pytest.importorskip("polars")  # imported by the first table
    before = process_state()
    rows = [
        score({**verify(case), "prediction": "Yes"})
        for case in each(mine, [STUDY, {"id": "b"}], errors="keep")
        if not isinstance(case, RowError)
    ]
    summarize(rows)
    compare({"a": rows, "b": rows})
    gizmo.score_reports(refs=["Edema."], hyps=["A gizmo."])
    gizmo.reward("process")(["A gizmo."], case=[STUDY])
    for call in (lambda: mine({"id": "a"}), lambda: Rules("nowhere.toml"), lambda: label("", ["oedemata"])):
        with pytest.raises(CxrError):
            call()
    assert process_state() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["size", "samples", "temperature", "max_tokens", "workers", "concurrency"])
def test_numbers_that_are_too_small_for_infer(name: str) -> None:
    """No samples would be rows without replies, and no concurrency would wait for ever."""
    for value in (-1, float("nan"), None):
        with pytest.raises(CxrError, match=f"{name}: expected a (whole )?number"):
            infer([STUDY], "http://localhost:9/v1", **{name: value})  # type: ignore[arg-type]


@needs("llm")
def test_infer_prints_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not which engine it takes, nor how many replies came, nor what the server says about an error."""
    monkeypatch.setenv("CXR_CACHE", str(tmp_path))
    case = {"id": "a", "question": "Is there edema?", "options": ["Yes", "No"], "images": ["film.png"]}
    (tmp_path / "film.png").write_bytes(film_bytes())
    code = (
        "import json, sys\n"
        "from cxr_cli import infer\n"
        f"for url in sys.argv[1:]:\n    [row] = infer([{case}], url, images={str(tmp_path)!r})\n"
    )
    with Server(lambda request: "<answer>B</answer>") as good, Server(fault) as bad:
        command = [sys.executable, "-c", code, good.url, bad.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs("llm")
def test_infer_takes_each_id_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CXR_CACHE", str(tmp_path))
    case = {"id": "a", "question": "Is there edema?", "options": ["Yes", "No"], "images": ["film.png"]}
    (tmp_path / "film.png").write_bytes(film_bytes())
    with Server(lambda request: "<answer>B</answer>") as server:
        answers = infer([case, case], server.url, images=tmp_path)
        assert next(answers)["predictions"][0]["answer"] == "No"
        with pytest.raises(RowError, match=r"row: field `id`: doubled \(id a\)"):
            next(answers)


@needs("llm")
def test_workers_of_a_script_that_is_not_guarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each worker runs the script again: it ends there in silence, and the error names the line to add, not a film."""
    monkeypatch.setenv("CXR_CACHE", str(tmp_path))
    case = {"id": "a", "question": "Is there edema?", "options": ["Yes", "No"], "images": ["film.png"]}
    (tmp_path / "film.png").write_bytes(film_bytes())
    with Server(lambda request: "<answer>B</answer>") as server:
        call = f"infer([{case}], {server.url!r}, images={str(tmp_path)!r}, workers=1)"
        (tmp_path / "script.py").write_text(f"from cxr_cli import infer\nprint(*{call})\n")
        done = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("Traceback")) == (1, "", 1)
    assert done.stderr.splitlines()[-1] == (
        "cxr_cli.errors.CxrError: the workers that decode films cannot start: put the code of your script under "
        '`if __name__ == "__main__":`, or decode without workers'
    )


def fault(request: Any) -> str:
    raise Fault(400)


def film_bytes() -> bytes:
    """A square of two greys, as PNG."""
    image = pytest.importorskip("PIL.Image").new("L", (8, 8))
    image.paste(200, (0, 0, 4, 8))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


SCRIPT = """
from cxr_cli import Rules, compare, each, infer, label, mine, read, score, summarize, verify
from cxr_cli.errors import RowError

names: list[str] = [finding.name for finding in read("Edema.")]
labels: dict[str, int | None] = label("Edema.", ["edema"])
ids: list[str] = [row["id"] for row in each(mine, [{"id": "a", "report": "Edema."}])]
for result in each(verify, [{"id": "a"}], errors="keep"):
    print(result.id if isinstance(result, RowError) else result["support"])
rules = Rules("own.toml", unmentioned="unknown")
scores: dict[str, float | None] = rules.score_reports(refs=["Edema."], hyps=["Edema."])
samples: list[dict[str, float | None]] = rules.score_reports(refs=[""], hyps=[""], per_sample=True)
rewards: list[float | None] = rules.reward("process")(["Edema."], case=[{"report": "Edema."}])
print(summarize([score({"id": "a"})]), compare({"a": [], "b": []}))
Rules(unmentioned="often")  # type: ignore[arg-type]
rules.score_reports(["Edema."], ["Edema."])  # type: ignore[call-overload]
each(mine, [], errors="skip")  # type: ignore[call-overload]
mine({"id": "a"}, tasks=["binary"], seed=1, brief=True)
mine({"id": "a"}, task=["binary"])  # type: ignore[call-arg]
score({"id": "a"}, statements="no")  # type: ignore[arg-type]
infer([], "http://localhost:8000/v1", allow_remote=True, dry_run=True)  # type: ignore[call-arg]
"""


@pytest.mark.slow
def test_a_script_passes_mypy_strict(tmp_path: Path) -> None:
    """An error that is not there is one too: strict refuses an ignore without use."""
    pytest.importorskip("mypy")
    root = Path(cxr_cli.__path__[0]).parent
    assert (root / "cxr_cli" / "py.typed").is_file()
    (tmp_path / "script.py").write_text(SCRIPT)
    flags = ["--config-file", str(root / "pyproject.toml"), "--cache-dir", str(root / ".mypy_cache")]  # of `make lint`
    command = [sys.executable, "-m", "mypy", *flags, str(tmp_path / "script.py")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def written(rows: Any) -> str:
    return "".join(json_text.encode(row).decode() + "\n" for row in rows)


def check_equal_to_the_commands(tool: Tool, folder: Path, studies: list[Row], policy: Any) -> None:
    """Over mine, label, verify and score: the same bytes."""
    rules = Rules(unmentioned=policy)
    flag = ("--unmentioned", policy)

    def command(name: str, rows: str, *flags: Any) -> str:
        (folder / "in.jsonl").write_text(rows)
        done = tool(name, folder / "in.jsonl", *flags)
        assert done.code == 0, done.err
        return done.out

    def library(function: Callable[..., Any], rows: str) -> str:
        return written(each(function, [json_text.decode(line.encode()) for line in rows.splitlines()]))

    studies_text = written(studies)
    cases = command("mine", studies_text, *flag)
    assert library(rules.mine, studies_text) == cases
    checked = command("verify", cases, "--keep", "all", *flag).replace("|keep:all", "")
    assert library(rules.verify, cases) == checked
    answered = [json.loads(line) for line in checked.splitlines()]
    replies = written({**row, "prediction": str(row["answer"])} for row in answered)
    assert library(rules.score, replies) == command("score", replies, *flag)
    labelled = command("label", studies_text)
    assert library(rules.label_study, studies_text) == labelled
    for line in labelled.splitlines():
        row = json.loads(line)
        assert row["labels"] is None or row["labels"] == rules.label(row["report"])


@pytest.mark.parametrize("policy", ["normal", "unknown"])
def test_it_gives_what_the_commands_write(tool: Tool, tmp_path: Path, policy: str) -> None:
    check_equal_to_the_commands(tool, tmp_path, [*examples()], policy)


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("policy", ["normal", "unknown"])
def test_it_gives_what_the_commands_write_of_300_reports(tool: Tool, tmp_path: Path, policy: str) -> None:
    studies = [{"id": str(n), "report": report_text(row)} for n, row in enumerate(openi_reports()[:300])]
    check_equal_to_the_commands(tool, tmp_path, studies, policy)
