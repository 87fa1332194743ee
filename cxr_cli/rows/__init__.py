"""Rows in, rows out: what every stage shares.

    flow = Flow(FlowOptions(["cases.jsonl"], output=Path("steps.jsonl")))
    flow.run(check_steps, Case)             # check_steps(row) -> the rows it becomes

A row is a plain dict. Keys that a stage does not know pass through untouched, in their order.
"""

from cxr_cli.errors import note
from cxr_cli.records import Row
from cxr_cli.rows.files.formats import Item
from cxr_cli.rows.files.reading import Source
from cxr_cli.rows.flow import Flow, FlowOptions
from cxr_cli.rows.output.resume import Signed
from cxr_cli.rows.output.standard_output import claim_stdout
from cxr_cli.rows.output.writing import write_text

__all__ = [
    "Flow",
    "FlowOptions",
    "Item",
    "Row",
    "Signed",
    "Source",
    "claim_stdout",
    "note",
    "write_text",
]
