"""The keyboard on the page of `cxr view`: real key presses, never `fill`."""

import pytest

from tests.viewer.browser import Viewer
from tests.viewer.pages import FIRST, SECOND, Open


def test_keys(viewer: Viewer) -> None:
    seen = []
    for key in ("j", "ArrowRight", "ArrowDown", "k", "ArrowUp", "ArrowLeft"):
        viewer.press(key)
        seen.append(viewer.text("#place"))
    assert seen == ["2 of 3", "3 of 3", "3 of 3", "2 of 3", "1 of 3", "1 of 3"]
    viewer.press("/", "j", "k")
    assert viewer.page.input_value("#search") == "jk"
    viewer.press("Escape", "J")  # with Caps Lock
    assert viewer.text("#place") == "2 of 3"
    viewer.press("?")
    assert "next case" in viewer.text("#keys")
    viewer.press("j", "Escape")
    assert viewer.page.evaluate("document.querySelector('dialog[open]')") is None
    viewer.press("l")
    assert not viewer.page.locator("#side").is_visible()
    viewer.press("l")
    assert viewer.page.locator("#side").is_visible()


def test_escape_from_the_search_shows_all_cases_again(viewer: Viewer) -> None:
    viewer.press("/")
    viewer.type("no such word")
    assert viewer.text("#counted") == "0 of 3 cases"
    viewer.press("Escape")
    assert (viewer.text("#counted"), viewer.page.input_value("#search")) == ("3 cases", "")
    assert viewer.focused() == "case"
    viewer.press("j")
    assert viewer.text("#place") == "2 of 3"


def test_enter_in_the_search_goes_to_what_is_found(viewer: Viewer) -> None:
    viewer.press("/")
    viewer.type("heart")
    viewer.press("Enter")
    assert (viewer.focused(), viewer.text("#counted"), viewer.text("#place")) == ("case", "1 of 3 cases", "1 of 1")


def test_the_name_is_typed(viewer: Viewer) -> None:
    viewer.press("n", "a")
    assert viewer.focused() == "name"
    viewer.type("Dr. Ada | B\u202e")
    seen = []
    for key in ("Tab", "Tab", "Shift+Tab", "Shift+Tab"):
        viewer.press(key)
        seen.append(viewer.focused())
    assert seen[0] == seen[2] == "named"
    assert (seen[1], seen[3]) == ("button", "name")
    viewer.press("Enter")
    assert (viewer.text("#me"), viewer.text("#marked")) == ("by Dr. Ada B", "1")
    assert viewer.focused() == "step 1"
    viewer.press("n", "d")
    assert (viewer.text("#marked"), viewer.focused()) == ("2", "step 2")


def test_no_name_no_mark(viewer: Viewer) -> None:
    viewer.press("n", "a")
    viewer.type("   ")
    viewer.press("Enter")
    assert viewer.page.locator("#who").is_visible()
    viewer.press("Escape")
    assert not viewer.page.locator("#who").is_visible()
    assert (viewer.text("#marked"), viewer.focused()) == ("0", "step 1")


def test_escape_from_a_comment_stays_at_its_step(viewer: Viewer) -> None:
    viewer.press("n", "n", "c")
    viewer.type("AB")
    viewer.press("Enter")
    viewer.type("j, k and a are letters here")
    assert (viewer.focused(), viewer.text("#place")) == ("textarea", "1 of 3")
    viewer.press("Escape")
    assert viewer.focused() == "step 2"
    viewer.press("n")
    assert viewer.focused() == "step 3"
    viewer.press("d", "Tab", "Tab", "Tab", "Tab")
    assert viewer.focused() == "instead"
    viewer.press("ArrowDown")
    assert viewer.page.input_value(".instead") == "unmentioned"
    viewer.press("Escape")
    assert viewer.focused() == "step 3"


STOPS = """() => [...document.querySelectorAll("body *")].filter((e) => e.tabIndex >= 0 && !e.disabled
  && e.checkVisibility() && !e.closest("dialog, details:not([open]) > :not(summary)")).length"""
STOP = """() => {
  const e = document.activeElement, {x, y, width} = e.getBoundingClientRect(), style = getComputedStyle(e);
  const inside = x >= 0 && y >= 0 && x + width <= innerWidth + 1 && y < innerHeight;
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return [[...document.querySelectorAll("*")].indexOf(e), inside && outlined];
}"""


def test_every_control_is_reached_in_reading_order_and_seen(viewer: Viewer) -> None:
    stops = {"Tab": [], "Shift+Tab": []}
    unseen = []
    for key, at in stops.items():
        for _ in range(viewer.page.evaluate(STOPS) - (key == "Shift+Tab")):
            viewer.press(key)
            number, seen = viewer.page.evaluate(STOP)
            at.append(number)
            unseen += [] if seen else [viewer.focused()]
    assert unseen == []
    assert len(stops["Tab"]) > 30
    assert stops["Tab"] == sorted(set(stops["Tab"]))
    assert stops["Shift+Tab"] == stops["Tab"][-2::-1]


def test_a_film_is_moved_by_keys(viewer: Viewer) -> None:
    viewer.page.locator(".view").focus()
    transform = "document.querySelector('figure img').style.transform"
    viewer.press("ArrowRight")
    assert viewer.text("#place") == "2 of 3"
    viewer.press("k")
    viewer.page.locator(".view").focus()
    viewer.press("+", "ArrowRight", "ArrowDown")
    assert viewer.page.evaluate(transform) == "translate(-40px, -40px) scale(1.4)"
    viewer.press("-", "-")
    assert viewer.page.evaluate(transform) == "translate(0px, 0px) scale(1)"


def test_the_list_by_keys(viewer: Viewer) -> None:
    viewer.page.locator("#list").focus()
    viewer.press("ArrowDown")
    assert viewer.text(".item[aria-selected=true] .id") == "p2/anomaly"
    chosen = viewer.page.get_attribute("#list", "aria-activedescendant")
    assert viewer.text(f"#{chosen} .id") == "p2/anomaly"


@pytest.mark.parametrize(
    ("hash", "place"),
    [
        ("#p3", "3 of 3"),
        ("#p1%2Fbinary%2Feffusion", "1 of 3"),
        ("#nothing", "1 of 3"),
        ("#%", "1 of 3"),
        ("#%E0%A4%A", "1 of 3"),
    ],
)
def test_the_address_of_a_case(open_page: Open, hash: str, place: str) -> None:
    viewer = open_page(FIRST, SECOND, hash=hash)
    assert (viewer.text("#counted"), viewer.text("#place")) == ("3 cases", place)
    assert ("No case of this page" in viewer.text("#toast")) == (place == "1 of 3" and "p1" not in hash)
    assert [error for error in viewer.errors if "gone.png" not in error and "ERR_FILE_NOT_FOUND" not in error] == []


def test_another_address_in_the_open_page(viewer: Viewer) -> None:
    viewer.press("/")
    viewer.type("effusion")
    viewer.page.evaluate("location.hash = 'p3'")
    viewer.wait_for("#place", "3 of 3")
    viewer.page.evaluate("location.hash = '%'")
    viewer.wait_for("#toast", "No case of this page has the id %")
    assert viewer.text("#place") == "3 of 3"
