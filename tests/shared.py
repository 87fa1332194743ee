"""The ground truth that lies beside a checkout, where there is one; tests that need it are skipped elsewhere."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")


def openi_reports() -> list[dict[str, str]]:
    """3,080 rows: uid, MeSH, findings, impression ..."""
    with (DATA / "openi" / "reports.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def openi_labels() -> dict[str, dict[str, bool]]:
    """uid -> label of the human MeSH coding -> present."""
    with (DATA / "openi" / "labels.csv").open(newline="") as file:
        return {
            row.pop("filename").removeprefix("CXR"): {label: value == "1" for label, value in row.items()}
            for row in csv.DictReader(file)
        }


def report_text(row: dict[str, str]) -> str:
    """Findings and impression as sections."""
    parts = [f"{name.upper()}: {row[name]}" for name in ("findings", "impression") if row[name].strip()]
    return "\n".join(parts)


def judged() -> list[dict[str, Any]]:
    """812 model answers with GPT-4o's verdicts."""
    with (DATA / "openi" / "judged_reasoning.jsonl").open() as file:
        return [json.loads(line) for line in file]


def radfact() -> list[dict[str, Any]]:
    """34 pairs of phrase lists with the verdict on each phrase."""
    return json.loads((DATA / "radfact" / "test_examples.json").read_text())


def ranking_cases() -> list[dict[str, Any]]:
    """30 cases: which candidate report must score better."""
    groups = json.loads((DATA / "radjudge" / "ranking_cases.json").read_text())
    return [case for group in groups for case in group["tests"]]


def ranking_pairs() -> list[dict[str, str]]:
    """105 pairs by our own judgement: id, kind, report, and a better and a worse one."""
    lines = (Path(__file__).parent / "golden" / "ranking.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def held_back(uid: str) -> bool:
    """The half of Open-i that was not looked at while rules were written: odd uids."""
    return int(uid) % 2 == 1
