"""Question sets as they are downloaded, written small in their layouts."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cxr_cli import sources
from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import Case
from cxr_cli.sources.shapes import own_shape
from tests.cases import rows
from tests.conftest import Tool

Rows = list[dict[str, Any]]
REPORT = "There is a small left pleural effusion. No pneumothorax."


def cases(name: str | Path) -> Rows:
    """As the stages get them."""
    found: Rows = []
    sources.for_each_row([str(name)], found.append, Case)
    return found


def dump(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
    return path


REXVQA = {
    "study_id": "p1_a1",
    "PatientID": "p1",
    "ImagePath": [f"../deid_png/p1/a1/studies/1/series/1/instances/{n}.png" for n in (1, 2)],
    "ImageViewPosition": ["PA", "LATERAL"],
    "Findings": "Small left pleural effusion.",
    "Impression": "Effusion.",
    "Indication": "Cough.",
    "question": "Which finding is present?",
    "options": ["A. Edema", "B. Pleural effusion", "C. Nodule", "D. None of these"],
    "correct_answer": "B",
    "correct_answer_explanation": "There is a small left pleural effusion. So it is B.",
    "task_name": "presence_assessment",
    "category": "pleura",
    "class": "effusion",
    "StudyDate": "2015",
}


def rexvqa(folder: Path, **change: Any) -> Path:
    dump(folder / "metadata" / "train_vqa_data.json", {"q1": REXVQA, "q2": REXVQA | change})
    dump(folder / "metadata" / "test_vqa_data.json", {"q3": REXVQA | {"ImageViewPosition": ["LL", "LL"]}})
    return folder


def test_rexvqa(tmp_path: Path) -> None:
    first, second, third = cases(rexvqa(tmp_path, correct_answer="D", Findings=None, Impression=None))
    films = [f"deid_png/p1/a1/studies/1/series/1/instances/{n}.png" for n in (1, 2)]
    assert first == {
        "id": "q1",
        "patient": "p1",
        "task": "presence_assessment",
        "question": "Which finding is present?",
        "options": ["Edema", "Pleural effusion", "Nodule", "None of these"],
        "answer": "Pleural effusion",
        "report": "FINDINGS: Small left pleural effusion.\nIMPRESSION: Effusion.",
        "steps": ["There is a small left pleural effusion.", "So it is B."],
        "indication": "Cough.",
        "images": films[:1],
        "laterals": films[1:],
        "split": "train",
        "source": "rexvqa",
        "category": "pleura",
        "study_id": "p1_a1",
        "class": "effusion",
        "StudyDate": "2015",
    }
    assert (second["answer"], second["report"]) == ("None of these", None)
    assert (third["split"], third["images"], "laterals" in third) == ("test", films, False)


def test_rexvqa_has_radrscore_at_once(tool: Tool, tmp_path: Path) -> None:
    """Its report and its steps are all that RadRScore needs; `cxr verify` reads the folder too."""
    rexvqa(tmp_path / "r")
    reply = "<think>There is a left pleural effusion.</think><answer>B</answer>"
    answered = [case | {"prediction": reply} for case in cases(tmp_path / "r")]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answered))
    scored = rows(tool("score", "a.jsonl").out)
    assert [row["scores"]["accuracy"] for row in scored] == [1, 1, 1]
    assert [row["scores"]["radrscore"] for row in scored] == [1, 1, 1]
    checked = rows(tool("verify", "rexvqa:r", "--split", "test", "--keep", "all").out)
    assert [step["verdict"] for step in checked[0]["steps"]] == ["supported", "not_checkable"]


def test_a_question_that_cannot_be_used_is_named(tool: Tool, tmp_path: Path) -> None:
    rexvqa(tmp_path / "r", options=["B", "A", "C"], correct_answer="A")
    result = tool("verify", "r", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert result.code == 3
    (bad,) = rows((tmp_path / "bad.jsonl").read_text())
    assert (bad["id"], bad["where"]) == ("q2", "r/metadata/train_vqa_data.json:2")
    assert bad["reason"].startswith("field `answer`: it may mean two options")


def test_vqa_rad(tmp_path: Path) -> None:
    item = {
        "qid": 1,
        "phrase_type": "freeform",
        "evaluation": "evaluated",
        "image_name": "synpic1.jpg",
        "image_organ": "CHEST",
        "question": "How many nodules? ",
        "question_type": "COUNT",
        "answer": 4,
        "answer_type": "OPEN ",
    }
    dump(tmp_path / "VQA_RAD Dataset Public.json", [item, item | {"qid": 2, "phrase_type": "test_para"}])
    first, second = cases(tmp_path)
    assert first == {
        "id": "1",
        "question": "How many nodules?",
        "answer": "4",
        "images": ["VQA_RAD Image Folder/synpic1.jpg"],
        "split": "train",
        "source": "vqa-rad",
        "answer_type": "OPEN",
        "question_type": "COUNT",
        "image_organ": "CHEST",
        "phrase_type": "freeform",
        "evaluation": "evaluated",
    }
    assert second["split"] == "test"


@pytest.mark.parametrize("validation", ["validate", "validation"])
def test_slake(validation: str, tmp_path: Path) -> None:
    """Hugging Face's file for validation has another name than the authors'."""
    item = {"img_id": 1, "img_name": "xmlab1/source.jpg", "question": "What modality?", "answer": "X-Ray"}
    item |= {"q_lang": "en", "location": "Lung", "modality": "X-Ray", "answer_type": "OPEN", "base_type": "vqa"}
    item |= {"content_type": "Modality", "triple": ["vhead", "_", "_"]}
    dump(tmp_path / "train.json", [item | {"qid": 0}, item | {"qid": 1, "q_lang": "zh", "question": "什么模态？"}])
    dump(tmp_path / f"{validation}.json", [item | {"qid": 2}])
    first, second, third = cases(tmp_path)
    assert (first["id"], first["images"], first["answer"]) == ("0", ["imgs/xmlab1/source.jpg"], "X-Ray")
    assert (first["split"], first["source"], first["modality"]) == ("train", "slake", "X-Ray")
    assert (second["q_lang"], third["split"], third["triple"]) == ("zh", "validate", ["vhead", "_", "_"])


def mimic_report(folder: Path, study: str) -> None:
    path = folder / f"files/p10/p10000032/s{study}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(REPORT)


def test_mimic_diff_vqa(tmp_path: Path) -> None:
    """The film of a study is in a table of its own, reports and PNGs in another tree; only differences have a prior."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/mimic_pair_questions.csv").write_text(
        "study_id,subject_id,ref_id,question_type,question,answer,split\n"
        "50414267,10000032,53189527,difference,what has changed?,the effusion is new.,train\n"
        "50414267,10000032,53189527,view,which view?,pa view,test\n"
        ",10000032,53189527,view,which view?,pa view,test\n"
    )
    (tmp_path / "d/mimic_all.csv").write_text(
        "subject_id,study_id,dicom_id,view\n10000032,50414267,02aa,postero-anterior\n10000032,53189527,2a2b,\n"
    )
    mimic_report(tmp_path / "m", "50414267")
    (tmp_path / "m/files/p10/p10000032/s50414267/02aa.png").parent.mkdir()
    (tmp_path / "m/files/p10/p10000032/s50414267/02aa.png").touch()
    items = [*sources.find_rows(f"mimic-diff-vqa:{tmp_path / 'd'}:{tmp_path / 'm'}").items()]
    first, second = items[0][1], items[1][1]
    assert first == {
        "id": "mimic_pair_questions/2",
        "images": ["files/p10/p10000032/s50414267/02aa.png"],
        "report": REPORT,
        "patient": "p10000032",
        "question": "what has changed?",
        "answer": "the effusion is new.",
        "prior": {"id": "s53189527", "images": ["files/p10/p10000032/s53189527/2a2b.jpg"], "report": None},
        "task": "temporal",
        "split": "train",
        "question_type": "difference",
        "source": "mimic-diff-vqa",
        "study_id": "50414267",
        "subject_id": "10000032",
        "ref_id": "53189527",
    }
    assert ("prior" in second, second["id"], second["split"]) == (False, "mimic_pair_questions/3", "test")
    assert items[2][2] == "column `study_id`: blank"


