"""What a case asks, and the answer it expects."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.answers.cues import clean, plain
from cxr_cli.answers.lists import list_items
from cxr_cli.answers.mentions import OptionReader
from cxr_cli.answers.option_names import OptionSet, option_set
from cxr_cli.answers.reply_format import parse_prompt, parse_reply
from cxr_cli.tasks import task_of


class AnswerKey(NamedTuple):
    """A question, and what counts as its right answer.

    findings: that the question is about. reference: the right answer as option texts (phrases, if there are no
    options), None if the case has none that fits. several: more than one option may be right.
    """

    question: str
    options: Sequence[str] = ()
    findings: Sequence[str] = ()
    reference: list[str] | None = None
    several: bool = False


def answer_key(case: Mapping[str, Any]) -> AnswerKey:
    """Of a case. The options are those in `options`, else those in the text of the question itself."""
    question, listed = parse_prompt(str(case.get("question") or ""))
    options = list(case.get("options") or listed)
    reference = expected_answer(case, options)
    several = isinstance(case.get("answer"), list) or len(reference or ()) > 1
    several = several or task_of(case, options).several
    return AnswerKey(question, options, case.get("findings") or (), reference, several)


def expected_answer(case: Mapping[str, Any], options: Sequence[str]) -> list[str] | None:
    """The right answer as option texts (phrases, if there are no options); None if the case has none that fits.

    Rows of other tools give letters: "B", "<answer> B </answer>", "A, C" or ["A", "C"].
    """
    answer = case.get("answer")
    if answer is None or answer == "":
        return None
    parts = [parse_reply(str(part)) for part in (answer if isinstance(answer, list) else [answer])]
    texts = [(part.answer or part.rest).strip() for part in parts]
    if options:
        return _expected_options(texts, option_set(tuple(options)))
    several = task_of(case, options).several or len(texts) > 1
    return [item for text in texts for item in list_items(text)] if several else texts


def _expected_options(texts: Sequence[str], options: OptionSet) -> list[str] | None:
    """The texts of the options that these texts name; None if one names no option."""
    found = {index for text in texts for index in _named(clean(text), options)}
    return None if -1 in found else [options.texts[index] for index in sorted(found)]


def _named(text: str, options: OptionSet) -> frozenset[int]:
    """The options that the whole text names, by index; -1 stands for what names no option."""
    exact = options.exact_option(text)
    exact = options.index.get(plain(text)) if exact is None else exact
    if exact is not None:
        return frozenset([exact])
    run = OptionReader(text, options).run_from(0)
    return run.options if run and not text[run.end :].strip(" .)") else frozenset([-1])
