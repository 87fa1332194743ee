"""From a Spec to an open engine, with the cache of replies in front of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cxr_cli.engines.requests import Engine
from cxr_cli.engines.spec import ENGINES, Spec, engine_name, is_url
from cxr_cli.engines.usage import UsageMeter
from cxr_cli.errors import CxrError
from cxr_cli.rows import note


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


def _check(spec: Spec, name: str) -> None:
    if name == "openai" and not is_url(spec.model):
        raise CxrError(f"--engine openai needs the URL of a server: -m http://localhost:8000/v1, not {spec.model}")
    if name != "openai" and is_url(spec.model):
        raise CxrError(f"{spec.model} is a server: --engine openai, or auto, asks it")
    if name != "openai" and spec.args.get("trust_remote_code"):
        raise CxrError("trust_remote_code is not supported: it would run code that comes with the weights")
