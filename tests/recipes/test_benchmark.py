"""recipes/radrbench.mk: the benchmark from downloaded data sets."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from hashlib import sha512
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import needs
from tests.sources.mimic_tree import write_tree

RECIPE = Path(__file__).parents[2] / "recipes" / "radrbench.mk"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
FOLDERS = {name: name.lower() for name in ("MIMIC_CXR", "CHEXPERT", "MS_CXR_T", "RSNA", "SIIM", "OPENI")}


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-f", str(RECIPE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, "PATH": PATH})


def write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def draw(film: Path) -> None:
    """A film of 64 pixels, made from its name, so that no two are alike."""
    film.parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes("L", (8, 8), sha512(str(film).encode()).digest()).save(film, "PNG")


def trees(root: Path) -> None:
    """Writes forty studies in each layout, every other one positive."""
    made = write_tree(root / "mimic_cxr", 120)
    one, two = next((a, b) for a, b in pairwise(made) if a.patient == b.patient and a.split == "train")
    (root / "mimic_cxr" / f"{two.place}.txt").write_text("FINDINGS: Pulmonary edema has improved.")
    changes = "consolidation,edema,pleural_effusion,pneumonia,pneumothorax".replace(",", "_progression,")
    write(
        root / "ms_cxr_t" / "MS_CXR_T_temporal_image_classification_v1.0.0.csv",
        [
            f"subject_id,study_id,dicom_id,previous_study_id,previous_dicom_id,{changes}_progression",
            f"{two.patient},{two.study},{two.films[0][0]},{one.study},{one.films[0][0]},,improving,,stable,",
        ],
    )
    for split, numbers in (("train", range(30)), ("valid", range(30, 40))):
        names = [f"{split}/patient{n:05}/study1/view1_frontal.jpg" for n in numbers]
        head = (
            "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,"
            "Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,"
            "Fracture,Support Devices"
        )
        rows = (f"CheXpert-v1.0/{name},F,50,Frontal,AP,,,,,,{n % 2}.0,,,,,,,," for n, name in enumerate(names))
        write(root / "chexpert" / f"{split}.csv", [head, *rows])
        for name in names:
            draw(root / "chexpert" / name)
    write(root / "rsna" / "stage_2_train_labels.csv", ["patientId,x,y,width,height,Target", *_boxes(range(40))])
    write(root / "siim" / "train-rle.csv", ["ImageId, EncodedPixels", *(f"i{n},{'9 9' if n % 2 else -1}" for n in _40)])
    reports = (f"{n},normal,normal,,,,,{'Mild edema.' if n % 2 else 'No edema.'} Chair {n}." for n in _40)
    head = "uid,MeSH,Problems,image,indication,comparison,findings,impression"
    write(root / "openi" / "indiana_reports.csv", [head, *reports])
    films = (f"{n},{n}.png,Frontal" for n in _40)
    write(root / "openi" / "indiana_projections.csv", ["uid,filename,projection", *films])
    for n in _40:
        draw(root / "rsna" / "stage_2_train_images" / f"r{n}.dcm")
        draw(root / "siim" / "dicom-images-train" / f"i{n}.dcm")
        draw(root / "openi" / "images" / "images_normalized" / f"{n}.png")
    for film in (root / "mimic_cxr").rglob("*.jpg"):
        draw(film)


_40 = range(40)


def _boxes(numbers: Iterable[int]) -> list[str]:
    return [f"r{n},1,2,3,4,1" if n % 2 else f"r{n},,,,,0" for n in numbers]


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@needs("plot")
@pytest.mark.slow
def test_a_benchmark_of_all_data_sets(tmp_path: Path) -> None:
    trees(tmp_path)
    given = [f"{name}={folder}" for name, folder in FOLDERS.items()]
    settings = ["OUT=out", "TEST_EACH=10", "TRAIN_EACH=20", "EVERY=2", "FINDINGS=edema,cardiomegaly"]
    done = make(tmp_path, *given, *settings)
    assert done.returncode == 0, done.stderr
    train, test = read(tmp_path / "out" / "train.jsonl"), read(tmp_path / "out" / "test.jsonl")
    assert not {row["patient"] for row in train} & {row.get("patient") for row in test}
    assert {row["source"] for row in train} == {"mimic-cxr", "chexpert"}
    centres = [row for row in test if row["source"] in ("rsna", "siim", "openi")]
    assert Counter((row["source"], row["answer"]) for row in centres) == {
        (source, answer): 5 for source in ("rsna", "siim", "openi") for answer in ("Yes", "No")
    }
    assert {row["steps"] for row in centres} == {None}
    mined = [row for row in (*train, *test) if row["source"] == "mimic-cxr"]
    assert {row["task"] for row in mined} == {"binary", "single", "multiple", "anomaly", "temporal"}
    assert all(step["verdict"] in ("supported", "not_checkable") for row in mined for step in row["steps"])
    temporal = [row for row in test if row["source"] == "ms-cxr-t"]
    assert [(row["task"], row["findings"], row["answer"]) for row in temporal] == [("temporal", ["edema"], "Improving")]
    assert temporal[0]["patient"] not in {row["patient"] for row in train}
    page = (tmp_path / "out" / "card" / "README.md").read_text()
    assert "| questions | " in page
    assert "same patient" not in page
    assert all((tmp_path / "out" / "films" / path).is_file() for row in (*train, *test) for path in row["images"])

    again = make(tmp_path, *given, *settings)
    assert "cxr" not in again.stdout.replace("MS_CXR", "")
    (tmp_path / "out" / "test" / "rsna.centre.jsonl").unlink()
    resumed = make(tmp_path, "-n", *given, *settings).stdout
    assert "rsna:rsna" in resumed
    assert "siim:siim" not in resumed


def test_make_n_lists_the_steps(tmp_path: Path) -> None:
    done = make(tmp_path, "-n", *(f"{name}={folder}" for name, folder in FOLDERS.items()))
    assert done.returncode == 0
    assert done.stdout.count("# Test") == 8
    assert done.stdout.count("# Train") == 4
    assert "--per-finding 400 --balance" in done.stdout
    assert not (tmp_path / "radrbench").exists()


def test_data_sets_that_are_not_given_are_left_out(tmp_path: Path) -> None:
    done = make(tmp_path, "-n", "SIIM=siim", "IMAGES=")
    assert done.stdout.startswith("# left out, as not given: MIMIC_CXR CHEXPERT MS_CXR_T RSNA OPENI\n")
    assert "rsna" not in done.stdout
    assert "--images " not in done.stdout
    nothing = make(tmp_path)
    assert nothing.returncode == 2
    assert "no data set is given; name the folder of one at least of MIMIC_CXR CHEXPERT" in nothing.stderr


def test_a_missing_folder(tmp_path: Path) -> None:
    done = make(tmp_path, "RSNA=nowhere")
    assert done.returncode == 2
    assert "cxr: rsna: nowhere does not exist" in done.stderr
    assert not (tmp_path / "radrbench" / "test.jsonl").exists()
