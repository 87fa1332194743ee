"""A report as plain text. What undoes its markup is loaded when a report has some."""

from functools import lru_cache

_SIGNS = ("\r", "\\", "<", "&", "~~", "#", "|", " colon", " Colon", " COLON", " period", " PERIOD")


@lru_cache(maxsize=16)  # the steps of reading a report each ask for it
def plain_text(text: str) -> str:
    """The text without HTML, escaped line breaks, dictated signs and the like, in its own length; the very same one
    where nothing is to be done."""
    if not any(sign in text for sign in _SIGNS):
        return text
    from cxr_cli.findings.sections.markup import without_markup

    return without_markup(text)
