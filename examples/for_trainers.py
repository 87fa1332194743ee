"""Cases for other trainers: `python for_trainers.py TRAINER CASES FILMS OUT`; see other-trainers.md."""

import base64
import json
import mimetypes
import sys
from pathlib import Path
from typing import Any

import polars as pl

from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines.prompts.prompt import answer_text
from cxr_cli.images import films_of
from cxr_cli.rewards.functions import CASE_COLUMNS
from cxr_cli.training.data.dataset import prompt

Row = dict[str, Any]


def user(case: Row) -> list[Row]:
    """The question as `cxr rl` asks it, with a mark for each film."""
    return [{"role": "user", "content": "<image>" * len(films_of(case)) + prompt(case, INSTRUCTION)}]


def case_json(case: Row) -> str:
    """What the rewards need."""
    return json.dumps({name: case.get(name) for name in (*CASE_COLUMNS, "weights")})


def verl(case: Row, films: list[str]) -> Row:
    return {
        "data_source": case.get("source") or "cxr",
        "ability": case["task"],
        "prompt": user(case),
        "images": [{"image": film} for film in films],
        "reward_model": {"style": "rule", "ground_truth": answer_text(case)},
        "extra_info": {"id": case["id"], "case": case_json(case)},
    }


def easyr1(case: Row, films: list[str]) -> Row:
    return {"problem": user(case)[0]["content"], "images": films, "answer": case_json(case)}


def swift(case: Row, films: list[str]) -> Row:
    return {"messages": user(case), "images": films, "case": case_json(case)}


def openrlhf(case: Row, films: list[str]) -> Row:
    return {"input": user(case), "images": films, "label": case_json(case)}


def slime(case: Row, films: list[str]) -> Row:
    return {
        "prompt": user(case),
        "images": films,
        "label": answer_text(case),
        "metadata": {"case": case_json(case)},
    }


def skyrl(case: Row, films: list[str]) -> Row:
    parts: list[Row] = [{"type": "image_url", "image_url": {"url": data_url(film)}, "text": None} for film in films]
    parts.append({"type": "text", "text": prompt(case, INSTRUCTION), "image_url": None})
    return {"prompt": [{"role": "user", "content": parts}], "env_class": "cxr", "case": case_json(case)}


def data_url(film: str) -> str:
    return f"data:{mimetypes.guess_type(film)[0]};base64,{base64.b64encode(Path(film).read_bytes()).decode()}"


def trl(case: Row, films: list[str]) -> Row:
    question = [{"role": "user", "content": prompt(case, INSTRUCTION)}]
    return {"prompt": question, "images": films, "case": case_json(case)}


def write_trl(rows: list[Row], out: str) -> None:
    """Its command needs the films in the file, as a column of images."""
    from datasets import Dataset, Features, Image, List, Value

    message = {"role": Value("string"), "content": Value("string")}
    features = Features({"prompt": List(message), "images": List(Image()), "case": Value("string")})
    Dataset.from_list(rows, features=features).to_parquet(out)


ROW = {function.__name__: function for function in (verl, easyr1, swift, openrlhf, slime, skyrl, trl)}


def main(trainer: str, cases: str, root: str, out: str) -> None:
    rows = []
    for line in Path(cases).read_text().splitlines():
        case = json.loads(line)
        films = [str(Path(root, path).resolve()) for path in films_of(case)]
        rows.append(ROW[trainer](case, films))
    if trainer == "trl":
        write_trl(rows, out)
    elif out.endswith(".parquet"):
        pl.DataFrame(rows).write_parquet(out)
    else:
        pl.DataFrame(rows).write_ndjson(out)
    print(f"{len(rows)} rows -> {out}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
