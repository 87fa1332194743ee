"""Short answers: a text that is nothing but the choice of options, read word by word.

    "B and D"   "Not A but B."   "A? No, it is B."   "Nodule: yes, edema: no"   "(B), because it is round"

Each word is of one of a few kinds (_WORDS). A text with a word of no kind is no short answer, except that a reason may
follow an option that is set off from it: "B. It is round".
"""

import re
from collections.abc import Iterator

from cxr_cli.answers.options.choice import Choice
from cxr_cli.answers.options.letters import FILLER, IN_SHADOW, PRIVATE
from cxr_cli.answers.options.reader import OptionReader

_LEADS = (
    "above accurate after all alone also am among and ans answer's answers appears applies apply appropriate are as"
    " based be being believe best better both by carefully certainly change changed choice choices clearly closely"
    " course decision definitely diagnosis do does elimination exclusion finding findings fit fits following for"
    " from guess had has have here holds i i'd i'll i'm i.e image impression in include includes including indeed is"
    " it just label lean leaning letter letters likely looking marked matches me meant more most must my namely now"
    " of on one ones opinion option options or our output overall plus prediction probably really response result"
    " say see seems selected selection should shows single solution statement suitable summary sure surely that the"
    " then there these think this those tick to together toward towards ultimately undoubtedly upon us verdict view"
    " was we we'd well which will with would you'd your"
)
_WORDS = {
    "all_but": r"(?:all|every(?:thing|one)?)(?: (?:of them|others?|options?))? (?:but|except(?: for)?)",
    "perhaps": r"i was going to say|(?:i )?(?:first )?considered|at first(?: sight| glance)?|initially"
    r"|between|either|(?:first )?i(?: first)? thought|first|maybe"
    r"|perhaps|possibly|might be|may be|could be|whether",
    "doubted": r"(?:is |was |seems? |looks? )?(?:plausible|tempting|possible|doubtful|questionable"
    r"|(?:my|the) first (?:thought|guess|choice|idea))",
    "decide": r"not (?:only|just)|only|it is|it's|that's|that is|answer|final|finally|conclusion|conclude"
    r"|leaves|leaving|leave|remain(?:s|ing)?"
    r"|(?:i|we)? ?(?:choose|chose|chosen|pick|picked|select|go|going"
    r"|vote|opt|settle)|so|thus|therefore|hence|it must be",
    "deny": rf"no(?= (?:an? )?{IN_SHADOW})|not|neither|nor|but not|rather than|instead of|other than|than"
    r"|except(?: for)?|exclud(?:ing|ed|es?)|rul(?:es?|ed|ing) out|eliminat(?:ed?|ing)|isn't|aren't|cannot be|can't be"
    r"|without|never",
    "denied": r"(?:excluded|eliminated)(?=\s*(?:$|[.,;:!?\n])|\s+(?:so|and|which|leaving)\b)"
    r"|can(?:not|'t| not) be (?:right|correct|true|seen|it)|(?:can|could|may|must) be (?:excluded|ruled out|eliminated)"
    r"|wrong|incorrect|false|absent|negative|none|ruled out|out|unlikely"
    r"|(?:not|isn't|aren't) (?:seen|present|correct|right|likely)"
    rf"|no(?! (?:an? )?{IN_SHADOW})|✗|0",
    "affirmed": r"right|correct|true|present|positive|seen|visible|yes|✓|1",
    "anew": r"but(?: rather)?|however|wait|actually|correction|instead|(?:up)?on (?:reflection|second thoughts?)|rather"
    r"|on the contrary|sorry|i mean|scratch that|hmm?",
    "lead": "|".join(re.escape(word) for word in sorted(set(_LEADS.split()), key=len, reverse=True)),
}
_BEHIND_A = (
    r"(?:is|was|are|and|or|as|seems|appears|fits?|matches|because|since|but|not|then|also|plus|only|rather|it|nor|no|yes"
    r"|absent|present|wrong|right|out|false|true)\b"
)
_KIND_WORDS = "|".join(f"(?P<{kind}>(?:{words})(?![\\w']))" for kind, words in _WORDS.items() if kind != "denied")
_CHOICE_WORD = re.compile(
    rf"(?P<option>(?:(?:an?|the)\s+)?(?<![\w-])(?-i:{IN_SHADOW})(?![\w-]))"
    r"|(?P<bullet>(?<![\w.])\d{1,2}[.)](?=\s))"
    rf"|(?P<denied>(?<![\w'])(?:{_WORDS['denied']})(?![\w']))"
    rf"|(?<![\w'])(?:{_KIND_WORDS})"
    rf"|(?P<letter>(?<![\w-])(?<!\w')(?:[b-z]|a(?!\s+(?!{_BEHIND_A})[a-z][a-z]))(?!\w|'\w|-\w))"
    r"|(?P<range>(?<![\w'-])A[-–][B-Z](?![\w'-]))"
    r"|(?P<letters>(?<![\w'-])(?-i:[A-Z]{2,8})(?![\w'-]))"
    r"|(?P<question>\?)|(?P<stop>[.;!\n])|(?P<sign>(?:[^\S\n]|[(){}\[\]<>\"',:/&+|=–—\\#*-])+)",
    re.I,
)
_NAMING_KINDS = ("option", "letter", "letters")
_SMALL_LETTERS = re.compile(r"[a-h]{2}|(?=...)a?b?c?d?e?f?g?h?")  # "bd", "ca", but no word such as "bad"
_OPTION_TEXT = re.compile(IN_SHADOW)
_OWN_TEXT = re.compile(rf"[\s.):\]\"'–=-]{{0,4}}({IN_SHADOW})(?![\w-])")
_HEADING = re.compile(r"(?: (?:findings?|options?|answers?|choices?|letters?|statements?))?\s*:(?P<block>[ \t]*\n)?")
_SET_OFF = re.compile(r"[)\]}\"']*\s*(?:[.\n),:;(\-–—]|\b(?:because|since|as|due|given|based)\b)", re.I)
_FULL_STOP = re.compile(r"[)\]}\"']*\s*(?:[.!)\n(]|,?\s*\b(?:because|since|as|due|given|based)\b)", re.I)
_OTHER_CHOICE = re.compile(r"[\n(]\s*[A-H]\s?[).:]\s|\boption\b|\banswer|\bcorrect\b|\bchoice\b|\bfinal", re.I)


