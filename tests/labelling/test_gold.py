"""`cxr label --gold`: how far our labels agree with those of people."""

from pathlib import Path

import pytest

from cxr_cli.labelling.label_set import labels_of
from cxr_cli.labelling.labeller import Labeller
from cxr_cli.rows.signatures import signature
from cxr_cli.scoring.label_agreement import LabelAgreement
from tests.cases import LEXICON, READER, lines, rows
from tests.conftest import Cxr

DIGEST = Labeller(READER, labels_of("chexpert", LEXICON)).reader.lexicon.digest

STUDIES = lines(
    {"id": "1", "report": "No edema. Small left effusion."},
    {"id": "2", "report": "Possible edema. Patchy opacity in the left lung."},
    {"id": "3", "report": "No edema or effusion."},
    {"id": "4", "report": "No edema or effusion."},
    {"id": "5", "report": "HISTORY: Cough."},
)
GOLD = """\
study_id,Edema,pleural effusion,Airspace Opacity
1,0.0,1.0,
2,-1.0,,1
3,1,0,
5,0,0,
9,0,,
"""


def test_how_far_we_agree(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text(GOLD)
    done = cxr("label", "--gold", "gold.csv", "-o", "differing.jsonl", stdin=STUDIES)
    assert (done.returncode, done.stderr) == (0, "")
    head, *body = done.stdout.partition("\n\n")[0].splitlines()
    assert head.split() == (
        [
            "label",
            "value",
            "gold",
            "ours",
            "precision",
            "95%",
            "interval",
            "recall",
            "95%",
            "interval",
            "f1",
            "95%",
            "interval",
            "kappa",
            "95%",
            "interval",
        ]
    )
    assert [" ".join(line.split()) for line in body] == [
        "Lung Opacity positive 1 1 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000]",
        "Edema positive 1 0 - - 0.000 [0.000, 0.000] 0.000 [0.000, 0.000] 0.000 [0.000, 0.000]",
        "negative 1 2 0.500 [0.000, 1.000] 1.000 [1.000, 1.000] 0.667 [0.500, 1.000] 0.400 [0.000, 1.000]",
        "uncertain 1 1 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000]",
        "Pleural Effusion positive 1 1 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] "
        "1.000 [1.000, 1.000]",
        "negative 1 1 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000]",
        "mean positive 3 2 1.000 [1.000, 1.000] 0.667 [0.000, 1.000] 0.667 [0.000, 1.000] 0.667 [0.000, 1.000]",
        "negative 2 3 0.750 [0.500, 1.000] 1.000 [1.000, 1.000] 0.833 [0.750, 1.000] 0.700 [0.000, 1.000]",
        "uncertain 1 1 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000] 1.000 [1.000, 1.000]",
    ]
    assert done.stdout.partition("\n\n")[2] == (
        "3 reports compared with gold.csv\n"
        "no labels in it of: No Finding, Enlarged Cardiomediastinum, Cardiomegaly, Lung Lesion,\n"
        "    Consolidation, Pneumonia, Atelectasis, Pneumothorax, Pleural Other, Fracture, Support Devices\n"
        "left out: 1 reports that are not in it\n"
        "left out: 1 reports without findings to read\n"
        "left out: 1 of its rows, which have no report\n"
        "intervals: 1000 bootstrap draws by patient, seed 0\n"
        f"labelled_by: {signature('rules', DIGEST, set='chexpert')}\n"
    )
    (differing,) = rows((tmp_path / "differing.jsonl").read_text())
    assert (differing["id"], differing["differs"]) == ("3", ["Edema"])
    assert differing["gold"] == {"Lung Opacity": None, "Edema": 1, "Pleural Effusion": 0}


def test_gold_without_blanks(cxr: Cxr, tmp_path: Path) -> None:
    """A label that the report does not state is then 0: gold has no other word for it."""
    (tmp_path / "gold.csv").write_text("file,Edema,Effusion\n1,0,1\n2,0,0\n3,0,0\n")
    done = cxr("label", "--gold", "gold.csv", "--set", "openi", stdin=STUDIES)
    line = next(line for line in done.stdout.splitlines() if "Effusion" in line)
    assert line.split()[:5] == ["Effusion", "positive", "1", "1", "1.000"]
    assert "it has no blanks: a label that the report does not state counts as 0\n" in done.stdout


def test_gold_of_other_forms(cxr: Cxr, tmp_path: Path) -> None:
    """Rows with `labels`; MIMIC-CXR's numbers; the labeler's own table, whose ids are the numbers of its records."""
    (tmp_path / "gold.jsonl").write_text(lines({"id": "1", "labels": {"Edema": 0, "Fracture": None}}))
    assert "1 reports compared" in cxr("label", "--gold", "gold.jsonl", stdin=STUDIES).stdout
    (tmp_path / "mimic.csv").write_text("subject_id,study_id,Edema\n10000032,50414267,0.0\n")
    study = lines({"id": "s50414267", "report": "No edema."})
    assert "1 reports compared" in cxr("label", "--gold", "mimic.csv", stdin=study).stdout
    (tmp_path / "reports.csv").write_text("No edema.\nSmall effusion.\n")
    (tmp_path / "labelled.csv").write_text(cxr("label", "reports.csv", "--format", "chexbert").stdout)
    done = cxr("label", "reports.csv", "--gold", "labelled.csv", "-o", "none.jsonl")
    assert "2 reports compared" in done.stdout
    assert (tmp_path / "none.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("gold", "error"),
    [
        ("id,Oedem\n1,1\n", "--gold: gold.csv has no column for any label: Edema"),
        ("id,Edema\n1,yes\n", "gold.csv:2: column `Edema`: none of 1, 0, -1 and blank"),
        ("id,Edema\n1,1\n1,0\n", "gold.csv:3: column `id`: doubled"),
        ("id,Edema\n,1\n", "gold.csv:2: column `id`: blank"),
        ("id,Edema\n77,1\n", "--gold: no report with an id of gold.csv can be compared"),
        ("id,Edema\n1,1,1\n", "gold.csv:2: 3 cells where the header has 2"),
        ("", "--gold: no rows in gold.csv"),
    ],
)
def test_what_is_wrong_with_gold(cxr: Cxr, tmp_path: Path, gold: str, error: str) -> None:
    (tmp_path / "gold.csv").write_text(gold)
    done = cxr("label", "--gold", "gold.csv", "--set", "chexpert", "--findings", "edema", stdin=STUDIES)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"cxr: {error}\n")


def test_gold_is_never_written_over(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text(GOLD)
    done = cxr("label", "--gold", "gold.csv", "-o", "gold.csv", "--overwrite", stdin=STUDIES)
    assert (done.returncode, (tmp_path / "gold.csv").read_text()) == (1, GOLD)


def test_intervals_are_by_patient() -> None:
    """Ten cases of one patient show nothing of how patients vary; of ten patients they do."""
    one, ten = LabelAgreement(["Edema"]), LabelAgreement(["Edema"])
    for i in range(10):
        one.add({"Edema": 1}, {"Edema": i % 2}, "p1")
        ten.add({"Edema": 1}, {"Edema": i % 2}, f"p{i}")
    (of_one, *_), (of_ten, *_) = one.lines(), ten.lines()
    assert of_one.metrics["precision"] == (0.5, None, None)
    assert of_ten.metrics["precision"] == (0.5, pytest.approx(0.2), pytest.approx(0.8))
    assert of_one.metrics["f1"][0] == pytest.approx(2 / 3)
    assert of_ten.metrics["kappa"][0] == 0.0
