"""What the page of `cxr view` looks like: at each width, with long words, in each direction, in the dark, on paper."""

from itertools import pairwise
from typing import Any

import pytest

from tests.viewer.browser import Viewer
from tests.viewer.pages import EFFUSION, FIRST, REPORT, SECOND, Open

LONG = "x" * 400
HEBREW = "אין עדות לבצקת (edema)!"
TURNED = "\u202eturned \u2067around"
WIDTHS = [(320, 640), (390, 844), (768, 1024), (1366, 768), (1920, 1080), (342, 192)]
"""Width and height; the last is a window of 1366 x 768 at 400 %."""
MODELS = {
    "engine:vllm|model:Qwen/Qwen2-VL-7B-Instruct-sft-checkpoint-1200": "The angle is blunted. No edema is seen.",
    "engine:vllm|model:rl/final": "Fluid on the left. No edema.",
    "gpt": "The lungs are clear.",
}


def strange(text: str, **more: Any) -> dict[str, Any]:
    """A case that has this text wherever a row has a text."""
    steps = [{"text": text, "verdict": "supported", "reason": text, "evidence": [{"start": 0, "end": 20}]}]
    steps += [{"text": text, "verdict": "contradicted", "reason": text, "fault": f"! {text}"}]
    shared = {
        "question": text,
        "options": [text, "No"],
        "answer": text,
        "findings": [text],
        "task": text,
        "steps": steps,
    }
    return (
        EFFUSION
        | shared
        | {"report": f"{text} {REPORT}", "images": [f"{text[:80]}.png", "film.png"], text: text}
        | more
    )


CASES = [
    EFFUSION,
    strange(LONG, id=LONG),
    strange(HEBREW, id="hebrew"),
    strange(TURNED, id="turned"),
    EFFUSION | {"id": "prior", "prior": {"images": ["film.png"], "report": "Clear."}, "images": ["film.png"] * 2},
    {"id": "study", "report": REPORT},
]
SCORES = {"accuracy": 1.0, "factuality": 0.5, "completeness": None}


def three_models() -> list[list[dict[str, Any]]]:
    return [
        [
            case | {"answered_by": by, "prediction": text, "scores": SCORES, "why": {"completeness": "no reference"}}
            if case.get("question")
            else case
            for case in CASES
        ]
        for by, text in MODELS.items()
    ]


CUT = """() => {
  const bad = [], wide = document.documentElement.clientWidth;
  for (const e of document.querySelectorAll("body *")) {
    if (!e.checkVisibility() || e.closest(".hidden, dialog, #toast, option")) continue;
    const {left, right, width} = e.getBoundingClientRect(), style = getComputedStyle(e);
    const name = `${e.localName}#${e.id}.${e.className}`;
    if (width && (right > wide + 1 || left < -1)) bad.push(`${name} is out of the page`);
    if (style.display === "inline" || e.closest(".item")) continue; // a line of the list is a summary
    if (e.scrollWidth > e.clientWidth + 1 && style.overflowX !== "visible") bad.push(`${name} is cut at the side`);
    if (e.scrollHeight > e.clientHeight + 1 && style.overflowY === "hidden") bad.push(`${name} is cut below`);
  }
  return bad;
}"""


