"""The comparison of models: items, means, tests, centres, names; in literals."""

from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError, RowError
from cxr_cli.scoring.summaries import comparison_table
from cxr_cli.scoring.summaries.comparison import Comparison, ComparisonLine
from cxr_cli.scoring.summaries.comparison_notes import notes
from cxr_cli.scoring.summaries.model_names import ModelFile, model_files
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from cxr_cli.scoring.tables.format_table import formatted


def add(matrix: ScoreMatrix, model: str, n: int, score: float | None, task: str = "binary", **more: Any) -> None:
    row = {"id": f"{task}/{n}", "task": task, "patient": f"p{n}", "scores": {"accuracy": score}, "scored_by": "judge:x"}
    matrix.add(model, row | more)


def three() -> ScoreMatrix:
    """a is always right, b never, c_1 like a, but that its judge failed once. Of `single` c_1 was asked nothing, and a
    and b the same one question; a was asked one binary question more, and b another.
    """
    matrix = ScoreMatrix()
    for n in range(20):
        add(matrix, "a", n, 1.0)
        add(matrix, "b", n, 0.0)
        add(matrix, "c_1", n, 1.0 if n else None, why={} if n else {"accuracy": "judge: refused"})
    add(matrix, "a", 20, 1.0)
    add(matrix, "b", 21, None)
    add(matrix, "a", 0, 1.0, "single")
    add(matrix, "b", 0, 1.0, "single")
    return matrix


def printed(comparison: Comparison, format: str) -> str:
    return formatted(comparison_table.document(comparison), format)


def lines(comparison: Comparison) -> dict[tuple[str, str], ComparisonLine]:
    return {(line.task, line.model): line for line in comparison.lines}


def test_lines() -> None:
    found = lines(Comparison(three(), common=True))
    assert [*found] == [
        *(("binary", model) for model in ("a", "b", "c_1")),
        *(("single", model) for model in ("a", "b")),
        *(("all", model) for model in ("a", "b", "c_1")),
    ]
    smallest = 3 / 10_001  # three pairs; two of 2^20 sign patterns are as large, and none is drawn
    binary = ("binary", "accuracy", "all")
    assert found["binary", "a"] == (*binary, "a", 20, 0, 1.0, 1.0, 1.0, True, True, None, {})
    assert found["binary", "b"] == (*binary, "b", 20, 0, 0.0, 0.0, 0.0, False, False, pytest.approx(smallest), {})
    failed = {"judge: refused": 1}
    assert found["binary", "c_1"] == (*binary, "c_1", 19, 1, 1.0, 1.0, 1.0, True, True, 1.0, failed)
    assert found["single", "a"][4:12] == found["single", "b"][4:12] == (1, 0, 1.0, None, None, True, False, None)


def test_pairs() -> None:
    pairs = {(pair.task, pair.a, pair.b): pair for pair in Comparison(three(), common=True).pairs}
    assert [*pairs] == [
        *(("binary", *ab) for ab in (("a", "b"), ("a", "c_1"), ("b", "c_1"))),
        ("single", "a", "b"),
        *(("all", *ab) for ab in (("a", "b"), ("a", "c_1"), ("b", "c_1"))),
    ]
    assert pairs["binary", "a", "b"][5:10] == (20, 0, 1.0, 1.0, 1.0)
    assert pairs["binary", "a", "b"].p == pytest.approx(1 / 10_001)
    assert pairs["binary", "b", "c_1"][5:8] == (19, 1, -1.0)
    assert pairs["binary", "a", "c_1"][5:] == (19, 1, 0.0, 0.0, 0.0, 1.0, 1.0)
    assert pairs["single", "a", "b"][5:] == (1, 0, 0.0, None, None, None, None)


def test_differing_items_are_refused_without_common() -> None:
    with pytest.raises(CxrError) as error:
        Comparison(three())
    assert str(error.value) == (
        "the models have different items (a 22, b 22, c_1 20; 20 in common): --common compares on those"
    )


def test_fewer_errors_are_better() -> None:
    matrix = ScoreMatrix()
    for n in range(20):
        add(matrix, "a", n, None, scores={"finding_errors": 3.0})
        add(matrix, "b", n, None, scores={"finding_errors": 1.0 + n % 2})
    assert [(line.model, line.best, line.bold) for line in Comparison(matrix).lines] == [
        ("a", False, False),
        ("b", True, True),
    ]


def test_a_better_mean_over_easier_items_is_not_told_from_the_rest() -> None:
    """a scores the ten items that it gets right; on those b is better still, and where a is null b is worse."""
    matrix = ScoreMatrix()
    for n in range(40):
        add(matrix, "a", n, 0.8 if n < 20 else None)
        add(matrix, "b", n, 0.9 if n < 20 else 0.1)
    a, b = Comparison(matrix).lines
    assert (a.mean, a.best, a.bold) == (pytest.approx(0.8), True, False)
    assert (b.mean, b.best, b.bold) == (pytest.approx(0.5), False, False)
    assert b.p is not None
    assert b.p < 0.001


