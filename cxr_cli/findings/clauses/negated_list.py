"""Where a list ends that is denied or in doubt: at which comma or "and"."""

from cxr_cli.findings.clauses.state import DESCRIPTION, DETAILS, LOOKAHEAD, State


def ends_negated_list(state: State, i: int) -> bool:
    """Does the negated list end at token `i`? An "or" further on keeps it open; a verb, an attribute of something seen
    or a quality before the next link ends it."""
    fresh = likely = False
    is_denial = state.negation == "used" and state.tokens[i][1] == "comma"
    first_item = True  # still in the item right after the link
    for kind, value, _, _ in state.tokens[i + 1 : i + LOOKAHEAD]:
        if kind == "cue":
            if value == "or" and not (fresh and not first_item):
                return False
            if value in ("comma", "and"):
                likely = likely and value == "and" and first_item
                first_item = False
            elif value in ("verb", "assert", "hedge", "hedged"):
                return fresh or likely or value not in ("verb", "hedged") or first_item
            elif value in ("negate", "negated"):
                return fresh or likely
        elif first_item and kind in DESCRIPTION and value not in ("large", "severe", "new", "lesion"):
            fresh = True  # "no large effusion" denies a finding, "mild" describes one
        elif first_item and is_denial and (kind in DETAILS or (kind == "finding" and _seldom_denied(state, value))):
            likely = True  # "no effusion, left basal atelectasis", unless the list goes on
    return fresh or likely


def _seldom_denied(state: State, name: str) -> bool:
    """Is it a finding that such a list seldom holds, like low lung volumes or a device?"""
    return any(state.lexicon.entries[broader].seldom_denied for broader in state.lexicon.broader(name))


def next_item_has_quality(state: State, i: int) -> bool:
    """The item of the list behind token `i` has a quality of its own: "normal heart, lungs clear"."""
    for kind, value, _, _ in state.tokens[i + 1 : i + LOOKAHEAD]:
        if kind in ("good", "bad", "finding") or (kind == "cue" and value in ("verb", "assert")):
            return True
        if kind == "cue" and value in ("comma", "and"):
            return False
    return False
