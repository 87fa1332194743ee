"""Plots of scores: which are drawn, that labels are in them and nothing is cut off."""

import re
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from tests.conftest import Cxr
from tests.scoring.summaries.test_compare import written

pytest.importorskip("matplotlib", reason="needs the extra plot")

PARTS = ("factuality", "completeness", "effectiveness", "radrscore")
ALL = ("accuracy_by_task", "radrscore_by_task", "radrscore_parts", "accuracy_radrscore", "findings")
LONG = "a_very_long_name_of_a_fine-tuned_checkpoint-step-12000_merged"


def score_matrix(*models: str, **more: Any) -> ScoreMatrix:
    made = ScoreMatrix()
    for m, model in enumerate(models):
        for n in range(12):
            scores: dict[str, float | None] = {"accuracy": float(n % (m + 2) > 0), **dict.fromkeys(PARTS, n / 12)}
            task = ["binary", "multiple_no_option_evaluation"][n % 2]
            finding = ["edema", "enlarged cardiomediastinum"][n // 6]
            row = {"id": str(n), "task": task, "scores": scores, "findings": [finding], "source": "ab"[n % 3 > 0]}
            made.add(model, row | more)
    return made


def draw_plots(comparison: Comparison, folder: Path) -> list[Path]:
    from cxr_cli.scoring.plots.plots import draw_plots

    return draw_plots(comparison, folder)


def letters(path: Path) -> str:
    """All text of an SVG."""
    assert set(re.findall(r"font-size: ([\d.]+\w+)", path.read_text())) == {"8px"}
    return " ".join(re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", path.read_text()))


def test_plots(tmp_path: Path) -> None:
    drawn = draw_plots(Comparison(score_matrix(LONG, "GPT-4o & co"), in_domain=["a"]), tmp_path / "new" / "figures")
    assert [path.name for path in drawn] == [f"{name}.{ending}" for name in ALL for ending in ("png", "svg")]
    assert all(path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" for path in drawn[::2])
    shown = {path.stem: letters(path) for path in drawn[1::2]}
    for name in ALL:
        assert "GPT-4o &amp; co" in shown[name]
        assert "step-12000_" in shown[name]
    assert "binary" in shown["accuracy_by_task"]
    assert "accuracy (95% interval)" in shown["accuracy_by_task"]
    assert "in-domain" in shown["radrscore_parts"]
    assert "other centres" in shown["radrscore_parts"]
    assert "completeness" in shown["radrscore_parts"]
    assert "RadRScore (95% interval)" in shown["accuracy_radrscore"]
    assert "enlarged cardiomediastinum (6)" in shown["findings"]
    assert "0.50" in shown["findings"]


def test_a_dollar_in_a_name_is_no_formula(tmp_path: Path) -> None:
    drawn = draw_plots(Comparison(score_matrix("a$\\frac$b", "c")), tmp_path)
    assert "a$\\frac$b" in letters(drawn[1])


def overlapping(boxes: list[Any]) -> bool:
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize(
    ("models", "in_domain"), [([""], []), ([LONG, "b", LONG[::-1]], ["a"]), ([LONG, *"bcdefghijk"], [])], ids=[1, 3, 11]
)
def test_letters_are_of_8_points_and_none_is_cut_or_covered(models: list[str], in_domain: list[str]) -> None:
    import matplotlib

    from cxr_cli.scoring.plots.plots import Figures
    from cxr_cli.scoring.plots.style import STYLE

    with matplotlib.rc_context(STYLE):
        for name, figure in Figures(Comparison(score_matrix(*models), in_domain=in_domain)).all():
            figure.draw_without_rendering()
            page, ink = figure.bbox_inches, figure.get_tightbbox()
            assert page.x0 <= ink.x0 < ink.x1 <= page.x1, name
            assert page.y0 <= ink.y0 < ink.y1 <= page.y1, name
            texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
            assert {text.get_fontsize() for text in texts} == {8}, name
            for place in figure.axes:
                for labels in (place.get_xticklabels(), place.get_yticklabels()):
                    seen = [label for label in labels if label.get_visible() and label.get_text()]
                    assert not overlapping([label.get_window_extent() for label in seen]), name


def test_the_same_scores_give_the_same_files(tmp_path: Path) -> None:
    some = score_matrix("a", "b", scores={"accuracy": 0.5}, findings=None)
    one, other = (draw_plots(Comparison(some), tmp_path / name) for name in ("one", "other"))
    assert len(one) == 2
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_only_what_there_is_is_drawn(tmp_path: Path) -> None:
    report = {"scores": {"finding_f1": 0.5, "finding_errors": 3.0}, "findings": None}
    assert [path.stem for path in draw_plots(Comparison(score_matrix("a", **report)), tmp_path)[::2]] == [
        "finding_f1_by_task"
    ]
    assert draw_plots(Comparison(score_matrix("a", scores={"accuracy": None})), tmp_path) == []


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CxrError, match="file/figures: Not a directory"):
        draw_plots(Comparison(score_matrix("a")), tmp_path / "file" / "figures")


def test_the_command(cxr: Cxr, tmp_path: Path) -> None:
    """A file of two models, which were asked the same items."""
    written(tmp_path / "a.jsonl", 2, 4, answered_by="GPT-4o")
    first = (tmp_path / "a.jsonl").read_text()
    second = first.replace('"id": "q', '"id": "other/q').replace("GPT-4o", "MedDr")
    (tmp_path / "a.jsonl").write_text(re.sub(r'"id": "(other/)?(q\d+)"', r'"id": "\1\2", "item": "\2"', first + second))
    done = cxr("score", "a.jsonl", "--summary", "--plot", "figures")
    assert (done.returncode, done.stderr) == (0, "cxr: 4 plots -> figures\n")
    assert done.stdout.startswith("task    metric         n  nulls   mean    95% interval\nbinary  accuracy       8 ")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "accuracy_by_task.png",
        "accuracy_by_task.svg",
        "findings.png",
        "findings.svg",
    ]
    assert "MedDr" in letters(tmp_path / "figures" / "findings.svg")
