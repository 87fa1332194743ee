"""The judges of reasoning, by name. A judge has `score(case, reasoning) -> Scores`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from cxr_cli.findings import Reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.scoring.radrscore import Scores

JUDGES = {"rules": "cxr_cli.scoring.radrscore:RulesJudge"}


class Judge(Protocol):
    """Gives factuality, completeness, effectiveness and radrscore to one reasoning about one case."""

    def score(self, case: Mapping[str, Any], reasoning: str) -> Scores: ...


def judge_of(name: str, reader: Reader, unmentioned: Unmentioned) -> Judge:
    """The judge called `name`, imported when it is asked for."""
    module, _, attribute = JUDGES[name].partition(":")
    judge: Judge = getattr(import_module(module), attribute)(reader, unmentioned)
    return judge
