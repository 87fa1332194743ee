"""Shorthand, British spelling and typing errors; and that other words stay what they are."""

import pytest

from cxr_cli.findings import Lexicon, read
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
