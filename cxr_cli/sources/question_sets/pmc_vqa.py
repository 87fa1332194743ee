"""PMC-VQA as it lies on Hugging Face, xmcmic/PMC-VQA.

    train.csv, test.csv            Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label
    train_2.csv, test_2.csv        index,Figure_path,Caption,Question,Choice A,..,Choice D,Answer,split
    test_clean.csv                 in either form: questions of the test that people have checked
    images/PMC1064097_F1.jpg       of the first version, unpacked from images.zip
    figures/PMC1064097_F1.jpg      of the second, unpacked from images_2.zip

    {"id": "train/2", "question": "..", "options": ["Diffuse uptake", "Focal uptake", ..], "answer": "Focal uptake",
     "images": ["images/PMC1064097_F1.jpg"], "split": "train", "source": "pmc-vqa"}

Zhang et al. 2023, arXiv 2305.10415: 227,000 questions on 149,000 images of all kinds, chest X-rays among them. The id
is the file's name and the line; questions that people have checked are the split `test_clean`.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import in_one_folder, read_table, starts_with
from cxr_cli.sources.question_sets.own_keys import with_own_keys
from cxr_cli.sources.shapes.choices import lettered_answer

PMC_FILES = ("train", "test", "test_clean", "train_2", "test_2")
_HEADERS = (b"Figure_path,", b"index,Figure_path,", b",Figure_path,")
_CHOICE_COLUMNS = ("Choice A", "Choice B", "Choice C", "Choice D")
_PMC_RENAMED = {*_CHOICE_COLUMNS, "Figure_path", "Question", "Answer", "Answer_label"}


def fits(folder: Path) -> bool:
    return any(_is_pmc(folder / f"{name}.csv") for name in PMC_FILES)


def _is_pmc(path: Path) -> bool:
    return any(starts_with(path, header) for header in _HEADERS)


def _items(folder: Path) -> Iterator[Item]:
    for name in PMC_FILES:
        if _is_pmc(path := folder / f"{name}.csv"):
            for where, row, reason in read_table(path, ("Figure_path", "Question", *_CHOICE_COLUMNS, "Answer")):
                if reason is None and not row["Figure_path"]:
                    reason = "column `Figure_path`: blank"
                yield where, row if reason else _case(row, name, where.rpartition(":")[2]), reason


DATA_SET = DataSet("train.csv or train_2.csv with a column Figure_path", fits, in_one_folder(_items))


def _case(row: Row, name: str, line: str) -> Row:
    films = "images" if "Answer_label" in row else "figures"
    options = {choice[-1]: row[choice] for choice in _CHOICE_COLUMNS}
    case = {
        "id": f"{name}/{line}",
        "question": (row["Question"] or "").strip(),
        "options": options,
        "answer": lettered_answer(options, (row.get("Answer_label") or row["Answer"] or "").strip() or None),
        "images": [f"{films}/{row['Figure_path']}"],
        "split": name.removesuffix("_2"),
        "source": "pmc-vqa",
    }
    return with_own_keys(case, row, _PMC_RENAMED)
