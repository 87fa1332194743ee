"""Data sets of films with labels and without reports: CheXpert, RSNA, SIIM-ACR, VinDr-CXR."""

from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.sources import find
from cxr_cli.sources.chexpert import CHEXPERT_LABELS
from cxr_cli.sources.mimic_tables import MIMIC_LABELS, Tables
from tests.cases import rows
from tests.conftest import Cxr, Run

CHEXPERT = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
    "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n"
)
BLANK = dict.fromkeys(CHEXPERT.strip().split(",")[5:])


def write(folder: Path, **files: str | bytes) -> None:
    """write(folder, train="a,b\\n") writes folder/train.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(data)


def film(patient: int, study: int, view: str, labels: str, split: str = "train") -> str:
    path = f"CheXpert-v1.0-small/{split}/patient{patient:05}/study{study}/{view}.jpg"
    return f"{path},Female,68,Frontal,AP,{labels}\n"


def test_chexpert(run: Run, tmp_path: Path) -> None:
    first, second = "1.0,,,,,,,,,0.0,,,,1.0", ",,-1.0,1,,-1,0,,,,0.0,,1.0,"
    train = film(1, 1, "view1_frontal", first) + film(2, 1, "view1_frontal", second)
    train += film(2, 1, "view2_lateral", second) + film(2, 2, "view1_lateral", first)
    write(tmp_path / "c", train="\ufeff" + CHEXPERT + train)
    write(tmp_path / "c", valid=CHEXPERT + film(64541, 1, "view1_frontal", first, "valid"))
    done = run("studies", "c")
    assert (done.returncode, done.stderr) == (0, "")
    one, two, lateral, valid = rows(done.stdout)
    assert one == {
        "id": "patient00001/study1",
        "patient": "patient00001",
        "images": ["train/patient00001/study1/view1_frontal.jpg"],
        "labels": {**BLANK, "No Finding": 1, "Pneumothorax": 0, "Support Devices": 1},
        "split": "train",
        "source": "chexpert",
    }
    assert two["laterals"] == ["train/patient00002/study1/view2_lateral.jpg"]
    told = {name: value for name, value in two["labels"].items() if value is not None}
    expected = {"Cardiomegaly": -1, "Lung Opacity": 1, "Edema": -1, "Consolidation": 0, "Pleural Effusion": 0}
    assert told == {**expected, "Fracture": 1}
    assert (lateral["images"], lateral["laterals"]) == ([], ["train/patient00002/study2/view1_lateral.jpg"])
    assert (valid["split"], valid["images"]) == ("valid", ["valid/patient64541/study1/view1_frontal.jpg"])
    assert run("studies", "chexpert:c", "--split", "valid").stdout.count("\n") == 1


def test_cases_of_chexpert(cxr: Cxr, tmp_path: Path) -> None:
    write(tmp_path / "c", valid=CHEXPERT + film(1, 1, "view1_frontal", "0,,1,,,-1,,,,0,,,,", "valid"))
    done = cxr("mine", "c", "--task", "binary", "--findings", "cardiomegaly,edema,pneumothorax,fracture")
    answers = {case["findings"][0]: case["answer"] for case in rows(done.stdout)}
    assert answers == {"cardiomegaly": "Yes", "pneumothorax": "No", "fracture": "No"}  # blank: not mentioned


NORMAL = "1,,,,,,,,,,,,,"


def test_bad_rows_of_chexpert(run: Run, tmp_path: Path) -> None:
    good, other = film(9, 1, "view1_frontal", NORMAL), film(8, 1, "view1_frontal", NORMAL)
    bad = [
        film(1, 1, "view1_frontal", "1,,,,,2,,,,,,,,"),
        film(1, 2, "view1_frontal", "1,,"),
        f"a.jpg,,,,,{NORMAL}\n",
        film(1, 3, "view1_frontal", NORMAL).replace("Female", "F\xe9"),
        film(9, 2, "view1_frontal", NORMAL, "valid"),
    ]
    write(tmp_path / "c", train=CHEXPERT + good, valid="".join([CHEXPERT, *bad, other]).encode("latin-1"))
    stopped = run("studies", "c")
    reason = "column `Edema`: none of 1, 0, -1 and blank"
    assert (stopped.returncode, len(rows(stopped.stdout))) == (1, 1)
    assert stopped.stderr == f"cxr: c/valid.csv:2: {reason}\n"
    done = run("studies", "c", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["id"] for row in rows(done.stdout)] == ["patient00009/study1", "patient00008/study1"]
    rejects = rows((tmp_path / "bad.jsonl").read_text())
    assert [row["where"] for row in rejects] == [f"c/valid.csv:{number}" for number in range(2, 7)]
    assert [row["reason"].partition(";")[0] for row in rejects] == [
        reason,
        "8 cells where the header has 19",
        "the path of a film: not like train/patient00001/study1/view1_frontal.jpg",
        "not UTF-8 at byte 66",
        "its patient is in split `train` too",
    ]


def test_a_doubled_study_of_chexpert(run: Run, tmp_path: Path) -> None:
    one, two = film(1, 1, "view1_frontal", NORMAL), film(2, 1, "view1_frontal", NORMAL)
    write(tmp_path / "c", train=CHEXPERT + one + two + one)
    done = run("studies", "c")
    reason = "field `id`: doubled, first at c/train.csv:2 (id patient00001/study1)"
    assert (len(rows(done.stdout)), done.stderr) == (2, f"cxr: c/train.csv:4: {reason}\n")


def test_a_missing_column(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "c", train=CHEXPERT.replace("Edema,", "") + "a/b/c/d.jpg,,,,,,,,,,,,,,,,,\n")
    done = run("studies", "c")
    hint = "is this the file as it is downloaded?"
    assert (done.returncode, done.stderr) == (1, f"cxr: c/train.csv: no column `Edema`: {hint}\n")


@pytest.mark.parametrize("name", ["chexpert", "chexpert-plus", "ms-cxr-t", "rsna", "siim", "openi", "vindr-cxr"])
def test_the_wrong_folder(tmp_path: Path, name: str) -> None:
    write(tmp_path, train="image_id,rad_id\n", reports="id,report\n")
    with pytest.raises(CxrError, match=f"{name}: {tmp_path} is not recognised: it has no file such as "):
        find(f"{name}:{tmp_path}")


def test_two_folders_of_one_data_set(tmp_path: Path) -> None:
    write(tmp_path, stage_2_train_labels="patientId,x,y,width,height,Target\n")
    with pytest.raises(CxrError, match="not a folder; this data set is read from a single folder"):
        find(f"rsna:{tmp_path}:{tmp_path}")


def test_rsna(run: Run, tmp_path: Path) -> None:
    boxes = "b,264.0,152.0,213.0,379.0,1\nb,562.0,152.0,256.0,453.0,1\n"
    labels = f"patientId,x,y,width,height,Target\na,,,,,0\n{boxes}c,,,,,0\n"
    write(tmp_path / "r", stage_2_train_labels=labels)
    bare = rows(run("studies", "r").stdout)
    assert [row["labels"] for row in bare] == [{"Pneumonia": 0}, {"Pneumonia": 1}, {"Pneumonia": 0}]
    classes = "patientId,class\na,Normal\nb,Lung Opacity\nb,Lung Opacity\nc,No Lung Opacity / Not Normal\n"
    write(tmp_path / "r", stage_2_detailed_class_info=classes)
    first, second, third = rows(run("studies", "rsna:r").stdout)
    assert first == {
        "id": "a",
        "patient": "a",
        "images": ["stage_2_train_images/a.dcm"],
        "labels": {"Pneumonia": 0, "No Finding": 1},
        "split": "train",
        "source": "rsna",
    }
    assert [second["labels"], third["labels"]] == [{"Pneumonia": 1, "No Finding": 0}, {"Pneumonia": 0, "No Finding": 0}]


def test_a_bad_row_of_rsna(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "r", stage_2_train_labels="patientId,x,y,width,height,Target\na,,,,,\n,,,,,1\nb,,,,,1\n")
    done = run("studies", "r", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["id"] for row in rows(done.stdout)] == ["b"]
    bad = rows((tmp_path / "bad.jsonl").read_text())
    assert [row["reason"] for row in bad] == [
        "column `Target`: neither 0 nor 1",
        "field `id`: expected a string, got null",
    ]


@pytest.mark.parametrize("header", ["ImageId, EncodedPixels", "ImageId,EncodedPixels"])
def test_siim(run: Run, tmp_path: Path, header: str) -> None:
    """The table as it is downloaded has blanks after its commas; a film may have several masks."""
    write(
        tmp_path / "s", **{"train-rle": f"{header}\n1.2.3, -1\n1.2.4, 387620 23 996\n1.2.4, 13 7 8\n1.2.5,-1\n1.2.6,\n"}
    )
    for place in ("dicom-images-train/1.2.1/1.2.2/1.2.3.dcm", "dicom-images-train/1.2.8/1.2.9/1.2.4.dcm"):
        (tmp_path / "s" / place).parent.mkdir(parents=True)
        (tmp_path / "s" / place).touch()
    done = run("studies", "s", "--on-error", "skip", "--rejects", "bad.jsonl")
    first, second, third = rows(done.stdout)
    assert first == {
        "id": "1.2.3",
        "images": ["dicom-images-train/1.2.1/1.2.2/1.2.3.dcm"],
        "labels": {"Pneumothorax": 0},
        "split": "train",
        "source": "siim",
    }
    assert (second["images"], second["labels"]) == (["dicom-images-train/1.2.8/1.2.9/1.2.4.dcm"], {"Pneumothorax": 1})
    assert (third["images"], third["why"]) == ([], {"images": "no film of this name"})
    (bad,) = rows((tmp_path / "bad.jsonl").read_text())
    assert (bad["where"], bad["reason"]) == ("s/train-rle.csv:6", "column `EncodedPixels`: blank; no mask is -1")


def test_vindr(run: Run, tmp_path: Path) -> None:
    train = "image_id,rad_id,Cardiomegaly,Clavicle fracture,Rib fracture,ILD,Nodule/Mass,No finding\n"
    train += "f,R9,1,0,1,0,0,0\ng,R9,0,0,0,0,0,1\nf,R8,1,1,0,0,1,0\nf,R10,0,0,0,0,0,1\ng,R1,0,0,0,1,0,0\n"
    test = "image_id,Cardiomegaly,Clavicle fracture,Rib fracture,ILD,Other disease,No finding\nh,0,0,0,1,0,0\n"
    write(tmp_path / "v/annotations", image_labels_train=train, image_labels_test=test)
    first, second, third = rows(run("studies", "v").stdout)
    assert first == {
        "id": "f",
        "images": ["train/f.dicom"],
        "labels": {"Cardiomegaly": 1, "Fracture": 1, "Interstitial disease": 0, "Nodule/Mass": 0, "No finding": 0},
        "split": "train",
        "source": "vindr-cxr",
    }
    assert second["labels"]["Interstitial disease"] == second["labels"]["No finding"] == -1  # one reader each
    assert (third["id"], third["split"], third["images"]) == ("h", "test", ["test/h.dicom"])
    assert third["labels"]["Interstitial disease"] == 1


def test_a_bad_reading_of_vindr_is_left_out(run: Run, tmp_path: Path) -> None:
    table = "image_id,rad_id,Edema,No finding\nf,R1,x,1\nf,R2,1,0\n"
    write(tmp_path / "v/annotations", image_labels_train=table)
    done = run("studies", "v", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["labels"] for row in rows(done.stdout)] == [{"Edema": 1, "No finding": 0}]
    assert rows((tmp_path / "bad.jsonl").read_text())[0]["reason"] == "column `Edema`: none of 1, 0, -1 and blank"


def test_labels_that_contradict_make_a_broken_row(run: Run, tmp_path: Path) -> None:
    (tmp_path / "stage_2_train_labels.csv").write_text("patientId,x,y,Target\na,,,0\nb,1,2,1\na,1,2,1\nb,5,6,1\n")
    done = run("studies", "rsna:.", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [(row["id"], row["labels"]) for row in rows(done.stdout)] == [("b", {"Pneumonia": 1})]
    [bad] = rows((tmp_path / "bad.jsonl").read_text())
    assert (bad["where"], bad["id"]) == ("stage_2_train_labels.csv:2", "a")
    assert bad["reason"] == "its labels contradict those of the same film in line 4"


def test_a_mask_and_no_mask_contradict(run: Run, tmp_path: Path) -> None:
    (tmp_path / "train-rle.csv").write_text("ImageId, EncodedPixels\na, -1\nb, 5 6\nb, 7 8\na, 1 2\n")
    done = run("studies", "siim:.", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["id"] for row in rows(done.stdout)] == ["b"]
    assert "contradict" in rows((tmp_path / "bad.jsonl").read_text())[0]["reason"]


def test_films_of_one_study_with_other_labels(run: Run, tmp_path: Path) -> None:
    names = ",".join(CHEXPERT_LABELS)
    films = [
        (f"CheXpert-v1.0/train/patient00001/study{study}/view{view}_frontal.jpg", study, view)
        for study in (1, 2)
        for view in (1, 2)
    ]
    lines = [
        f"{path},F,68,Frontal,AP,{'1.0' if study == view == 1 else '0.0'}{',' * 13}" for path, study, view in films
    ]
    (tmp_path / "train.csv").write_text(f"Path,Sex,Age,Frontal/Lateral,AP/PA,{names}\n" + "\n".join(lines) + "\n")
    done = run("studies", "chexpert:.", "--on-error", "skip", "--rejects", "bad.jsonl")
    assert [row["id"] for row in rows(done.stdout)] == ["patient00001/study2"]
    assert rows((tmp_path / "bad.jsonl").read_text())[0]["reason"] == "the labels of its films contradict"


def test_a_film_of_unknown_view_is_frontal_only_where_no_other_is(tmp_path: Path) -> None:
    (tmp_path / "mimic-cxr-2.0.0-metadata.csv").write_text(
        "study_id,dicom_id,ViewPosition,StudyDate,StudyTime\n"
        "1,pa,PA,21800101,0\n1,blank,,21800101,0\n2,alone,,21800101,0\n2,side,LATERAL,21800101,0\n"
    )
    tables = Tables([tmp_path])
    assert [film for film, lateral in tables.films(1) if not lateral] == ["pa"]
    assert [film for film, lateral in tables.films(2) if not lateral] == ["alone"]
    label_names = ",".join(MIMIC_LABELS)
    (tmp_path / "mimic-cxr-2.0.0-chexpert.csv").write_text(
        f"subject_id,study_id,{label_names}\n1,5,1.0{',' * 13}\n1,5,0.0{',' * 13}\n"
    )
    with pytest.raises(CxrError, match="study 5 has two rows whose labels contradict"):
        Tables([tmp_path])
