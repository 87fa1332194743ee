"""Which reading of a film counts where a report holds several: a preliminary one, the final one, an addendum.

The preliminary reading counts where the final one is silent; the addendum counts, and where it corrects what stands
above it, it wins.
"""

from collections.abc import Callable, Iterable

from cxr_cli.findings.finding import Finding, Statement, same_side
from cxr_cli.findings.lexicon import Lexicon

PRELIMINARY, ADDENDUM = "preliminary", "addendum"
READINGS = frozenset({PRELIMINARY, ADDENDUM})


def without_overruled(statements: list[Statement], lexicon: Lexicon) -> list[Statement]:
    """The statements without the findings that a later reading has overruled."""
    by_reading: dict[str, list[Finding]] = {PRELIMINARY: [], ADDENDUM: [], "": []}
    for statement in statements:
        by_reading[statement.section if statement.section in READINGS else ""] += statement.findings
    final, addenda = by_reading[""], by_reading[ADDENDUM]
    later = _by_name(final + addenda)
    statements = _without(statements, later, lambda s: s.section == PRELIMINARY, lexicon, any_word=True)
    return _without(statements, _by_name(addenda), lambda s: s.section != ADDENDUM, lexicon, any_word=False)


def _without(
    statements: Iterable[Statement],
    later: dict[str, set[Finding]],
    earlier: Callable[[Statement], bool],
    lexicon: Lexicon,
    *,
    any_word: bool,
) -> list[Statement]:
    """any_word: a later word on the same finding overrules, also one that agrees; else one that contradicts."""

    def is_overruled(finding: Finding) -> bool:
        same = [f for f in later.get(finding.name, ()) if same_side(f, finding)]
        if any_word and same:
            return True
        if any(f.status != finding.status for f in same):
            return True
        if finding.status == "absent":
            return False
        denials = [*lexicon.broader(finding.name), *(lexicon.entries[finding.name].absent_when if any_word else ())]
        denials = [name for name in denials if any_word or not lexicon.entries[name].only_absent]
        return any(f.status == "absent" and same_side(f, finding) for name in denials for f in later.get(name, ()))

    return [
        s._replace(findings=tuple(f for f in s.findings if not is_overruled(f))) if earlier(s) else s
        for s in statements
    ]


def _by_name(findings: Iterable[Finding]) -> dict[str, set[Finding]]:
    """Name -> what is said of it: the distinct statuses and sides."""
    by_name: dict[str, set[Finding]] = {}
    for finding in findings:
        by_name.setdefault(finding.name, set()).add(Finding(*finding[:3]))
    return by_name
