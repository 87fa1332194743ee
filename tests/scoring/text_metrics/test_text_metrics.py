"""`cxr score --metric`: metrics of other packages and of one's own; and the same as rewards."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import select
from cxr_cli.scoring.text_metrics.text_metric_table import TEXT_METRICS, text_metric
from tests.cases import lines, rows
from tests.conftest import Tool

REPORT = "There is a small left pleural effusion."
ROWS: list[dict[str, Any]] = [
    {"id": "1", "report": REPORT, "prediction": REPORT},
    {"id": "2", "report": REPORT, "prediction": f"<think>Hazy.</think><answer>{REPORT}</answer>"},
    {"id": "3", "report": REPORT, "prediction": "Clear lungs."},
    {"id": "4", "report": None, "prediction": "Clear lungs."},
    {"id": "5", "report": REPORT, "prediction": ""},
    {"id": "6", "question": "What is seen?", "answer": "Edema", "prediction": "<answer>Edema</answer>"},
]


def scores(tool: Tool, tmp_path: Path, *flags: str) -> list[Any]:
    (tmp_path / "a.jsonl").write_text(lines(*ROWS))
    result = tool("score", "a.jsonl", *flags)
    assert result.code == 0, result.err
    return rows(result.out)


@pytest.mark.parametrize(("name", "package"), [("bleu", "sacrebleu"), ("rouge_l", "rouge_score")])
def test_a_metric_of_a_package(tool: Tool, tmp_path: Path, name: str, package: str) -> None:
    pytest.importorskip(package)
    results = scores(tool, tmp_path, "--metric", name)
    values = [row["scores"][name] for row in results]
    assert [values[0], values[1], values[5]] == [1] * 3
    assert values[2] < 0.1
    assert [row["why"].get(name) for row in results[3:5]] == ["no text to compare with", "no text in the reply"]
    assert f"|metric:{name}@" in results[0]["scored_by"]
    pays = select([name]).functions[name]
    case: list[Any] = [{"report": REPORT}] * 2 + [{}]
    assert pays(completions=[REPORT, "", REPORT], case=case) == [pytest.approx(1), 0, None]


KEYS = {"f1chexbert": "f1chexbert_all_micro_f1", "radcliq": "radcliq_v1", "radgraph": "radgraph_partial"}


class FakeRadEval:
    """As RadEval 2.2 is called, and what it gives; no weights are needed."""

    def __init__(self, metrics: list[str], per_sample: bool, show_progress: bool) -> None:
        if metrics == ["green"]:
            raise OSError("no connection")
        (self.name,), self.per_sample = metrics, per_sample

    def __call__(self, refs: list[str], hyps: list[str]) -> dict[str, Any]:
        values = [3.0 if self.name == "radcliq" else -0.5 if self.name == "crimson" else float(r == h)
                  for r, h in zip(refs, hyps, strict=True)]  # fmt: skip
        return {KEYS.get(self.name, self.name): values if self.per_sample else values[0]}


@pytest.fixture
def radeval(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("radeval")
    module.RadEval = FakeRadEval  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "radeval", module)


@pytest.mark.usefixtures("radeval")
def test_options_are_compared_by_their_texts(tool: Tool, tmp_path: Path) -> None:
    """A letter in the reply, or in a row, is no text to compare."""
    case = {"id": "1", "question": "What is seen?", "options": ["Edema", "Nodule"], "answer": "B"}
    (tmp_path / "o.jsonl").write_text(lines(case | {"prediction": "<think>Round.</think><answer>B</answer>"}))
    (row,) = rows(tool("score", "o.jsonl", "--metric", "ratescore").out)
    assert row["scores"]["ratescore"] == 1
    pays = select(["ratescore"]).functions["ratescore"]
    assert pays(completions=["<answer>B</answer>", "<answer>A</answer>"], case=[case, case]) == [1, 0]


@pytest.mark.usefixtures("radeval")
def test_the_metrics_of_radeval(tool: Tool, tmp_path: Path) -> None:
    names = ["radgraph_f1", "ratescore", "chexbert_f1", "radcliq", "crimson"]
    results = scores(tool, tmp_path, *(part for name in names for part in ("--metric", name)))
    assert [results[0]["scores"][name] for name in names] == [1, 1, 1, 3, -0.5]
    assert [results[2]["scores"][name] for name in names[:3]] == [0, 0, 0]
    mix = select(["radcliq:0.5", "crimson", "ratescore"])
    case = [{"report": REPORT}]
    paid = [pays(completions=[REPORT], case=case) for pays in mix.functions.values()]
    assert (paid, mix.weights) == ([[0.25], [0.0], [1.0]], [0.5, 1, 1])


@pytest.mark.usefixtures("radeval")
def test_weights_that_are_not_there_are_one_line(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(*ROWS))
    line = "green: its model cannot be loaded or fails (OSError): are its weights on this machine? Run it once with "
    line += "network, and look at HF_HOME and HF_HUB_OFFLINE"
    assert tool("score", "a.jsonl", "--metric", "green").err == f"cxr: {line}\n"
    with pytest.raises(CxrError, match=r"^green: its model"):
        select(["green"])


def test_a_package_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (package, extra) in {
        "bleu": ("sacrebleu", "text-metrics"),
        "bertscore": ("bert_score", "text-metrics"),
        "green": ("radeval", "radeval"),
    }.items():
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(CxrError, match=rf'pip install -e "\.\[{extra}\]" in a clone'):
            text_metric(name)


OWN = """
def words(prediction, row):
    return None if row["id"] == "3" else len(prediction.split())

def broken(prediction, row):
    return {}[row["id"]]

def text(prediction, row):
    return "much"

def accuracy(prediction, row):
    return 1
"""


def test_a_metric_of_ones_own(tool: Tool, tmp_path: Path) -> None:
    """It gets the whole reply and the row, and needs no reference."""
    (tmp_path / "my_metrics.py").write_text(OWN)
    results = scores(tool, tmp_path, "--metric", "my_metrics:words")
    assert [row["scores"]["words"] for row in results] == [7, 7, None, 2, 0, 1]
    assert results[2]["why"]["words"] == "the metric gives no number"
    place = f"--metric my_metrics:broken (id 1): KeyError at {tmp_path / 'my_metrics.py'}:6"
    listing = f"{', '.join(TEXT_METRICS)}, or my_module:function"
    for name, error in {
        "my_metrics:broken": place,
        "my_metrics:text": "--metric my_metrics:text gave a str for id 1; it takes a number of at most 1e+09, or None",
        "my_metrics:accuracy": "--metric: accuracy is the name of another score: give the function a name of its own",
        "my_metrics:none": "--metric my_metrics:none: module 'my_metrics' has no attribute 'none'",
        "my_metrics.py:words": "--metric my_metrics.py:words: name the module, not its file: my_metrics:words",
        "blue": f"--metric: no metric is called blue; did you mean bleu? there are: {listing}",
    }.items():
        assert tool("score", "a.jsonl", "--metric", name).err == f"cxr: {error}\n"
    twice = tool("score", "a.jsonl", "--metric", "my_metrics:words", "--metric", "my_metrics:words").err
    assert twice == "cxr: --metric: words is named twice\n"
    jobs = tool("score", "a.jsonl", "--metric", "my_metrics:words", "--jobs", "2").err
    assert jobs == "cxr: --metric works in one process: leave out --jobs\n"
