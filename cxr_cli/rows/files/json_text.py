"""JSON for rows: what it reads is written as it was, and what it cannot keep it refuses, with the reason."""

import json
import re
from typing import Any, Self

import msgspec

BROKEN_OFF = "broken JSON: it ends in the middle"
HALF_CHARACTER = "half a character: \\ud800 to \\udfff stand in pairs"
DEEPEST = 200
"""Lists and objects in one another that a row may surely have; more than twice as many are refused."""
_NO_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\[\]{}"]+')
_UNPAIRED = re.compile(rb"\\u[dD][89a-fA-F]")
_FEW_DIGITS = 15  # every decimal number of so many digits comes out of a float as it went in


class BrokenJson(ValueError):
    """The text is no JSON that a row can keep. reason: for the user; it quotes nothing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ExactNumber(float):
    """A number with more digits than a float holds: `text`, as which it is written again."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        number = float.__new__(cls, text)
        number.text = text
        return number


def parsed_text(text: str) -> Any:
    """What JSON text, as in a cell of a table, holds; the text itself if it is no JSON."""
    try:
        return decode(text.encode())
    except BrokenJson:
        return text


def decode(text: bytes) -> Any:
    """The value of a JSON text. Raises BrokenJson, also for a key that occurs twice in an object."""
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenJson(_syntax_reason(text, error)) from error
    if text.count(b"[") + text.count(b"{") > DEEPEST and _too_deep(text):
        raise BrokenJson(_DEEP)
    same = _ENCODER.encode(value)
    if text.startswith(same):  # a row as we write it ourselves: it lost nothing
        return value
    # Each key has a colon, and a key that occurred twice has lost one; what \u003a hides is compared key by key.
    if text.count(b":") != same.count(b":") or (b"\\" in text and b"\\u003" in text):
        _check_keys(text)
    return value


def encode(value: Any) -> bytes:
    """A value that `decode` gave, or that was computed, as JSON."""
    return _ENCODER.encode(value)


def number_of(text: str) -> float:
    """A decimal number. ValueError: it is too large for a float."""
    number = float(text)
    if len(text) <= _FEW_DIGITS and "e" not in text and "E" not in text:
        return number
    if number in (float("inf"), float("-inf")):
        raise ValueError(_HUGE)
    return number if _digits(repr(number)) == _digits(text) else ExactNumber(text)


def _digits(text: str) -> tuple[str, int]:
    """A decimal number's digits without zeros around them, and its power of ten: "-0.50" -> ("-5", -1)."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = f"{whole}{fraction}".lstrip("0")
    significant = digits.rstrip("0")
    power = int(exponent or 0) - len(fraction) + len(digits) - len(significant) if significant else 0
    return ("-" if text.startswith("-") else "") + significant, power


def _raw(value: Any) -> msgspec.Raw:
    if isinstance(value, ExactNumber):
        return msgspec.Raw(value.text.encode())
    raise NotImplementedError(f"{type(value).__name__} in a row")


_DECODER = msgspec.json.Decoder(float_hook=number_of)
_ENCODER = msgspec.json.Encoder(enc_hook=_raw)
_HUGE = "a number too large for this program"
_DEEP = f"nested too deeply: more than {DEEPEST} lists and objects in one another"


def _too_deep(text: bytes) -> bool:
    brackets = _NO_BRACKET.sub(b"", text)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True


def _check_keys(text: bytes) -> None:
    """Raises BrokenJson for an object that has a key twice. Its name is left out: it may be anything."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            raise BrokenJson("a key occurs twice in one object")

    json.loads(text, object_pairs_hook=check, parse_int=len, parse_float=len)


def _syntax_reason(text: bytes, error: Exception) -> str:
    """error: the decoder's, whose text names a byte and quotes nothing."""
    message = str(error)
    if isinstance(error, RecursionError):
        return _DEEP
    if _HUGE in message or "out of range" in message:
        return _HUGE
    if _UNPAIRED.search(text) and _has_half_character(text):
        return HALF_CHARACTER
    match = re.search(r"byte (\d+)", message)
    at = int(match[1]) if match else None
    if "truncated" in message or (at and not text[at:].strip()):
        return BROKEN_OFF
    if at is None:
        return "broken JSON"
    hint = ": NaN and Infinity are not JSON; write null" if text[at:].startswith((b"NaN", b"Inf", b"-Inf")) else ""
    return f"broken JSON at byte {at + 1}{hint}"


def _has_half_character(text: bytes) -> bool:
    """Whether the text is JSON for a reader that lets halves pass, which Python's is."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False
