"""Sentences that ask: questions, headings, options that are quoted."""

import re

from cxr_cli.findings.lexicon.tokens import Token

# A question put, and no doubt in telegraphic style ("mild edema?").
_QUESTION_WORDS = re.compile(
    r"(?:^|[:,;.] |\bthen |\band |\bso |\bbut )(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|should"
    r"|may|which|what|where|when|who|whose|how|why|any|if)\b|question:|\b(?:seen|present|visible|there|evidence|evident)\b"
)
_DISMISSED = (
    r"[^,.;]* (?:excluded|ruled out|dismissed|rejected|eliminated|unlikely|wrong),? (?:since|because|as|given)\b"
)
_QUOTED_OPTION = re.compile(rf"(?:option )?[a-h][).:] |options\b(?!{_DISMISSED})")
_ANSWER_WORDS = re.compile(
    r"\b(?:answer|choice|match|matches|consistent|correct|aligns)\b|\boption [a-h] (?:is right|holds)\b"
)
_COUNTERFACTUAL = re.compile(
    r"(?:^|, )(?:if (?:there (?:were|was|had been)|[^,;]{1,80} (?:were|had been)\b)|(?:were|had) there\b)"
)


def is_counterfactual(plain: str) -> bool:
    """Does the sentence say what would be seen if a finding were there?"""
    return " would " in plain and _COUNTERFACTUAL.search(plain) is not None


def is_question(plain: str) -> bool:
    """Does the sentence only ask about its findings: a question, a heading before a colon, an option?"""
    last = plain.rstrip()[-1:]
    if last == ":" or (last == "?" and _QUESTION_WORDS.search(plain)):
        return True
    return bool(_QUOTED_OPTION.match(plain) and not holds_answer(plain))


def opens_option(token: Token, plain: str) -> bool:
    """Does the token begin an option that is quoted: "option B, effusion"?"""
    return token[1] == "ask" and plain.startswith("option", token[2])


def holds_answer(plain: str) -> bool:
    """Does it say which option is right?"""
    return bool(_ANSWER_WORDS.search(plain))
