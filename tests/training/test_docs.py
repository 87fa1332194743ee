"""The tables in docs/train.md are made from the code: `python -m tests.training.test_docs` writes them."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from cxr_cli.rewards.reward_table import DEFAULT_WEIGHTS, REWARDS
from recipes.tiny_model import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "train.md"


def families() -> str:
    return markdown(["family", "such as"], [(f"`{name}`", family.label) for name, family in FAMILIES.items()])


def rewards() -> str:
    """Each with its default weight and the first sentence of its docstring."""
    rows = []
    for name in REWARDS:
        docstring = " ".join((inspect.getdoc(REWARDS.load(name)) or "").split())
        [sentence, *_] = re.split(r"(?<=\w)\.(?: |$)", docstring)
        weight = f"{DEFAULT_WEIGHTS[name]:g}" if name in DEFAULT_WEIGHTS else "-"
        rows.append((f"`{name}`", weight, sentence))
    return markdown(["reward", "default weight", "what it pays"], rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


TABLES = {"model families": families, "rewards": rewards}


def between(name: str) -> re.Pattern[str]:
    """What stands between the comments that mark a table."""
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.S)


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_that_of_the_code(name: str) -> None:
    assert between(name).findall(PAGE.read_text()) == [TABLES[name]()]


def test_the_default_weights_stand_in_one_place() -> None:
    """No guide and no other module repeats them."""
    weights = " ".join(f"{name}:{weight:g}" for name, weight in DEFAULT_WEIGHTS.items())
    root = PAGE.parents[1]
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("examples/*.md"), *root.glob("cxr_cli/**/*.py")]
    assert [page.name for page in pages if weights in page.read_text()] == []


if __name__ == "__main__":
    page = PAGE.read_text()
    for name, table in TABLES.items():
        page = between(name).sub(table().replace("\\", r"\\"), page)
    PAGE.write_text(page)
