"""Chains of steps that the rules check."""

from typing import Any

from cxr_cli.findings import reader
from cxr_cli.verifying.case_judge import CaseJudge
from cxr_cli.verifying.steps.verifier import Verifier
from tests.engines.conversations import run_offline

VERIFIER = Verifier(reader())


JUDGE = CaseJudge(VERIFIER)


def verified(case: dict[str, Any]) -> dict[str, Any]:
    return run_offline(JUDGE.case(case))


def case(steps: Any, report: str = "FINDINGS: Small left effusion.\nHeart normal.", **more: Any) -> dict[str, Any]:
    return {"id": "a", "report": report, "steps": steps, **more}
