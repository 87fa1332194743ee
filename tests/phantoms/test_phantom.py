"""Phantoms: drawing, report, labels and the findings that are read back from the report agree."""

import itertools
import json
from pathlib import Path

import numpy as np
import pydicom

from cxr_cli.findings import Finding, Lexicon, read
from cxr_cli.images import load_film
from cxr_cli.phantoms import PHANTOM_FINDINGS, Phantom, Recipe
from cxr_cli.phantoms.film.drawn_finding import DrawnFinding
from cxr_cli.phantoms.film.styles import STYLES
from tests.conftest import Cxr

MANY = Recipe(seed=3, prevalence=0.85, priors=0.5)


def stated(report: str, status: str) -> dict[str, Finding]:
    """The findings of this status; of several mentions the first."""
    return {f.name: f for f in reversed(read(report)) if f.status == status}


def check(report: str, findings: list[DrawnFinding], *, compared: bool) -> None:
    """The report says exactly what is drawn."""
    there = {s.name: s for s in findings if s.change != "resolved"}
    found = read(report)
    assert {f.name for f in found if f.status == "present"} == set(there)
    assert [f for f in found if f.status == "uncertain"] == []
    lexicon = Lexicon.load()
    for finding in found:
        if finding.status == "absent":
            contradicted = [name for name in there if finding.name in {name, *lexicon.broader(name)}]
            assert contradicted == [], report
            continue
        drawn = there[finding.name]
        zone = "basal" if drawn.name == "atelectasis" else drawn.zone
        assert (finding.side, finding.zone) == (drawn.side, zone), report
        assert finding.severity in (None, drawn.severity), report
        assert finding.size in (None, drawn.size), report
        assert finding.change == (drawn.change if compared else None), report
    gone = {s.name for s in findings if s.change == "resolved"}
    assert {f.name for f in found if f.change == "resolved"} == gone, report


def test_the_report_is_read_back_as_it_is_drawn() -> None:
    changes: set[str | None] = set()
    names: set[str] = set()
    for phantom in MANY.studies(600):
        compared = phantom.prior_film is not None
        check(phantom.row["report"], list(phantom.film.findings), compared=compared)
        if phantom.prior_film is not None:
            check(phantom.row["prior"]["report"], list(phantom.prior_film.findings), compared=False)
        there = {s.name for s in phantom.film.findings if s.change != "resolved"}
        assert {name for name, label in phantom.row["labels"].items() if label} == there
        changes |= {s.change for s in phantom.film.findings}
        names |= there
    assert changes == {None, "new", "worse", "better", "stable", "resolved"}
    assert names == set(PHANTOM_FINDINGS)


def test_reports_are_varied_and_deny_things() -> None:
    reports = [phantom.row["report"] for phantom in MANY.studies(300)]
    assert len(set(reports)) > 290
    assert sum(bool(stated(report, "absent")) for report in reports) > 250


def test_each_change_is_that_between_the_two_films() -> None:
    for phantom in MANY.studies(300):
        if phantom.prior_film is None:
            assert {s.change for s in phantom.film.findings} <= {None}
            continue
        priors = {s.name: s for s in phantom.prior_film.findings}
        for finding in phantom.film.findings:
            prior = priors.get(finding.name)
            assert (prior is None) == (finding.change == "new")
            if prior and finding.severity and finding.change != "resolved":
                assert (prior.grade < finding.grade, prior.grade > finding.grade) == (
                    finding.change == "worse",
                    finding.change == "better",
                )


def test_a_study_depends_on_seed_and_number_alone() -> None:
    def same(a: Phantom, b: Phantom) -> bool:
        return a.row == b.row and np.array_equal(a.film.pixels(64), b.film.pixels(64))

    (late,) = Recipe(seed=1).studies(1, start=7)
    assert same(late, list(Recipe(seed=1).studies(8))[7])
    assert not same(late, Recipe(seed=2).study(7))
    assert late.row["id"] == "phantom-1-00007"


