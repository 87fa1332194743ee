"""Cases for other trainers: `python for_trainers.py verl|easyr1|swift CASES FILMS OUT`; see other-trainers.md."""

import json
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


def question(case: Row) -> str:
    """The question as `cxr rl` asks it, with a mark for each film."""
    films = "<image>" * len(films_of(case))
    return films + prompt(case, INSTRUCTION)


def reward_columns(case: Row) -> Row:
    """What the rewards need."""
    return {name: case.get(name) for name in CASE_COLUMNS}


def verl(case: Row, films: list[str]) -> Row:
    return {
        "data_source": case.get("source") or "cxr",
        "ability": case["task"],
        "prompt": [{"role": "user", "content": question(case)}],
        "images": [{"image": film} for film in films],
        "reward_model": {"style": "rule", "ground_truth": answer_text(case)},
        "extra_info": {"id": case["id"], "case": json.dumps(reward_columns(case))},
    }


def easyr1(case: Row, films: list[str]) -> Row:
    return {"problem": question(case), "images": films, "answer": json.dumps(reward_columns(case))}


def swift(case: Row, films: list[str]) -> Row:
    return {
        "messages": [{"role": "user", "content": question(case)}],
        "images": films,
        "case": json.dumps(reward_columns(case)),
    }


ROW = {"verl": verl, "easyr1": easyr1, "swift": swift}


def main(trainer: str, cases: str, root: str, out: str) -> None:
    rows = []
    for line in Path(cases).read_text().splitlines():
        case = json.loads(line)
        films = [str(Path(root, path).resolve()) for path in films_of(case)]
        rows.append(ROW[trainer](case, films))
    table = pl.DataFrame(rows)
    table.write_parquet(out) if out.endswith(".parquet") else table.write_ndjson(out)
    print(f"{len(rows)} rows -> {out}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
