"""The lexicon as data: expansion, merging, the relations, and clear words on a broken one."""

from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.findings import Lexicon, Reader
from cxr_cli.findings.lexicon import expand, plural_of
from cxr_cli.findings.lexicon.merging import merge_tables

CHEXPERT = [
    *("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture", "Lung Lesion"),
    *("Lung Opacity", "Pleural Effusion", "Pleural Other", "Pneumonia", "Pneumothorax", "Support Devices"),
]


@pytest.mark.parametrize(
    ("term", "phrases"),
    [
        ("edema", ["edema"]),
        ("(small |)nodule", ["small nodule", "nodule"]),
        ("lines?", ["line", "lines"]),
        ("air-space (a|b (c|d))", ["air space a", "air space b c", "air space b d"]),
        ("option [a-c]", ["option a", "option b", "option c"]),
        ("a(b|c d)e?", ["ab", "abe", "ac d", "ac de"]),
        (" the (a|) - b, c", ["the a b, c", "the b, c"]),
        ("a (b", ["a (b"]),
    ],
)
def test_expand(term: str, phrases: list[str]) -> None:
    assert sorted(set(expand(term))) == sorted(phrases)


def test_terms_keep_to_the_notation() -> None:
    assert [word for word in Lexicon.load().automaton.words if word in "[]|?"] == ["?"]  # a sign that reports hold


def test_plural_of() -> None:
    words = ["effusion", "opacity", "mass", "lens", "apex", "x ray"]
    assert [plural_of(word) for word in words] == ["effusions", "opacities", "masses", "lens", "apexes", "x rays"]


def test_chexpert_names_are_known() -> None:
    lexicon = Lexicon.load()
    assert [name for name in CHEXPERT if lexicon.find(name) is None] == []
    assert lexicon.find("pleural_thickening") == "pleural thickening"
    assert lexicon.find("No Finding") is None


def test_relations() -> None:
    lexicon = Lexicon.load()
    assert lexicon.broader("consolidation") >= {"consolidation", "airspace opacity", "lung opacity", "lung abnormality"}
    assert "pneumonia" in lexicon.narrower("lung opacity")
    assert "cardiomegaly" not in lexicon.narrower("acute abnormality")


def test_every_finding_worth_a_question_says_where_to_look() -> None:
    entries = Lexicon.load().entries.values()
    assert [entry.name for entry in entries if entry.answer and not (entry.look and entry.signs)] == []


def test_no_phrase_names_two_findings_by_accident() -> None:
    names: dict[str, set[str]] = {}
    for entry in Lexicon.load().entries.values():
        for phrase in (phrase for term in entry.terms for phrase in expand(term)):
            for form in (phrase, plural_of(phrase)):
                names.setdefault(form, set()).add(entry.name)
    double = [phrase for phrase, several in names.items() if len(several) > 1]
    meant = ("hydropneumothorax", "hemopneumothorax", "calcified nodule", "cavitary lesion", "cavitary mass")
    meant += ("cavitary nod", "cavitating")
    meant += ("aspiration pneumon", "pleural effusion ", "pleural fluid ", "fibrocavitary", "fibro cavitary")
    meant += (
        "fibronodular",
        "fibro nodular",
        "reticulonodular",
        "reticular nodular",
        "reticulo nodular",
        "nodular inter",
    )
    # "Endotracheal and enteric tubes" are two, on purpose.
    assert [phrase for phrase in double if not phrase.startswith(meant) and " and " not in phrase] == []


def test_a_lexicon_of_your_own(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[finding]]\nname = "azygos lobe"\nis_a = ["lung abnormality"]\nterms = ["azygos (lobe|fissure)"]\n'
        '[[finding]]\nname = "edema"\nterms = ["wet lungs"]\n[cue]\nnegate = ["nowhere"]\n'
    )
    lexicon = Lexicon.load(own)
    findings = Reader(lexicon).read("Azygos fissure. Nowhere wet lungs. Pulmonary edema.")
    assert [f[:2] for f in findings] == [("azygos lobe", "present"), ("edema", "absent"), ("edema", "present")]
    assert lexicon.digest != Lexicon.load().digest


