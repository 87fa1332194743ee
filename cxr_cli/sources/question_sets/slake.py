"""SLAKE 1.0 as med-vqa.com and Hugging Face (BoKelvin/SLAKE) serve it.

    train.json, test.json, and validate.json, on Hugging Face validation.json
        [{"qid": 0, "img_name": "xmlab1/source.jpg", "question": "..", "answer": "MRI", "q_lang": "en",
          "answer_type": "OPEN", "content_type": "Modality", "location": "Lung", "modality": "X-Ray", ..}]
    imgs/xmlab1/source.jpg

    {"id": "0", "question": "..", "answer": "MRI", "images": ["imgs/xmlab1/source.jpg"], "split": "train",
     "source": "slake", "q_lang": "en", "modality": "X-Ray", "location": "Lung", ..}

Liu et al. 2021, doi 10.1109/ISBI48211.2021.9434010: 14,028 questions on 642 images. They are in English and Chinese,
`q_lang`, and on X-rays, CT and MR, `modality`.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder
from cxr_cli.sources.formats.json_members import holds, json_members
from cxr_cli.sources.question_sets.own_keys import with_own_keys

SLAKE_FILES = {"train": "train", "validate": "validate", "validation": "validate", "test": "test"}  # name -> split
_SLAKE_RENAMED = ("qid", "img_name")


def fits(folder: Path) -> bool:
    return any(_is_slake(folder / f"{name}.json") for name in SLAKE_FILES)


def _is_slake(path: Path) -> bool:
    return holds(path, "img_name", "q_lang")


def _items(folder: Path) -> Iterator[Item]:
    for name, split in SLAKE_FILES.items():
        if _is_slake(path := folder / f"{name}.json"):
            for where, _, item, reason in json_members(path):
                if reason is None and not (isinstance(item, dict) and "qid" in item and item.get("img_name")):
                    reason = "no `qid` or no `img_name`"
                yield where, item if reason else _case(item, split), reason


DATA_SET = DataSet("train.json with `img_name` and `q_lang`", fits, in_one_folder(_items))


def _case(item: Row, split: str) -> Row:
    case = {
        "id": str(item["qid"]),
        "question": item.get("question"),
        "answer": item.get("answer"),
        "images": [f"imgs/{item['img_name']}"],
        "split": split,
        "source": "slake",
    }
    return with_own_keys(case, item, _SLAKE_RENAMED)
