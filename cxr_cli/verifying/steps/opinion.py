"""A judge's opinion of one step."""

from collections.abc import Sequence
from typing import NamedTuple

from cxr_cli.findings import Finding
from cxr_cli.records import Span


class Opinion(NamedTuple):
    """A judge's verdict on one step. evidence: the sentences of the report that decide.

    doubtful: the claims of the step that the report does not support. None: all of them, unless the step is supported.
    """

    verdict: str
    reason: str
    evidence: list[Span]
    doubtful: Sequence[Finding] | None = None
