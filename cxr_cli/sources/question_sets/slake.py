"""SLAKE 1.0 as med-vqa.com and Hugging Face (BoKelvin/SLAKE) serve it.

    train.json, validate.json, test.json    [{"qid": 0, "img_name": "xmlab1/source.jpg", "question": "..",
                                              "answer": "MRI", "q_lang": "en", "answer_type": "OPEN",
                                              "content_type": "Modality", "location": "Lung", "modality": "X-Ray", ..}]
    imgs/xmlab1/source.jpg

    {"id": "0", "question": "..", "answer": "MRI", "images": ["imgs/xmlab1/source.jpg"], "split": "train",
     "source": "slake", "q_lang": "en", "modality": "X-Ray", "location": "Lung", ..}

Liu et al. 2021, doi 10.1109/ISBI48211.2021.9434010. The questions are in English and Chinese, `q_lang`, and on X-rays,
CT and MR, `modality`.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder
from cxr_cli.sources.formats.json_members import holds, json_members

SLAKE_SPLITS = ("train", "validate", "test")
_SLAKE_KEYS = ("answer_type", "content_type", "q_lang", "location", "modality", "base_type")


def fits(folder: Path) -> bool:
    return any(_is_slake(folder, split) for split in SLAKE_SPLITS)


def _is_slake(folder: Path, split: str) -> bool:
    return holds(folder / f"{split}.json", "img_name", "q_lang")


def _items(folder: Path) -> Iterator[Item]:
    for split in SLAKE_SPLITS:
        if _is_slake(folder, split):
            for where, _, item, reason in json_members(folder / f"{split}.json"):
                if reason is None and not (isinstance(item, dict) and "qid" in item and item.get("img_name")):
                    reason = "no `qid` or no `img_name`"
                yield where, item if reason else _case(item, split), reason


DATA_SET = DataSet("train.json with `img_name` and `q_lang`", fits, in_one_folder(_items))


def _case(item: Row, split: str) -> Row:
    return {
        "id": str(item["qid"]),
        "question": item.get("question"),
        "answer": item.get("answer"),
        "images": [f"imgs/{item['img_name']}"],
        "split": split,
        "source": "slake",
        **{key: item[key] for key in _SLAKE_KEYS if key in item},
    }
