"""Every block of the guides and of the reference pages is run, in order, in a folder that is empty at first."""

import re
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from tests import pages

GUIDES = sorted(
    path.relative_to(pages.ROOT).as_posix()
    for name in ("docs", "examples", "recipes")
    for path in (pages.ROOT / name).glob("*.md")
)


PLOTS = ("docs/data-sets.md", "docs/score.md", "docs/view-and-card.md", "examples/your-reports.md")
EXTRAS = {"matplotlib": PLOTS, "aiohttp": ("docs/troubleshooting.md",)}


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_runs(guide: str, tmp_path: Path) -> None:
    for module, needed in EXTRAS.items():
        if guide in needed and find_spec(module) is None:
            pytest.skip(f"needs {module}")
    pages.check((pages.ROOT / guide).read_text(), tmp_path)


@pytest.mark.parametrize("guide", [*GUIDES, "README.md"])
def test_commands_that_are_not_run_are_commands(guide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is one that the tool takes: its flags exist, with values that they accept."""
    from cxr_cli.cli import cxr

    monkeypatch.setattr(click.Path, "convert", lambda self, value, parameter, context: value)  # not on this machine
    for script, _, needs in pages.commands((pages.ROOT / guide).read_text()):
        calls = pages.invocations(re.sub(r"\$\w+", "1", script)) if needs else ()
        for name, *arguments in filter(None, calls):  # a bare `cxr` asks for completions
            command = cxr.get_command(cxr.make_context("cxr", [], resilient_parsing=True), name)
            assert command is not None, script
            command.make_context(name, arguments)


@pytest.mark.parametrize("guide", [*GUIDES, "README.md", "CHANGELOG.md"])
def test_links_lead_somewhere(guide: str) -> None:
    text = (pages.ROOT / guide).read_text()
    for link, heading in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", text):
        target = (pages.ROOT / guide).parent / link if link else pages.ROOT / guide
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], heading


def test_every_guide_is_linked_from_the_readme() -> None:
    readme = (pages.ROOT / "README.md").read_text()
    assert [guide for guide in GUIDES if f"({guide})" not in readme] == []
