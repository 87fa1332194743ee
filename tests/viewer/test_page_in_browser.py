"""The page of `cxr view` in a headless browser, from file://."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cxr_cli.stages.view import ViewOptions, run
from tests.cases import rows
from tests.conftest import Cxr
from tests.viewer.browser import Viewer

ATTACK = '</script><img src=x onerror="document.title=1"><svg onload="document.title=2"> {{7*7}}'
REPORT = "FINDINGS: \U0001fac1 Small left effusion. No edema. IMPRESSION: Effusion."
Open = Callable[..., Viewer]


def step(text: str, verdict: str | None, *spans: str, **more: Any) -> dict[str, Any]:
    evidence = [{"start": (at := REPORT.index(span)), "end": at + len(span)} for span in spans]
    return {"text": text, "verdict": verdict, "reason": "as the rules say", "evidence": evidence, **more}


EFFUSION = {
    "id": "p1/binary/effusion",
    "task": "binary",
    "question": "Is there an effusion?",
    "options": ["Yes", "No"],
    "answer": "Yes",
    "findings": ["pleural effusion"],
    "report": REPORT,
    "images": ["film.png", "gone.png"],
    "steps": [
        step("I look at the pleura.", "not_checkable", kind="plan"),
        step("There is a left effusion.", "supported", "Small left effusion.", "Effusion."),
        step("There is edema.", "contradicted", "No edema."),
    ],
    "support": 0.5,
    "checked_by": "engine:rules|version:0",
}
EDEMA = {
    "id": "p2/anomaly",
    "task": "anomaly",
    "question": ATTACK,
    "options": ["Normal", ATTACK],
    "answer": "Normal",
    "findings": ["edema", ATTACK],
    "report": ATTACK,
    "steps": [{"text": ATTACK, "verdict": "unmentioned", "reason": ATTACK, "fault": f"fault {ATTACK}"}],
    ATTACK: ATTACK,
}
STUDY = {"id": "p3", "report": "The heart is large.", "labels": {"cardiomegaly": 1}}
FIRST = [
    EFFUSION
    | {
        "answered_by": "engine:vllm|model:rl|seed:0",
        "predictions": [{"text": "<think>Fluid on the left. No edema.</think><answer>A</answer>"}],
        "scores": {"accuracy": 1.0, "factuality": None},
        "why": {"factuality": "no observation predicted"},
    },
    EDEMA | {"answered_by": "engine:vllm|model:rl|seed:0", "predictions": [{"text": ATTACK}]},
    STUDY,
]
SECOND = [EFFUSION | {"answered_by": "sft", "prediction": "<think>All clear.</think><answer>B</answer>"}]


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """`open_page(rows, rows)`: the page of these files; again without rows, as it was left."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    Image.new("L", (40, 40), 90).save(tmp_path / "film.png")

    def open_rows(*files: list[dict[str, Any]]) -> Viewer:
        names = [tmp_path / f"{'abc'[number]}.jsonl" for number in range(len(files))]
        for name, given in zip(names, files, strict=True):
            name.write_text("".join(json.dumps(row) + "\n" for row in given))
        if files:
            run(ViewOptions([str(name) for name in names], tmp_path / "page.html", overwrite=True, root=tmp_path))
        return Viewer(context, tmp_path / "page.html")

    yield open_rows
    context.close()


@pytest.fixture
def viewer(open_page: Open) -> Viewer:
    return open_page(FIRST, SECOND)


def test_a_case_is_shown_whole(viewer: Viewer) -> None:
    assert viewer.text("h1") == "Is there an effusion?"
    assert viewer.texts(".options .right") == ["AYes ✓"]
    steps = viewer.page.locator("ol.steps").first.locator(".step")
    assert [step.locator(".sign").inner_text() for step in steps.all()] == ["·", "✓", "✗"]
    assert steps.nth(1).locator(".judged").inner_text() == "supported: as the rules say"
    assert steps.nth(0).locator(".judged").inner_text() == "plan · not checkable: as the rules say"
    assert viewer.texts(".model h3") == ["rl", "sft"]
    assert viewer.texts(".model .answer") == ["Answers Yes ✓ correct", "Answers No ✗ wrong"]
    assert viewer.texts(".model .sentence") == ["Fluid on the left.", "No edema.", "All clear."]
    assert viewer.texts(".scores tbody tr") == ["accuracy\t1.00\t", "factuality\t– no observation predicted\t"]
    assert viewer.text(".nofilm") == "This film\ndoes not exist"
    assert viewer.page.evaluate("document.querySelector('figure img').naturalWidth") == 40
    assert viewer.texts(".report .heading") == ["FINDINGS:", "IMPRESSION:"]


