"""`finding_errors_weighted`: what an error counts, by the finding and by the kind of error."""

from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.findings import Lexicon, reader
from cxr_cli.scoring.report import ReportComparer
from tests.bench.quality.scoring import pairs
from tests.conftest import Cxr


def weighted(report: str, predicted: str, comparer: ReportComparer | None = None) -> float:
    scores, why = (comparer or ReportComparer(reader())).compare(report, predicted)
    assert why == {}
    value = scores["finding_errors_weighted"]
    assert value is not None
    return round(value, 4)


@pytest.mark.parametrize(
    ("report", "predicted", "expected"),
    [
        # Nothing is wrong.
        ("Left effusion.", "Left pleural effusion. Clear lungs. Normal heart.", 0),
        ("Consolidation.", "Pneumonia.", 0),
        ("Right pneumothorax.", "Possible right pneumothorax.", 0),
        ("Bilateral effusions.", "Left effusion. Right effusion.", 0),
        ("Left effusion. Right effusion.", "Bilateral effusions.", 0),
        ("Pulmonary edema.", "Bilateral perihilar opacities in keeping with pulmonary edema.", 0),
        ("Effusion.", "Left effusion.", 0),
        # Missed, by significance.
        ("Pneumothorax.", "Clear lungs.", 4),
        ("Edema.", "Clear lungs.", 2),
        ("Atelectasis.", "Clear lungs.", 1),
        ("Scoliosis.", "Clear lungs.", 0.25),
        # ... and by how it is described.
        ("Minimal effusion.", "No effusion.", 1),
        ("Small effusion.", "No effusion.", 1.5),
        ("Moderate effusion.", "No effusion.", 2),
        ("Large effusion.", "No effusion.", 3),
        ("New effusion.", "No effusion.", 2.5),
        ("Worsening edema.", "No edema.", 2.5),
        ("Stable effusion.", "No effusion.", 1.2),
        ("Possible pneumonia.", "Clear lungs.", 1.2),
        # False.
        ("Clear lungs.", "Pneumothorax.", 3.2),
        ("Clear lungs.", "Possible pneumothorax.", 1.92),
        ("Clear lungs.", "Scoliosis.", 0.2),
        ("Left effusion.", "Left effusion. Edema.", 1.6),
        ("Left effusion.", "Left effusion. Right effusion.", 0.8),
        # Wrong details.
        ("Left effusion.", "Right effusion.", 1),
        ("Bilateral effusions.", "Right effusion.", 0.6),
        ("Left upper lobe opacity.", "Left lower lobe opacity.", 0.5),
        ("Severe edema.", "Moderate edema.", 0.45),
        ("Severe edema.", "Minimal edema.", 1.35),
        ("Minimal atelectasis.", "Severe atelectasis.", 0.54),
        ("4 cm mass.", "2 cm mass.", 0.5),
        ("Worsening edema.", "Stable edema.", 0.5),
        ("Worsening edema.", "Improving edema.", 1),
        ("Left effusion.", "Effusion.", 0.1),
        ("Pneumonia.", "Lung opacity.", 0.8),
        ("Pneumonia.", "Atelectasis.", 1.2),
        ("Left scar.", "Left lung mass.", 0.96),
        ("Right pneumonia.", "Left atelectasis.", 2.8),
        ("Worsening severe left upper pneumonia.", "Improving minimal right lower pneumonia.", 3.375),
    ],
)
def test_what_an_error_counts(report: str, predicted: str, expected: float) -> None:
    assert weighted(report, predicted) == expected


def test_reports_that_cannot_be_compared_have_the_reason_of_the_other_metrics() -> None:
    for report, predicted, reason in (
        ("", "Edema.", "no report"),
        ("Edema.", " ", "no prediction"),
        ("Edema.", "Lorem ipsum", "no finding in the prediction"),
    ):
        scores, why = ReportComparer(reader()).compare(report, predicted)
        assert scores["finding_errors_weighted"] is None
        assert why["finding_errors_weighted"] == reason


def test_a_lexicon_of_ones_own_changes_the_weights(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[errors.significance]\nurgent = 10\n\n[errors.kind]\nfalse = 0.5\n\n[[finding]]\nname = "edema"\n'
        'significance = "urgent"\n\n[[finding]]\nname = "pulmonary quux"\nterms = ["quux"]\n'
    )
    comparer = ReportComparer(reader(Lexicon.load(file)))
    assert weighted("Edema.", "Clear lungs.", comparer) == 10
    assert weighted("Clear lungs.", "Edema.", comparer) == 5
    assert weighted("Cardiomegaly.", "Clear lungs.", comparer) == 2
    assert weighted("Quux.", "Clear lungs.", comparer) == 1


@pytest.mark.parametrize(
    "text",
    [
        '[[finding]]\nname = "edema"\nsignificance = "grave"\n',
        "[errors.kind]\nlaterality = 0.5\n",
        "[errors.significance]\nurgent = -1\n",
    ],
)
def test_a_lexicon_with_other_classes_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(CxrError, match=r"own\.toml: not a lexicon: "):
        Lexicon.load(file)


def test_our_own_pairs() -> None:
    results = pairs("finding_errors_weighted")
    assert len(results) == 105
    # A hilar mass is no enlarged hilum to the lexicon; advice on a tube is no finding; none has an age ("healed").
    assert [id for id, right in results if not right] == ["ranking-48", "ranking-69", "ranking-72", "ranking-73"]


def test_less_is_better_when_models_are_compared(cxr: Cxr, tmp_path: Path) -> None:
    for name, said in (("good", "Left effusion."), ("bad", "No effusion.")):
        rows = (f'{{"id": "{n}", "report": "Left effusion.", "prediction": "{said}"}}\n' for n in range(4))
        (tmp_path / f"{name}.jsonl").write_text("".join(rows))
    done = cxr("score", "good.jsonl", "bad.jsonl", "--compare", "--format", "csv")
    assert done.returncode == 0, done.stderr
    lines = [line.split(",") for line in done.stdout.splitlines() if "finding_errors_weighted" in line]
    assert [(line[3], line[6], line[9]) for line in lines] == [("good", "0.0", "True"), ("bad", "2.0", "False")]
