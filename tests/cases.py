"""Cases for tests of mining: made from one study, and read back."""

import json
from typing import Any

from cxr_cli.findings import Lexicon, reader
from cxr_cli.mining.cases import Miner
from cxr_cli.sources import EXAMPLES

LEXICON = Lexicon.load()
READER = reader(LEXICON)

Row = dict[str, Any]


def examples() -> list[Row]:
    return [json.loads(line) for line in EXAMPLES.read_text().splitlines()]


def mined(report: str | None = None, labels: Row | None = None, **how: Any) -> list[Row]:
    return Miner(LEXICON, **how)({"id": "s", "report": report, "labels": labels})


def answers(cases: list[Row]) -> Row:
    return {case["id"].partition("/")[2]: case["answer"] for case in cases}


def steps_with_evidence(case: Row) -> list[tuple[str, list[str]]]:
    """Each step, with the words of the report that it rests on."""
    return [(s["text"], [case["report"][e["start"] : e["end"]] for e in s["evidence"]]) for s in case["steps"]]


def rows(text: str) -> list[Row]:
    return [json.loads(line) for line in text.splitlines()]


def lines(*rows: Row) -> str:
    """As JSONL."""
    return "".join(json.dumps(row) + "\n" for row in rows)
