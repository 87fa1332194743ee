"""Words of one meaning: "true" is yes, "unremarkable" normal, "progressed" worsening."""

from pathlib import Path

from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.findings.lexicon.word_lists import word_lists

WORD_LISTS = word_lists(Path(__file__).with_name("words.toml"))
MEANINGS = WORD_LISTS["meaning"]
MEANING = {word: meaning for meaning, words in MEANINGS.items() for word in words}
_REPLY = {phrase: meaning for meaning, phrases in WORD_LISTS["reply"].items() for phrase in phrases}


def yes_or_no_meant(text: str) -> str:
    """ "yes" or "no" where the whole text is a common way of saying it: "There isn't."; else ""."""
    return _REPLY.get(plain(text), "") if len(text) < 40 else ""
