"""Texts of answers without their dress: Markdown, LaTeX, full-width letters, punctuation."""

import re
import unicodedata

from cxr_cli.answers.wording.languages import answer_in_english

_BRACED = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{([^{}]*)\}")
_NEXT_BOX = re.compile(r"\}[\s$,;]*+(?:and\b|&)?[\s$]*+\\(?:boxed|fbox)\s*\{")
_LATEX_BRACKET = re.compile(r"\\[()\[\]]")
_UNDERSCORES = re.compile(r"(?<!\w)_+|(?<!_)_++(?!\w)")
_MARKDOWN = re.compile(r"[*`#$]+")
_NOT_ASCII = re.compile(r"[^\t-\r\x1c-~]")
_ASCII = {
    **dict(zip("‘’“”«»„‚「」『』•·→、–—İ", '\'\'"""""\'""""-->,–—I', strict=True)),
    **{chr(0xFF01 + n): chr(0x21 + n) for n in range(0x5E)},  # full-width letters and signs
    **{chr(first + n): chr(ord("A") + n) for first in (0x24B6, 0x1F130, 0x1F150, 0x1F170) for n in range(26)},
    **{chr(first + n): chr(ord("a") + n) for first in (0x249C, 0x24D0) for n in range(26)},
    **dict.fromkeys("✓✔✅☑", "✓"),
    **dict.fromkeys("✗✘❌✕❎☒", "✗"),
    "。": ". ",
    "【": " ",
    "】": ": ",
    "《": '"',
    "》": '"',
    "〔": "[",
    "〕": "]",
}
_BOXES = str.maketrans("☐☑☒", "✗✓✓")
_TICKED = re.compile(r"^([ \t>–-]*)(\[[ xX✓✗]?\]|[✓✗])[ \t]+(\S[^\n]*)$", re.M)
_PLAIN_WORD = re.compile(r"[^\W_]+")
_ARTICLES = {"a", "an", "the"}


def plain(text: str) -> str:
    """Lower-case words without punctuation and articles: "The left-sided Effusion." -> "left sided effusion"."""
    return " ".join([word for word in _PLAIN_WORD.findall(text.casefold()) if word not in _ARTICLES])


def clean(text: str) -> str:
    """The text without Markdown, LaTeX and emoji, in half-width letters, its answer's cue in English: `\\boxed{B}`
    becomes "Final answer: B" on a line of its own.

    No character of it changes its length in lower case.
    """
    if "\\" in text:
        text = _NEXT_BOX.sub(", ", _BRACED.sub(r"\1", text))
        text = _LATEX_BRACKET.sub(" ", _BOXED.sub(r"\nFinal answer: \1\n", text))
    if "_" in text:
        text = _UNDERSCORES.sub("", text)
    text = _MARKDOWN.sub("", text)
    if "☐" in text:
        text = text.translate(_BOXES)
    text = _NOT_ASCII.sub(_in_ascii, text).replace("\r\n", "\n").strip()
    if "[" in text or "✓" in text or "✗" in text:
        text = _TICKED.sub(_tick_behind, text)
    return answer_in_english(text)


def _tick_behind(match: re.Match[str]) -> str:
    """ "- [x] Edema"  ->  "- Edema: ✓" """
    return f"{match[1]}{match[3]}: {'✗' if match[2] in ('[ ]', '[]', '✗') else '✓'}"


def _in_ascii(match: re.Match[str]) -> str:
    character = match[0]
    stays = character.isalnum() or character.isspace() or unicodedata.combining(character)
    return _ASCII.get(character, character if stays else "")