def test_nothing_of_a_row_is_run_and_nothing_is_loaded(viewer: Viewer) -> None:
    viewer.press("j")
    assert viewer.text("h1") == ATTACK
    assert viewer.texts(".report .text") == [ATTACK]
    assert ATTACK in viewer.text(".step .judged.fault")
    viewer.page.locator("details.rest summary").click()
    assert viewer.page.locator("main img, main svg, main script").count() == 0
    assert viewer.page.title() == "a.jsonl, b.jsonl"
    probes = [
        "fetch('http://localhost:9/').catch(() => 0)",
        "new Promise((done) => { const film = new Image(); film.onerror = done; film.src = 'http://localhost:9/a'; })",
    ]
    before = len(viewer.requests)
    for probe in probes:
        viewer.page.evaluate(probe)
    viewer.errors = [error for error in viewer.errors if "Content Security Policy" not in error]
    assert viewer.errors == []
    assert all(url.startswith("file://") for url in viewer.requests[:before])
    assert viewer.page.evaluate("performance.getEntriesByType('resource').filter((e) => e.responseStatus).length") == 0


def test_a_step_and_its_sentence_light_up_together(viewer: Viewer) -> None:
    viewer.page.locator(".step").nth(1).click()
    assert viewer.texts(".evidence.lit") == ["Small left effusion.", "Effusion."]
    viewer.page.mouse.move(0, 0)
    assert viewer.texts(".evidence.lit") == ["Small left effusion.", "Effusion."]
    viewer.page.locator(".evidence", has_text="No edema.").hover()
    assert viewer.texts(".step.lit .sentence") == ["There is edema."]
    viewer.page.mouse.move(0, 0)
    assert viewer.texts(".step.lit .sentence") == ["There is a left effusion."]
    viewer.page.locator(".evidence", has_text="No edema.").focus()
    assert viewer.texts(".step.lit .sentence") == ["There is edema."]
    viewer.press("Enter", "n")
    assert viewer.texts(".evidence.lit") == []
    viewer.press("n")
    assert viewer.texts(".evidence.lit") == ["Small left effusion.", "Effusion."]


def test_keys(viewer: Viewer) -> None:
    seen = []
    for key in ("j", "ArrowRight", "ArrowDown", "k", "ArrowUp", "ArrowLeft"):
        viewer.press(key)
        seen.append(viewer.text("#place"))
    assert seen == ["2 of 3", "3 of 3", "3 of 3", "2 of 3", "1 of 3", "1 of 3"]
    viewer.press("/", "j", "k")
    assert viewer.page.input_value("#search") == "jk"
    viewer.press("Escape", "?")
    assert "next case" in viewer.text("#keys")
    viewer.press("j", "Escape")
    assert viewer.page.evaluate("document.querySelector('dialog[open]')") is None
    viewer.press("l")
    assert not viewer.page.locator("#side").is_visible()
    viewer.press("l")
    assert viewer.page.locator("#side").is_visible()


@pytest.mark.parametrize(
    ("filter", "value", "found"),
    [
        ("task", "binary", ["p1/binary/effusion"]),
        ("finding", "edema", ["p2/anomaly"]),
        ("verdict", "contradicted", ["p1/binary/effusion"]),
        ("verdict", "fault", ["p2/anomaly"]),
        ("outcome", "right", ["p1/binary/effusion"]),
        ("outcome", "none", ["p2/anomaly"]),
        ("outcome", "differ", ["p1/binary/effusion"]),
        ("model", "sft", ["p1/binary/effusion"]),
        ("mark", "yes", []),
        ("search", "heart LARGE", ["p3"]),
        ("search", "fluid on", ["p1/binary/effusion"]),
        ("search", "nowhere", []),
    ],
)
def test_filters(viewer: Viewer, filter: str, value: str, found: list[str]) -> None:
    box = viewer.page.locator(f"#{filter}")
    box.fill(value) if filter == "search" else box.select_option(value)
    viewer.wait_for("#counted", " of ")
    assert viewer.texts(".item .id") == found
    assert viewer.text("#counted") == f"{len(found)} of 3 cases"
    assert viewer.text("main") == "No case matches these filters." or found
    viewer.page.locator("#clear").click()
    assert viewer.texts(".item .id") == ["p1/binary/effusion", "p2/anomaly", "p3"]


def test_a_model_alone(viewer: Viewer) -> None:
    viewer.page.select_option("#model", "sft")
    assert viewer.texts(".model h3") == ["sft"]
    viewer.page.select_option("#outcome", "right")
    assert viewer.text("#counted") == "0 of 3 cases"


def download(viewer: Viewer, path: Path) -> list[dict[str, Any]]:
    with viewer.page.expect_download() as waiting:
        viewer.page.click("#save")
    waiting.value.save_as(path)
    return rows(path.read_text())