@pytest.mark.parametrize("size", WIDTHS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_and_nothing_is_wider_than_the_page(open_page: Open, size: tuple[int, int]) -> None:
    viewer = open_page(*three_models())
    viewer.page.set_viewport_size({"width": size[0], "height": size[1]})
    viewer.page.reload()
    viewer.page.evaluate("me = 'AB'; showMarked()")
    for _ in CASES:
        viewer.press("n", "d", "c", "Escape")
        for details in viewer.page.locator("main summary").all():
            details.click()
        assert viewer.page.evaluate(CUT) == []
        width, height = viewer.page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        assert (width, viewer.page.evaluate("document.documentElement.scrollWidth")) == (size[0], size[0])
        assert height <= max(size[1], 192 + 90)  # a low window scrolls its bar away
        viewer.press("j")
    assert viewer.text("#place") == "6 of 6"
    if size[0] <= 820:
        viewer.press("l")
        assert viewer.page.evaluate(CUT) == []
        viewer.page.locator(".item").nth(1).click()
        assert viewer.text("#place") == "2 of 6"


def test_letters_of_twice_the_size(open_page: Open) -> None:
    viewer = open_page(*three_models())
    viewer.page.evaluate("document.documentElement.style.fontSize = '32px'; drawList()")
    viewer.page.evaluate("document.querySelector('div.wide').remove()")  # a table of three models may scroll by itself
    assert [name for name in viewer.page.evaluate(CUT) if "select" not in name] == []
    boxes = [item.bounding_box() for item in viewer.page.locator(".item").all()]
    assert [one["y"] + one["height"] <= other["y"] + 1 for one, other in pairwise(boxes)] == [True] * 5
    inside = "[...document.querySelectorAll('.item')].every((e) => e.scrollHeight <= e.clientHeight + 1)"
    assert viewer.page.evaluate(inside)
    assert viewer.page.evaluate("getComputedStyle(document.querySelector('.sentence')).fontSize") == "30px"


def test_a_window_that_grows_has_its_list_again(viewer: Viewer) -> None:
    for width, there in ((390, False), (1366, True)):
        viewer.page.set_viewport_size({"width": width, "height": 768})
        viewer.page.wait_for_function("(there) => there !== document.body.classList.contains('shut')", arg=there)
        assert viewer.page.locator("#side").is_visible() == there


def test_three_models_stand_side_by_side_in_a_window_of_1366(open_page: Open) -> None:
    viewer = open_page(*three_models())
    boxes = [viewer.page.locator(".model").nth(number).bounding_box() for number in range(3)]
    assert len({box["y"] for box in boxes}) == 1
    assert [box["width"] > 180 for box in boxes] == [True] * 3
    assert boxes[2]["x"] + boxes[2]["width"] <= 1366


@pytest.mark.parametrize("keys", ["?", "na"])
def test_a_dialog_fits_into_a_window_at_400_percent(viewer: Viewer, keys: str) -> None:
    viewer.page.set_viewport_size({"width": 342, "height": 192})
    viewer.press(*keys)
    dialog = viewer.page.locator("dialog[open]")
    box = dialog.bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= 342
    assert box["y"] + box["height"] <= 192
    dialog.locator("[data-close]").click()
    assert dialog.count() == 0


LEFT = """([selector, text]) => {
  const walk = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const at = node.data.indexOf(text);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect().x;
  }
}"""


def lefts(viewer: Viewer, selector: str, *texts: str) -> list[float]:
    """How far from the left the first letter of each text stands, in the first element that the selector finds."""
    return [viewer.page.evaluate(LEFT, [selector, text]) for text in texts]


def test_each_text_has_its_own_direction(open_page: Open) -> None:
    viewer = open_page(*three_models())
    viewer.press("j", "j")
    for selector in ("h1", ".sentence", ".report .text", ".options bdi"):
        first, last = lefts(viewer, selector, "אין", "!")
        assert last < first, selector
    for selector, texts in ((".step .judged", ("supported", "אין")), (".model .answer", ("Answers", "✗"))):
        first, last = lefts(viewer, selector, *texts)
        assert first < last, selector
    viewer.press("j")
    first, last = lefts(viewer, ".sentence", "t", "d")
    assert last < first  # the text itself is shown as it is
    for selector, texts in (
        (".options .right", ("A", "✓")),
        (".judged.fault", ("fault", ":")),
        (".scores tbody tr", ("accuracy", "1.00")),
        (".step .marking", ("Agree", "Comment")),
    ):
        first, last = lefts(viewer, selector, *texts)
        assert first < last, selector


@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["wide", "narrow"])
def test_axe_finds_no_fault(open_page: Open, colours: str, size: tuple[int, int]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    viewer = open_page(*three_models())
    viewer.page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    viewer.page.set_viewport_size({"width": size[0], "height": size[1]})
    viewer.page.reload()
    found = []

    def look(at: str) -> None:
        for fault in axe.run(viewer.page).response["violations"]:
            found.append(f"{at}: {fault['impact']} {fault['id']} {[node['target'] for node in fault['nodes']][:3]}")

    viewer.press("n", "a")
    look("name")
    viewer.type("AB")
    viewer.press("Enter", "n", "d", "c")
    viewer.type("Kerley lines")
    viewer.press("Escape")
    for details in viewer.page.locator("main summary").all():
        details.click()
    viewer.page.evaluate("notice('3 lines', el('button', {}, 'Download'))")
    for number in range(len(CASES)):
        look(f"case {number}")
        viewer.press("j")
    viewer.press("?")
    look("help")
    viewer.press("Escape", "/")
    viewer.type("nowhere")
    look("nothing found")
    assert found == []


def test_a_page_on_paper_is_whole_and_light(open_page: Open) -> None:
    viewer = open_page(FIRST, SECOND)
    viewer.page.emulate_media(media="print", color_scheme="dark")
    viewer.page.evaluate("me = 'AB'")
    viewer.press("n", "d", "c")
    viewer.type("Kerley lines")
    viewer.page.set_viewport_size({"width": 794, "height": 1123})
    whole, last = viewer.page.evaluate(
        "[document.documentElement.scrollHeight, document.querySelector('.report').getBoundingClientRect().bottom]"
    )
    assert last <= whole
    assert whole > 1123
    assert viewer.page.evaluate(CUT) == []
    assert viewer.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert viewer.page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(28, 32, 36)"
    shown = viewer.page.locator(".step").first.locator("button:visible").all_inner_texts()
    assert shown == ["Disagree"]
    assert viewer.page.locator(".step").first.locator("textarea").input_value() == "Kerley lines"
    assert not viewer.page.locator("#side, .bar, .looks").first.is_visible()


def test_the_page_is_dark_where_the_reader_wants_it_dark(viewer: Viewer) -> None:
    viewer.page.emulate_media(color_scheme="dark")
    assert viewer.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
