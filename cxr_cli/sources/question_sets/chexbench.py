"""CheXbench as the repository of CheXagent has it, Stanford-AIMI/CheXagent: `evaluation_chexbench/data.json`.

    data.json       {"View Classification": [{"question": "..", "option_0": "AP", "option_1": "PA", "option_2": NaN, ..,
                                              "answer": 1, "image_path": "..", "data_source": "..", "slice": ".."}, ..],
                     "Temporal Classification": [..], ..}

    {"id": "View Classification/1", "task": "View Classification", "question": "..", "options": ["AP", "PA"],
     "answer": "PA", "images": [".."], "data_source": "..", "slice": "..", "split": "test", "source": "chexbench"}

Chen et al. 2024, arXiv 2401.12208. The films are those of the data sets that `data_source` names; `--images` is the
folder from which the paths start. The answer counts from 0, without the options that are NaN. Items of tasks without
options, which ask for a report or a place, are passed over.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row, note
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder
from cxr_cli.sources.formats.json_members import holds, json_members
from cxr_cli.sources.question_sets.own_keys import with_own_keys
from cxr_cli.sources.shapes.choices import lettered_answer

_DATA_PLACES = ("data.json", "evaluation_chexbench/data.json")
_OPTION_KEYS = [f"option_{number}" for number in range(10)]
_CHEXBENCH_RENAMED = {*_OPTION_KEYS, "image_path"}


def fits(folder: Path) -> bool:
    return _data(folder) is not None


def _data(folder: Path) -> Path | None:
    return next((path for place in _DATA_PLACES if holds(path := folder / place, "option_0", "image_path")), None)


def _items(folder: Path) -> Iterator[Item]:
    path, others = _data(folder), 0
    for where, task, items, reason in json_members(path) if path else ():
        if reason is not None or not isinstance(items, list):
            yield where, items, reason or "not a list of questions"
            continue
        for number, item in enumerate(items, 1):
            if isinstance(item, dict) and isinstance(item.get("option_0"), str):
                yield f"{where}/{number}", _case(item, str(task), number), None
            else:
                others += 1
    if others:
        note(f"{path}: {others} items without options are passed over")


DATA_SET = DataSet("data.json with `option_0` and `image_path`", fits, in_one_folder(_items))


def _case(item: Row, task: str, number: int) -> Row:
    films, texts = item.get("image_path"), (item.get(key) for key in _OPTION_KEYS)
    options = {str(number): text for number, text in enumerate(text for text in texts if isinstance(text, str))}
    case = {
        "id": f"{task}/{number}",
        "task": task,
        "question": item.get("question"),
        "options": options,
        "answer": lettered_answer(options, item.get("answer")),
        "images": films if isinstance(films, list) else [films],
        "split": "test",
        "source": "chexbench",
    }
    return with_own_keys(case, item, _CHEXBENCH_RENAMED)
