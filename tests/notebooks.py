"""Notebooks as tests: `python -m tests.notebooks examples/notebook.ipynb` writes what its cells give into it."""

import ast
import base64
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


def run_cells(path: Path) -> Iterator[tuple[Cell, list[Cell]]]:
    """Each code cell of a notebook with its outputs, as Jupyter has them: what it prints, the value of its last line,
    and its plots."""
    os.environ.setdefault("MPLBACKEND", "agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            with chdir(path.parent):
                outputs = _outputs("".join(cell["source"]), names)
            yield cell, outputs


def _outputs(source: str, names: dict[str, Any]) -> list[Cell]:
    tree, printed, value = ast.parse(source), io.StringIO(), None
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    outputs: list[Cell] = []
    if text := printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)})
    if value is not None:
        data = {"text/plain": repr(value).splitlines(keepends=True)}
        outputs.append({"output_type": "execute_result", "execution_count": None, "data": data, "metadata": {}})
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        for number in pyplot.get_fignums():
            png = io.BytesIO()
            pyplot.figure(number).savefig(png, dpi=72, bbox_inches="tight", metadata={"Software": None})
            image = {"image/png": base64.b64encode(png.getvalue()).decode()}
            outputs.append({"output_type": "display_data", "data": image, "metadata": {}})
        pyplot.close("all")
    return outputs


def texts(outputs: list[Cell]) -> list[Any]:
    """The outputs without plots, which differ with the version of matplotlib."""
    return [output for output in outputs if output["output_type"] != "display_data"]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        notebook = json.loads(Path(name).read_text())
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for number, (cell, (_, outputs)) in enumerate(zip(cells, run_cells(Path(name)), strict=True), 1):
            cell["execution_count"], cell["outputs"] = number, outputs
        Path(name).write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
