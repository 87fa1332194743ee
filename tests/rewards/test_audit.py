"""The audit: no cheat may be paid as well as the honest chains."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.findings import reader
from cxr_cli.mining.cases import Miner
from cxr_cli.rewards.audit import CHEATS, as_table, audit
from cxr_cli.rewards.reward_mix import select
from tests.cases import LEXICON, examples
from tests.conftest import Cxr
from tests.shared import needs_shared, openi_reports, report_text


def verified(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    mine = Miner(LEXICON)
    return [case for row in rows for case in mine(row)]


def check_audit(cases: list[dict[str, Any]]) -> None:
    done = audit(cases, select([]), reader(LEXICON))
    assert done.failed == []
    assert [line.name for line in done.lines] == ["honest chain", *CHEATS]
    assert done.lines[0].total > max(line.total for line in done.lines[1:]) + 0.1
    assert "pays as well" not in as_table(done)


def test_no_cheat_beats_the_honest_chain() -> None:
    check_audit(verified(examples()))


@needs_shared
def test_no_cheat_beats_the_honest_chain_on_real_reports() -> None:
    rows = [{"id": r["uid"], "report": report_text(r)} for r in openi_reports()[:120]]
    check_audit(verified(rows)[:300])


def test_the_audit_finds_rewards_that_can_be_cheated() -> None:
    done = audit(verified(examples()), select(["factuality", "format"]), reader(LEXICON))
    assert "one sentence fifty times" in done.failed
    assert "<- pays as well" in as_table(done)
    with pytest.raises(CxrError, match="nothing to audit"):
        audit([{"id": "a", "answer": "Yes"}], select([]), reader(LEXICON))


def test_the_audit_on_the_command_line(cxr: Cxr, drawn: Path) -> None:
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--reward=format:1", "--reward=accuracy", "--reward=process:1")
    assert (done.returncode, done.stderr) == (0, "cxr: no cheat earns as much as the honest chains\n")
    assert "hedging on all" in done.stdout
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--reward", "length")
    assert done.returncode == 1
    assert "cheats earn as much as the honest chains: " in done.stderr


def test_a_recipe_without_rewards_is_audited_with_the_default_ones(cxr: Cxr, drawn: Path) -> None:
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--set", "learning_rate=1e-6")
    assert (done.returncode, done.stderr) == (0, "cxr: no cheat earns as much as the honest chains\n")


def test_the_audit_of_the_rewards_of_a_recipe(cxr: Cxr, drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "rl.yaml").write_text("learning_rate: 1.0e-6\nrewards: {length: 2}\n")
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--config", "rl.yaml")
    assert done.returncode == 1
    assert done.stdout.splitlines()[3].startswith("length")
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--config", "rl.yaml", "--set", "rewards=format")
    assert done.stdout.splitlines()[3].startswith("format")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('Private words')", "own:f (ids ID and 11 more): ValueError at FILE:2"),
        ("return None", "own:f (ids ID and 11 more) gave None, not a list"),
        (
            "return [float('nan')] * len(completions)",
            "own:f gave nan for id ID; it NUMBER",
        ),
        ("return ['1'] * len(completions)", "own:f gave a str for id ID; it NUMBER"),
        ("return [1.0]", "own:f (ids ID and 11 more) gave 1 values for 12 completions"),
        ("def:", "own:f: SyntaxError at FILE:2"),
    ],
)
def test_the_audit_names_what_is_wrong_with_an_own_reward(
    cxr: Cxr, drawn: Path, tmp_path: Path, body: str, words: str
) -> None:
    (tmp_path / "own.py").write_text(f"def f(completions, **_):\n    {body}\n")
    done = cxr("rl", drawn / "steps.jsonl", "--audit", "--limit", 12, "--reward", "own:f")
    first = json.loads((drawn / "steps.jsonl").read_text().splitlines()[0])["id"]
    words = (
        words.replace("ID", first)
        .replace("NUMBER", "takes a number of at most 1e+09, or None")
        .replace("FILE", str(tmp_path / "own.py"))
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"cxr: --reward {words}\n")
