"""How much an error in a report matters, by the finding and by the kind of error; the numbers are in `lexicon.toml`."""

from typing import Annotated, Literal

import msgspec

Significance = Literal["urgent", "actionable", "not_actionable", "benign"]
"""urgent: somebody must act at once; actionable: treatment or follow-up depends on it; not_actionable: worth noting;
benign: age, a normal variant, old surgery."""
ErrorKind = Literal[
    "missed", "false", "side", "half", "place", "severity", "size", "change", "name", "diagnosis", "omission"
]
Weight = Annotated[float, msgspec.Meta(ge=0)]
SeverityName = Annotated[str, msgspec.Meta(pattern="^(minimal|mild|moderate|severe)$")]
ChangeName = Annotated[str, msgspec.Meta(pattern="^(new|worse|stable|better|resolved)$")]
StatusName = Annotated[str, msgspec.Meta(pattern="^(present|uncertain)$")]


class ErrorWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `errors` of a lexicon.

    significance: what a missed finding counts. kind: the share of it that an error of a kind counts.
    severity, change, status: factors for a finding that is so described; 1 where the table is silent.
    most: the largest share that a finding counts which is there, with wrong details.
    """

    significance: dict[Significance, Weight] = {}
    kind: dict[ErrorKind, Weight] = {}
    severity: dict[SeverityName, Weight] = {}
    change: dict[ChangeName, Weight] = {}
    status: dict[StatusName, Weight] = {}
    most: Weight = 1.0
