"""Shorthand, British spelling and typing errors; and that other words stay what they are."""

import time
import timeit

import pytest

from cxr_cli.findings import Lexicon, Reader, read
from cxr_cli.findings.lexicon.tokens import Tokenizer
from cxr_cli.findings.wording.context import in_context
from cxr_cli.findings.wording.normal_form import normalise, original
from cxr_cli.findings.wording.words import LOOKALIKES, Words

WORDS = Words(Lexicon.load())


def spell(text: str) -> str:
    return WORDS.spell(*normalise(text))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pnuemothorax", "pneumothorax"),  # changed about
        ("efusion", "effusion"),  # one too few
        ("effussion", "effusion"),  # one doubled
        ("consolodation", "consolidation"),  # another one
        ("neumothorax", "neumothorax"),  # the first letter may make another word
        ("atelactesis", "atelactesis"),  # two errors
        ("edmea and edma", "edema and edema"),  # short words: slight errors only
        ("adema", "adema"),
        ("pleuraleffusion, nopneumothorax", "pleural effusion, no pneumothorax"),
        ("pulmonary oedema, haemothorax", "pulmonary edema, hemothorax"),
        ("oesophageal tumour visualised", "esophageal tumor visualized"),
        ("infusion, perfusion, plural, enema, lobulated", "infusion, perfusion, plural, enema, lobulated"),
        ("shouldn't", "shouldn't"),
    ],
)
def test_words_are_put_right(text: str, expected: str) -> None:
    assert spell(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sm R eff, mod atx", "small r effusion, moderate atelectasis"),
        ("mild CM, 4 cm above the carina", "mild cardiomegaly, 4 cm above the carina"),
        ("CM stable", "cardiomegaly stable"),
        ("small left PE; r/o PE", "small left pleural effusion; r o pe"),
        ("left CT in place, chest CT advised", "left chest tube in place, chest ct advised"),
    ],
)
def test_shorthand_is_written_out_where_its_neighbours_allow(text: str, expected: str) -> None:
    assert spell(text) == expected


def test_words_that_look_alike_are_others() -> None:
    words = LOOKALIKES.read_text().split()
    assert words == sorted(set(words))
    assert [word for word in words if spell(word) != word] == []


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Sm  pnuemothorax  and\noedema, l  eff seen", ["pnuemothorax", "oedema", "eff"]),
        ("edma, hrt  enl", ["edma", "hrt  enl"]),
        ("No \t effussion", ["effussion"]),
    ],
)
def test_spans_are_those_of_the_words_as_they_were_written(text: str, spans: list[str]) -> None:
    plain, offsets = WORDS.spell(*normalise(text))
    assert text[original(0, offsets) : original(len(plain) - 1, offsets) + 1] == text
    assert [text[f.start : f.end] for f in read(text)] == spans


@pytest.mark.parametrize("text", ["l > r ", "larger on the left ", "cm pe sm ", "a larger ", "slightly increased "])
def test_time_grows_with_the_length_of_a_sentence(text: str) -> None:
    lexicon = Lexicon.load()
    tokenizer = Tokenizer(lexicon)

    def seconds(times: int) -> float:
        plain, _ = WORDS.spell(text * times, [])
        tokens = tokenizer.tokens(plain)
        values = {token[1] for token in tokens}
        return min(
            timeit.repeat(
                lambda: in_context(tokens, values, WORDS.spell(plain, [])[0], lexicon),
                number=1,
                repeat=5,
                timer=time.process_time,
            )
        )

    assert seconds(4000) < 2.6**2 * seconds(1000) + 0.02


@pytest.mark.parametrize("text", ["5 mm nodule ", "lungs heart ribs clear ", "ribs clavicle clear "])
def test_time_grows_with_the_number_of_sizes_and_qualities(text: str) -> None:
    reader = Reader(Lexicon.load())

    def seconds(times: int) -> float:
        spent = []
        for turn in range(3):
            begin = time.process_time()
            reader.read(f"{text * times}{turn}")  # a text that no reader remembers
            spent.append(time.process_time() - begin)
        return min(spent)

    assert seconds(8000) < 2.6**2 * seconds(2000) + 0.1
