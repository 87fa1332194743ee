"""Lists of names on the command line: "edema,effusion", "all"."""

from collections.abc import Callable, Iterable

from cxr_cli.errors import CxrError
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.suggestions import did_you_mean


def parse_findings(text: str, lexicon: Lexicon) -> list[str]:
    """ "all": every finding worth a question; else names between commas, as labels or the lexicon have them."""
    names = (name for name, entry in lexicon.entries.items() if entry.answer)

    def hint(name: str) -> str:
        return did_you_mean(name.lower(), lexicon.entries)

    return parse_names(text, names, lexicon.find, hint, thing="finding", whole="the lexicon")


def parse_names(
    text: str,
    names: Iterable[str],
    find: Callable[[str], str | None],
    hint: Callable[[str], str],
    *,
    thing: str,
    whole: str,
) -> list[str]:
    """ "all": all of `names`; else those that `find` gives for each part between commas, each once.

    CxrError: a part for which it gives None, with the hint for it; or no part. thing, whole: how errors call a name
    and what it belongs to.
    """
    if text.strip().lower() == "all":
        return list(names)
    result: dict[str, None] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name = find(part)
        if name is None:
            raise CxrError(f"--findings: `{part}` is no {thing} of {whole}{hint(part)}")
        result[name] = None
    if not result:
        raise CxrError(f"--findings: no {thing} is named; `all` stands for all of {whole}")
    return list(result)
