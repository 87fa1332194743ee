"""Marks on the page of `cxr view`: set, stored, merged, exported, imported, and taken by `cxr verify --human`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases import rows
from tests.conftest import Cxr
from tests.viewer.browser import Viewer
from tests.viewer.pages import EFFUSION, FIRST, SECOND, Open

SAME = "<think>Fluid on the left. No edema.</think><answer>A</answer>"
TWO = [[EFFUSION | {"answered_by": f"engine:vllm|model:{name}", "prediction": SAME}] for name in ("rl", "sft")]
UNNAMED = [[EFFUSION | {"prediction": SAME}], [EFFUSION | {"prediction": SAME}]]


def download(viewer: Viewer, path: Path) -> list[dict[str, Any]]:
    with viewer.page.expect_download() as waiting:
        viewer.page.click("#save")
    waiting.value.save_as(path)
    return rows(path.read_text())


def sign_in(viewer: Viewer, name: str = "AB") -> None:
    viewer.page.click("#me")
    viewer.press("ControlOrMeta+a")
    viewer.type(name)
    viewer.press("Enter")


def reopened(open_page: Open, marked: int) -> Viewer:
    """The page in another tab, once it has what the first one stored: browsers pass it on a little later."""
    viewer = open_page()
    viewer.page.locator("#marked").get_by_text(str(marked), exact=True).wait_for(timeout=30_000)
    return viewer


def pressed(viewer: Viewer, step: int) -> list[str]:
    return viewer.texts(f".step >> nth={step} >> [aria-pressed=true]")


def import_lines(viewer: Viewer, path: Path, *lines: Any) -> str:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    viewer.page.evaluate("closeNotice()")
    viewer.page.set_input_files("#loaded", path)
    viewer.page.locator("#notice").wait_for()
    return viewer.text("#notice p")


STORE = "Object.keys(localStorage).find((key) => key.startsWith('cxr-marks:'))"


def test_agreeing_with_one_model_and_disagreeing_with_another(open_page: Open, tmp_path: Path) -> None:
    """Two models that say the same: named by their rows, or by nothing but their files."""
    for number, files in enumerate((TWO, UNNAMED)):
        viewer = open_page(*files)
        sign_in(viewer)
        viewer.press("n", "n", "n", "n", "a", "n", "n", "d")
        assert [pressed(viewer, 3), pressed(viewer, 5)] == [["Agree"], ["Disagree"]]
        marks = download(viewer, tmp_path / f"{number}.jsonl")
        assert [(mark["text"], mark["mark"]) for mark in marks] == [
            ("Fluid on the left.", "agree"),
            ("Fluid on the left.", "disagree"),
        ]
        names = [(mark["answered_by"], mark["model"]) for mark in marks]
        assert (
            names
            == [
                [("engine:vllm|model:rl", "rl"), ("engine:vllm|model:sft", "sft")],
                [(None, "a"), (None, "b")],
            ][number]
        )
        again = reopened(open_page, 2)
        assert [pressed(again, 3), pressed(again, 5)] == [["Agree"], ["Disagree"]]


def test_one_step_with_two_verdicts_has_one_opinion(open_page: Open) -> None:
    """Two judges of the same steps: who agrees with the first disagrees with the second."""
    other = [step | {"verdict": "unmentioned"} for step in EFFUSION["steps"]]
    viewer = open_page([EFFUSION], [EFFUSION | {"steps": other}])
    sign_in(viewer)
    viewer.press("n", "n", "a")
    viewer.page.evaluate("redrawMarks()")
    assert [pressed(viewer, 1), pressed(viewer, 4)] == [["Agree"], ["Disagree"]]
    assert viewer.page.locator(".step").nth(4).locator(".instead").input_value() == "supported"


def test_two_tabs_merge(open_page: Open, tmp_path: Path) -> None:
    first = open_page(FIRST, SECOND)
    sign_in(first)
    second = open_page()
    first.press("n", "a", "n", "d")
    second.press("n", "n", "a", "n", "d")
    for viewer in (first, second):
        viewer.wait_for("#marked", "3")
        assert [pressed(viewer, step) for step in range(3)] == [["Agree"], ["Agree"], ["Disagree"]]
    second.press("d")  # taken back
    first.wait_for("#marked", "2")
    first.press("c")
    first.type("a comment")
    second.wait_for("#marked", "2")
    assert second.page.locator(".step").nth(1).locator("textarea").input_value() == "a comment"
    assert first.focused() == "textarea"
    marks = download(second, tmp_path / "m.jsonl")
    assert [(mark["step"], mark["mark"], mark["comment"]) for mark in marks] == [
        (1, "agree", ""),
        (2, "agree", "a comment"),
    ]
    assert marks == download(first, tmp_path / "n.jsonl") == download(reopened(open_page, 2), tmp_path / "o.jsonl")


def test_a_tab_that_heard_nothing_overwrites_nothing(open_page: Open) -> None:
    """A browser may tell of changes late: what is stored is read again before it is written."""
    viewer = open_page(FIRST)
    sign_in(viewer)
    viewer.press("n", "a")
    late = viewer.page.evaluate(f"localStorage.getItem({STORE})").replace('"step":1', '"step":2')
    late = late.replace("I look at the pleura.", "There is a left effusion.")
    viewer.page.evaluate(f"(late) => localStorage.setItem({STORE}, late)", late)
    viewer.press("n", "n", "a")
    assert viewer.page.evaluate(f"localStorage.getItem({STORE})").count('"mark":"agree"') == 3


DAMAGED = ['{"id": "p1', "null", "5", "[]", '{"id":"p1/binary/effusion","step":1}', "\u202e<img src=x>"]


def test_a_damaged_store_empties_nothing_and_can_be_exported(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(FIRST, SECOND)
    sign_in(viewer)
    viewer.press("n", "a")
    broken = "\n".join(DAMAGED)
    viewer.page.evaluate(
        f"(text) => localStorage.setItem({STORE}, text + localStorage.getItem({STORE}))", broken + "\n"
    )
    again = reopened(open_page, 1)
    assert (again.text("#counted"), pressed(again, 0)) == ("3 cases", ["Agree"])
    assert again.text("#notice p") == "6 stored lines cannot be read as marks; all other marks are here."
    again.press("n", "n", "d")
    last = reopened(open_page, 2)
    with last.page.expect_download() as waiting:
        last.page.get_by_role("button", name="Download what cannot be read").click()
    waiting.value.save_as(tmp_path / "damaged.txt")
    assert (tmp_path / "damaged.txt").read_text() == broken + "\n"
    assert len(download(last, tmp_path / "m.jsonl")) == 2
    last.page.get_by_role("button", name="Remove it").click()
    assert not last.page.locator("#notice").is_visible()
    end = reopened(open_page, 2)
    assert not end.page.locator("#notice").is_visible()
    assert [error for error in end.errors if "ERR_FILE_NOT_FOUND" not in error] == []


def test_a_store_that_is_full_is_said(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(FIRST)
    sign_in(viewer)
    viewer.page.evaluate(
        "for (let size = 4e6; size > 9; size /= 2) try { localStorage[size] = 'x'.repeat(size) } catch {}"
    )
    viewer.press("n", "a")
    assert "download your marks before you close it" in viewer.text("#toast")
    assert [mark["mark"] for mark in download(viewer, tmp_path / "m.jsonl")] == ["agree"]


A_MARK = {"id": "p1/binary/effusion", "on": "steps", "sample": None, "step": 2, "text": "There is a left effusion."}
A_MARK |= {"mark": "disagree", "verdict": "contradicted", "comment": "", "by": "CD", "at": "2026-01-01T00:00:00Z"}


def a_mark(**more: Any) -> dict[str, Any]:
    return A_MARK | more


WRONG = [
    ({"id": 5}, "id"),
    ({"id": ""}, "id"),
    ({"on": "step"}, "on"),
    ({"sample": "0"}, "sample"),
    ({"answered_by": 1}, "answered_by"),
    ({"model": []}, "model"),
    ({"step": 0}, "step"),
    ({"step": 1.5}, "step"),
    ({"text": None}, "text"),
    ({"shown": True}, "shown"),
    ({"mark": "maybe"}, "mark"),
    ({"verdict": "none"}, "verdict"),
    ({"verdict": "constructor"}, "verdict"),
    ({"comment": {}}, "comment"),
    ({"by": " "}, "by"),
    ({"by": "A|B"}, "by"),
    ({"at": "yesterday"}, "at"),
    ({"at": 5}, "at"),
]


def test_every_field_of_an_import_is_checked(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(FIRST)
    lines = [json.dumps(a_mark() | wrong) for wrong, _ in WRONG]
    assert viewer.page.evaluate("(lines) => lines.map((line) => parseMark(line).fault)", lines) == [f for _, f in WRONG]
    said = import_lines(viewer, tmp_path / "m.jsonl", a_mark(), *lines)
    assert said == (
        "1 mark imported. Left out: 18 lines that are no marks, the first is line 2: `id` is missing or wrong."
    )
    assert viewer.text("#marked") == "1"


def test_an_import_keeps_the_newer_and_says_how_many_of_what(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(*TWO)
    sign_in(viewer, "CD")
    old, new = {"at": "2026-01-01T00:00:00Z"}, {"at": "2999-01-01T00:00:00Z"}
    step_1, step_3 = ({"step": 1, "text": "I look at the pleura."}, {"step": 3, "text": "There is edema."})
    viewer.press("n", "a", "n", "a", "n", "a")
    said = import_lines(
        viewer,
        tmp_path / "m.jsonl",
        a_mark(**old),
        a_mark(**step_1, **new),
        a_mark(**step_3, **old) | {"mark": "agree", "verdict": "contradicted"},
        a_mark(by="GH"),
        a_mark(by="IJ") | {"comment": None, "sample": 0},
        a_mark(id="elsewhere"),
        a_mark(text="Another text."),
        a_mark(on="predictions", sample=0, step=1, text="Fluid on the left."),
        a_mark(on="predictions", sample=0, step=1, text="Fluid on the left.", answered_by="engine:vllm|model:sft"),
        '{"id": "p1',
        "\ufeff",
    )
    assert said == (
        "4 marks imported, 1 of them newer than the one here. Left out: 1 already here; 1 not newer than the one here; "
        "2 for other rows; 1 that may be of several models; 1 line that is no mark, the first is line 10: broken JSON."
    )
    marks = {(mark["by"], mark["on"], mark["step"]): mark for mark in download(viewer, tmp_path / "n.jsonl")}
    assert {key: mark["mark"] for key, mark in marks.items()} == {
        ("CD", "steps", 1): "disagree",
        ("CD", "steps", 2): "agree",
        ("CD", "steps", 3): "agree",
        ("GH", "steps", 2): "disagree",
        ("IJ", "steps", 2): "disagree",
        ("CD", "predictions", 1): "disagree",
    }
    assert marks["CD", "predictions", 1]["model"] == "sft"
    viewer.press("k")
    viewer.page.locator(".step").first.focus()
    viewer.press("a")  # the file's mark is of the year 2999
    assert pressed(reopened(open_page, 6), 0) == ["Agree"]


def test_a_mark_that_was_taken_back_comes_back_by_import_alone(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(FIRST)
    sign_in(viewer)
    viewer.press("n", "a")
    file = tmp_path / "m.jsonl"
    before = download(viewer, file)
    viewer.page.locator(".step").first.focus()
    viewer.press("a")
    reopened(open_page, 0)
    assert import_lines(viewer, tmp_path / "m.jsonl", *before) == "1 mark imported."
    assert import_lines(viewer, tmp_path / "m.jsonl", *before) == "0 marks imported. Left out: 1 already here."
    reopened(open_page, 1)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\xff", b"[" * 100_000, b"\xff\xfe{\x00}\x00"])
def test_a_file_that_holds_no_marks(open_page: Open, tmp_path: Path, content: bytes) -> None:
    viewer = open_page(FIRST)
    (tmp_path / "x.jsonl").write_bytes(content)
    viewer.page.set_input_files("#loaded", tmp_path / "x.jsonl")
    viewer.page.locator("#notice").wait_for()
    assert viewer.text("#notice p").startswith("0 marks imported")
    assert viewer.text("#counted") == "3 cases"


@pytest.mark.slow
def test_marks_from_the_page_to_kappa(open_page: Open, cxr: Cxr, tmp_path: Path) -> None:
    viewer = open_page(FIRST, SECOND)
    viewer.press("n", "n", "a")
    viewer.type("A. B.")
    viewer.press("Enter", "n", "d")
    viewer.page.locator(".step").nth(2).locator("select").select_option("unmentioned")
    viewer.press("Escape", "c")
    viewer.type("none seen")
    viewer.press("Escape", "n")
    viewer.page.locator(".step").nth(3).locator(".disagree").click()
    assert viewer.focused() == "disagree"
    first = download(viewer, tmp_path / "marks.jsonl")
    times = [mark.pop("at") for mark in first]
    assert times == sorted(times)
    shared = {"id": "p1/binary/effusion", "on": "steps", "sample": None, "answered_by": None, "model": None}
    shared |= {"by": "A. B."}
    assert first == [
        {
            **shared,
            "step": 2,
            "text": "There is a left effusion.",
            "shown": "supported",
            "mark": "agree",
            "verdict": "supported",
            "comment": "",
        },
        {
            **shared,
            "step": 3,
            "text": "There is edema.",
            "shown": "contradicted",
            "mark": "disagree",
            "verdict": "unmentioned",
            "comment": "none seen",
        },
        {
            **shared,
            "on": "predictions",
            "sample": 0,
            "answered_by": "engine:vllm|model:rl|seed:0",
            "model": "rl",
            "step": 1,
            "text": "Fluid on the left.",
            "shown": None,
            "mark": "disagree",
            "verdict": "contradicted",
            "comment": "",
        },
    ]
    again = reopened(open_page, 3)
    assert again.page.locator(".step").nth(1).locator(".agree").get_attribute("aria-pressed") == "true"
    again.page.locator(".step").nth(1).locator(".agree").click()
    assert again.text("#marked") == "2"
    again.page.set_input_files("#loaded", tmp_path / "marks.jsonl")
    again.wait_for("#marked", "3")
    assert again.text("#notice p") == "1 mark imported. Left out: 2 already here."
    assert viewer.errors + again.errors == [error for error in viewer.errors if "gone.png" in error]

    done = cxr("verify", "a.jsonl", "--human", "marks.jsonl", "--keep", "all", "--limit", 1)
    assert done.returncode == 0, done.stderr
    [row] = rows(done.stdout)
    assert [step["verdict"] for step in row["steps"]] == ["not_checkable", "supported", "unmentioned"]
    assert row["steps"][2]["second"]["verdict"] == "contradicted"
    assert row["checked_by"].startswith("engine:human|by:A. B.|")
    assert done.stderr.splitlines() == [
        "cxr: A. B. and rules agree on 1 of 2 steps (0.500), Cohen's kappa 0.333",
        "cxr: 1 of 3 marked steps are not in these rows as they were marked",
    ]
    done = cxr("verify", "a.jsonl", "--on", "predictions", "--human", "marks.jsonl", "--limit", 1)
    [row] = rows(done.stdout)
    assert row["predictions"][0]["steps"][0]["verdict"] == "contradicted"
    done = cxr("score", "--summary", stdin=done.stdout)
    assert "note: human and rules agree on 0 of 1 steps (0.000), Cohen's kappa 0.000" in done.stdout


@pytest.mark.slow
def test_marks_on_two_models_reach_each_its_own(open_page: Open, cxr: Cxr, tmp_path: Path) -> None:
    viewer = open_page(*TWO)
    sign_in(viewer)
    viewer.press("n", "n", "n", "n", "a", "n", "n", "d")
    download(viewer, tmp_path / "marks.jsonl")
    for name, verdict in (("a", "supported"), ("b", "contradicted")):
        done = cxr("verify", f"{name}.jsonl", "--on", "predictions", "--human", "marks.jsonl")
        [row] = rows(done.stdout)
        assert row["predictions"][0]["steps"][0]["verdict"] == verdict
        assert row["checked_by"].startswith("engine:human|by:AB|")


def test_marks_of_two_people(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(FIRST)
    viewer.press("n", "d")
    viewer.type("AB")
    viewer.press("Tab", "Enter")
    sign_in(viewer, "CD")
    assert viewer.text(".marking .other") == "AB: disagree, supported"
    viewer.press("n", "a")
    assert [(mark["by"], mark["mark"]) for mark in download(viewer, tmp_path / "m.jsonl")] == [
        ("AB", "disagree"),
        ("CD", "agree"),
    ]
    viewer.page.select_option("#mark", "disagree")
    assert viewer.text("#counted") == "0 of 3 cases"
