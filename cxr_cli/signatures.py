"""Signatures: what made, checked or scored a row, so that numbers are compared only when they may be (as in sacreBLEU).

engine:rules|lexicon:3f2a9c01|unmentioned:normal|version:0.1.0
"""

from functools import cache
from importlib.metadata import version

from cxr_cli.findings import Lexicon


@cache
def cxr_version() -> str:
    """The version in pyproject.toml."""
    return version("cxr-cli")


def signature(engine: str, lexicon: Lexicon, **settings: object) -> str:
    """One line: the engine, the lexicon's digest, the settings that change the result, the version."""
    return signed(engine=engine, lexicon=lexicon.digest, **settings)


def signed(**settings: object) -> str:
    """The settings and the version as one line."""
    return "|".join(f"{key}:{value}" for key, value in {**settings, "version": cxr_version()}.items())
