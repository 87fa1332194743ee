"""`cxr label`: reports in, labels out."""

import csv
import gzip
import io
from pathlib import Path

import pytest

from cxr_cli.labelling.label_set import labels_of
from cxr_cli.labelling.labeller import Labeller
from cxr_cli.labelling.readings import explained_reading, mentions
from cxr_cli.rows.signatures import signature
from tests.cases import LEXICON, READER, lines, rows
from tests.conftest import Cxr
from tests.sources.mimic_tree import write_tree
from tests.timing import is_linear

LABELER = (
    "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Lesion,Lung Opacity,Edema,Consolidation,Pneumonia,"
    "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
)
STUDIES = lines(
    {"id": "a", "report": "No edema. Small left effusion.", "ward": [7]},
    {"id": "b", "report": "INDICATION: Rule out pneumonia."},
    {"id": "c", "report": None, "why": {"report": "there is no file"}},
)

CHEXPERT = Labeller(READER, labels_of("chexpert", LEXICON))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_study_gets_its_labels(cxr: Cxr) -> None:
    done = cxr("label", "--findings", "edema,Pleural Effusion,nodule", stdin=STUDIES)
    assert (done.returncode, done.stderr) == (0, "")
    by = signature("rules", LEXICON.digest, set="all", findings="edema,pleural effusion,nodule")
    assert done.stdout == (
        '{"id":"a","report":"No edema. Small left effusion.","ward":[7],'
        f'"labels":{{"edema":0,"pleural effusion":1,"nodule":null}},"labelled_by":"{by}"}}\n'
        f'{{"id":"b","report":"INDICATION: Rule out pneumonia.","labels":null,"labelled_by":"{by}",'
        '"why":{"labels":"no findings section"}}\n'
        '{"id":"c","report":null,"why":{"report":"there is no file","labels":"no report"},"labels":null,'
        f'"labelled_by":"{by}"}}\n'
    )


def test_labels_of_before_are_replaced(cxr: Cxr) -> None:
    study = {"id": "a", "report": "No edema.", "labels": {"Edema": 1, "Hernia": 1}}
    (row,) = rows(cxr("label", "--set", "chexpert", "--findings", "edema", stdin=lines(study)).stdout)
    assert row["labels"] == {"Edema": 0}


def test_what_is_read_where(cxr: Cxr) -> None:
    report = "HISTORY: Cough.\nFINDINGS: Worsening small left effusion.\nIMPRESSION: No edema."
    (row,) = rows(cxr("label", "--mentions", "--sections", stdin=lines({"id": "a", "report": report})).stdout)
    assert row["mentions"] == [
        {
            "name": "pleural effusion",
            "status": "present",
            "side": "left",
            "zone": None,
            "severity": "mild",
            "change": "worse",
            "section": "findings",
            "start": 47,
            "end": 55,
        },
        {
            "name": "edema",
            "status": "absent",
            "side": None,
            "zone": None,
            "severity": None,
            "change": None,
            "section": "impression",
            "start": 72,
            "end": 77,
        },
    ]
    assert (report[47:55], report[72:77]) == ("effusion", "edema")
    assert [(s["name"], s["silent"], s["text"], report[s["start"] : s["end"]].strip()) for s in row["sections"]] == [
        ("indication", True, "Cough.", "Cough."),
        ("findings", False, "Worsening small left effusion.", "Worsening small left effusion."),
        ("impression", False, "No edema.", "No edema."),
    ]


def test_nothing_read_is_no_mention(cxr: Cxr) -> None:
    done = cxr("label", "--mentions", "--sections", stdin=STUDIES)
    assert [(row["mentions"], len(row["sections"])) for row in rows(done.stdout)[1:]] == [([], 1), ([], 0)]


def test_explain(cxr: Cxr) -> None:
    report = "HISTORY: Cough.\nFINDINGS: The lungs are clear. Edema is\nnot seen. Pneumonia cannot be excluded. "
    report += "Left effusion."
    done = cxr("label", "--explain", stdin=lines({"id": "a", "report": report}))
    assert done.stderr.splitlines() == [
        "cxr: a",
        "  indication: Cough. (states nothing)",
        "  findings: The lungs are clear.",
        '    lung opacity absent: "clear"',
        "  findings: Edema is not seen.",
        '    edema absent: "not seen"',
        "  findings: Pneumonia cannot be excluded.",
        '    pneumonia uncertain: "cannot be excluded"',
        "  findings: Left effusion.",
        "    pleural effusion present left",
    ]


