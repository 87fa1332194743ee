"""VQA-RAD as the Open Science Framework serves it (osf.io/89kps).

    VQA_RAD Dataset Public.json       [{"qid": 1, "image_name": "synpic54610.jpg", "image_organ": "HEAD",
                                        "question": "..", "answer": "Yes", "answer_type": "CLOSED",
                                        "question_type": "PRES", "phrase_type": "freeform", ..}, ..]
    VQA_RAD Image Folder/synpic54610.jpg

    {"id": "1", "question": "..", "answer": "Yes", "images": ["VQA_RAD Image Folder/synpic54610.jpg"], "split": "train",
     "source": "vqa-rad", "answer_type": "CLOSED", "question_type": "PRES", "image_organ": "HEAD", ..}

Lau et al. 2018, doi 10.1038/sdata.2018.251: 2,248 questions on 315 images of the head, chest and abdomen; `image_organ`
says which. 451 of them, whose `phrase_type` begins with `test`, are the split `test`.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder
from cxr_cli.sources.formats.json_members import json_members
from cxr_cli.sources.question_sets.own_keys import with_own_keys

_QUESTION_FILE = "VQA_RAD Dataset Public.json"
_IMAGE_FOLDERS = ("VQA_RAD Image Folder", "images")
_VQA_RAD_RENAMED = ("qid", "image_name")


def fits(folder: Path) -> bool:
    return (folder / _QUESTION_FILE).is_file()


def _items(folder: Path) -> Iterator[Item]:
    films = next((name for name in _IMAGE_FOLDERS if (folder / name).is_dir()), _IMAGE_FOLDERS[0])
    for where, _, item, reason in json_members(folder / _QUESTION_FILE):
        if reason is None and not (isinstance(item, dict) and item.get("qid") and item.get("image_name")):
            reason = "no `qid` or no `image_name`"
        yield where, item if reason else _case(item, films), reason


DATA_SET = DataSet(_QUESTION_FILE, fits, in_one_folder(_items))


def _case(item: Row, films: str) -> Row:
    case = {
        "id": str(item["qid"]),
        "question": str(item.get("question") or "").strip(),
        "answer": str(answer).strip() if (answer := item.get("answer")) is not None else None,
        "images": [f"{films}/{item['image_name']}"],
        "split": "test" if str(item.get("phrase_type")).startswith("test") else "train",
        "source": "vqa-rad",
        **{key: str(item.get(key) or "").strip() for key in ("answer_type", "question_type", "image_organ")},
    }
    return with_own_keys(case, item, _VQA_RAD_RENAMED)
