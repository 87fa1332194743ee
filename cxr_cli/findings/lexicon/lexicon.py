"""The lexicon: what findings are called, how they relate, and the words that state them, compiled for matching.

The knowledge is `lexicon.toml`; a file of the same form given with `--lexicon` is merged over it.
"""

import hashlib
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.errors import CxrError
from cxr_cli.findings.lexicon.entries import AnatomyEntry, Entry, LexiconFile, Shorthand
from cxr_cli.findings.lexicon.error_weights import ErrorWeights
from cxr_cli.findings.lexicon.merging import merge_tables
from cxr_cli.findings.lexicon.phrase_automaton import PhraseAutomaton, TermSource

PACKAGED_LEXICON = Path(__file__).with_name("lexicon.toml")


class Lexicon:
    """A lexicon in memory.

    own: findings of a file that was merged into `data`; what one of these is called names no other finding.
    entries: name -> Entry, in the file's order.
    combos: (anatomy, quality) -> finding that the two state together ("heart", "enlarged" -> cardiomegaly); a finding
        may stand for the anatomy ("support device", "malpositioned" -> malpositioned device).
    of_findings: the qualities that findings have in `combos`.
    rules_out: (anatomy, good quality) -> findings that are absent then ("lungs", "clear" -> lung opacity).
    shorthand: short word -> what it stands for.
    errors: what errors in a report count.
    """

    def __init__(self, data: dict[str, Any], own: tuple[Entry, ...] = ()) -> None:
        self.data, self.own = data, own
        self._extended: dict[str, Lexicon] = {}
        self.entries = {e.name: e for e in msgspec.convert(data["finding"], tuple[Entry, ...])}
        self.combos = {(a, q): e.name for e in self.entries.values() for a, qs in e.when.items() for q in qs}
        self.of_findings = {quality for name, quality in self.combos if name in self.entries}
        self._anatomy = msgspec.convert(data["anatomy"], dict[str, AnatomyEntry])
        good = data["quality"]["good"]
        self.rules_out = {
            (name, quality): a.rules_out.get(quality, a.rules_out.get("normal", ()))
            for name, a in self._anatomy.items()
            for quality in good
        }
        short = msgspec.convert(data["shorthand"], dict[str, str | Shorthand])
        self.shorthand = {k: Shorthand(v) if isinstance(v, str) else v for k, v in short.items()}
        self.errors = msgspec.convert(data["errors"], ErrorWeights)
        self._check()
        self._names = {key.lower(): e.name for e in self.entries.values() for key in (*e.aka, e.name)}

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Lexicon":
        """The packaged lexicon, with the file at `path` merged over it."""
        return _load(str(path) if path else None)

    def extended(self, extra: dict[str, Any]) -> "Lexicon":
        """This lexicon with a part of another merged over it; the same one for the same part."""
        key = repr(extra)
        if key not in self._extended:
            self._extended[key] = Lexicon(merge_tables(self.data, extra), self.own)
        return self._extended[key]

    @cached_property
    def digest(self) -> str:
        """Eight hex digits that name this exact lexicon in signatures."""
        terms = [(entry.name, entry.terms) for entry in self.own]
        return hashlib.sha256(f"{self.data!r}{terms or ''}".encode()).hexdigest()[:8]

    def find(self, name: str) -> str | None:
        """The finding that a label calls `name` ("Pleural Effusion", "Pleural_Thickening"), or None."""
        return self._names.get(name.lower()) or self._names.get(name.lower().replace("_", " "))

    def broader(self, name: str) -> frozenset[str]:
        """`name` and everything that it is a kind of."""
        return self._broader[name]

    def narrower(self, name: str) -> frozenset[str]:
        """`name` and everything that is a kind of it."""
        return self._narrower[name]

    def related(self, name: str) -> frozenset[str]:
        """What a verdict on `name` may rest on: it, broader and narrower findings, those whose absence denies it."""
        return self._related[name]

    def near(self, a: str, b: str) -> bool:
        """Do radiologists use the two for the same thing on a film (consolidation, pneumonia)?"""
        return b in self.entries[a].near or a in self.entries[b].near

    @cached_property
    def _broader(self) -> dict[str, frozenset[str]]:
        def up(name: str) -> frozenset[str]:
            return frozenset({name}).union(*(up(parent) for parent in self.entries[name].is_a))

        return {name: up(name) for name in self.entries}

    @cached_property
    def _narrower(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(n for n in self.entries if name in self._broader[n]) for name in self.entries}

    @cached_property
    def _related(self) -> dict[str, frozenset[str]]:
        return {
            name: self._broader[name] | self._narrower[name] | frozenset(entry.absent_when)
            for name, entry in self.entries.items()
        }

    @cached_property
    def automaton(self) -> PhraseAutomaton:
        """Over all phrases of the lexicon."""
        data = self.data
        sources = [TermSource(("finding", entry.name), entry.terms, plural=True, own=True) for entry in self.own]
        sources += [TermSource(("finding", entry.name), entry.terms, plural=True) for entry in self.entries.values()]
        sources += [TermSource(("anatomy", name), part.terms, plural=True) for name, part in self._anatomy.items()]
        kinds = {"good": data["quality"]["good"], "bad": data["quality"]["bad"]}
        kinds |= {kind: data[kind] for kind in ("side", "zone", "severity", "change", "cue")}
        sources += [TermSource((kind, name), terms) for kind, own in kinds.items() for name, terms in own.items()]
        sources += [TermSource(("skip", name), data[name]["terms"]) for name in ("compare", "skip")]
        return PhraseAutomaton(sources)

    def _check(self) -> None:
        for entry in self.entries.values():
            for other in (*entry.is_a, *entry.absent_when, *entry.near):
                if other not in self.entries:
                    raise CxrError(f"lexicon: `{entry.name}` names `{other}`, which is no finding of the lexicon")
            for anatomy, qualities in entry.when.items():
                if anatomy not in self.data["anatomy"] and anatomy not in self.entries:
                    raise CxrError(f"lexicon: `{entry.name}` names the anatomy `{anatomy}`, which is not defined")
                for quality in qualities:
                    if quality not in self.data["quality"]["bad"]:
                        raise CxrError(f"lexicon: `{entry.name}` names the quality `{quality}`, which is not defined")
        for key, names in self.rules_out.items():
            for name in names:
                if name not in self.entries:
                    raise CxrError(
                        f"lexicon: anatomy `{key[0]}` rules out `{name}`, which is no finding of the lexicon"
                    )


@cache
def _load(path: str | None) -> Lexicon:
    data = tomllib.loads(PACKAGED_LEXICON.read_text("utf-8"))
    if not path:
        return Lexicon(data)
    try:
        extra = tomllib.loads(Path(path).read_text("utf-8"))
        own = msgspec.convert(extra, LexiconFile).finding
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CxrError(f"{path}: not a lexicon: {error}") from None
    return Lexicon(merge_tables(data, extra), own)
