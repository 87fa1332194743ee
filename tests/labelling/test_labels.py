"""The labels of a report: CheXpert's rules of aggregation, and the other sets."""

import msgspec
import pytest

from cxr_cli.errors import CxrError
from cxr_cli.findings.lexicon.entries import LexiconFile
from cxr_cli.labelling.label_set import LABEL_SETS, LabelSet, labels_of, of_findings, parse_labels
from cxr_cli.labelling.labeller import Labeller
from tests.cases import LEXICON, READER

CHEXPERT = Labeller(READER, labels_of("chexpert", LEXICON))


def stated(report: str, labeller: Labeller = CHEXPERT) -> dict[str, int]:
    """The labels that are not null."""
    return {label: value for label, value in labeller.labels(report).items() if value is not None}


@pytest.mark.parametrize(
    ("report", "labels"),
    [
        ("Small left effusion.", {"Pleural Effusion": 1}),
        ("No edema.", {"No Finding": 1, "Edema": 0}),
        ("Possible pneumonia.", {"Pneumonia": -1}),
        # 1 beats -1 beats 0, whatever comes first
        ("No effusion on the right. Small left effusion.", {"Pleural Effusion": 1}),
        ("Left effusion. Possible right effusion. No effusion behind the heart.", {"Pleural Effusion": 1}),
        ("No focal consolidation. Possible consolidation at the left base.", {"Consolidation": -1}),
        # what a normal statement says of the heart and the mediastinum is a 0, of all else it is none
        ("The lungs are clear.", {"No Finding": 1}),
        ("Clear lungs. The costophrenic angles are sharp. The bones are intact.", {"No Finding": 1}),
        ("The heart size is normal.", {"No Finding": 1, "Cardiomegaly": 0}),
        ("The heart is normal.", {"No Finding": 1, "Cardiomegaly": 0}),
        ("The heart is not enlarged.", {"No Finding": 1, "Cardiomegaly": 0}),
        ("The mediastinum is unremarkable.", {"No Finding": 1, "Enlarged Cardiomediastinum": 0}),
        ("No focal opacity in either lung.", {"No Finding": 1, "Lung Opacity": 0}),
        # what belongs to Lung Opacity, and what doesn't
        ("Patchy airspace disease in the lingula.", {"Lung Opacity": 1}),
        ("Right basilar infiltrate.", {"Lung Opacity": 1}),
        ("Left basal atelectasis.", {"Atelectasis": 1}),
        ("Right lower lobe pneumonia with dense consolidation.", {"Pneumonia": 1, "Consolidation": 1}),
        ("Nodular opacity at the left base.", {"Lung Opacity": 1, "Lung Lesion": 1}),
        # heart failure is Edema, and doubt about the heart
        ("Congestive heart failure.", {"Edema": 1, "Cardiomegaly": -1}),
        ("Congestive heart failure. The heart is enlarged.", {"Edema": 1, "Cardiomegaly": 1}),
        ("Congestive heart failure. Heart size is normal.", {"Edema": 1, "Cardiomegaly": -1}),
        ("No heart failure.", {"No Finding": 1, "Edema": 0}),
        # No Finding: devices do not count, findings without a label of their own do; it is never 0
        ("A pacemaker is in place. The lungs are clear.", {"No Finding": 1, "Support Devices": 1}),
        ("Hyperinflated lungs.", {}),
        ("Mild scoliosis of the thoracic spine. Clear lungs.", {}),
        ("Normal chest.", {"No Finding": 1}),
        ("Unchanged.", {}),  # silence is no evidence
        # words within a phrase
        ("Biapical pleural scarring.", {"Pleural Other": 1}),
        ("Scarring in the left upper lobe.", {"Lung Opacity": 1}),
        ("Pulmonary fibrosis.", {"Pleural Other": 1}),
        ("Fibrotic changes at both bases.", {"Lung Opacity": 1}),
        ("Nodular density at the left base.", {"Lung Lesion": 1}),
        ("Fixation plate and screws of the clavicle.", {"No Finding": 1, "Support Devices": 1}),
        ("Calcified nodule in the right upper lobe.", {}),
        ("Noncalcified nodule in the right upper lobe.", {"Lung Lesion": 1}),
        ("Old compression fracture of T8.", {"Fracture": 1}),
        ("Loss of vertebral body height.", {}),
    ],
)
def test_the_rules_of_chexpert(report: str, labels: dict[str, int]) -> None:
    assert stated(report) == labels


def test_all_labels_are_there_in_the_order_of_the_labeler() -> None:
    assert list(CHEXPERT.labels("Edema.")) == [
        *("No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Lesion", "Lung Opacity", "Edema"),
        *("Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other"),
        *("Fracture", "Support Devices"),
    ]


def test_mimic_has_the_same_labels_in_the_order_of_the_alphabet() -> None:
    labels = Labeller(READER, labels_of("mimic", LEXICON)).labels("Congestive heart failure.")
    assert list(labels) == sorted(CHEXPERT.names)
    assert labels == CHEXPERT.labels("Congestive heart failure.")


