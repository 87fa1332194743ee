"""What answers, as the flags say it: a model, the engine that runs it, how replies are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from cxr_cli.engines.requests import Sampling
from cxr_cli.registry import Registry

ENGINES = Registry(  # name -> the class of an Engine, made of a Spec
    {
        "vllm": "cxr_cli.engines.vllm.engine:Vllm",
        "openai": "cxr_cli.engines.openai.engine:OpenAI",
        "transformers": "cxr_cli.engines.transformers:Transformers",
    }
)


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