def test_shares() -> None:
    half = [phantom.row["labels"] for phantom in Recipe(findings=("edema", "fracture"), each=0.5).studies(400)]
    assert all(170 < sum(labels[name] for labels in half) < 230 for name in ("edema", "fracture"))
    assert sum(sum(labels.values()) for labels in half) == sum(x["edema"] + x["fracture"] for x in half)
    assert {phantom.row["prior"] for phantom in Recipe(priors=0).studies(50)} == {None}
    assert all(not s.film.findings for s in Recipe(prevalence=0, priors=0).studies(50))
    splits = [phantom.row["split"] for phantom in Recipe().studies(500)]
    assert {name: round(splits.count(name) / 50) for name in set(splits)} == {"train": 8, "validate": 1, "test": 1}


def test_phantom_to_verified_steps(cxr: Cxr, tmp_path: Path) -> None:
    done = cxr("phantom", "-n", 6, "-o", "p", "--size", 64, "--priors", 0.5, "--prevalence", 1)
    assert (done.returncode, done.stdout) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "p" / "studies.jsonl").read_text().splitlines()]
    films = [path for row in rows for path in [*row["images"], *(row["prior"] or {"images": []})["images"]]]
    assert done.stderr == f"cxr: 6 studies, {len(films)} films -> p/studies.jsonl\n"
    assert {load_film(path, tmp_path / "p").size for path in films} == {(64, 64)}
    assert len({row["source"] for row in rows}) > 1
    assert {row["source"] for row in rows} <= {f"phantom-{style}" for style in STYLES}
    mined = cxr("mine", "p/studies.jsonl")
    checked = cxr("verify", "--keep", "all", stdin=mined.stdout)
    cases = [json.loads(line) for line in checked.stdout.splitlines()]
    assert len(cases) > 20
    assert {case["support"] for case in cases} == {1.0}
    verdicts = {step["verdict"] for case in cases for step in case["steps"] if step["kind"] == "observe"}
    assert verdicts == {"supported"}


def test_dicom_and_png_agree(cxr: Cxr, tmp_path: Path) -> None:
    assert cxr("phantom", "-n", 14, "-o", "p", "--size", 96, "--format", "both").returncode == 0
    kinds = set()
    for path in sorted((tmp_path / "p" / "images").glob("*.dcm")):
        header = pydicom.dcmread(path)
        kinds.add((header.BitsStored, header.PhotometricInterpretation))
        assert (header.Modality, str(header.PatientName)) == ("CR", "")
        assert header.SOPInstanceUID.is_valid
        dicom, png = (np.asarray(load_film(path.with_suffix(ending))).astype(int) for ending in (".dcm", ".png"))
        assert np.abs(dicom - png).max() <= 1
    assert kinds == set(itertools.product((12, 16), ("MONOCHROME1", "MONOCHROME2")))


def test_png_alone(cxr: Cxr, tmp_path: Path) -> None:
    cxr("phantom", "-n", 2, "-o", "p", "--size", 40, "--format", "png", "--priors", 0)
    rows = [json.loads(line) for line in (tmp_path / "p" / "studies.jsonl").read_text().splitlines()]
    assert [row["images"] for row in rows] == [["images/phantom-0-00000.png"], ["images/phantom-0-00001.png"]]
    assert sorted(path.name for path in (tmp_path / "p" / "images").iterdir()) == [
        "phantom-0-00000.png",
        "phantom-0-00001.png",
    ]


def test_what_phantom_refuses(cxr: Cxr) -> None:
    cxr("phantom", "-n", 1, "-o", "p", "--size", 40)
    again = cxr("phantom", "-n", 1, "-o", "p", "--size", 40)
    assert (again.returncode, again.stderr) == (1, "cxr: p/studies.jsonl exists: --overwrite replaces it\n")
    assert cxr("phantom", "-n", 1, "-o", "p", "--size", 40, "--overwrite").returncode == 0
    wrong = cxr("phantom", "-o", "q", "--findings", "edema,gallstones")
    assert wrong.returncode == 2
    assert "--findings gallstones: cannot be drawn; there are " in wrong.stderr
