"""Rows in, rows out: what every stage shares.

    flow = Flow(["cases.jsonl"], output=Path("steps.jsonl"))
    flow.run(check_steps, Case)             # check_steps(row) -> the rows it becomes

A row is a plain dict. What a stage does not know passes through untouched, in its order.
"""

from cxr_cli.records import Row
from cxr_cli.rows.files.lines import Item
from cxr_cli.rows.files.reading import Source
from cxr_cli.rows.files.writing import claim_stdout, write_text
from cxr_cli.rows.flow import Flow
from cxr_cli.rows.progress import note

__all__ = ["Flow", "Item", "Row", "Source", "claim_stdout", "note", "write_text"]
