"""Models behind one interface: requests with messages and images in, replies out as they finish, in any order.

def ask(row: Row) -> Conversation[str]:
    [reply] = yield [Request(row["id"], [{"role": "user", "content": row["question"]}])]
    return reply.text

with open_engine(Spec(model="Qwen/Qwen2-VL-7B-Instruct")) as engine:
    for row, text in run_conversations(engine, ((row, ask(row)) for row in rows)): ...

The engines are vllm, openai (any server that speaks its protocol) and transformers; each is imported when it is used.
"""

from cxr_cli.engines.conversations import Conversation, result_of, run_conversations, run_each, run_or_reject
from cxr_cli.engines.opening import open_engine
from cxr_cli.engines.requests import Engine, Message, Reply, Request, Sampling
from cxr_cli.engines.spec import Spec

__all__ = [
    "Conversation",
    "Engine",
    "Message",
    "Reply",
    "Request",
    "Sampling",
    "Spec",
    "open_engine",
    "result_of",
    "run_conversations",
    "run_each",
    "run_or_reject",
]
