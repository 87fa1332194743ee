"""Which model answers, which engine runs it and how replies are drawn, as the flags say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from cxr_cli.engines.requests import Sampling


@dataclass(frozen=True)
class Spec:
    """What `open_engine` opens.

    model: a folder, a name on the Hugging Face hub, or the URL of a server. replicas: URLs of other servers of the same
    model. name: "auto" takes openai for a URL, else vllm if it is installed, else transformers. served: which of the
    server's models. concurrency: requests at a time to each server; timeout: seconds that one may take. batch: requests
    at a time in transformers. args: passed on as they are to vLLM, `from_pretrained` or the server. cached: replies are
    kept and used again. dry_run: requests and tokens are counted, and nothing is asked; price: of a million prompt and
    completion tokens.
    """

    model: str
    name: str = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    revision: str | None = None
    served: str | None = None
    allow_remote: bool = False
    concurrency: int = 64
    timeout: float = 600.0
    batch: int = 8
    args: Mapping[str, Any] = field(default_factory=dict)
    cached: bool = True
    dry_run: bool = False
    price: tuple[float, float] | None = None
    replicas: tuple[str, ...] = ()


def is_url(model: str) -> bool:
    return model.lower().startswith(("http://", "https://"))


def engine_name(spec: Spec) -> str:
    """The name in ENGINES of the engine that answers."""
    if spec.name != "auto":
        return spec.name
    return "openai" if is_url(spec.model) else "vllm" if find_spec("vllm") else "transformers"
