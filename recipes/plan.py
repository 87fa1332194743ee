"""What a whole training will take, from a sample of its rows: `make -f recipes/chestx-reasoner.mk plan` runs it.

    python3 recipes/plan.py OUT/plan-200 --sample 200 --speeds 2000,1500 --models 6 --share 0.25 \\
        train/mimic-cxr.binary=222758:4000 answers/mimic-cxr=222758 test/rsna.centre=26684:400

FOLDER holds the sample, FILE.jsonl, and what `cxr sft`, `cxr rl` and `cxr mine -m` say by --dry-run: sft.txt, rl.txt,
llm.txt. FILE=STUDIES[:EACH]: how many studies there are, and the questions that each finding gets at most.
"""

import argparse
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ANSWER = 8  # tokens of an answer alone, its tags with it
CHECKPOINTS = 3  # kept of each training
Said = dict[str, str]


class File(NamedTuple):
    """rows, cases with steps and bytes: expected of the whole. sampled: rows of the sample."""

    name: str
    sampled: int
    studies: int
    rows: int
    reasoned: int
    size: float


def expected(folder: Path, given: str, sample: int) -> File:
    """A file of the whole, from that of the sample: of each finding as many more as there are more studies."""
    name, _, told = given.partition("=")
    studies, _, each = told.partition(":")
    lines = (folder / f"{name}.jsonl").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines]
    scale = max(1.0, int(studies) / sample)
    about = Counter(row["findings"][0] if each else "" for row in rows)
    most = float(each or math.inf)
    count = round(sum(min(most, n * scale) for n in about.values()))
    share = count / len(rows) if rows else 0
    reasoned = sum(bool(row["steps"]) for row in rows)
    return File(name, len(rows), int(studies), count, round(reasoned * share), sum(map(len, lines)) * share)


def told(path: Path) -> Said:
    """`rows          134` -> {"rows": "134"}"""
    return dict(line.split(maxsplit=1) for line in path.read_text().splitlines() if len(line.split()) > 1)


def number(text: str, pattern: str = r"([\d,.]+)") -> float:
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in: {text}"
    return float(found[1].replace(",", ""))


def steps(said: Said, rows: int, per_step: float) -> float:
    fixed = "by max_steps" in said["steps"]
    epochs = number(said["steps"], r"\(([\d.e+]+) epochs")
    return number(said["steps"]) if fixed else math.ceil(rows / per_step) * epochs


def stored(said: Said) -> float:
    """Bytes of a training's folder: weights in bf16; in a checkpoint Adam's states and master weights beside them."""
    trained, every = (float(n.replace(",", "")) * 1e6 for n in re.findall(r"[\d,]+\.\d", said["training"]))
    return 2 * every + CHECKPOINTS * (2 * every + 12 * trained)


def plan(folder: Path, given: argparse.Namespace) -> list[str]:
    files = [expected(folder, name, given.sample) for name in given.files]

    def rows(part: str, what: str = "rows") -> int:
        return sum(getattr(file, what) for file in files if file.name.startswith(part))

    sft, rl, llm = (told(folder / f"{name}.txt") for name in ("sft", "rl", "llm"))
    training, writing = (3600 * float(speed) for speed in given.speeds.split(","))
    asked, chain = number(sft["tokens"], r"(\d+) prompt"), number(sft["tokens"], r"(\d+) taught")
    batch = number(sft["batch"])
    first = steps(sft, rows("train") + rows("answers"), batch)
    taught = first * batch * (asked + given.share * chain + (1 - given.share) * ANSWER)
    completions, prompts = number(rl["batch"]), number(rl["batch"], r"= ([\d,]+)")
    second = steps(rl, rows("train"), prompts)
    drawn = second * completions
    trained = drawn * (asked + chain) * 4 / 3  # a forward pass more, of the reference model
    answers = rows("test") * given.models
    mined = next(file.sampled for file in files if file.name.startswith("train") and file.sampled)
    case = (rows("train", "reasoned") + rows("test", "reasoned")) / mined
    disk = sum(file.size for file in files) * 2 + rows("test", "size") * given.models
    lines = [f"{'file':28}{'sampled':>9}{'studies':>10}{'expected rows':>15}"]
    lines += [f"{file.name:28}{file.sampled:9,}{file.studies:10,}{file.rows:15,}" for file in files]
    return [
        *lines,
        "",
        f"rows       {rows('train'):,} to train on, {rows('train', 'reasoned'):,} of them with steps; "
        f"{rows('answers'):,} answers alone; {rows('test'):,} to test on",
        f"disk       {disk / 1e9:,.1f} GB of rows; {stored(sft) / 1e9:,.0f} + {stored(rl) / 1e9:,.0f} GB of models and "
        f"{CHECKPOINTS} checkpoints of each",
        f"GPU hours  {taught / training:,.1f}  stage 1: {first:,.0f} steps of {batch:,.0f} rows, {_big(taught)} tokens",
        f"           {drawn * chain / writing + trained / training:,.1f}  stage 2: {second:,.0f} steps of "
        f"{completions:,.0f} completions, {_big(drawn * chain)} tokens written, {_big(trained)} trained on",
        f"           {answers * chain / writing:,.1f}  {given.models} models answer: {_big(answers * chain)} tokens",
        f"LLM        with MINER=: {_big(case * number(llm['requests']))} requests, "
        f"{_big(case * number(llm['prompt']))} tokens in, {_big(case * number(llm['completion']))} out",
        f"a GPU      stage 1: {sft['memory']}",
        f"           stage 2: {rl['memory']}",
        f"assumed    a GPU trains on {training / 3600:,.0f} tokens a second and writes {writing / 3600:,.0f}, SPEEDS=; "
        f"replies are as long as the chains, {chain:.0f} tokens; studies as published, with rows as the first "
        f"{given.sample} of each",
    ]


def _big(count: float) -> str:
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:,.0f}"


def main() -> None:
    parser: Any = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="+", metavar="FILE=STUDIES[:EACH]")
    parser.add_argument("--sample", type=int, required=True, help="studies of each data set in the sample")
    parser.add_argument("--speeds", required=True, help="tokens a second of a GPU: trained on, written")
    parser.add_argument("--models", type=int, required=True, help="how many answer the test")
    parser.add_argument("--share", type=float, required=True, help="of rows with steps in stage 1")
    given = parser.parse_args()
    print("\n".join(plan(given.folder, given)))


if __name__ == "__main__":
    main()
