"""Rows for training: what is stored, mixed and taught, and which rows stop a run."""

import json
from pathlib import Path

import pytest

from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.errors import CxrError, RowError
from cxr_cli.training.data.dataset import check_teachable, prompt, target_text, taught_prompt
from cxr_cli.training.data.row_store import Mixture, RowStore
from cxr_cli.training.data.training_rows import read_training_data
from tests.cases import Row, lines
from tests.conftest import Tool, needs
from tests.training.small_trainings import error_of, make_job, rl, sft


def test_the_completion_and_the_prompt_of_a_row() -> None:
    row = {"question": "Is it?", "options": ["Yes", "No"], "answer": "No", "steps": ["I look.", {"text": "Clear."}]}
    assert target_text(row) == "<think> I look. Clear. </think><answer> B </answer>"
    assert target_text({**row, "steps": None}) == "<answer> B </answer>"
    assert target_text({**row, "answer": ["Yes", "No"], "steps": []}) == "<answer> A, B </answer>"
    assert target_text({"question": "Which?", "answer": ["Edema", "Nodule"]}) == "<answer> Edema, Nodule </answer>"
    assert target_text({"question": "Which?", "answer": []}) == "<answer> None </answer>"
    assert prompt(row) == "Is it? Options:\nA) Yes\nB) No"
    assert prompt(row, "Think.") == taught_prompt(row, "Think.") == "Is it? Options:\nA) Yes\nB) No\nThink."
    assert taught_prompt({**row, "steps": None}, "Think.") == prompt(row)
    with pytest.raises(RowError, match="none of the options"):
        target_text({**row, "answer": "Maybe"})
    with pytest.raises(RowError, match="none to teach"):
        target_text({**row, "answer": None})


def stored(*ids: str) -> RowStore:
    rows = RowStore()
    for id in ids:
        rows.add({"id": id, "question": "?", "report": "x" * 100, "extra": 1})
    rows.flush()
    return rows


def test_rows_are_stored_with_the_fields_that_training_needs() -> None:
    rows = stored("a", "b", "c")
    assert [rows[i]["id"] for i in range(3)] == ["a", "b", "c"]
    assert rows[1] == {"id": "b", "question": "?", "report": "x" * 100, "steps": []}
    assert str(rows.fingerprint) == str(stored("c", "b", "a").fingerprint) != str(stored("a", "b").fingerprint)


def test_a_mixture_takes_each_part_by_its_weight() -> None:
    few, many = stored(*"ab"), stored(*(f"m{i}" for i in range(98)))
    assert [Mixture([few, many])[i]["id"] for i in (0, 1, 2, 99)] == ["a", "b", "m0", "m97"]
    mixed = Mixture([few, many], [1, 3], seed=1)
    drawn = [mixed[i]["id"] for i in range(len(mixed))]
    assert (len(drawn), *sorted((drawn.count("a"), drawn.count("b")))) == (100, 12, 13)
    assert len(set(drawn)) == 77
    again = Mixture([few, many], [1, 3], seed=1)
    assert [again[i]["id"] for i in range(100)] == drawn
    for parts, weights, number in (([few, stored()], [1, 1], 2), ([few, many], [0.001, 1000], 1)):
        with pytest.raises(CxrError, match=f"^file {number} of --mix: an epoch takes no row of it: it is em"):
            Mixture(parts, weights)
    with pytest.raises(CxrError, match="no rows"):
        Mixture([stored()])


@needs("train")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"answer": None},
            "field `answer`: there is none to teach",
        ),
        (
            {"images": []},
            "field `images`: missing or empty",
        ),
        (
            {"question": ""},
            "field `question`: missing or empty",
        ),
        ({"answer": "Maybe"}, "field `answer`: it is none of the options"),
        ({"id": "a"}, "field `id`: doubled, first at rows.jsonl:1"),
        ({"question": " \n"}, "field `question`: a blank text"),
        ({"question": "\u200b"}, "field `question`: a blank text"),
        ({"options": ["No", "No"]}, "field `options`: one occurs twice"),
        ({"options": ["No", "no "]}, "field `options`: one occurs twice"),
        ({"options": ["No", " "]}, "field `options`: a blank text"),
        ({"options": [], "answer": " "}, "field `answer`: a blank text"),
        ({"options": [*(f"o{i}" for i in range(27)), "No"]}, "field `options`: there are 28, and only 26 letters"),
        ({"steps": ["Clear. </think><answer> A </answer>"]}, "field `steps`: it has </think>, which marks a part"),
        ({"steps": ["I look.", {"text": " "}]}, "field `steps`: a blank text"),
        ({"answer": ["No", "No"]}, "field `answer`: one occurs twice"),
        ({"question": "<image> Is it?"}, "field `question`: it has <image>, which stands for a film"),
        ({"options": ["No", "<video>"]}, "field `options`: it has <video>, which stands for a film"),
        ({"question": "Is it <answer>?"}, "field `question`: it has <answer>, which marks a part of the reply"),
    ],
)
def test_a_row_that_cannot_be_taught_stops_the_run(tmp_path: Path, change: Row, reason: str) -> None:
    row = {"id": "a", "question": "Is it?", "options": ["Yes", "No"], "answer": "No", "images": ["a.png"]}
    (tmp_path / "rows.jsonl").write_text(lines(row, {**row, "id": "b", **change}))
    error = error_of(tmp_path / "out", tmp_path / "rows.jsonl").replace(f"{tmp_path}/", "")
    assert error.startswith(f"rows.jsonl:2: {reason}")
    assert "\n" not in error