def test_a_term_of_your_own_names_nothing_else(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = "A port on the right. A PICC line. Two mediports."
    own.write_text('[[finding]]\nname = "port"\nis_a = ["support device"]\nterms = ["(medi|)port"]\nsay = "a port"\n')
    lexicon = Lexicon.load(own)
    assert [f[:2] for f in Reader(Lexicon.load()).read(text)] == [("central line", "present")] * 3
    assert [f.name for f in Reader(lexicon).read(text)] == ["port", "central line", "port"]
    again = tmp_path / "again.toml"
    again.write_text('[[finding]]\nname = "nodule"\nterms = ["calcified nodule"]\n')
    lexicon = Lexicon.load(again)
    assert [f.name for f in Reader(lexicon).read("A calcified nodule.")] == ["nodule"]
    assert lexicon.digest != Lexicon.load().digest


def test_an_anatomy_of_your_own_needs_no_rule_of_its_own(tmp_path: Path) -> None:
    own, wrong = tmp_path / "own.toml", tmp_path / "wrong.toml"
    own.write_text(
        '[anatomy.fissure]\nterms = ["minor fissure"]\n[anatomy.hilum]\n'
        '[[finding]]\nname = "thick fissure"\nwhen = { fissure = ["enlarged"] }\n'
    )
    found = Reader(Lexicon.load(own)).read("The minor fissure is enlarged.")
    assert [f[:2] for f in found] == [("thick fissure", "present")]
    wrong.write_text('[anatomy.heart]\nrules_out = { normal = ["nothing"] }\n')
    with pytest.raises(CxrError, match="rules out `nothing`"):
        Lexicon.load(wrong)


def test_a_term_that_stands_for_too_much(tmp_path: Path) -> None:
    many = tmp_path / "many.toml"
    for number, term in enumerate(("(a|b|c|d)" * 12, "a" + "(|)" * 14)):  # the second one has few, each many times
        much = tmp_path / f"much-{number}.toml"
        much.write_text(f'[[finding]]\nname = "edema"\nterms = ["{term}"]\n')
        with pytest.raises(CxrError, match="a term of `edema` has 5000 forms or more for one word"):
            Reader(Lexicon.load(much))
    many.write_text('[[finding]]\nname = "edema"\nterms = ["' + "(a|b|c|d) " * 12 + 'x"]\n')
    assert [f.name for f in Reader(Lexicon.load(many)).read("There is a b c d a b c d a b c d x.")] == ["edema"]


def test_merge() -> None:
    assert merge_tables({"a": [1], "b": {"c": 1, "d": 2}}, {"a": [1, 2], "b": {"c": 3}}) == {
        "a": [1, 2],
        "b": {"c": 3, "d": 2},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("finding = 3", "not a lexicon"),
        ("[[finding]]\nname =", "not a lexicon"),
        ('[[finding]]\nname = "x"\nis_a = ["nothing"]', "`x` names `nothing`, which is no finding of the lexicon"),
        ('[[finding]]\nname = "x"\nwhen = { moon = ["low"] }', "`x` names the anatomy `moon`, which is not defined"),
        ('[[finding]]\nname = "x"\nwhen = { heart = ["sad"] }', "`x` names the quality `sad`, which is not defined"),
        ("[[finding]]\nterms = []", r"missing required field `name` - at `\$.finding\[0\]`"),
        ('[[finding]]\nname = "x"\nterm = ["y"]', "unknown field `term`"),
        ('[[finding]]\nname = "x"\nterms = "y"', r"Expected `array`, got `str` - at `\$.finding\[0\].terms`"),
        ("[cues]\nnegate = []", "unknown field `cues`"),
        ('[cue]\nnegate = "nope"', "Expected `array`, got `str`"),
    ],
)
def test_a_broken_lexicon_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(CxrError, match=message):
        Lexicon.load(path)
