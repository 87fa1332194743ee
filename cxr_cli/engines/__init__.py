"""Models behind one interface: requests with messages and images in, replies out as they finish, in any order.

with open_engine(Spec(model="Qwen/Qwen2-VL-7B-Instruct")) as engine:
    for reply in generate(engine, [Request("a", [{"role": "user", "content": "Hello?"}])]): ...

vllm, openai (any server that speaks its protocol) and transformers; each is imported when it is used.
"""

from cxr_cli.engines.conversations import Talk, converse, generate, settle, settled
from cxr_cli.engines.opening import open_engine
from cxr_cli.engines.requests import Engine, Message, Reply, Request, Sampling
from cxr_cli.engines.spec import Spec

__all__ = [
    "Engine",
    "Message",
    "Reply",
    "Request",
    "Sampling",
    "Spec",
    "Talk",
    "converse",
    "generate",
    "open_engine",
    "settle",
    "settled",
]
