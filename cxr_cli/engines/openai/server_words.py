"""What a server says about its error, for a person: once, short, and without anything of the request in it.

A server may quote the request, and so a report, in its message. Every word that occurs in the request is left out,
except for those that messages of servers are made of.
"""

import re
from collections.abc import Collection
from pathlib import Path
from unicodedata import normalize

import msgspec

_MOST_CHARACTERS, _LONGEST_WORD = 200, 30  # characters
_WORD = re.compile(r"\w+")
_LEFT_OUT = re.compile(r"…(?:[^\w.;]*…)+")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_PLAIN = frozenset(Path(__file__).with_name("plain_words.txt").read_text(encoding="utf-8").split())


def server_words(body: bytes, request: str, secrets: Collection[str] = ()) -> str:
    """The message in the body of an error, "" if there is none.

    request: all text that the server got. secrets: more that must not be quoted, such as the key.
    """
    message = _message(body)
    request_text = _plain_form(request)
    words = {word for word in _WORD.findall(request_text) if len(word) >= 4}
    hidden = [_plain_form(secret) for secret in secrets if secret]

    def masked_word(match: re.Match[str]) -> str:
        word = _plain_form(match[0])
        if word in _PLAIN:
            return match[0]
        quoted = word in request_text or any(part in word for part in words)
        secret = any(word in one or one in word for one in hidden if len(word) >= 4)
        return "…" if quoted or secret or len(word) > _LONGEST_WORD else match[0]

    return _LEFT_OUT.sub("…", _WORD.sub(masked_word, message)).strip()


def _message(body: bytes) -> str:
    """The server's message on one line, shortened, without escapes and control characters."""
    text = body[:100_000].decode(errors="replace")
    try:
        text = _message_in(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        if text.lstrip().startswith(("<", "{", "[")):  # a page, or JSON that is broken
            return ""
    text = _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else " ", text)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS].rsplit(' ', 1)[0]} …"


def _message_in(body: object) -> str:
    """{"error": {"message": ..}}, {"message": ..}, {"error": ..}, {"detail": ..}, {"detail": [{"msg": ..}, ..]}"""
    if isinstance(body, list) and body:
        return _message_in(body[0])
    for key in ("error", "message", "detail", "msg"):
        if isinstance(body, dict) and key in body:
            return _message_in(body[key])
    return body if isinstance(body, str) else ""


def _plain_form(text: str) -> str:
    return normalize("NFKC", text).casefold()
