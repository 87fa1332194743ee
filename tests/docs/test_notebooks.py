"""The notebooks in examples/ hold what their cells give."""

from pathlib import Path

import pytest

from tests.notebooks import run_cells, texts

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_holds_what_its_cells_give(path: Path) -> None:
    """`python -m tests.notebooks NOTEBOOK` writes it anew."""
    pytest.importorskip("matplotlib", reason="needs the extra plot")
    for cell, outputs in run_cells(path):
        assert texts(cell["outputs"]) == texts(outputs), cell["source"]
        assert len(cell["outputs"]) == len(outputs)
    assert NOTEBOOKS