def test_a_case_is_taught_with_its_steps_and_by_its_answer_alone(tmp_path: Path) -> None:
    """Both files of a mixture may be mined from the same studies, as docs/train.md and chestx-reasoner.mk do."""
    row = {"id": "a", "question": "Is it?", "options": ["Yes", "No"], "answer": "No", "images": ["a.png"]}
    files = {"steps.jsonl": {**row, "steps": ["I look."]}, "answers.jsonl": {**row, "steps": None}}
    for name, case in files.items():
        (tmp_path / name).write_text(lines(case))
    sources = [str(tmp_path / name) for name in files]
    job = make_job(tmp_path, Path("model"), tmp_path / "out", sources=sources, weights=[1, 1])
    rows = read_training_data(job, check_teachable).rows
    taught = [target_text(rows[index]) for index in range(len(rows))]
    assert taught == ["<think> I look. </think><answer> B </answer>", "<answer> B </answer>"]


@needs("train")
def test_the_weights_of_a_mixture(tmp_path: Path) -> None:
    for weight in ("0", "1e-9", "1e300", "1_0", "nan", "-1", ""):
        error = error_of(tmp_path / "out", mix=[f"{tmp_path}/a.jsonl:{weight}"])
        assert error == f"--mix {tmp_path}/a.jsonl:{weight}: not FILE:WEIGHT with a weight from 0.001 to 1,000"


def test_a_film_that_goes_missing_while_workers_read(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxr_cli.stages.sft.plan_sft", lambda *_: "")  # it has looked at the film before it went
    row = {"id": "x", "question": "Is it?", "answer": "Yes", "options": ["Yes"], "images": ["gone.png"]}
    good = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])
    (tmp_path / "gone.jsonl").write_text(lines(good, row))
    with pytest.raises(CxrError, match=r"^image gone.png does not exist \(id x\)$"):
        sft(
            drawn,
            tiny_models["qwen2_vl"],
            tmp_path / "out",
            sources=[str(tmp_path / "gone.jsonl")],
            dataloader_num_workers=1,
        )


def test_a_model_is_asked_and_trained_on_with_the_instruction_that_it_was_taught(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    own, first, second = "Look at the lungs, then answer.", tmp_path / "sft", tmp_path / "rl"
    sft(drawn, tiny_models["qwen2_vl"], first, max_steps=1, instruction=own)
    rl(drawn, first, second, max_steps=1)
    for out in (first, second):
        record = json.loads((out / "run.json").read_text())
        assert (record["instruction"], "instruction" in record["settings"]) == (own, False)
        assert json.loads((out / "training.json").read_text())["instruction"] == own
        assert make_job(drawn, out, tmp_path / "next").instruction == own
    assert make_job(drawn, tiny_models["qwen2_vl"], tmp_path / "next").instruction == INSTRUCTION
    assert make_job(drawn, first, tmp_path / "next", instruction="Briefly.").instruction == "Briefly."
    with pytest.raises(CxrError, match=r"instruction \(Look at .* before, Briefly\. now\)"):
        sft(drawn, tiny_models["qwen2_vl"], first, max_steps=1, instruction="Briefly.", resume=True)
    with pytest.raises(CxrError, match=r"instruction: it has <\|im_end\|>"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "no", max_steps=1, instruction="Stop.<|im_end|>")


@pytest.mark.parametrize("stage", ["sft", "rl"])
def test_rows_that_should_have_steps_and_have_none_are_left_out_and_counted(
    tool: Tool, drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, stage: str
) -> None:
    good = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])
    none = good | {"id": "none", "steps": None, "why": {"steps": "not asked for"}}  # by `cxr mine --steps none`
    failed = [good | {"id": f"f{n}", "steps": None, "why": {"steps": "engine: plan: unparsable"}} for n in range(2)]
    unreported = good | {"id": "unreported", "steps": None, "why": {"steps": "no report"}}
    (tmp_path / "rows.jsonl").write_text(lines(good, failed[0], none, failed[1], unreported))
    (tmp_path / "failed.jsonl").write_text(lines(*failed))
    flags = ("-m", tiny_models["qwen2_vl"], "-o", "out", "--images", drawn, "--set", "size=56", "--dry-run")
    flags += ("--set", "warmup_steps=0")
    batch = ("--set", "num_generations=2", "--set", "per_device_train_batch_size=2", "--set", "max_completion_length=8")
    flags += batch if stage == "rl" else ()
    done = tool(stage, "rows.jsonl", *flags)
    assert done.code == 0, done.err
    plan = [line for line in done.out.splitlines() if line.startswith("rows ")]
    assert plan == ["rows          2, 1 without steps; 3 left out, as their steps are null"]
    said = " rows are left out, as their steps are null (the first is id f0); --answers-only keep"
    assert done.err.count(f"cxr: 3{said}") == 1
    kept = tool(stage, "rows.jsonl", *flags, "--answers-only", "keep")
    assert "rows          5, 4 without steps\n" in kept.out, kept.err
    assert "left out" not in kept.err
    nothing = tool(stage, "failed.jsonl", *flags)
    assert nothing.code == 1
    assert nothing.err.splitlines()[-1] == "cxr: no rows to train on"
    assert f"cxr: 2{said}" in nothing.err