@pytest.mark.slow
def test_marks_from_the_page_to_kappa(open_page: Open, cxr: Cxr, tmp_path: Path) -> None:
    viewer = open_page(FIRST, SECOND)
    viewer.press("n", "n", "a")
    viewer.page.fill("#name", "A. B.")
    viewer.press("Enter", "n", "d")
    viewer.page.locator(".step").nth(2).locator("select").select_option("unmentioned")
    viewer.press("Escape")
    viewer.page.locator(".step").nth(2).locator(".comment").click()
    viewer.page.keyboard.type("none seen")
    viewer.page.locator(".step").nth(3).locator(".disagree").click()
    assert viewer.page.evaluate("document.activeElement.className") == "disagree"
    first = download(viewer, tmp_path / "marks.jsonl")
    shared = {"id": "p1/binary/effusion", "on": "steps", "sample": None, "answered_by": None, "by": "A. B."}
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
            "step": 1,
            "text": "Fluid on the left.",
            "shown": None,
            "mark": "disagree",
            "verdict": "contradicted",
            "comment": "",
        },
    ]
    again = open_page()
    assert again.text("#marked") == "3"
    assert again.page.locator(".step").nth(1).locator(".agree").get_attribute("aria-pressed") == "true"
    again.page.locator(".step").nth(1).locator(".agree").click()
    assert again.text("#marked") == "2"
    again.page.set_input_files("#loaded", tmp_path / "marks.jsonl")
    again.wait_for("#marked", "3")
    assert again.text("#toast") == "3 marks imported"
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
    assert rows(done.stdout)[0]["predictions"][0]["steps"][0]["verdict"] == "contradicted"


def test_marks_of_two_people(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page(FIRST)
    viewer.press("n", "d")
    viewer.page.fill("#name", "AB")
    viewer.page.click("#named")
    viewer.page.click("#me")
    viewer.page.fill("#name", "CD")
    viewer.page.click("#named")
    assert viewer.text(".marking .other") == "AB: disagree, supported"
    viewer.press("n", "a")
    assert [(mark["by"], mark["mark"]) for mark in download(viewer, tmp_path / "m.jsonl")] == [
        ("AB", "disagree"),
        ("CD", "agree"),
    ]
    viewer.page.select_option("#mark", "disagree")
    assert viewer.text("#counted") == "0 of 3 cases"


def test_no_rows(open_page: Open) -> None:
    viewer = open_page([])
    assert viewer.text("main") == "There are no rows on this page."
    viewer.press("j", "k", "n", "a")
    assert viewer.text("#counted") == "0 cases"
    assert viewer.errors == []


def test_many_rows_are_few_elements(open_page: Open) -> None:
    viewer = open_page([EFFUSION | {"id": f"{number:05}", "images": []} for number in range(1200)])
    assert viewer.page.locator(".item").count() < 40
    assert viewer.page.evaluate("document.querySelectorAll('*').length") < 400
    viewer.page.fill("#search", "01199")
    viewer.wait_for("#counted", "1 of")
    assert viewer.texts(".item .id") == ["01199"]
    viewer.page.click("#clear")
    assert (viewer.text("#place"), viewer.text(".item[aria-selected=true] .id")) == ("1,200 of 1,200", "01199")


def test_a_phone(open_page: Open) -> None:
    viewer = open_page(FIRST, SECOND)
    viewer.page.set_viewport_size({"width": 390, "height": 844})
    viewer.page.reload()
    assert not viewer.page.locator("#side").is_visible()
    film, question = (viewer.page.locator(name).bounding_box() for name in (".films", "h1"))
    assert film["y"] + film["height"] < question["y"]
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == 390
    viewer.page.locator(".step").nth(1).click()
    assert viewer.texts(".step.lit blockquote p") == ["Small left effusion.", "Effusion."]
    viewer.page.click("#drawer")
    viewer.page.locator(".item").nth(2).click()
    assert not viewer.page.locator("#side").is_visible()
    assert viewer.text("#place") == "3 of 3"


def test_the_film_can_be_looked_into(viewer: Viewer) -> None:
    style = "document.querySelector('figure img').style"
    viewer.page.locator(".view").hover()
    viewer.page.mouse.wheel(0, -500)
    viewer.page.locator(".view.zoomed").wait_for()
    before = viewer.page.evaluate(f"{style}.transform")
    viewer.page.mouse.down()
    viewer.page.mouse.move(200, 300)
    viewer.page.mouse.up()
    assert viewer.page.evaluate(f"{style}.transform") != before
    viewer.page.locator(".looks input").first.fill("2")
    viewer.press("Escape", "i")
    assert viewer.page.evaluate(f"{style}.filter") == "brightness(2) contrast(1) invert(1)"
    viewer.page.locator(".looks button", has_text="Reset").click()
    assert viewer.page.evaluate(f"{style}.filter") == "brightness(1) contrast(1) invert(0)"
    assert viewer.page.evaluate(f"{style}.transform") == "translate(0px, 0px) scale(1)"
