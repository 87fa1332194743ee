"""The rewards for OpenRLHF: `--reward.remote_url FOLDER/openrlhf_reward.py --data.label_key label`.

The label of a row is its case as JSON.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from cxr_cli.rewards.other_trainers.case_rewards import case_rewards

_END = re.compile(r"(?:\s|<\|\w+\|>|</s>|<eos>|<end_of_turn>|<pad>)*\Z")


def reward_func(queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    """`rewards`, the weighted sums, of shape (queries,), and `extra_logs`, each reward by name; NaN where it does not
    apply. A query is its prompt and the response as one text, special tokens included."""
    import torch

    paid = [case_rewards(response(*pair), label) for *pair, label in zip(queries, prompts, labels, strict=True)]
    logs = {name: torch.tensor([one.by_name[name] for one in paid]) for name in paid[0].by_name}
    return {"rewards": torch.tensor([one.total for one in paid]), "extra_logs": logs}


def response(query: str, prompt: str) -> str:
    """What the model wrote. In the query the mark of each film is as many tokens as the film has: the longest end of
    the prompt that stands in the query is what stands before the response."""
    lengths = range(1, len(prompt) + 1)
    longest = bisect_left(lengths, True, key=lambda length: prompt[-length:] not in query)
    _, _, text = query.partition(prompt[len(prompt) - longest :]) if longest else ("", "", query)
    return _END.sub("", text)