def test_a_folder_of_two_data_sets_is_named(tool: Tool, tmp_path: Path) -> None:
    """The tables of questions may lie beside the reports that they are about."""
    mimic_report(tmp_path / "m", "50414267")
    header = "study_id,subject_id,ref_id,question_type,question,answer,split"
    (tmp_path / "m/mimic_pair_questions.csv").write_text(
        f"{header}\n50414267,10000032,,view,which view?,pa view,test\n"
    )
    result = tool("verify", "m", "--keep", "all")
    note = "cxr: m: read as mimic-cxr; it fits mimic-diff-vqa too: to read that, give mimic-diff-vqa:m"
    assert result.err.splitlines()[0] == note
    assert [row["question"] for row in cases(f"mimic-diff-vqa:{tmp_path / 'm'}")] == ["which view?"]


def test_mimic_cxr_vqa(tmp_path: Path) -> None:
    item = {
        "split": "train",
        "idx": 7,
        "question": "Is there an effusion?",
        "semantic_type": "verify",
        "content_type": "presence",
        "template": "Is there ${attribute}?",
        "answer": ["yes"],
        "subject_id": "10000032",
        "study_id": "50414267",
        "image_path": "p10/p10000032/s50414267/02aa-4e.jpg",
    }
    several = item | {"idx": 8, "semantic_type": "query", "answer": ["effusion", "edema"]}
    none = item | {"idx": 9, "semantic_type": "query", "answer": []}
    dump(tmp_path / "v/MIMIC-CXR-VQA/dataset/train.json", [item, several, none])
    mimic_report(tmp_path / "m", "50414267")
    first, second, third = cases(f"mimic-cxr-vqa:{tmp_path / 'v'}:{tmp_path / 'm'}")
    assert (first["id"], first["answer"], first["patient"]) == ("train/7", "yes", "p10000032")
    assert first["images"] == ["files/p10/p10000032/s50414267/02aa-4e.jpg"]
    assert (first["report"], first["split"]) == (REPORT, "train")
    assert (second["answer"], third["answer"]) == (["effusion", "edema"], [])
    assert (first["study_id"], first["content_type"]) == ("50414267", "presence")
    assert cases(tmp_path / "v")[0]["report"] is None


