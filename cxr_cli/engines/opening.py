"""From a Spec to an open engine, with the cache of replies in front of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from cxr_cli.engines.engine_table import ENGINES
from cxr_cli.engines.requests import Engine
from cxr_cli.engines.spec import Spec, engine_name, is_url
from cxr_cli.engines.usage import UsageMeter
from cxr_cli.errors import CxrError
from cxr_cli.rows import note

_SECRET_NAME = re.compile(
    r"(^|[_-])(api_?key|key|token|secret|passw(or)?d|auth|authorization|credentials?|bearer|cookie|headers?)$", re.I
)
_SECRET_VALUE = re.compile(r"(sk|pk|hf|gsk|xai|key|ghp)[-_]\w|AIza|Bearer ", re.I)


@contextmanager
def open_engine(spec: Spec) -> Iterator[Engine]:
    """The engine, with the cache of replies in front of it; closed at the end. Raises CxrError."""
    if spec.dry_run:
        from cxr_cli.engines.dry_run import DryRun

        with DryRun(spec) as dry:
            yield dry
        return
    name = engine_name(spec)
    _check(spec, name)
    if spec.name == "auto":
        note(f"engine: {name}")
    with ExitStack() as stack:
        engine: Engine = stack.enter_context(ENGINES.load(name)(spec))
        if spec.cached:
            from cxr_cli.engines.cache import CachedEngine

            server = spec.model.rstrip("/") if is_url(spec.model) else None
            engine = stack.enter_context(CachedEngine(engine, server=server))
        yield stack.enter_context(UsageMeter(engine))


def secret_arguments(args: Mapping[str, Any]) -> Iterator[str]:
    """The names of the arguments that hold a key, by their name or value, at any depth."""
    return (name for name, value in args.items() if _is_secret(name, value))


def _is_secret(name: str, value: object) -> bool:
    if isinstance(value, dict):
        return _names_secret(name) or any(_is_secret(str(inner), part) for inner, part in value.items())
    if isinstance(value, list):
        return _names_secret(name) or any(_is_secret("", part) for part in value)
    return isinstance(value, str) and (_names_secret(name) or bool(_SECRET_VALUE.match(value)))


def _names_secret(name: str) -> bool:
    return name != "prompt_cache_key" and _SECRET_NAME.search(name) is not None


def _check(spec: Spec, name: str) -> None:
    if spec.replicas and not all(map(is_url, (spec.model, *spec.replicas))):
        raise CxrError("several -m are several servers of one model: each must be a URL")
    if name == "openai" and not is_url(spec.model):
        raise CxrError(f"--engine openai needs the URL of a server: -m http://localhost:8000/v1, not {spec.model}")
    if name != "openai" and is_url(spec.model):
        raise CxrError(f"{spec.model} is a server: --engine openai, or auto, asks it")
    for key in secret_arguments(spec.args):
        raise CxrError(f"--engine-arg {key}: a key would be written into every row: put it into OPENAI_API_KEY")
    if name != "openai" and spec.args.get("trust_remote_code"):
        raise CxrError("trust_remote_code is not supported: it would run code that comes with the weights")
