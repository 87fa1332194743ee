"""Lists in words: "Effusion, small nodule and scar." -> ["Effusion", "small nodule", "scar"]."""

import re

from cxr_cli.answers.wording.cleaning import plain

_NONE = re.compile(
    r"\W*(?:none(?: of (?:the above|these|the options))?|nothing"
    r"|(?:there (?:is|are) |i see )?no (?:(?:abnormal|acute|significant) )?(?:findings?|abnormalit(?:y|ies))"
    r"|neither(?: of (?:them|these))?|nil)\W*",
    re.I,
)
_LEAD = re.compile(
    r"(?:(?<!\s)\s*)?(?:the |my )?(?:final |correct )?(?:answers?|findings?)\s*(?:is|are|include)?\s*:?\s+", re.I
)
_JOINT = re.compile(r"(?:(?<!\s)\s*)?(?:[\n;,]|\band\b|&)\s*", re.I)
_BULLET = re.compile(r"^(?:[-–>\s]|\(?\d{1,2}[.)]\s)+")
_END_MARKS = re.compile(r"(?<![\s.])[\s.]+\Z|^[\s.]+\Z")


def says_none(text: str) -> bool:
    """Does the whole text say that there is nothing to list: "None of the above.", "No abnormal findings."?"""
    return _NONE.fullmatch(text) is not None


def list_items(text: str) -> list[str]:
    """The items of a list in words; [] if the text says that there are none."""
    return [] if says_none(text) else [piece for piece in list_pieces(text) if plain(piece)]


def list_pieces(text: str) -> list[str]:
    """The text split at commas, "and" and line ends, without "The answer is" before it and bullets; some are ""."""
    return [_bare(piece) for piece in _JOINT.split(_LEAD.sub("", text, count=1))]


def single_item(text: str) -> str:
    """The text without "The answer is" before it and without a bullet."""
    return _bare(_LEAD.sub("", text, count=1))


def _bare(item: str) -> str:
    """The item without a bullet and the full stop."""
    return _END_MARKS.sub("", _BULLET.sub("", item))
