"""What a stage that starts from studies accepts as INPUT."""

import json
from pathlib import Path

from tests.conftest import Run


def test_a_folder_of_reports(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    for name, content in {
        "b.txt": b"\xef\xbb\xbfFINDINGS: Clear.\r\nIMPRESSION: Normal.\r\n",
        "a.TXT": b"Line one.\n\nLine two.",
        "p10/s2.v1.txt": " Kein Erguß. ".encode(),
        "p10/s1.txt": b" \n",
        "notes.md": b"no report",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    done = run("studies", "reports")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": "a", "report": "Line one.\n\nLine two.", "source": "reports"},
        {"id": "b", "report": "FINDINGS: Clear.\nIMPRESSION: Normal.", "source": "reports"},
        {"id": "p10/s1", "report": None, "source": "reports"},
        {"id": "p10/s2.v1", "report": "Kein Erguß.", "source": "reports"},
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_report_that_is_not_utf8(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Kein Erguß.".encode("latin-1"))
    (tmp_path / "b.txt").write_text("Clear.")
    done = run("studies", ".", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert json.loads(done.stdout)["id"] == "b"
    bad = json.loads((tmp_path / "bad.jsonl").read_text())
    assert (bad["where"], bad["row"]) == ("a.txt", "Kein Ergu\\xdf.")
    assert bad["reason"].startswith("not UTF-8 at byte 10")


def test_a_folder_without_reports(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("studies", "empty")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "cxr: empty: no .txt reports in this folder\n")


def test_examples_are_the_packaged_ones(run: Run, tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    done = run("studies", "examples")
    studies = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert len(studies) >= 30
    assert {study["source"] for study in studies} == {"examples"}


def test_several_inputs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/one.txt").write_text("Clear.")
    (tmp_path / "rows.csv").write_text("id,report\ntwo,Clear.\n")
    done = run("studies", "folder", "rows.csv", "-", stdin='{"id":"three"}\n')
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["one", "two", "three"]
