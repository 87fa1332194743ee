"""Estimates what a whole training takes, from a sample of its rows: `make -f recipes/chestx-reasoner.mk plan` runs it.

    python3 recipes/plan.py OUT/plan-200 --sample 200 --speeds 2000,1500 --models 6 --share 0.25 \\
        train/mimic-cxr.binary=222758:4000 answers/mimic-cxr=222758 test/rsna.centre=26684:400

FOLDER holds the sample, FILE.jsonl, and what `cxr sft`, `cxr rl` and `cxr mine -m` print with --dry-run: sft.txt,
rl.txt, llm.txt. FILE=STUDIES[:EACH]: the number of studies, and the most questions that each finding gets.
"""

import argparse
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ANSWER = 8  # tokens of an answer alone, with its tags
CHECKPOINTS = 3  # kept of each training
Plan = dict[str, str]  # the lines of a --dry-run by their names


class File(NamedTuple):
    """sample: rows of the sample. studies: of the whole. rows, reasoned (those with steps), size (in bytes): expected
    of the whole."""

    name: str
    sample: int
    studies: int
    rows: int
    reasoned: int
    size: float


def expected(folder: Path, text: str, sample: int) -> File:
    """What a whole file will hold: the rows of each finding grow with the number of studies, up to EACH."""
    name, _, counts = text.partition("=")
    studies, _, each = counts.partition(":")
    lines = (folder / f"{name}.jsonl").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines]
    scale = max(1.0, int(studies) / sample)
    by_finding = Counter(row["findings"][0] if each else "" for row in rows)
    most = float(each or math.inf)
    count = round(sum(min(most, n * scale) for n in by_finding.values()))
    share = count / len(rows) if rows else 0
    reasoned = sum(bool(row["steps"]) for row in rows)
    return File(name, len(rows), int(studies), count, round(reasoned * share), sum(map(len, lines)) * share)


def read_plan(path: Path) -> Plan:
    """`rows          134` -> {"rows": "134"}"""
    return dict(line.split(maxsplit=1) for line in path.read_text().splitlines() if len(line.split()) > 1)


def number(text: str, pattern: str = r"([\d,.]+)") -> float:
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in: {text}"
    return float(match[1].replace(",", ""))


def steps(plan: Plan, rows: int, per_step: float) -> float:
    fixed = "by max_steps" in plan["steps"]
    epochs = number(plan["steps"], r"\(([\d.e+]+) epochs")
    return number(plan["steps"]) if fixed else math.ceil(rows / per_step) * epochs


def folder_size(plan: Plan) -> float:
    """Bytes of a training's folder: weights in bf16, and in each checkpoint Adam's states and master weights too."""
    trainable, parameters = (float(n.replace(",", "")) * 1e6 for n in re.findall(r"[\d,]+\.\d", plan["training"]))
    return 2 * parameters + CHECKPOINTS * (2 * parameters + 12 * trainable)


def estimate(folder: Path, arguments: argparse.Namespace) -> list[str]:
    """The lines of the estimate."""
    files = [expected(folder, name, arguments.sample) for name in arguments.files]

    def total(part: str, what: str = "rows") -> int:
        return sum(getattr(file, what) for file in files if file.name.startswith(part))

    sft, rl, llm = (read_plan(folder / f"{name}.txt") for name in ("sft", "rl", "llm"))
    trained_an_hour, written_an_hour = (3600 * float(speed) for speed in arguments.speeds.split(","))
    prompt, chain = number(sft["tokens"], r"(\d+) prompt"), number(sft["tokens"], r"(\d+) taught")
    batch = number(sft["batch"])
    sft_steps = steps(sft, total("train") + total("answers"), batch)
    sft_tokens = sft_steps * batch * (prompt + arguments.share * chain + (1 - arguments.share) * ANSWER)
    completions, prompts = number(rl["batch"]), number(rl["batch"], r"= ([\d,]+)")
    rl_steps = steps(rl, total("train"), prompts)
    rl_written = rl_steps * completions * chain
    rl_trained = rl_steps * completions * (prompt + chain) * 4 / 3  # one more forward pass, of the reference model
    rl_hours = rl_written / written_an_hour + rl_trained / trained_an_hour
    answers = total("test") * arguments.models * chain
    mined = next(file.sample for file in files if file.name.startswith("train") and file.sample)
    growth = (total("train", "reasoned") + total("test", "reasoned")) / mined
    rows_size = sum(file.size for file in files) * 2 + total("test", "size") * arguments.models
    models = f"{folder_size(sft) / 1e9:,.0f} + {folder_size(rl) / 1e9:,.0f}"
    lines = [f"{'file':28}{'sampled':>9}{'studies':>10}{'expected rows':>15}"]
    lines += [f"{file.name:28}{file.sample:9,}{file.studies:10,}{file.rows:15,}" for file in files]
    return [
        *lines,
        "",
        f"rows       {total('train'):,} to train on, {total('train', 'reasoned'):,} of them with steps; "
        f"{total('answers'):,} answers alone; {total('test'):,} to test on",
        f"disk       {rows_size / 1e9:,.1f} GB of rows; {models} GB of models and {CHECKPOINTS} checkpoints of each",
        f"GPU hours  {sft_tokens / trained_an_hour:,.1f}  stage 1: {sft_steps:,.0f} steps of {batch:,.0f} rows, "
        f"{_big(sft_tokens)} tokens",
        f"           {rl_hours:,.1f}  stage 2: {rl_steps:,.0f} steps of {completions:,.0f} completions, "
        f"{_big(rl_written)} tokens written, {_big(rl_trained)} trained on",
        f"           {answers / written_an_hour:,.1f}  {arguments.models} models answer: {_big(answers)} tokens",
        f"LLM        with MINER=: {_big(growth * number(llm['requests']))} requests, "
        f"{_big(growth * number(llm['prompt']))} tokens in, {_big(growth * number(llm['completion']))} out",
        f"a GPU      stage 1: {sft['memory']}",
        f"           stage 2: {rl['memory']}",
        f"assumed    a GPU trains on {trained_an_hour / 3600:,.0f} tokens a second and writes "
        f"{written_an_hour / 3600:,.0f}, SPEEDS=; replies are as long as the chains, {chain:.0f} tokens; studies as "
        f"published, with as many rows as the first {arguments.sample} of each",
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
    parser.add_argument("--speeds", required=True, help="tokens a second of a GPU in training and in generation")
    parser.add_argument("--models", type=int, required=True, help="number of models that answer the test")
    parser.add_argument("--share", type=float, required=True, help="share of rows with steps in stage 1")
    arguments = parser.parse_args()
    print("\n".join(estimate(arguments.folder, arguments)))


if __name__ == "__main__":
    main()
