"""Signatures, as in sacreBLEU: what made, checked or scored a row. Equal signatures make numbers comparable.

engine:rules|lexicon:3f2a9c01|unmentioned:normal|version:0.1.0
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from cxr_cli.version import __version__

_LONGEST_NAMES = 60  # characters of names in a signature; of longer lists it has a digest


def signature(engine: str | Mapping[str, object], lexicon: str, **settings: object) -> str:
    """The engine (a model's with all its settings), the lexicon's digest, the settings that change the result, the
    version, as one line."""
    by = {"engine": engine} if isinstance(engine, str) else engine
    return sign(**{**by, "lexicon": lexicon, **settings})


def sign(**settings: object) -> str:
    """The settings and the version as one line."""
    return "|".join(f"{key}:{value}" for key, value in {**settings, "version": __version__}.items())


def in_use(**settings: object) -> dict[str, object]:
    """The settings that are neither off nor empty: a signature leaves out the others, which are the defaults."""
    return {name: value for name, value in settings.items() if value}


def listed(names: Iterable[str]) -> str:
    """Names as the value of a setting: "edema,nodule"; a long list as eight hex digits."""
    text = ",".join(names)
    return text if len(text) <= _LONGEST_NAMES else blake2b(text.encode(), digest_size=4).hexdigest()
