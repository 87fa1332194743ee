"""What findings are called: "a nodule", "pulmonary edema", "low lung volumes". The nouns stand in `nouns.toml`."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from cxr_cli.findings.lexicon import Lexicon, plural_of

SINGULAR = {"is": "is", "has": "has"}
PLURAL = {"is": "are", "has": "have"}


class Noun(NamedTuple):
    """A finding's name in a sentence.

    countable: there can be two of it, and one can be large or small. always_plural: "gallstones".
    """

    singular: str
    plural: str
    countable: bool = False
    always_plural: bool = False

    @property
    def with_article(self) -> str:
        """ "a pleural effusion", "low lung volumes"."""
        return article(self.singular) if self.countable else self.singular

    @property
    def verbs(self) -> dict[str, str]:
        """The verbs that go with it, as templates name them: {is} and {has}."""
        return PLURAL if self.always_plural else SINGULAR


def nouns_of(lexicon: Lexicon) -> dict[str, Noun]:
    """Finding -> noun. An entry's own `say` goes before nouns.toml, and that before the finding's name."""
    own = {name: entry.say for name, entry in lexicon.entries.items() if entry.say}
    forms = tomllib.loads(Path(__file__).with_name("nouns.toml").read_text("utf-8")) | own
    return {name: parse_noun(forms.get(name, name)) for name in lexicon.entries}


def parse_noun(form: str) -> Noun:
    """ "a bulla|bullae"  ->  Noun("bulla", "bullae", countable=True)."""
    one, _, many = form.partition("|")
    first, _, rest = one.partition(" ")
    if first == "some":
        return Noun(rest, rest, always_plural=True)
    if first in ("a", "an"):
        return Noun(rest, many or plural_of(rest), countable=True)
    return Noun(one, many or one)


def article(noun: str) -> str:
    """ "a nodule", "an opacity"."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]
