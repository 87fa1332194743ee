"""The engines, by name. An engine of your own: a class in a file of its own, and a line in this table."""

from cxr_cli.registry import Registry

ENGINES = Registry(  # name -> the class of an Engine, made of a Spec
    {
        "vllm": "cxr_cli.engines.vllm.engine:Vllm",
        "openai": "cxr_cli.engines.openai.engine:OpenAI",
        "transformers": "cxr_cli.engines.transformers:Transformers",
    }
)