def test_a_csv_file_has_a_column_for_each_label(cxr: Cxr, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'study_id,subject_id,text\n7,p3,"Small effusion, no edema."\n8,p3,HISTORY: Cough.\n'
    )
    done = cxr("label", "a.csv", "--map", "id=study_id,report=text", "-o", "labels.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    by = signature("rules", CHEXPERT.reader.lexicon.digest, set="chexpert")
    assert (tmp_path / "labels.csv").read_text().splitlines() == [
        f"id,report,study_id,subject_id,text,labelled_by,{LABELER},why",
        f'7,"Small effusion, no edema.",7,p3,"Small effusion, no edema.",{by},,,,,,0.0,,,,,1.0,,,,',
        f'8,HISTORY: Cough.,8,p3,HISTORY: Cough.,{by},,,,,,,,,,,,,,,"{{""labels"":""no findings section""}}"',
    ]
    again = cxr("label", "labels.csv", "-o", "again.csv")
    assert (again.returncode, again.stderr) == (
        1,
        "cxr: again.csv: the rows have a column `No Finding` already: write .jsonl, or give --format\n",
    )
    assert not (tmp_path / "again.csv").exists()


HEADERLESS = """\
Heart size normal and clear lungs. No edema.
"1. Left effusion.

2. Cardiomegaly, no edema."
"""


@pytest.mark.parametrize(
    ("format", "first", "second"),
    [
        (
            "chexpert",
            f"Reports,{LABELER}",
            "Heart size normal and clear lungs. No edema.,1.0,,0.0,,,0.0,,,,,,,,",
        ),
        (
            "negbio",
            f"Reports,{LABELER.replace('Lung Opacity', 'Airspace Opacity')}",
            "Heart size normal and clear lungs. No edema.,1.0,,0.0,,,0.0,,,,,,,,",
        ),
        (
            "chexbert",
            "Report Impression,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,"
            "Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices,No Finding",
            "Heart size normal and clear lungs. No edema.,,0.0,,,0.0,,,,,,,,,1.0",
        ),
        (
            "mimic",
            "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,"
            "Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices",
            ",1,,0.0,,0.0,,,,,1.0,,,,,",
        ),
    ],
)
def test_tables_of_other_tools(cxr: Cxr, tmp_path: Path, format: str, first: str, second: str) -> None:
    (tmp_path / "reports.csv").write_text(HEADERLESS)
    done = cxr("label", "reports.csv", "--format", format)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == [first, second]
    assert table(done.stdout)[1]["Cardiomegaly"] == "1.0"
    cxr("label", "reports.csv", "--format", format, "-o", "labels.csv")
    assert table((tmp_path / "labels.csv").read_text()) == table(done.stdout)


def test_the_table_of_mimic_has_its_numbers(cxr: Cxr, tmp_path: Path) -> None:
    write_tree(tmp_path / "mimic", 2)
    labelled = table(cxr("label", "mimic-cxr:mimic", "--format", "mimic").stdout)
    studies = rows(cxr("label", "mimic-cxr:mimic").stdout)
    assert [(row["subject_id"], row["study_id"]) for row in labelled] == [
        (row["patient"].removeprefix("p"), row["id"].removeprefix("s")) for row in studies
    ]


@pytest.mark.parametrize(
    ("content", "arguments", "reports"),
    [
        ('Small effusion.\n"No edema, no effusion."\n', [], ["Small effusion.", "No edema, no effusion."]),
        ("\ufeffReports\r\nSmall effusion.\r\n", [], ["Small effusion."]),
        ("Report Impression,site\nSmall effusion.,A\n", [], ["Small effusion."]),
        ("report\nSmall effusion.\n", [], ["Small effusion."]),
        ("findings\nSmall effusion.\n", [], ["Small effusion."]),
        ("findings\nSmall effusion.\n", ["--map", "report=findings"], ["Small effusion."]),
        ("Befund\nSmall effusion.\n", ["--map", "report=Befund"], ["Small effusion."]),
    ],
)
def test_files_without_ids(cxr: Cxr, tmp_path: Path, content: str, arguments: list[str], reports: list[str]) -> None:
    (tmp_path / "reports.csv").write_bytes(content.encode())
    done = cxr("label", "reports.csv", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(row["id"], row["report"]) for row in rows(done.stdout)] == [
        (str(number), report) for number, report in enumerate(reports, 1)
    ]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffuid;findings\r\n1;Edema, no effusion\r\n",
        "uid\tfindings\n1\tEdema, no effusion\n",
        "sep=|\nuid|findings\n1|Edema, no effusion\n",
        "findings;uid\n'- Edema, no effusion;1\n",
    ],
)
def test_other_separators_than_commas(cxr: Cxr, tmp_path: Path, content: str) -> None:
    (tmp_path / "reports.csv").write_text(content)
    done = cxr("label", "reports.csv", "--map", "id=uid,report=findings")
    [row] = rows(done.stdout)
    assert (done.stderr, row["id"], row["report"].removeprefix("- ")) == ("", "1", "Edema, no effusion")
    assert row["labels"]["Edema"] == 1


