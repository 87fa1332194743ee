"""Answers in other languages and scripts, put into the words that the English reader knows.

    "正确答案是Ｂ。"  ->  "Answer: B."        "La bonne réponse est la B."  ->  "Answer: B."

Only what names an answer is translated; the option's letter or text behind it is read by everybody else.
"""

import re
from functools import cache

from ahocorasick_rs import AhoCorasick

_CUE_WORDS = {
    "zh": r"(?:(?:正[确確]|最[终終]|最后|最佳|我)的?){0,3}答案"
    r"|(?:正[确確]|最佳)的?[选選][项項]|(?:[应應故我])?(?:[选選](?:[择擇项項])?)(?=\W*[A-Z](?![A-Za-z]))",
    "ja": r"(?:(?:正しい|最終的?な?|私の)){0,3}(?:答え|解答|回答|正解|答|選択肢|選択)",
    "ko": r"(?:(?:최종|올바른|맞는) *){0,3}(?:정답|답변|답|선택지|선택)",
    "de": r"ich (?:w[aä]hle|nehme)|es ist|"
    r"(?:(?:richtige|korrekte|endg[uü]ltige|finale|beste|meine|die) ){0,3}(?:antwort(?:en)?|l[oö]sung(?:en)?)",
    "fr": r"je choisis|c'est|"
    r"(?:(?:bonnes?|la|les|ma|meilleure) ){0,3}r[eé]ponses?(?: (?:finale|correcte|exacte|juste)s?)?"
    r"|(?:(?:la|bonne|meilleure) ){0,2}option (?:correcte|exacte|juste)",
    "es": r"(?:yo )?(?:elijo|escojo|selecciono)|"
    r"(?:(?:las?|mi|mejor) ){0,3}(?:respuestas?|soluci[oó]n|opci[oó]n|opciones)(?: (?:correctas?|final|finales))?",
    "pt": r"(?:eu )?(?:escolho|seleciono)|"
    r"(?:(?:as?|minha|melhor) ){0,3}(?:respostas?|op[cç][aã]o|op[cç][oõ]es|alternativas?)"
    r"(?: (?:corretas?|finais|final|certas?))?",
    "it": r"(?:io )?(?:scelgo|seleziono)|"
    r"(?:(?:la|le|mia|migliore) ){0,3}(?:rispost[ae]|opzion[ei])(?: (?:corrett[ae]|finale|esatt[ae]|giust[ae]))?",
    "nl": r"ik kies|"
    r"(?:(?:het|juiste|mijn|correcte) ){0,3}antwoord(?:en)?",
    "ru": r"(?:я )?выбираю|"
    r"(?:(?:правильный|верный|окончательный|мой|итоговый) ){0,3}(?:ответы?|вариант(?: ответа)?)",
    "uk": r"(?:правильна )?відповідь",
    "pl": r"(?:(?:prawid[lł]owa|poprawna|moja) ){0,3}odpowied[zź]",
    "cs": r"(?:spr[aá]vn[aá] )?odpov[eě][dď]",
    "tr": r"(?:do[gğ]ru )?(?:cevap|yan[ıi]t)",
    "vi": r"đáp án(?: (?:đúng|cuối cùng|chính xác))?",
    "ar": r"(?:ال)?[إا]جابة(?: (?:الصحيحة|النهائية))?",
    "fa": r"پاسخ(?: (?:صحیح|نهایی))?",
    "he": r"(?:ה)?תשובה(?: הנכונה)?",
    "hi": r"(?:सही )?उत्तर",
    "th": r"คำตอบ",
    "sv, da, no": r"(?:(?:r[aä]tt|riktig|korrekt) )?svar(?:et)?",
    "id": r"jawaban(?:nya)?(?: (?:yang )?benar)?",
    "fi": r"(?:oikea )?vastaus",
    "hu": r"(?:a helyes )?v[aá]lasz",
    "ro": r"r[aă]spuns(?:ul)?(?: corect)?",
    "el": r"(?:σωστή )?απάντηση",
}
_LINKS = (
    r"应[该当]?(?:是|为)?|應[該當]?(?:是|為)?|是|为|為|选|選|は|が|은|는|이|ist|lautet|w[aä]re|est|serait|es|ser[ií]a|seria"
    r"|è|é|is|jest|to|zní|je|это|[aä]r|er|on|adalah|là|هي|است|היא|है|คือ|este|είναι"
)
_NAMES_LETTER = (
    r"(?:(?:die|der|das|la|le|el|il|a|o|het|de) |l')?(?:(?:letra|lettre|lettera|buchstabe|letter|opci[oó]n|option"
    r"|opzione|op[cç][aã]o|alternativa|вариант|буква|选项|選項|選択肢)\s*)?(?=\W?[A-Z](?![A-Za-z]))"
)
_CUE = (
    rf"(?<![A-Za-zÀ-ӿ])(?:{'|'.join(_CUE_WORDS.values())})"
    rf"(?:\s*[:=–—-]\s*|\s*(?:{_LINKS})\s*[:=]?(?=[\s\"'(\[:A-Z]|[^\x00-\x7f])\s*|\s*(?=[(\[\"']?[A-Z](?![A-Za-z])))"
    rf"(?:{_NAMES_LETTER})?"
)
_TWO_LETTERS = (
    r"(?<=(?<![A-Za-z])[A-Z])(?: *[和及与與と와과、] *| +(?:und|et|y|e|i|и|en|ve|og|och|va) +)(?=[A-Z](?![A-Za-z]))"
)
_NOT_BUT = r"(?:不是|并非|並非|不[选選])(?=\W*[A-Z](?![A-Za-z]))", r"而?(?:应[该当])?是(?=\W*[A-Z](?![A-Za-z]))"
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_IS_RIGHT = r"(?:(?<=Answer: [A-Z])|(?<=Option [A-Z])) (?:ist|est|es|è|é|is|jest|är|er) (?:la |le |a )?\w+"
_LETTER_IS_RIGHT = (
    r"(?<![A-Za-z])(?:(?:l'|die |la |the )?(?:option|antwort|opci[oó]n|r[eé]ponse|risposta|opzione|resposta) )?"
    r"((?-i:[A-Z]))"
    r" (?:ist|est|es|è|é|is) (?:(?:die|la|le|a|het) )?"
    r"(?:richtig|korrekt|juist|correct|corrett|exact|corret|juste|giust)[aeo]?"
    r"(?:e?n? \w+)?(?![\w])"
)
_ALIKE = str.maketrans("АВСЕ", "ABCE")
_ANY_TWO_LETTERS = re.compile(_TWO_LETTERS)
_LETTERS_LENGTH = 80  # characters: "B und C"
_CYRILLIC_LETTER = re.compile(r"(?<=Answer: )([АВСЕ])(?!\w)")