def centres() -> ScoreMatrix:
    matrix = ScoreMatrix()
    for n in range(12):
        source = ["mimic-cxr", "rsna", None][n % 3]
        for model, score in (("a", 1.0), ("b", n % 2)):
            add(matrix, model, n, score, source=source)
    return matrix


def test_centres_stand_side_by_side() -> None:
    comparison = Comparison(centres(), in_domain=["mimic-cxr"])
    assert [(line.centre, line.model, line.n, line.mean) for line in comparison.lines] == [
        ("in-domain", "a", 4, 1.0),
        ("in-domain", "b", 4, 0.5),
        ("other centres", "a", 4, 1.0),
        ("other centres", "b", 4, 0.5),
    ]
    table = printed(comparison, "table").splitlines()
    assert table[0] == " " * 25 + "------------- in-domain --------------  ----------- other centres ------------"
    assert table[1] == (
        "task    metric    model  n  nulls   mean    95% interval      p  n  nulls   mean    95% interval      p"
    )
    assert notes(comparison) == [
        "in-domain: mimic-cxr (4 items)",
        "other centres: rsna (4 items)",
        "items without a source, in neither group: 4",
    ]
    latex = printed(comparison, "latex").splitlines()
    assert latex[3] == r"& & & \multicolumn{5}{c}{in-domain} & \multicolumn{5}{c}{other centres} \\"
    assert latex[4] == r"\cmidrule(lr){4-8}\cmidrule(lr){9-13}"
    assert printed(comparison, "markdown").startswith("| task | metric | model | in-domain n | in-domain nulls |")


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(CxrError, match=r"^--in-domain mimic: no row has this `source`; there are: mimic-cxr, rsna$"):
        Comparison(centres(), in_domain=["mimic"])


def test_what_all_models_share_is_told_for_each_metric() -> None:
    """b has no RadRScore at all: `all` of RadRScore is over what a and c share, not over what b was asked too."""
    matrix = ScoreMatrix()
    for n in range(4):
        for model in ("a", "c"):
            add(matrix, model, n, 1.0, "single", scores={"accuracy": 1.0, "radrscore": 0.5})
    for model in ("a", "b", "c"):
        add(matrix, model, 0, 1.0, scores={"accuracy": 1.0, "radrscore": None})
    found = {(line.task, line.metric, line.model): line.n for line in Comparison(matrix, common=True).lines}
    assert found["all", "radrscore", "a"] == found["all", "radrscore", "c"] == 4
    assert found["all", "accuracy", "a"] == found["all", "accuracy", "b"] == 1


def test_a_model_that_shares_no_item_is_left_out_of_what_is_common() -> None:
    matrix = three()
    add(matrix, "d", 99, 0.5)
    comparison = Comparison(matrix, common=True)
    assert lines(comparison) == lines(Comparison(three(), common=True))
    assert "binary: left out, with no item in common: d" in notes(comparison)


def test_differing_signatures_and_missing_patients_are_said() -> None:
    matrix = ScoreMatrix()
    for n in range(3):
        add(matrix, "a", n, 1.0, made_by="rules")
        add(matrix, "b", n, 1.0, made_by="rules", scored_by="judge:y", answered_by="b" if n else "model:z|t:1")
    matrix.add("a", {"id": "q", "task": "binary", "scores": {"accuracy": 1.0}, "scored_by": "judge:x"})
    matrix.add("b", {"id": "q", "task": "binary", "scores": {"accuracy": 1.0}, "scored_by": "judge:y"})
    comparison = Comparison(matrix)
    assert notes(comparison) == [
        "items without a patient: 1, each counted as a patient of its own",
        "the models' rows carry different scored_by signatures:"
        " two numbers may be compared only if their signatures agree",
    ]
    assert printed(comparison, "table").splitlines()[-4:] == [
        "made_by: rules",
        "answered_by: model:z|t:1 (b)",
        "scored_by: judge:x (a)",
        "scored_by: judge:y (b)",
    ]


def test_an_item_is_answered_once() -> None:
    matrix = ScoreMatrix()
    add(matrix, "a", 1, 1.0)
    add(matrix, "a", 1, 1.0, "single")
    with pytest.raises(RowError, match="model a answers this item twice"):
        add(matrix, "a", 1, 1.0, id="other", item="binary/1")


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n=1.jsonl").touch()
    found = model_files(["GPT-4o=a/x.jsonl", "a/y.jsonl.gz", "b/y.v2.jsonl", "c/y.csv", "n=1.jsonl", "-"])
    assert [input.name for input in found] == ["GPT-4o", "a/y", "y.v2", "c/y", "n=1", "stdin"]
    assert found[0] == ("a/x.jsonl", "GPT-4o", True)
    assert ModelFile("x", "file").model({"answered_by": "GPT-4o"}) == "GPT-4o"
    assert ModelFile("x", "file").model({"answered_by": "engine:vllm|model:a"}) == "file"
    assert ModelFile("x", "file", given=True).model({"answered_by": "GPT-4o"}) == "file"
    with pytest.raises(CxrError, match="given twice"):
        model_files(["a.jsonl", "b=a.jsonl"])
    with pytest.raises(CxrError, match="two models are called m"):
        model_files(["m=a.jsonl", "m=b.jsonl"])
