"""MIMIC-CXR-VQA, MIMIC-Ext-MIMIC-CXR-VQA 1.0.0 as PhysioNet serves it, or as its authors' script builds it.

    MIMIC-CXR-VQA/dataset/train.json    and valid, test; or in the folder itself, or in dataset/
        [{"split": "train", "idx": 13280, "question": "..", "answer": ["yes"], "semantic_type": "verify",
          "content_type": "attribute", "template": "..", "subject_id": "..", "study_id": "..",
          "image_path": "p10/p10000032/s50414267/02aa804e-...jpg"}, ..]
    files/p10/p10000032/s50414267.txt, and s50414267/02aa804e-...jpg: reports and films, those of MIMIC-CXR

    {"id": "train/13280", "patient": "p10000032", "question": "..", "answer": "yes", "report": null,
     "images": ["files/p10/p10000032/s50414267/02aa804e-...jpg"], "split": "train", "semantic_type": "verify",
     "content_type": "attribute", "source": "mimic-cxr-vqa", ..}

`mimic-cxr-vqa:/data/mimic-cxr-vqa:/data/mimic-cxr`: reports from the first tree that has them. Bae et al. 2023, arXiv
2310.18652: 377,391 questions, 290,031 to train on, 73,567 to validate and 13,793 to test. The answer to a question of
the type `verify` is yes or no; of others it is a list, which may be empty.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_cli.rows import Item, Row, Source
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.json_members import holds, json_members
from cxr_cli.sources.formats.mimic_study import mimic_study
from cxr_cli.sources.question_sets.own_keys import with_own_keys

MIMIC_VQA_SPLITS = ("train", "valid", "test")
_DATASET_PLACES = ("", "dataset", "mimiccxrvqa/dataset", "MIMIC-CXR-VQA", "MIMIC-CXR-VQA/dataset")
_MIMIC_VQA_RENAMED = ("idx", "image_path")
_FILM_PATH = re.compile(r"(?:.*/)?p\d+/p(\d+)/s(\d+)/([\w-]+)\.\w+")


def fits(folder: Path) -> bool:
    return next(_files(folder), None) is not None


def find(name: str) -> Source:
    return Source("mimic-cxr-vqa", lambda: _items([Path(part) for part in name.split(":")]))


DATA_SET = DataSet("train.json with `semantic_type` and `image_path`", fits, find)


def _files(folder: Path) -> Iterator[Path]:
    for split in MIMIC_VQA_SPLITS:
        paths = (folder / place / f"{split}.json" for place in _DATASET_PLACES)
        yield from (path for path in paths if holds(path, "semantic_type", "image_path"))


def _items(folders: Sequence[Path]) -> Iterator[Item]:
    for path in next([*_files(folder)] for folder in folders if fits(folder)):
        for where, _, item, reason in json_members(path):
            film = _FILM_PATH.fullmatch(str(item.get("image_path"))) if isinstance(item, dict) else None
            if reason is None and not film:
                reason = "no `image_path` such as p10/p10000032/s50414267/02aa804e.jpg"
            if film and reason is None:
                study, reason = mimic_study(film[1], film[2], film[3], folders)
                case = study | {"patient": f"p{film[1]}"} | _case(item, path.stem)
                case = with_own_keys(case, item, _MIMIC_VQA_RENAMED)
            yield where, item if reason else case, reason


def _case(item: Row, split: str) -> Row:
    answer = item.get("answer")
    if item.get("semantic_type") == "verify" and isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return {
        "id": f"{split}/{item.get('idx')}",
        "question": item.get("question"),
        "answer": answer,
        "split": item.get("split") or split,
        "source": "mimic-cxr-vqa",
    }