_YES_WORDS = (
    "是的|是|对|對|有|存在|はい|あり|あります|네|예|있음|ja|jawohl|oui|si|sì|sí|sim|да|так|tak|ano|evet"
    "|có|نعم|כן|हाँ|हां|igen|ναι|kyllä"
)
_NO_WORDS = (
    "不是|不|否|没有|沒有|无|無|不存在|いいえ|なし|ありません|ない|아니요|아니오|없음|nein|non|não|nao|нет|ні|nie|ne|hayır|hayir"
    "|không|لا|לא|नहीं|nem|nej|nei|nee|όχι|ei"
)
_YES_OR_NO = re.compile(rf"(?:\A|(?<=Answer: ))(\W*)(?:({_YES_WORDS})|({_NO_WORDS}))(?![\w-])", re.I)


@cache
def _translations() -> list[tuple[re.Pattern[str], str]]:
    """Patterns and what replaces them, one after the other. Made when a text first needs them: few do."""
    return [
        (_ANY_TWO_LETTERS, " and "),
        (re.compile(_LETTER_IS_RIGHT, re.I), r"\nAnswer: \1"),
        (re.compile(_NOT_BUT[0]), " not "),
        (re.compile(rf"(?<![A-Za-z])([A-Za-z]) ?(?=[{_CJK}])"), r"\1. "),
        (re.compile(rf"(?<=[{_CJK}])(?=[A-Za-z])"), " "),
        (re.compile(_CUE, re.I), "\nAnswer: "),
        (re.compile(_NOT_BUT[1]), " it is "),
        (re.compile(_IS_RIGHT, re.I), ""),
    ]


def answer_in_english(text: str) -> str:
    """The text with each cue of another language as "Answer: " on a line of its own."""
    if len(text) < _LETTERS_LENGTH:
        text = _ANY_TWO_LETTERS.sub(" and ", text)
    if text.isascii() and not (_ANY_ASCII_CUE.find_matches_as_indexes(text.lower()) and _ASCII_CUE.search(text)):
        return text
    for pattern, english in _translations():
        text = pattern.sub(english, text)
    return _CYRILLIC_LETTER.sub(lambda match: match[1].translate(_ALIKE), text).strip()


def yes_or_no_in_english(text: str) -> str:
    """The text, where it begins with another language's yes or no, or has one behind "Answer:"."""
    if "answer: " not in text.lower() and not _YES_OR_NO.match(text):
        return text
    return _YES_OR_NO.sub(lambda match: match[1] + ("Yes" if match[2] else "No"), text)


_ASCII_CUE_WORDS = [
    "antwort",
    "antwoord",
    "respuesta",
    "resposta",
    "rispost",
    "opzion",
    "alternativa",
    "reponse",
    "opcion",
    "odpowied",
    "cevap",
    "yanit",
    "svar",
    "jawaban",
    "vastaus",
    "valasz",
    "raspuns",
    "losung",
    "option correcte",
    "option exacte",
    "option juste",
    "ich wahle",
    "ich nehme",
    "es ist",
    "je choisis",
    "c'est",
    "elijo",
    "solucion",
    "escojo",
    "selecciono",
    "escolho",
    "seleciono",
    "scelgo",
    "seleziono",
    "ik kies",
    "ist richtig",
    "ist korrekt",
    "est correct",
    "est exact",
    "est juste",
    "es correct",
    "es la correcta",
    "is juist",
]
_ASCII_CUE = re.compile(  # the cues that may stand in a text without a letter that English lacks
    rf"\b(?:{'|'.join(_ASCII_CUE_WORDS)}|option [a-h] (?:ist|est|es)\b)", re.I
)
_ANY_ASCII_CUE = AhoCorasick(  # asked first: it takes a tenth of the time
    [*_ASCII_CUE_WORDS, *(f"option {letter} {verb}" for letter in "abcdefgh" for verb in ("ist", "es"))]
)
