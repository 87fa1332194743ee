"""A page of `cxr view` in a headless browser, from file://."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cxr_cli.stages.view import ViewOptions, run
from tests.viewer.browser import Viewer
from tests.viewer.pages import FIRST, SECOND, Open


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """`open_page(rows, rows)`: the page of these files; again without rows, as it was left."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    Image.linear_gradient("L").resize((40, 40)).save(tmp_path / "film.png")

    def open_rows(*files: list[dict[str, Any]], hash: str = "") -> Viewer:
        names = [tmp_path / f"{'abc'[number]}.jsonl" for number in range(len(files))]
        for name, given in zip(names, files, strict=True):
            name.write_text("".join(json.dumps(row) + "\n" for row in given))
        if files:
            run(ViewOptions([str(name) for name in names], tmp_path / "page.html", overwrite=True, root=tmp_path))
        return Viewer(context, (tmp_path / "page.html").as_uri() + hash)

    yield open_rows
    context.close()


@pytest.fixture
def viewer(open_page: Open) -> Viewer:
    return open_page(FIRST, SECOND)
