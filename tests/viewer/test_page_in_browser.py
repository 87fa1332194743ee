"""The page of `cxr view` in a headless browser, from file://."""

import pytest

from tests.viewer.browser import Viewer
from tests.viewer.pages import ATTACK, EFFUSION, FIRST, SECOND, Open


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
    if filter == "search":
        viewer.press("/")
        viewer.type(value)
    else:
        viewer.page.select_option(f"#{filter}", value)
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


def test_scores_may_have_any_name(open_page: Open) -> None:
    odd = {"toString": 0.5, "__proto__": None, "constructor": 1e300}
    first, second = FIRST[0] | {"scores": odd, "why": {"constructor": "?"}}, SECOND[0] | {"scores": {"accuracy": 0.5}}
    viewer = open_page([first], [second])
    assert viewer.texts(".scores tbody th") == [*odd, "accuracy"]
    assert viewer.texts(".scores tbody tr:last-child td") == ["", "0.50"]
    assert [error for error in viewer.errors if "ERR_FILE_NOT_FOUND" not in error] == []


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
    viewer.press("/")
    viewer.type("01199")
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