CHOICES = "A:Diffuse uptake,B:Focal uptake,C:No uptake,D:Unknown"


def test_pmc_vqa_in_both_versions(tmp_path: Path) -> None:
    """The first version gives the answer as a text and its letter, the second as a letter."""
    (tmp_path / "train.csv").write_text(
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        f"PMC1_F1.jpg,What is the uptake?,Focal uptake, {CHOICES},B\n"
    )
    (tmp_path / "test_2.csv").write_text(
        "index,Figure_path,Caption,Question,Choice A,Choice B,Choice C,Choice D,Answer,split\n"
        f"0,PMC2_F1.jpg,A scan.,What is the uptake?,{CHOICES},C,test\n"
        "1,PMC3_F1.jpg,A scan.,Where is it?,Left,,Right,,C,test\n"
    )
    first, second, third = cases(tmp_path)
    assert first == {
        "id": "train/2",
        "question": "What is the uptake?",
        "options": ["Diffuse uptake", "Focal uptake", "No uptake", "Unknown"],
        "answer": "Focal uptake",
        "images": ["images/PMC1_F1.jpg"],
        "split": "train",
        "source": "pmc-vqa",
    }
    assert (second["answer"], second["images"], second["split"]) == ("No uptake", ["figures/PMC2_F1.jpg"], "test")
    assert (third["options"], third["answer"]) == (["Left", "Right"], "Right")  # a blank choice keeps its letter


