"""Cases as the adapters ask and score them."""

from collections.abc import Mapping
from typing import Any

from cxr_cli.engines.prompts.predictor import check_askable
from cxr_cli.errors import CxrError
from cxr_cli.library.plain_rows import plain_row
from cxr_cli.library.rules import Rules
from cxr_cli.records import Case, Row
from cxr_cli.rows.validation import row_errors_named

_OF_AN_ANSWER = frozenset({"prediction", "predictions", "vote", "judged", "answered_by"})


def askable_case(case: Mapping[str, Any]) -> Row:
    """The case as a plain row. RowError: it cannot be asked, as without a question or a film."""
    row = plain_row(case, Case)
    with row_errors_named("row", row["id"]):
        check_askable(row)
    return row


def answered_case(case: Mapping[str, Any], reply: str) -> Row:
    """The case with this reply alone; what another model answered before would be scored in its place."""
    return {name: value for name, value in case.items() if name not in _OF_AN_ANSWER} | {"prediction": reply}


def rules_or_default(rules: Rules | None) -> Rules:
    if rules is not None and not isinstance(rules, Rules):
        raise CxrError(f"rules: expected Rules, got {type(rules).__name__}")
    return Rules() if rules is None else rules
