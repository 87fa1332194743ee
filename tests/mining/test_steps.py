"""The steps of every case: of all packaged examples, and of real reports."""

import re
from collections import Counter

import pytest

from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.mining.cases import Miner
from cxr_cli.records import Case
from cxr_cli.rows.validation import check_row
from tests.cases import LEXICON, READER, Row, answers, examples
from tests.shared import needs_shared, openi_reports, report_text

NEVER_SAID = ("report", "radiolog", "dictat", "mention", "document")


def is_sound(case: Row) -> None:
    """What holds for every case made from a report by the default policy."""
    name = case["id"]
    assert check_row(case, Case) is None, name
    plan, *seen, conclusion = case["steps"]
    assert (plan["kind"], {s["kind"] for s in seen}, conclusion["kind"]) == ("plan", {"observe"}, "conclude"), name
    answer = case["answer"] if isinstance(case["answer"], list) else [case["answer"]]
    assert answer, name
    assert len(set(case["options"])) == len(case["options"]), name
    if case["options"]:
        assert set(answer) <= set(case["options"]), name
        answered = answer_of(case, conclusion["text"])
        assert sorted(answered.texts or []) == sorted(answer), conclusion["text"]
    else:
        assert conclusion["text"].endswith(f"the answer is {', '.join(answer)}."), conclusion["text"]
    reference = ReferenceFindings(READER.read(case["report"]), LEXICON)
    for step in case["steps"]:
        text = step["text"]
        assert not any(word in text.lower() for word in NEVER_SAID), text
        assert re.fullmatch(r"[A-Z](?!.*(  |,,|\{| \.)).*[a-zA-Z]\.", text), text
        found = READER.read(text)
        if step["kind"] == "plan":
            assert not found, text
        else:
            assert found, text
        for finding in found:
            assert reference.judge(finding).verdict == "supported", (name, text)
        for span in step["evidence"]:
            sentences = {(s.start, s.end) for s in READER.statements(case["report"])}
            assert (span["start"], span["end"]) in sentences, (name, text)


def test_every_example() -> None:
    ids: Counter[str] = Counter()
    worth = [name for name, entry in LEXICON.entries.items() if entry.answer]
    miner, each = Miner(LEXICON), Miner(LEXICON, tasks=["binary"], findings=worth)
    for study in examples():
        cases = [*miner(study), *each(study | {"labels": None, "id": f"{study['id']}/all"})]
        for case in cases:
            ids[case["id"]] += 1
            is_sound(case)
            assert {**study, "labels": 0, "id": 0}.items() <= {**case, "labels": 0, "id": 0}.items(), "the row grows"
    assert ids.most_common(1)[0][1] == 1


def test_answers_of_the_examples() -> None:
    miner = Miner(LEXICON, tasks=["anomaly", "temporal"])
    tasks = {study["id"].removeprefix("example-"): answers(miner(study)) for study in examples()}
    normal = [id for id, found in tasks.items() if found.get("anomaly") == "Normal"]
    neither = [id for id, found in tasks.items() if "anomaly" not in found]
    assert normal == ["001", "002", "003", "004", "005", "006", "007", "034"]
    assert neither == ["025", "029", "032"], "a questionable nodule, a PICC, a port and a tracheostomy"
    for found in tasks.values():
        found.pop("anomaly", None)
    assert {id: found for id, found in tasks.items() if found} == {
        "033": {"temporal/consolidation": "Improving", "temporal/pneumonia": "Improving"},
        "034": {"temporal/consolidation": "Improving", "temporal/pneumonia": "Improving"},
        "035": {"temporal/pleural-effusion": "Worsening", "temporal/atelectasis": "Worsening"},
        "036": {"temporal/pneumothorax": "Stable"},
        "037": {"temporal/nodule": "Stable"},
        "038": {
            "temporal/edema": "Improving",
            "temporal/vascular-congestion": "Improving",
            "temporal/pleural-effusion": "Improving",
            "temporal/cardiomegaly": "Stable",
        },
        "039": {"temporal/mass": "Worsening", "temporal/pleural-effusion": "Worsening"},
        "040": {"temporal/atelectasis": "Worsening"},
    }


@needs_shared
@pytest.mark.slow
def test_options_of_real_reports_are_never_supported() -> None:
    miner = Miner(LEXICON, tasks=["single", "multiple"])
    count = 0
    for row in openi_reports():
        report = report_text(row)
        if not report:
            continue
        study = {"id": row["uid"], "report": report}
        stated = READER.read(report)
        seen = {f.name for f in stated if f.status != "absent"}
        for case in miner(study):
            if case["options"]:
                right = case["answer"] if isinstance(case["answer"], list) else [case["answer"]]
                wrong = {n for n, o in zip(case["findings"], case["options"], strict=True) if o not in right}
                assert not any(seen & (LEXICON.broader(name) | LEXICON.narrower(name)) for name in wrong), case["id"]
                count += len(wrong)
    assert count > 5000


@needs_shared
@pytest.mark.slow
def test_cases_of_real_reports_are_sound() -> None:
    miner = Miner(LEXICON)
    unsound = count = 0
    for row in openi_reports()[::10]:
        if report := report_text(row):
            for case in miner({"id": row["uid"], "report": report}):
                count += 1
                try:
                    is_sound(case)
                except AssertionError:
                    unsound += 1
    assert count > 1000
    assert unsound <= count // 500, "a report may contradict itself"