def test_chexbench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty option is NaN, as pandas writes it, which is no JSON."""
    item = {"question": "Which view?", "option_0": "AP", "option_1": "PA", "option_2": float("nan"), "answer": 1}
    item |= {"image_path": "a.png", "data_source": "chexpert", "slice": "ap"}
    pair = item | {"image_path": ["a.png", "b.png"]}
    dump(tmp_path / "data.json", {"View Classification": [item], "Temporal": [pair], "Findings": [{"text": "x"}]})
    first, second = cases(tmp_path)
    assert first == {
        "id": "View Classification/1",
        "task": "View Classification",
        "question": "Which view?",
        "options": ["AP", "PA"],
        "answer": "PA",
        "images": ["a.png"],
        "split": "test",
        "source": "chexbench",
        "data_source": "chexpert",
        "slice": "ap",
    }
    assert second["images"] == ["a.png", "b.png"]
    assert "1 items without options are passed over" in capsys.readouterr().err


def test_options_that_are_letters_or_numbers_themselves(tmp_path: Path) -> None:
    """These sets give an answer by its place alone, so that it can mean one option only."""
    (tmp_path / "pmc").mkdir()
    (tmp_path / "pmc/train.csv").write_text(
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        "1.jpg,Which panel?,A, A:B, B:A, C:C, D:D,B\n"
    )
    (panel,) = cases(tmp_path / "pmc")
    assert (panel["options"], panel["answer"]) == (["B", "A", "C", "D"], "A")
    item = {"question": "How many?", "option_0": "1", "option_1": "2", "answer": 1, "image_path": "a.png"}
    closed = item | {"option_0": "no", "option_1": "yes", "answer": 0}
    gap = item | {"option_0": "no", "option_1": float("nan"), "option_2": "yes", "split": "x"}  # counted without it
    dump(tmp_path / "bench/data.json", {"Tubes": [item, closed, gap]})
    rows_of_bench = cases(tmp_path / "bench")
    assert [row["answer"] for row in rows_of_bench] == ["2", "no", "yes"]
    assert rows_of_bench[2]["split"] == "test"  # a key of the set never replaces one of the row


@pytest.mark.parametrize("progression", ["worsened", "New"])
def test_padchest_gr(progression: str, tool: Tool, tmp_path: Path) -> None:
    """Sentences become steps with their boxes, and `progression` what temporal questions are about."""
    box = [0.1, 0.5, 0.4, 0.9]
    effusion = {"sentence_en": "Small left pleural effusion", "sentence_es": "Derrame.", "abnormal": True}
    effusion |= {"boxes": [box], "extra_boxes": [], "labels": ["pleural effusion"], "progression": progression}
    heart = {"sentence_en": "Normal heart.", "abnormal": False, "boxes": [], "labels": [], "progression": None}
    study = {"StudyID": "s1", "ImageID": "1.png", "PreviousStudyID": "s0", "PreviousImageID": "0.png"}
    dump(tmp_path / "p/grounded_reports_20240819.json", [study | {"findings": [effusion, heart]}])
    (tmp_path / "p/master_table.csv").write_text("StudyID,ImageID,PatientID,split\ns1,1.png,7,validation\n")
    (tmp_path / "p/films").mkdir()
    (tmp_path / "p/films/1.png").touch()
    (case,) = cases(tmp_path / "p")
    assert case == {
        "id": "s1",
        "images": ["films/1.png"],
        "report": "Small left pleural effusion. Normal heart.",
        "changes": {"pleural effusion": "worsening"},
        "steps": [
            {
                "text": "Small left pleural effusion",
                "sentence_es": "Derrame.",
                "abnormal": True,
                "boxes": [box],
                "labels": ["pleural effusion"],
                "progression": progression,
            },
            {"text": "Normal heart.", "abnormal": False},
        ],
        "boxes": [box],
        "prior": {"id": "s0", "images": ["Padchest_GR_files/0.png"]},
        "patient": "7",
        "split": "validation",
        "source": "padchest-gr",
    }
    (temporal,) = rows(tool("mine", "padchest-gr:p", "--task", "temporal").out)
    assert temporal["answer"] == "Worsening"
    (checked,) = rows(tool("verify", "p", "--keep", "all").out)
    assert [step["verdict"] for step in checked["steps"]] == ["supported", "supported"]
    assert checked["steps"][0]["boxes"] == [box]


@pytest.mark.parametrize(
    ("text", "reason"), [('{"q1": {"question": "W?"}', "broken JSON: it ends in the middle"), ("", "empty")]
)
def test_a_file_that_breaks_off(text: str, reason: str, tmp_path: Path) -> None:
    dump(tmp_path / "metadata/test_vqa_data.json", {}).write_text(text)
    with pytest.raises(CxrError, match=reason):
        cases(tmp_path)


def test_a_broken_question_is_named(tmp_path: Path) -> None:
    """Also beside a NaN, and under a broken key."""
    text = '{"q1": {"question": "W?", "options": NaN, "a": nul}, "\\x": {"question": "W?"}}'
    dump(tmp_path / "metadata/test_vqa_data.json", {}).write_text(text)
    first, second = (str(reason) for _, _, reason in sources.find_rows(str(tmp_path)).items())
    assert "JSON" in first
    assert second == "no question under an id"


def test_a_question_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = dump(tmp_path / "metadata/test_vqa_data.json", {})
    path.write_bytes('{"q1": {"question": "Œdème?"}, "q2": {"question": "W?"}}'.encode("cp1252"))
    first, second = (reason for _, _, reason in sources.find_rows(str(tmp_path)).items())
    assert str(first).startswith("not UTF-8 at byte 15; if Windows wrote it")
    assert second is None


STRANGE: list[Any] = [None, 7, "x", [], {}, [7], [None], {"a": 1}, True, -1.5]
ITEMS: dict[str, tuple[str, Any]] = {
    "rexvqa": ("metadata/test_vqa_data.json", REXVQA),
    "vqa-rad": ("VQA_RAD Dataset Public.json", {"qid": 1, "image_name": "a.jpg", "question": "Q?", "answer": "Yes"}),
    "slake": ("train.json", {"qid": 1, "img_name": "a/b.jpg", "q_lang": "en", "question": "Q?", "answer": "Yes"}),
    "mimic-cxr-vqa": (
        "train.json",
        {"idx": 1, "semantic_type": "query", "image_path": "p10/p10000032/s1/a.jpg", "question": "Q?", "answer": ["a"]},
    ),
    "chexbench": ("data.json", {"question": "Q?", "option_0": "AP", "option_1": "PA", "answer": 1, "image_path": "a"}),
    "padchest-gr": (
        "grounded_reports_1.json",
        {
            "StudyID": "s",
            "ImageID": "a.png",
            "PreviousStudyID": "p",
            "PreviousImageID": "b.png",
            "findings": [{"sentence_en": "Clear.", "boxes": [[0, 0, 1, 1]], "labels": ["x"], "progression": "stable"}],
        },
    ),
}


@pytest.mark.parametrize("name", ITEMS)
def test_values_of_other_types_are_named_and_no_crash(name: str, tmp_path: Path) -> None:
    """Each field in turn, and each of a sentence, is something strange: the row is read, or rejected with a reason."""
    file, item = ITEMS[name]
    items = [item | {key: value} for key in item for value in STRANGE] + STRANGE
    if name == "padchest-gr":
        (sentence,) = item["findings"]
        items += [item | {"findings": [sentence | {key: value}]} for key in sentence for value in STRANGE]
    whole: Any = {str(number): one for number, one in enumerate(items)} if name == "rexvqa" else [item, *items]
    dump(tmp_path / file, {"T": [item, *items]} if name == "chexbench" else whole)
    for where, row, reason in sources.find_rows(str(tmp_path)).items():
        assert where.startswith(str(tmp_path))
        if reason is None:
            with suppress(RowError):
                own_shape(row, where)
