"""The README: its blocks are run as in a fresh clone, and its lists are those of the code."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.cli import COMMANDS, cxr
from tests import pages

README = (pages.ROOT / "README.md").read_text()
PAGES = {path.relative_to(pages.ROOT).as_posix(): path.read_text() for path in (pages.ROOT / "docs").glob("*.md")}


def choices(command: str, flag: str) -> list[str]:
    """What an option of a command accepts."""
    found: Any = cxr.get_command(cxr.make_context("cxr", [], resilient_parsing=True), command)
    return [*next(option.type.choices for option in found.params if flag in option.opts)]


def data_sets() -> list[str]:
    from cxr_cli.sources import SOURCES

    return list(SOURCES)


def tasks() -> list[str]:
    return choices("mine", "--task")


def engines() -> list[str]:
    return [name for name in choices("infer", "--engine") if name != "auto"]


def families() -> list[str]:
    from recipes.tiny_model import FAMILIES

    return list(FAMILIES)


def rewards() -> list[str]:
    from cxr_cli.rewards.reward_table import REWARDS

    return list(REWARDS)


def judges() -> list[str]:
    return [name for name in choices("score", "--judge") if "," not in name]


def scores() -> list[str]:
    from cxr_cli.scoring.scores import SCORES

    return [metric for name in SCORES for metric in SCORES.load(name).metrics]


def label_sets() -> list[str]:
    return choices("label", "--set")


def label_tables() -> list[str]:
    return choices("label", "--format")


def table_formats() -> list[str]:
    from cxr_cli.rows.files.formats import FILE_FORMATS

    return list(FILE_FORMATS)


def packings() -> list[str]:
    from cxr_cli.rows.files.formats import PACKS

    return list(PACKS)


def summary_formats() -> list[str]:
    return choices("score", "--format")


LISTS = {
    "data sets": data_sets,
    "tasks": tasks,
    "engines": engines,
    "model families": families,
    "rewards": rewards,
    "judges": judges,
    "scores": scores,
    "label sets": label_sets,
    "label tables": label_tables,
    "table formats": table_formats,
    "packings": packings,
    "summary formats": summary_formats,
}


def listed(marked: str) -> list[str]:
    """The names in a marked list: those in the first cells of a table, or all of a sentence."""
    rows = re.findall(r"^\| *(`.+?) *\|", marked, re.M)
    return re.findall(r"`([^`]+)`", " ".join(rows) if rows else marked)


@pytest.mark.parametrize("name", LISTS)
def test_list_is_that_of_the_code(name: str) -> None:
    marked = {
        page: found[1]
        for page, text in {"README.md": README, **PAGES}.items()
        for found in re.finditer(rf"<!-- {name} -->(.*?)<!-- /{name} -->", text, re.S)
    }
    assert "README.md" in marked
    for page, text in marked.items():
        assert listed(text) == LISTS[name](), page


def test_every_extra_has_its_install_line() -> None:
    project = tomllib.loads((pages.ROOT / "pyproject.toml").read_text())["project"]
    tables = README + PAGES["docs/library.md"] + PAGES["docs/score.md"]
    lines = re.findall(r"\| `pip install .*-e \"\.\[([\w-]+)\]\"` \|", tables)
    assert sorted(lines) == sorted(project["optional-dependencies"].keys() - {"dev"})


def test_blocks_run_in_a_clone(tmp_path: Path) -> None:
    for folder in ("examples", "recipes"):
        shutil.copytree(pages.ROOT / folder, tmp_path / folder)
    pages.check(README, tmp_path)


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_every_stage_is_in_the_readme() -> None:
    assert [name for name in COMMANDS if f"`cxr {name}`" not in README] == []
