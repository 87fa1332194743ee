"""The functions of `Rules()`: the packaged lexicon, and "normal" for what a report does not mention."""

from cxr_cli.library.rules import Rules

_RULES = Rules()
read, label, mine, verify, score = _RULES.read, _RULES.label, _RULES.mine, _RULES.verify, _RULES.score
