"""Which engine, with which settings: what the flags say becomes an open engine."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cxr_cli.engines.meter import Metered
from cxr_cli.engines.requests import Engine, Sampling
from cxr_cli.errors import CxrError
from cxr_cli.rows import note

ENGINES = {
    "vllm": "cxr_cli.engines.vllm:Vllm",
    "openai": "cxr_cli.engines.openai:OpenAI",
    "transformers": "cxr_cli.engines.transformers:Transformers",
}


@dataclass(frozen=True)
class Spec:
    """What to open.

    model: a folder, a name on the Hugging Face hub, or the URL of a server. name: "auto" takes openai for a URL, else
    vllm if it is installed, else transformers. served: which of the server's models. concurrency: requests at a time
    to a server. batch: requests at a time in transformers. args: given to vLLM, `from_pretrained` or the server as they
    are. dry_run: ask nothing, count; price: of a million prompt and completion tokens.
    """

    model: str
    name: str = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    revision: str | None = None
    served: str | None = None
    allow_remote: bool = False
    concurrency: int = 64
    batch: int = 8
    args: Mapping[str, Any] = field(default_factory=dict)
    cached: bool = True
    dry_run: bool = False
    price: tuple[float, float] | None = None


def is_url(model: str) -> bool:
    return model.startswith(("http://", "https://"))


def chosen(spec: Spec) -> str:
    """The name of the engine that `spec` stands for."""
    if spec.name != "auto":
        return spec.name
    return "openai" if is_url(spec.model) else "vllm" if find_spec("vllm") else "transformers"


@contextmanager
def open_engine(spec: Spec) -> Iterator[Engine]:
    """The engine, in front of it the cache of replies; closed at the end. Raises CxrError."""
    if spec.dry_run:
        from cxr_cli.engines.dry import Dry

        with Dry(spec) as dry:
            yield dry
        return
    name = chosen(spec)
    _check(spec, name)
    if spec.name == "auto":
        note(f"engine: {name}")
    module, _, attribute = ENGINES[name].partition(":")
    with ExitStack() as stack:
        engine: Engine = stack.enter_context(getattr(import_module(module), attribute)(spec))
        if spec.cached:
            from cxr_cli.engines.cache import Cached

            engine = stack.enter_context(Cached(engine))
        yield stack.enter_context(Metered(engine))


def _check(spec: Spec, name: str) -> None:
    if name == "openai" and not is_url(spec.model):
        raise CxrError(f"--engine openai needs the URL of a server: -m http://localhost:8000/v1, not {spec.model}")
    if name != "openai" and is_url(spec.model):
        raise CxrError(f"{spec.model} is a server: --engine openai, or auto, asks it")
    if name != "openai" and spec.args.get("trust_remote_code"):
        raise CxrError("trust_remote_code is not supported: it would run code that comes with the weights")