REPORT = "Small left effusion and basal atelectasis. No pneumothorax. Heart size is normal."


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("openi", {"Atelectasis": 1, "Cardiomegaly": 0, "Effusion": 1, "Pneumothorax": 0}),
        (
            "vindr",
            {"Atelectasis": 1, "Cardiomegaly": 0, "Lung Opacity": 1, "Pleural effusion": 1, "Pneumothorax": 0},
        ),
        ("all", {"lung opacity": 1, "atelectasis": 1, "pleural effusion": 1, "pneumothorax": 0, "cardiomegaly": 0}),
    ],
)
def test_other_sets_take_the_status_of_findings(name: str, labels: dict[str, int]) -> None:
    assert stated(REPORT, Labeller(READER, labels_of(name, LEXICON))) == labels


def test_normal_of_open_i() -> None:
    labeller = Labeller(READER, labels_of("openi", LEXICON))
    assert stated("The lungs are normal. No effusion.", labeller)["normal"] == 1
    assert "normal" not in stated("Mild scoliosis.", labeller)


def test_some_labels_of_a_set() -> None:
    labels = labels_of("chexpert", LEXICON)
    chosen = parse_labels("effusion, EDEMA,no finding", labels, LEXICON)
    assert chosen == ["Pleural Effusion", "Edema", "No Finding"]
    assert Labeller(READER, labels, chosen).labels("Hyperinflated lungs. No edema.") == {
        "Pleural Effusion": None,
        "Edema": 0,
        "No Finding": None,
    }
    assert parse_labels("all", labels, LEXICON) == CHEXPERT.names
    with pytest.raises(CxrError, match=r"^--findings: `Fractur` is no label of this set; did you mean Fracture\?$"):
        parse_labels("Fractur", labels, LEXICON)


def test_labels_of_findings() -> None:
    assert Labeller(READER, of_findings(["nodule", "edema"])).labels("No edema.") == {"nodule": None, "edema": 0}


@pytest.mark.parametrize("name", LABEL_SETS)
def test_a_set_names_findings_and_labels_that_exist(name: str) -> None:
    labels = LABEL_SETS.load(name)
    findings = {finding for names in (*labels.labels.values(), *labels.normal.values()) for finding in names}
    findings |= {rule.finding for rule in (*labels.words, *labels.also)}
    named = {label for rule in labels.words for label in rule.labels} | {rule.label for rule in labels.also}
    named |= labels.normal.keys()
    if labels.no_finding:
        findings |= set(labels.no_finding.abnormal)
        named |= {labels.no_finding.label, *labels.no_finding.apart}
    assert findings - LEXICON.entries.keys() == set()
    assert named - labels.labels.keys() == set()


DOUBTS = [
    ("Probable pneumonia.", {"Pneumonia": -1}, {"Pneumonia": "present"}),
    ("Likely pneumonia.", {"Pneumonia": 1}, {"Pneumonia": "present"}),
    ("Suspected fracture.", {"Fracture": -1}, {"Fracture": "uncertain"}),
    (
        "Left basal atelectasis vs consolidation, small effusion.",
        {"Atelectasis": -1, "Consolidation": -1, "Pleural Effusion": 1},
        {"Atelectasis": "present", "Consolidation": "present", "Pleural Effusion": "present"},
    ),
    ("Edema or infection, and cardiomegaly.", {"Edema": -1, "Pneumonia": -1, "Cardiomegaly": 1}, None),
    ("No edema or effusion.", {"No Finding": 1, "Edema": 0, "Pleural Effusion": 0}, None),
    ("Pneumothorax or effusion not seen.", {"No Finding": 1, "Pneumothorax": 0, "Pleural Effusion": 0}, None),
    ("Left or right pleural effusion.", {"Pleural Effusion": 1}, None),
    ("Borderline heart size.", {"Cardiomegaly": -1}, {"Cardiomegaly": "present"}),
    ("No new consolidation.", {"No Finding": 1, "Consolidation": 0}, {"Consolidation": "absent"}),
]


@pytest.mark.parametrize(("report", "labels", "others"), DOUBTS)
def test_what_the_labeler_doubts(report: str, labels: dict[str, int], others: dict[str, str] | None) -> None:
    """By the set's own words of doubt. others: what the same words state under every other set."""
    assert stated(report) == labels
    if others:
        found = {finding.name: finding.status for finding in READER.read(report)}
        assert {label: found[LEXICON.find(label) or ""] for label in others} == others


def test_a_set_may_read_words_in_its_own_way() -> None:
    words = {"cue": {"hedge": ["likely"]}}
    own = LabelSet(rule="mentions", labels={"Edema": ("edema",)}, lexicon=words)
    labeller = Labeller(READER, own)
    assert labeller.labels("Likely edema.") == {"Edema": -1}
    assert labeller.reader.lexicon.digest != LEXICON.digest
    assert Labeller(READER, own).reader is labeller.reader
    for name in LABEL_SETS:
        msgspec.convert(labels_of(name, LEXICON).lexicon, LexiconFile)


def test_a_set_may_be_made_by_hand() -> None:
    """Adding a set is adding data."""
    own = msgspec.convert({"rule": "mentions", "labels": {"Fluid": ["pleural effusion", "edema"]}}, LabelSet)
    assert Labeller(READER, own).labels("No edema. Small effusion.") == {"Fluid": 1}
