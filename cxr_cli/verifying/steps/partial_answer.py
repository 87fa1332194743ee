"""A last step that states a part of the right answer, where several options are right or one joins several."""

from collections.abc import Mapping
from typing import Any

from cxr_cli.answers.answer_key import answer_key
from cxr_cli.answers.options.explicit import explicit_mentions
from cxr_cli.answers.options.joint import joint_options
from cxr_cli.answers.options.names import option_set
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.answers.wording.cleaning import clean


def states_part(text: str, case: Mapping[str, Any]) -> bool:
    """Does the text state a part of the right answer, and not call it the answer? case: with options.

    "There is a nodule." states a part of the option "Both nodule and mass".
    """
    options = option_set(tuple(case["options"]))
    right = {options.texts.index(part) for part in answer_key(case).reference or ()}
    parts = right | {part for index in right for part in joint_options(options).get(index, ())}
    choices = {options.texts.index(part) for part in answer_of(case, text).texts or () if part in options.texts}
    return bool(choices) and choices < parts and not explicit_mentions(OptionReader(clean(text), options))
