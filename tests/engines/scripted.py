"""A model for tests that answers the tool's prompts by the text and the schema of each request.

with Server(Scripted(evidence=["nonsense", None])) as server:      # the first pass for evidence fails, the others work
    cxr("mine", "a.jsonl", "-m", server.url)
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from cxr_cli.mining import llm_steps as mining
from cxr_cli.scoring.judges import llm as scoring
from cxr_cli.verifying.judges import llm as verifying

Json = dict[str, Any]
_SYSTEM = {
    prompt.system.splitlines()[0]: name
    for module in (mining, verifying, scoring)
    for name, prompt in module.PROMPTS.items()
    if prompt.system
}
_ITEM = re.compile(r"^(\d+)\. (.+)$", re.M)


def prompt_of(asked: Json) -> str:
    """The name of the prompt that a request is made from: "plan", "evidence", .."""
    return _SYSTEM[asked["messages"][0]["content"].splitlines()[0]]


def user_text(asked: Json) -> str:
    """The user's message: it follows the system message and, if there is one, the example's question and reply."""
    messages = asked["messages"]
    text: str = messages[3 if len(messages) > 3 else -1]["content"]
    return text


def part(asked: Json, title: str) -> str:
    """The text under a title of the user's message."""
    return user_text(asked).partition(f"{title}:\n")[2].partition("\n\n")[0]


def items(text: str) -> dict[str, str]:
    """A numbered list: {"1": "Small effusion.", ..}."""
    return dict(_ITEM.findall(text))


class Scripted:
    """Gives good replies. If a list of replies is given for a prompt, these come first; None stands for a good one.

    verdict: of a step of `cxr verify`. true: whether a finding or step is right, by prompt and text.
    """

    def __init__(
        self,
        verdict: Callable[[str], str] = lambda step: "supported",
        true: Callable[[str, str], bool] = lambda prompt, text: True,
        **replies: Sequence[str | Json | Exception | None],
    ) -> None:
        self.verdict, self.true = verdict, true
        self.replies = {name: list(given) for name, given in replies.items()}

    def __call__(self, asked: Json) -> str | Json:
        name = prompt_of(asked)
        waiting = self.replies.get(name)
        if waiting and (reply := waiting.pop(0)) is not None:
            if isinstance(reply, Exception):
                raise reply
            return reply
        return json.dumps(getattr(self, name)(asked))

    def plan(self, asked: Json) -> Json:
        return {"plan": [{"place": "the lungs", "signs": "opacities"}, {"place": "the pleura", "signs": "fluid"}]}

    def evidence(self, asked: Json) -> Json:
        numbers = [int(number) for number in items(part(asked, "Report"))]
        return dict.fromkeys(items(part(asked, "Plan")), numbers[:3])

    def refine(self, asked: Json) -> Json:
        text = user_text(asked)
        answer = re.search("The right answer: (.+)", text)
        assert answer
        observations = [{"sentences": [int(n)], "text": note} for n, note in items(text).items()]
        return {
            "observations": observations[:5],
            "reason": f"So the answer is {answer[1]}.",
        }

    def steps(self, asked: Json) -> Json:
        said = items(part(asked, "Steps"))
        return {n: {"reason": "so it is", "verdict": self.verdict(step), "sentences": [1]} for n, step in said.items()}

    def findings(self, asked: Json) -> Json:
        said = items(part(asked, "Reasoning")).values()
        return {"findings": [{"finding": step, "status": "present"} for step in said]}

    def _judged(self, asked: Json, title: str) -> Json:
        name = prompt_of(asked)
        return {number: self.true(name, text) for number, text in items(part(asked, title)).items()}

    def correct(self, asked: Json) -> Json:
        return self._judged(asked, "Findings")

    def recalled(self, asked: Json) -> Json:
        return self._judged(asked, "Key findings of the reference")

    def effective(self, asked: Json) -> Json:
        return self._judged(asked, "Steps of the model")
