"""Is the time of every reading in proportion to the length of its text, whatever that holds?"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from typing import Any

from cxr_cli import Rules
from cxr_cli.errors import CxrError
from cxr_cli.findings import Lexicon
from cxr_cli.findings.lexicon import expand

Kind = tuple[str, str, str]
"""A text: its head, what is repeated, its tail."""
Reading = Callable[[str], object]

_RUN = cycle(range(50))  # so many units more, to make each text new: a reader remembers texts
SLACK = 0.005  # seconds, for what takes hardly any
REPORT = "FINDINGS: Small left pleural effusion. No pneumothorax. The heart is enlarged."
STEPS = [{"text": "There is a left pleural effusion.", "kind": "observe"}]
CASE: dict[str, Any] = {
    "id": "1",
    "task": "single",
    "report": REPORT,
    "question": "Which finding is seen?",
    "steps": STEPS,
    "options": ["Edema", "Pleural effusion", "Pneumothorax"],
    "answer": "Pleural effusion",
    "findings": ["edema", "pleural effusion", "pneumothorax"],
}
YES_OR_NO = CASE | {"question": "Is there an effusion?", "options": ["Yes", "No"], "answer": "Yes"}
COURSE = CASE | {"task": "temporal", "options": ["Improving", "Stable", "Worsening"], "answer": "Stable"}
OPEN = {"id": "1", "question": "What is seen?", "answer": "Left pleural effusion", "steps": STEPS}
RULES = Rules()
READINGS: dict[str, Reading] = {
    "report": lambda text: RULES.label_study({"id": "1", "report": text}, mentions=True, sections=True),
    "reply": lambda text: RULES.score(CASE | {"prediction": text}),
    "parts of a reply": lambda text: RULES.score(
        CASE | {"prediction": f"<think>{text}</think><answer>{text}</answer>"}
    ),
    "study": lambda text: RULES.mine({"id": "1", "report": REPORT + text, "prior": {"id": "0", "report": text}}),
    "report of steps": lambda text: RULES.verify(CASE | {"report": text}),
    "step": lambda text: RULES.verify(CASE | {"steps": [{"text": text, "kind": "conclude"}]}),
    "steps in one text": lambda text: RULES.verify(CASE | {"steps": text}),
    "reasoning": lambda text: RULES.verify(CASE | {"predictions": [{"text": text}]}, on="predictions"),
    "yes or no": lambda text: RULES.score(YES_OR_NO | {"prediction": text}, statements=True),
    "course": lambda text: RULES.score(COURSE | {"prediction": text}),
    "open answer": lambda text: RULES.score(OPEN | {"prediction": f"<answer>{text}</answer>"}),
    "right answer": lambda text: RULES.score(OPEN | {"answer": text, "prediction": "edema"}),
    "question": lambda text: RULES.score(CASE | {"question": text, "options": [], "prediction": "A"}),
    "option": lambda text: RULES.score(CASE | {"options": [text, "b"], "answer": "b", "prediction": f"A: {text}"}),
    "two reports": lambda text: RULES.score({"id": "1", "report": text, "prediction": text}),
}
EVERYTHING = ("report", "reply")  # the readings that all kinds are tried on; SIGNS are tried on the others too
SIGNS: list[Kind] = [
    *((f"{end}1 ", sign, end) for sign in (" ", "\n", "_", "<", "a. ") for end in ("", "a")),
    *(("1a", sign, "a") for sign in (".", "-", "\t", "1. ", "step\n", '"', "possible ")),
    ("1 Which? Options:\nA) ", " ", "x"),
]
REPEATS = [
    *("a", "Ao", "a....", "a    a", "a____a", "*", "(((", "''", "~~", "&a", "\\n", "{", "<b>", "<think>"),
    *("option b which ", "3 mm nodule, ", "3 x ", "chronic emphysematous ", "one, ", "pleural effusionx "),
    *("effusion at the ", "? effusion ", "effusion: none, ", "effusion: no, ", "no effusion, ", "that of "),
    *("cannot be excluded ", "not seen, ", "edema or ", "more likely edema than mass, "),
    *("left larger than right ", "tip not seen ", "lungs clear ", "the prior CT showed ", "FINDINGS: "),
    *("ABCDEF GHIJK: ", "COMPARISON:\n", "| a | b |\n", "WET READ: ", "64F ", "e.g. ", "the answer is A. "),
    *("答案是A，", "not A, but B. ", '{"answer": "A", ', "[A, ", "A? No, ", "\\boxed{A} ", "A) Hernia: no\n"),
    *("Réponse : ", "There is no pleural effusion. ", "either A or B ", "Option A is wrong. ", "правильный "),
    *("all but A ", "A: no, ", "```json\n", "1. A\n", "Answer: ", "shows edema, ", "yes ", "l > r "),
    *("larger on the left ", "cm pe sm ", "a larger ", "slightly increased ", "5 mm nodule "),
    *("lungs heart ribs clear ", "ribs clavicle clear "),
]
LAYOUTS = [
    *("HISTORY: Cough.\n\nCOMPARISON: None.\nFINDINGS: Clear.\n", "Fever is high.\nCough\n"),
    *("x\n\nCough.\n\n", "a: b: C: ", "_____x\n", "<b>a</b>&lt; ", "ADDENDUM: No nodule.\n", "ABC DEF\n"),
    *("\\n",),
]
KINDS: list[Kind] = [
    *SIGNS,
    *(("1 ", words, "") for words in REPEATS),
    *(("COMPARISON: None. ", lines, "") for lines in LAYOUTS),
    *(
        ("<", " ", ""),
        ("```", " ", ""),
        ("\\boxed{B}", " ", ""),
        ("<think>a", "\n", "a"),
        ("{", " ", ""),
        ("", "stable ", ""),
    ),
]


def random_kinds(seed: int, count: int) -> Iterator[Kind]:
    """Pieces of the lexicon's phrases, with signs between them."""
    rng = random.Random(seed)
    data = Lexicon.load().data
    terms = [term for finding in data["finding"] for term in finding.get("terms", ())]
    terms += [t for kind in ("cue", "side", "zone", "severity", "change") for own in data[kind].values() for t in own]
    signs = [*(" ", " ", " ", ", ", ". ", ": ", "? ", "; ", "\n", " - ", "", " (", ") ", "/", "**", "<", "_", "A) ")]
    for _ in range(count):
        phrases = [next(expand(term)) for term in rng.sample(terms, rng.randint(1, 4))]
        cut = [phrase[: rng.randint(1, len(phrase))] if rng.random() < 0.3 else phrase for phrase in phrases]
        yield "1 ", "".join(phrase + rng.choice(signs) for phrase in cut), rng.choice(["", "a", " is seen"])


def cpu_seconds(reading: Reading, kind: Kind, length: int, runs: int = 1) -> float:
    """The least time of several runs, each on a text of about so many characters that was not read before."""
    head, unit, tail = kind
    best = float("inf")
    for _ in range(runs):
        text = head + unit * (length // len(unit) + next(_RUN)) + tail
        start = time.process_time()
        with suppress(CxrError):  # a question of blanks is none
            reading(text)
        best = min(best, time.process_time() - start)
    return best


def is_linear(reading: Reading, kind: Kind, length: int) -> bool:
    """Does four times the text take at most 8 times as long? 16 times would be quadratic.

    A busy machine disturbs a measurement: what looks too long is measured anew, by the least of several runs.
    """

    def within(runs: int) -> bool:
        return cpu_seconds(reading, kind, 4 * length, runs) <= 8 * cpu_seconds(reading, kind, length, runs) + SLACK

    return within(1) or within(3) or within(5)
