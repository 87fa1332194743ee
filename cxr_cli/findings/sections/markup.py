"""A report without its wrapping: HTML, escaped line breaks and dictated signs become blanks, line breaks and signs.

The text keeps its length, so that places in it are places in the report as it was given.

>>> without_markup("<b>FINDINGS</b><br>Size &lt; 3 cm.")
'** FINDINGS**  \\n   Size <    3 cm.'
"""

import re
from pathlib import Path

from cxr_cli.findings.lexicon.word_lists import either, word_lists

_INLINE_TAGS = r"b|strong|i|em|u|font|span|a|small|big|sup|sub|tt|code"
_BLOCK_TAGS = (
    r"br|p|div|hr|ul|ol|li|dl|dt|dd|h[1-6]|table|tbody|thead|tr|td|th|pre|html|body|head|title|section|abstract"
)
_SECTION_TAGS = r"findings|impression|conclusion|indication|comparison|technique|history|recommendations?"
_MARKUP = re.compile(
    rf"(?P<inline></?(?:{_INLINE_TAGS})(?:\s[^<>]{{0,200}})?>)"
    rf"|(?P<block></?(?:{_BLOCK_TAGS})(?:\s[^<>]{{0,200}}|/)?>(?:[ \t]*\n)?)"
    r"|(?P<struck><(?:s|del|strike)>[^<]{0,300}</(?:s|del|strike)>)"
    r"|<AbstractText[^<>]{0,80}Label=\"(?P<label>\w+)\"[^<>]{0,80}>|</AbstractText>"
    rf"|<(?P<close>/?)(?P<named>{_SECTION_TAGS})>"
    r"|(?P<entity>&(?:[a-z]{2,8}|#\d{1,5}|#x[\da-f]{1,4});)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"(?:\\r)?\\n|\\t(?=[A-Z\s])")
_RETURN = re.compile(r"\r\n?")
_SPOKEN_HEADING = re.compile(
    r"(?:\A|[ \n])(?=(?:clinical |patient |final )?(?:findings?|impression|conclusion|indications?|comparison|technique"
    r"|history|examination|exam|recommendations?) colon\b)",
    re.IGNORECASE,
)
_SPOKEN = re.compile(r" (colon|period|full stop|comma|(?:new|next) (?:paragraph|line))(?![\w-])", re.IGNORECASE)
_SPOKEN_END = re.compile(r" period[ \t]*$|(?<=[a-z]) comma (?=[a-z])", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"^(?:number|point) (\d{1,2}) ", re.IGNORECASE | re.MULTILINE)
_STRUCK = re.compile(r"~~[^~\n]{1,300}~~")
_BONE = either(word_lists(Path(__file__).with_name("body.toml"))["markup"]["bones"])
# "rib #", "undisplaced # of the 9th rib", "# L) 7th rib": a fracture
_HASH = re.compile(
    rf"(?<=[a-z] )#(?=[^\n.;:#]{{0,24}}\b{_BONE}\b)|(?:(?<=rib )|(?<=ribs )|(?<=clavicle ))#(?! ?\d)"
    rf"|^#(?= ?(?:[LR]\)|left|right|\d+(?:st|nd|rd|th))[^\n.;:#]{{0,20}}\b{_BONE}\b)",
    re.IGNORECASE | re.MULTILINE,
)
_CELLS = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "ndash": "–", "mdash": "—", "deg": "°"}
_SPOKEN_SIGNS = {"colon": ":", "period": ".", "full stop": ".", "comma": ","}


def without_markup(text: str) -> str:
    """The text in its own length."""
    if "\r" in text:
        text = _RETURN.sub(lambda match: " \n" if len(match[0]) == 2 else "\n", text)
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: ("\t" if match[0] == "\\t" else "\n").rjust(len(match[0])), text)
    if "<" in text or "&" in text:
        text = _MARKUP.sub(_without_markup, text)
    if "~~" in text:
        text = _STRUCK.sub(lambda match: " " * len(match[0]), text)
    if "#" in text:
        text = _HASH.sub("⌗", text)
    if "|" in text:
        text = _CELLS.sub(_without_bars, text)
    if (" colon" in text or " COLON" in text or " Colon" in text) and _SPOKEN_HEADING.search(text):
        text = _SPOKEN.sub(_spoken_sign, _SPOKEN_HEADING.sub(_break, text))
    elif (" period" in text or " PERIOD" in text) and _SPOKEN_END.search(text):
        text = _NUMBER.sub(lambda match: f"{match[1]}.".ljust(len(match[0])), _SPOKEN.sub(_spoken_sign, text))
    return text


def _without_bars(match: re.Match[str]) -> str:
    """A row of a table: its first cell heads the others."""
    row = match[0]
    cell = row.find("|", row.find("|") + 1)
    heads = row[cell + 1 :].strip(" |") and any(map(str.isalpha, row[:cell]))
    last = row.rfind("|")
    return f"{row[:cell]}{':' if heads else ' '}{row[cell + 1 : last]}.{row[last + 1 :]}".replace("|", " ")


def _break(match: re.Match[str]) -> str:
    return "\n" if match[0] else ""


def _without_markup(match: re.Match[str]) -> str:
    sign = "\n"
    if match["struck"]:
        sign = " "
    elif match["inline"]:
        sign = "**"
    elif match["label"] or (match["named"] and not match["close"]):
        sign = f"\n{match['label'] or match['named']}:"
    elif match["entity"]:
        sign = _entity(match["entity"][1:-1].lower())
    return sign.ljust(len(match[0]))


def _entity(name: str) -> str:
    if not name.startswith("#"):
        return _ENTITIES.get(name, " ")
    number = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(number) if number > 32 and number != 160 else "\n" if number in (10, 13) else " "


def _spoken_sign(match: re.Match[str]) -> str:
    return _SPOKEN_SIGNS.get(match[1].lower(), "\n\n").ljust(len(match[0]))
