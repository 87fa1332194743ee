"""The hints in errors on names that are misspelt: "; did you mean binary?"."""

from collections.abc import Callable, Iterable


def closest_name(word: str, names: Iterable[str]) -> str | None:
    """The name that `word` is most likely a misspelling of; None when none is close."""
    import difflib  # for an error alone

    return next(iter(difflib.get_close_matches(word, list(names), n=1)), None)


def did_you_mean(word: str, names: Iterable[str], wording: Callable[[str], str] = "; did you mean {}?".format) -> str:
    """The end of an error: "; did you mean binary?", or "" when no name is close. wording: of the name that is."""
    close = closest_name(word, names)
    return wording(close) if close else ""


def known_names(word: str, names: Iterable[str], listing: str | None = None) -> str:
    """The same, and what there is: "; did you mean csv? there are: csv, json". listing: in place of the names."""
    names = list(names)
    return f"{did_you_mean(word, names) or ';'} there are: {listing or ', '.join(names)}"
