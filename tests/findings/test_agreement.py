"""One claim against the findings of a report."""

import pytest

from cxr_cli.findings import read, reader
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.records import Unmentioned


def verdict(claim: str, report: str, unmentioned: Unmentioned = "normal") -> tuple[str, str]:
    (finding,) = read(claim)
    judgement = ReferenceFindings(read(report), reader().lexicon, unmentioned).judge(finding)
    return judgement.verdict, judgement.reason


@pytest.mark.parametrize(
    ("claim", "report", "expected"),
    [
        ("Effusion.", "Small left effusion.", ("supported", "pleural effusion is present")),
        ("Left effusion.", "Effusion.", ("supported", "pleural effusion is present")),
        ("Right effusion.", "Left effusion.", ("contradicted", "pleural effusion is left, not right")),
        ("Left effusion.", "Bilateral effusions.", ("supported", "pleural effusion is present")),
        ("Bilateral effusions.", "Left effusion.", ("contradicted", "pleural effusion is left, not bilateral")),
        ("Bilateral effusions.", "Left effusion. Right effusion.", ("supported", "pleural effusion is present")),
        ("Opacity.", "Consolidation.", ("supported", "consolidation is present")),
        ("Consolidation.", "Opacity.", ("unmentioned", "only lung opacity is present, consolidation is not mentioned")),
        ("Consolidation.", "The lungs are clear.", ("contradicted", "lung opacity is absent")),
        ("The lungs are clear.", "Patchy consolidation.", ("contradicted", "consolidation is present")),
        ("Large effusion.", "Small effusion.", ("contradicted", "pleural effusion is mild, not severe")),
        ("Moderate effusion.", "Small effusion.", ("supported", "pleural effusion is present")),
        (
            "Severe cardiomegaly.",
            "Mild cardiomegaly. Cardiomegaly.",
            ("contradicted", "cardiomegaly is mild, not severe"),
        ),
        ("Worsening edema.", "Improved edema.", ("contradicted", "edema is better, not worse")),
        ("Edema has resolved.", "No edema.", ("supported", "edema is absent")),
        ("Upper nodule.", "Nodule in the right lower lobe.", ("contradicted", "nodule is lower, not upper")),
        (
            "No left effusion.",
            "Right effusion.",
            ("supported", "pleural effusion is not mentioned, which counts as absent"),
        ),
        ("No effusion.", "Right effusion.", ("contradicted", "pleural effusion is present")),
        ("Pneumonia.", "Possible pneumonia.", ("unmentioned", "pneumonia is only possible")),
        ("Possible pneumonia.", "Pneumonia.", ("supported", "pneumonia is present")),
        ("No pneumonia.", "Possible pneumonia.", ("contradicted", "pneumonia is possible")),
        ("Nodule.", "Heart normal.", ("unmentioned", "nodule is not mentioned")),
        ("The heart is normal.", "Normal heart size.", ("supported", "cardiomegaly is absent")),
        ("Right opacity.", "Left opacity. Right atelectasis.", ("supported", "atelectasis is present")),
        (
            "No upper opacity.",
            "Lower lobe consolidation.",
            ("supported", "lung opacity is not mentioned, which counts as absent"),
        ),
        (
            "No large effusion.",
            "Small effusion.",
            ("supported", "pleural effusion is not mentioned, which counts as absent"),
        ),
        (
            "The chest is normal.",
            "Degenerative change.",
            ("supported", "abnormality is not mentioned, which counts as absent"),
        ),
        ("The chest is normal.", "Edema.", ("contradicted", "edema is present")),
        ("No effusion.", "Sharp costophrenic angles.", ("supported", "costophrenic blunting is absent")),
    ],
)
def test_judge(claim: str, report: str, expected: tuple[str, str]) -> None:
    assert verdict(claim, report) == expected


def test_silence_may_mean_nothing() -> None:
    assert verdict("No nodule.", "Heart normal.", "unknown") == ("unmentioned", "nodule is not mentioned")
    assert verdict("No nodule.", "Heart normal.")[0] == "supported"
    assert verdict("No nodule.", "The lungs are clear.", "unknown") == ("supported", "lung opacity is absent")
