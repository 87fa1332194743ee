"""The cues of answers: their quick search, and their words."""

import re

from cxr_cli.answers.options import prose
from cxr_cli.answers.wording import cues
from cxr_cli.answers.wording.cleaning import clean
from tests.answers.test_answers import CASES


def test_cues_are_found_wherever_they_stand() -> None:
    """Each cue's quick search finds what its pattern finds."""
    named = {**vars(cues), **vars(prose)}
    found = {name: cue for name, cue in named.items() if isinstance(cue, cues.Cue)}
    text = "\n".join(clean(case["text"] or "") for case in CASES).lower()
    spans = {name: [match.span() for match in cue.finditer(text)] for name, cue in found.items()}
    assert spans == {name: [match.span() for match in cue.pattern.finditer(text)] for name, cue in found.items()}
    assert [name for name in spans if not spans[name]] == []


def test_cues_are_words_of_english() -> None:
    """A name of the code in a pattern is the trace of a careless renaming."""
    cues_ = {name: cue for name, cue in {**vars(cues), **vars(prose)}.items() if isinstance(cue, cues.Cue)}
    assert [name for name, cue in cues_.items() if re.search(r"[a-z]_[a-z]", cue.pattern.pattern)] == []