@pytest.mark.parametrize(
    ("content", "arguments", "error"),
    [
        (
            "Befund\nEdema.\n",
            [],
            "reports.csv:1: one column that begins with a single word; if it is the column's name: --map report=NAME; "
            "if it is a report, put a line `report` above it",
        ),
        (
            "uid,text\n1,Edema.\n",
            ["--map", "id=uid,report=txet"],
            "--map: reports.csv has no column `txet`; it has: uid, text",
        ),
        ("id,text\n1,Edema.\n", [], "reports.csv:2: no report (if it has another name: --map report=COLUMN) (id 1)"),
        (
            'Edema.\n"Small effusion',
            [],
            "reports.csv:2: broken CSV: a quote inside a cell",
        ),
    ],
)
def test_what_is_wrong_with_a_file(cxr: Cxr, tmp_path: Path, content: str, arguments: list[str], error: str) -> None:
    (tmp_path / "reports.csv").write_text(content)
    done = cxr("label", "reports.csv", *arguments)
    assert (done.returncode, done.stderr.startswith(f"cxr: {error}")) == (1, True)


def test_broken_rows_and_resuming(cxr: Cxr, tmp_path: Path) -> None:
    studies = STUDIES + '{"id":"a","report":"Edema."}\n{"id":"d","report":7}\n{"id":"e"}\n'
    done = cxr("label", "--on-error", "skip", "--rejects", "bad.jsonl", "-o", "out.jsonl", stdin=studies)
    assert (done.returncode, done.stderr) == (3, "cxr: 3 of 6 rows rejected -> bad.jsonl\n")
    assert [row["reason"] for row in rows((tmp_path / "bad.jsonl").read_text())] == [
        "field `id`: doubled, first at stdin:1",
        "field `report`: expected a string or null, got a whole number",
        "no report (if it has another name: --map report=COLUMN)",
    ]
    twice = cxr("label", "-o", "out.jsonl", stdin=STUDIES)
    assert (twice.returncode, twice.stderr) == (
        1,
        "cxr: out.jsonl exists: --resume continues it, --overwrite replaces it\n",
    )
    more = cxr("label", "-o", "out.jsonl", "--resume", stdin=STUDIES + lines({"id": "f", "report": "Edema."}))
    assert (more.returncode, [row["id"] for row in rows((tmp_path / "out.jsonl").read_text())]) == (0, [*"abcf"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--format", "mimic", "--set", "openi"], "no other --set"),
        (
            ["--format", "mimic", "--findings", "edema"],
            "no --findings",
        ),
        (["--gold", "gold.csv", "-o", "out.jsonl", "--resume"], "--gold compares in one run: leave out --resume"),
        (
            ["--gold", "gold.csv", "--shard", "1/2"],
            "--gold compares in one run: leave out --resume, --retry-failed and --shard.",
        ),
        (["--format", "mimic", "--mentions"], "--format writes labels alone: no --mentions, --sections or --gold."),
    ],
)
def test_flags_that_do_not_go_together(cxr: Cxr, tmp_path: Path, arguments: list[str], error: str) -> None:
    (tmp_path / "gold.csv").write_text("id,Edema\na,0\n")
    done = cxr("label", *arguments, stdin=STUDIES)
    assert (done.returncode, done.stdout, error in done.stderr) == (2, "", True)


def test_a_packed_csv_file_in_and_out(cxr: Cxr, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "reports.csv.gz", "wt") as file:
        file.write("No edema.\n")
    cxr("label", "reports.csv.gz", "--set", "chexpert", "--findings", "edema", "-o", "labels.CSV.gz")
    with gzip.open(tmp_path / "labels.CSV.gz", "rt") as file:
        assert file.read().splitlines()[0] == "id,report,labelled_by,Edema"
    assert cxr("label", "reports.csv.gz", "-o", "my.csv.jsonl").returncode == 0
    assert "labels" in rows((tmp_path / "my.csv.jsonl").read_text())[0]


def test_the_name_of_no_finding(cxr: Cxr) -> None:
    done = cxr("label", "--findings", "edma", stdin=STUDIES)
    assert done.stderr == "cxr: --findings: `edma` is no finding of the lexicon; did you mean edema?\n"


def test_time_is_linear_in_the_length_of_a_sentence() -> None:
    def label(report: str) -> None:
        CHEXPERT.labels(report)
        explained_reading("a", report, CHEXPERT.reader)
        mentions(report, CHEXPERT.reader)

    kind = "No edema, ", "and the heart size is normal, no effusion, edema is not seen, ", "and no nodule."
    assert is_linear(label, kind, 26_000)


def test_mentions_and_explanations_doubt_what_the_set_doubts(cxr: Cxr) -> None:
    study = '{"id": "a", "report": "Probable edema or pneumonia."}\n'
    done = cxr("label", "--mentions", "--explain", stdin=study)
    row = rows(done.stdout)[0]
    assert {name: value for name, value in row["labels"].items() if value is not None} == {"Edema": -1, "Pneumonia": -1}
    assert [(m["name"], m["status"]) for m in row["mentions"]] == [("edema", "uncertain"), ("pneumonia", "uncertain")]
    assert '    edema uncertain: "Probable"\n    pneumonia uncertain: "or"\n' in done.stderr
    other = rows(cxr("label", "--set", "all", "--findings", "edema,pneumonia", "--mentions", stdin=study).stdout)[0]
    assert other["labels"] == {"edema": 1, "pneumonia": 1}
    assert other["labelled_by"].split("|")[1] != row["labelled_by"].split("|")[1]