def short_answer(reader: OptionReader, *, several: bool, reason: bool = True) -> frozenset[int] | None:
    """The options that the text chooses, by index, -1 for a letter that no option has; None if it is no short answer.

    several: may more than one be right? reason: may a reason follow?
    """
    text, count = reader.shadow, len(reader.options.texts)
    text = text.upper() if several and _SMALL_LETTERS.fullmatch(text) else text  # "bd"
    choice = Choice(count)
    at, last, named_end, limit = 0, "", 0, 4 * count + 4
    while at < len(text):
        word = _CHOICE_WORD.match(text, at)
        verdict = word and word.lastgroup in ("denied", "affirmed") and last != "question"
        if word is None or (verdict and reader.options.yes_no):
            mark = _FULL_STOP if several or (last == "option" and not reader.options.yes_no) else _SET_OFF
            set_off = reason and _is_set_off(reader, mark, named_end, at)
            if several and _OPTION_TEXT.search(text, at):  # "Edema (hazy hila), effusion (blunted angles)"
                set_off = False
            indexes_so_far = choice.result(several)
            return indexes_so_far if set_off and any(choice.choices.values()) and -1 not in indexes_so_far else None
        kind = str(word.lastgroup)
        if kind in _NAMING_KINDS:
            indexes = list(_indexes(kind, word[0], count))
            if indexes == [-1] and kind == "letters":
                return None
            kind = _letter_kind(word[0]) if indexes == [-1] else kind
        if kind in _NAMING_KINDS:
            choice.name(indexes)
            own = _OWN_TEXT.match(text, word.end()) if kind == "letter" else None
            named_end = own.end() if own and ord(own[1][0]) - PRIVATE == indexes[0] else word.end()
            at, limit = named_end, limit - 1
            if not limit:  # a model caught in a loop
                return None
        elif kind == "range" and ord(word[0][-1]) - ord("A") != count - 1:
            return None
        elif verdict and _begins(text, word, last) and (heading := _HEADING.match(text, word.end())):
            choice.head(kind == "denied", heading["block"] is not None)
            at = heading.end()
        else:
            _apply(kind, word[0].lower(), choice, last)
            at = word.end()
        last = last if kind in ("sign", "bullet") else kind
    return choice.result(several) if choice.names_any else None


def _apply(kind: str, word: str, choice: Choice, last: str) -> None:
    """What a word that names no option does to the choice."""
    match kind:
        case "deny":
            choice.deny()
        case "all_but":
            choice.all_but = True
        case "denied" if choice.all_but:
            choice.any_wrong = True
        case "doubted":
            choice.doubt()
        case "denied" | "affirmed" if last in ("question", "stop") and not choice.recent:
            choice.judge(choice.before, kind == "affirmed")
            choice.before = []
        case "denied" | "affirmed" if choice.recent:
            choice.judge(choice.recent, kind == "affirmed" and not choice.denying)
        case "denied":
            choice.denying = word != "no"
        case "perhaps":
            choice.tentative = True
        case "decide" if (
            choice.tentative or choice.denying_block or (choice.denying and (choice.recent or choice.doomed))
        ):
            choice.denying_block = False
            choice.end()
        case "anew" if word.startswith("but"):
            choice.end()
        case "anew":
            choice.start_anew()
        case "lead" if word == "or":
            choice.either |= not choice.denying
            choice.doubt()
        case "question":
            choice.choices = {index: firm for index, firm in choice.choices.items() if index not in choice.recent}
            choice.end()
        case "stop":
            choice.end()
        case "sign" if ":" in word and choice.denying and choice.recent:
            choice.end()


def _begins(text: str, word: re.Match[str], last: str) -> bool:
    """May a heading be there? "No:" is one at the beginning of a line alone."""
    return not last or (last == "stop" and (len(word[0]) > 3 or text[word.start() - 1] == "\n"))


def _letter_kind(text: str) -> str:
    """What a letter that no option has is: "I", "yes" and "no" in short, else still a letter."""
    return {"i": "lead", "y": "affirmed", "n": "denied"}.get(text.lower(), "letter")


def _indexes(kind: str, text: str, count: int) -> Iterator[int]:
    if kind == "option":
        yield next(ord(c) - PRIVATE for c in text if PRIVATE <= ord(c) < ord(FILLER))
        return
    indexes = [ord(letter) - ord("A") for letter in text.upper()]
    fits = all(index < count for index in indexes) and len(set(indexes)) == len(indexes)
    yield from indexes if fits else [-1]


def _is_set_off(reader: OptionReader, mark: re.Pattern[str], named_end: int, at: int) -> bool:
    """Does a reason begin at text[at], set off by a mark from the options before, and say nothing on another choice?"""
    return mark.match(reader.text, named_end) is not None and not _OTHER_CHOICE.search(reader.text, at)
