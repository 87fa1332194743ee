"""`--map`: tables and rows with other names."""

import json
from pathlib import Path

import pytest

from tests.conftest import Cxr, Run

CSV = "uid,findings,impression,comparison_date\n7,Clear lungs.,,2020\n8,,  ,\n9,Big heart.,Cardiomegaly.,\n"
OPENI = Path(__file__).parents[3] / "shared/data/openi/reports.csv"


def test_columns_become_sections_under_their_names(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(CSV)
    done = run("copy", "r.csv", "--map", "id=uid,report=findings+impression+comparison_date")
    first, blank, both = (json.loads(line) for line in done.stdout.splitlines())
    assert first == {
        "id": "7",
        "report": "FINDINGS: Clear lungs.\nCOMPARISON DATE: 2020",
        "uid": "7",
        "impression": None,
        "comparison_date": "2020",
    }  # `findings` is gone: as a key of ours it holds a list
    assert blank["report"] is None
    assert both["report"] == "FINDINGS: Big heart.\nIMPRESSION: Cardiomegaly."


@pytest.mark.parametrize("stage", ["label", "mine", "verify", "infer", "score", "view"])
def test_a_section_that_is_not_mapped(cxr: Cxr, tmp_path: Path, stage: str) -> None:
    """`findings` is a list of names in the rows of later stages: none of them takes a text for it, or overwrites it."""
    (tmp_path / "r.csv").write_text(
        "id,findings,impression,question,prediction\n1,Small effusion.,Effusion.,Is it?,No\n"
    )
    more = {"infer": ["-m", "http://localhost:9/v1", "--dry-run"], "view": ["-o", "page.html"]}.get(stage, [])
    done = cxr(stage, "r.csv", *more)
    cure = "if it is a section of the report, --map report=findings+impression; else rename the column"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == f"cxr: r.csv:2: column `findings` is a text: {cure} (id 1)"


@pytest.mark.parametrize(
    ("header", "cure"),
    [
        (
            "uid,findings",
            "column `findings` is a text: if it is a section of the report, --map id=uid,report=findings; "
            "else rename the column",
        ),
        (
            "visit,findings",
            "column `findings` is a text: if it is a section of the report, --map id=COLUMN,report=findings; "
            "else rename the column",
        ),
        ("visit,text", "field `id`: missing (if it has another name: --map id=COLUMN)"),
        (
            "id,findings",
            "column `findings` is a text: if it is a section of the report, --map report=findings; "
            "else rename the column",
        ),
        ("id,findings,report", "column `findings` is a text, where a list of names belongs: rename the column"),
    ],
)
def test_the_cure_names_the_columns_that_are_there(run: Run, tmp_path: Path, header: str, cure: str) -> None:
    (tmp_path / "r.csv").write_text(f"{header}\n1,Clear lungs{',Clear.' if 'report' in header else ''}\n")
    assert run("copy", "r.csv").stderr.removesuffix(" (id 1)\n").removesuffix("\n") == f"cxr: r.csv:2: {cure}"


def test_rows_are_mapped_too_and_rejected_as_they_were(run: Run, tmp_path: Path) -> None:
    text = '{"uid":1,"pred":"A","id":"old","k":[]}\n{"pred":"B"}\n{"uid":2,"pred":["C"]}\n'
    arguments = ("--map", "id=uid", "--map", "prediction=pred", "--on-error", "skip", "--rejects", "bad.jsonl")
    done = run("copy", *arguments, stdin=text)
    assert done.stdout == '{"id":"1","prediction":"A","uid":1,"pred":"A","k":[]}\n'
    bad = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [(row["reason"], row["row"]) for row in bad] == [
        ("field `id`: missing", {"pred": "B"}),
        ("field `prediction`: expected a string or null, got a list", {"uid": 2, "pred": ["C"]}),
    ]


def test_labels_and_films_in_columns_of_their_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("uid,pa,lat,Oedem,Herz\n1,a.png,b.png,1,\n2,c.png,,-1.0,0\n3,,,x,\n")
    names = "id=uid,images=pa+lat,labels.edema=Oedem,labels.cardiomegaly=Herz,prior.images=pa"
    done = run("copy", "h.csv", "--map", names)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["images"], first["labels"]) == (["a.png", "b.png"], {"edema": 1, "cardiomegaly": None})
    assert (second["images"], second["labels"]) == (["c.png"], {"edema": -1, "cardiomegaly": 0})
    assert second["prior"] == {"images": ["c.png"]}
    reason = "field `labels[...]`: expected a number or null, got a string"
    assert (done.returncode, done.stderr) == (1, f"cxr: h.csv:4: {reason} (id 3)\n")


def test_a_list_of_films_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text('id,films\n1,"[""a.png"", ""b.png""]"\n')
    assert json.loads(run("copy", "h.csv", "--map", "images=films").stdout)["images"] == ["a.png", "b.png"]
    done = run("copy", "--map", "images=films", stdin='{"id":"1","films":["a.png"]}\n{"id":"2","films":7}\n')
    assert json.loads(done.stdout)["images"] == ["a.png"]
    assert done.stderr == "cxr: stdin:2: field `images`: expected a list, got a whole number (id 2)\n"


@pytest.mark.parametrize("column", ["impresion", "uid+nothing"])
def test_a_column_that_a_table_lacks(run: Run, tmp_path: Path, column: str) -> None:
    (tmp_path / "r.csv").write_text(CSV)
    done = run(
        "copy", "r.csv", "--map", f"id=uid,report=findings+{column}", "--on-error", "skip", "--rejects", "b.jsonl"
    )
    missing = column.removeprefix("uid+")
    has = "it has: uid, findings, impression, comparison_date"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cxr: --map: r.csv has no column `{missing}`; {has}\n"


def test_a_key_that_no_row_has(run: Run) -> None:
    done = run("copy", "--map", "id=uid", stdin='{"id":"1"}\n')
    assert done.stderr == "cxr: --map: stdin has no column `uid`; it has: id\n"
    late = run("copy", "--map", "report=findings+impresion", stdin='{"id":"1","findings":"x"}\n{"id":"2"}\n')
    assert late.stdout == '{"report":"FINDINGS: x","id":"1"}\n{"id":"2"}\n'
    assert (late.returncode, late.stderr) == (1, "cxr: --map: stdin has no column `impresion`; it has: id, findings\n")


def test_a_list_is_not_a_section(run: Run) -> None:
    done = run("copy", "--map", "report=a+b", stdin='{"id":"1","a":"x","b":["y"]}\n')
    assert done.stderr == "cxr: stdin:1: field `report`: expected a string or null, got a list (id 1)\n"


@pytest.mark.skipif(not OPENI.exists(), reason="the Open-i reports are not here")
def test_openi(run: Run) -> None:
    done = run("studies", OPENI, "--map", "id=uid,report=findings+impression")
    studies = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, len(studies)) == (0, "", 3080)
    assert sum(study["report"] is None for study in studies) == 21
    assert all(type(study["id"]) is str and "findings" not in study for study in studies)
