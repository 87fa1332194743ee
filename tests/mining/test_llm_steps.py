"""`cxr mine -m`: three passes of a scripted model over HTTP, its good replies and its bad ones."""

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import pytest

from tests.cases import rows, steps_with_evidence
from tests.conftest import Cxr, needs
from tests.engines.scripted import Scripted, prompt_of
from tests.engines.server import Fault, Server, text_of

REPORT = "INDICATION: Cough. FINDINGS: There is a small left\npleural effusion. The heart is normal in size."
STUDY = {"id": "s", "report": REPORT, "why": {"kept": "as it is"}}
ONE = ("--task", "binary", "--findings", "pleural effusion")
GOOD = [
    ("I look at the lungs for opacities. I look at the pleura for fluid.", []),
    ("There is a small left pleural effusion.", ["There is a small left\npleural effusion."]),
    ("The heart is normal in size.", ["The heart is normal in size."]),
    ("So the answer is Yes.", []),
]


def mine(
    cxr: Cxr, server: Server, *flags: str, study: Any = STUDY, code: int = 0
) -> tuple[list[dict[str, Any]], list[str]]:
    """The cases, and what was said on stderr besides which engine it is and how many replies it gave."""
    done = cxr("mine", "-", *(flags or ONE), "-m", server.url, stdin=json.dumps(study) + "\n")
    assert done.returncode == code, done.stderr
    notes = [line for line in done.stderr.splitlines() if "engine: openai" not in line and " tokens; " not in line]
    return rows(done.stdout), notes


@needs("llm")
def test_three_passes(cxr: Cxr) -> None:
    with Server(Scripted()) as server:
        [case], notes = mine(cxr, server)
    assert notes == []
    assert steps_with_evidence(case) == GOOD
    assert [step["kind"] for step in case["steps"]] == ["plan", "observe", "observe", "conclude"]
    assert case["why"] == {"kept": "as it is"}
    assert case["made_by"].startswith("engine:openai|model:tiny|temperature:0.0|top_p:1.0|max_tokens:1024|lexicon:")
    assert "|prompts:" in case["made_by"]
    assert "|unmentioned:normal|uncertain:skip|seed:0|task:binary|findings:pleural effusion|version:" in case["made_by"]
    plan, evidence, refine = server.requests
    assert [prompt_of(asked) for asked in server.requests] == ["plan", "evidence", "refine"]
    assert "effusion." not in text_of(plan)
    assert "answer:" not in text_of(plan)
    assert "1. There is a small left pleural effusion.\n2. The heart" in text_of(evidence)
    assert "Cough" not in text_of(evidence)
    assert "answer:" not in text_of(evidence)
    assert "The right answer: Yes" in text_of(refine)
    assert "you may say that you see none" in text_of(refine)
    assert all(asked["response_format"]["json_schema"]["strict"] for asked in server.requests)
    done = cxr("verify", "--keep", "cases", stdin=json.dumps(case))
    [verified] = rows(done.stdout)
    verdicts = ["not_checkable", "supported", "supported", "not_checkable"]
    assert [step["verdict"] for step in verified["steps"]] == verdicts


@needs("llm")
def test_every_task_and_a_balanced_draw(cxr: Cxr) -> None:
    study = {"id": "s", "report": "Left pleural effusion. Cardiomegaly. No pneumothorax. The effusion is stable."}
    with Server(Scripted()) as server:
        cases, _ = mine(cxr, server, "--seed", "1", study=study)
        assert {case["task"] for case in cases} == {"binary", "single", "multiple", "anomaly", "temporal"}
        assert all(step["evidence"] for case in cases for step in case["steps"] if step["kind"] == "observe")
        drawn, _ = mine(cxr, server, "--findings", "edema,cardiomegaly", "--per-finding", "1", study=study)
    assert {case["answer"] for case in drawn} == {"Yes", "No"}
    assert all(case["made_by"].startswith("engine:openai") for case in cases + drawn)


@needs("llm")
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("I am sorry.", "unparsable: not JSON"),
        ('{"1": [1], "2": [1,', "unparsable: not JSON"),
        ('{"1": [1]}', "unparsable: lacks 2"),
        ('{"1": [1], "2": [], "3": []}', "unparsable: holds more than was asked for"),
        ('{"1": [1], "2": [3]}', "unparsable: `2[0]`: not one of 1, 2"),
        ('{"1": [1], "2": ["1"]}', "unparsable: `2[0]`: not a whole number"),
        ('{"1": [1, 2, 1], "2": []}', "unparsable: `1`: holds more than 2"),
    ],
)
def test_after_a_bad_reply_the_model_is_asked_once_more_and_why(cxr: Cxr, reply: Any, reason: str) -> None:
    with Server(Scripted(evidence=[reply])) as server:
        [case], notes = mine(cxr, server)
        assert (steps_with_evidence(case), notes) == (GOOD, [])
    first, again = (server.requests[place]["messages"] for place in (1, 2))
    assert again[:3] == first[:3]
    assert len(again) == len(first) == 4  # afresh: a small model that sees its own reply writes it again
    assert again[3]["content"].startswith(f"{first[3]['content']}\n\nA reply to this could not be used: {reason}. ")


@needs("llm")
def test_a_reply_that_was_cut_off_twice_is_a_null(cxr: Cxr) -> None:
    endless = {"message": {"content": '{"1": [1, 1, 1'}, "finish_reason": "length"}
    with Server(Scripted(evidence=[endless, endless])) as server:
        [case], _ = mine(cxr, server, code=3)
    assert case["why"]["steps"] == "engine: evidence: cut off at max tokens: raise --max-tokens"


def chain(observation: str, reason: str, sentences: Sequence[int] = (1,)) -> str:
    observations = [{"sentences": list(sentences), "text": observation}]
    return json.dumps({"observations": observations, "reason": reason})


ENDLESS = ("I look at the left pleura, then " * 5)[:160]
NO_SENTENCE = "no sentence of its own that ends within 160 characters"
ECHO = "it repeats the instruction or the example"
NO_YES = "`reason`: it is not for the answer Yes"


@needs("llm")
@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Fluid lies in the left pleura.", "Fluid lies in the left pleura, so the answer is Yes."),
        ("There is an effusion", "There is an effusion, so the answer is Yes."),
        ("As fluid is seen, the answer is Yes.", "As fluid is seen, the answer is Yes."),
    ],
)
def test_the_conclusion_is_the_models_reason_and_the_answer(cxr: Cxr, reason: str, text: str) -> None:
    with Server(Scripted(refine=[chain("Fluid.", reason)])) as server:
        [case], _ = mine(cxr, server)
    assert case["steps"][-1] == {"text": text, "kind": "conclude", "evidence": []}


@needs("llm")
def test_several_answers_are_added_to_the_reason(cxr: Cxr) -> None:
    study = {"id": "s", "report": "Left pleural effusion. Cardiomegaly. Right lung nodule. No pneumothorax."}
    with Server(Scripted(refine=[chain("Fluid.", "Fluid lies left.")] * 2)) as server:
        cases, _ = mine(cxr, server, "--task", "multiple", study=study)
    assert len(cases) == 2
    for case in cases:
        assert case["steps"][-1]["text"] == f"Fluid lies left, so the answer is {', '.join(case['answer'])}."


@needs("llm")
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (chain("Fluid.", "So the answer is No."), NO_YES),
        (chain("Fluid.", "Not Yes but No."), NO_YES),
        (chain("Fluid.", "No effusion is seen."), NO_YES),
        (chain("There is no cavity in either upper lobe.", "The answer is Yes."), ECHO),
        (chain("Write as someone who sees the film", "The answer is Yes."), ECHO),
        (chain("I look at the  pleura for fluid", "The answer is Yes."), f"`observations`: {NO_SENTENCE}"),
        (chain(ENDLESS, "The answer is Yes."), f"`observations`: {NO_SENTENCE}"),
        (chain("Fluid.", ENDLESS), f"`reason`: {NO_SENTENCE}"),
        (
            chain("Fluid.", "The answer is Yes.", sentences=()),
            "`observations[0].sentences`: holds fewer than 1",
        ),
    ],
)
def test_a_chain_that_does_not_lead_to_the_answer_or_is_no_work_of_the_model_is_asked_again(
    cxr: Cxr, reply: str, reason: str
) -> None:
    with Server(Scripted(refine=[reply])) as server:
        [case], notes = mine(cxr, server)
        assert (steps_with_evidence(case), notes) == (GOOD, [])
    messages = server.requests[3]["messages"]
    if reason == ECHO:  # afresh, without the example that was copied
        assert [message["role"] for message in messages] == ["system", "user"]
        assert messages[1]["content"].startswith(server.requests[2]["messages"][3]["content"])
        assert 'that fits this schema: {"type":"object"' in messages[1]["content"]
    else:
        assert f"could not be used: unusable: {reason}." in messages[3]["content"].replace("unparsable", "unusable")
    with Server(Scripted(refine=[reply, reply])) as server:
        [case], _ = mine(cxr, server, code=3)
    assert case["steps"] is None
    assert case["why"]["steps"].startswith("engine: refine: un")
    assert case["why"]["steps"].endswith(reason)


@needs("llm")
def test_items_that_repeat_the_example_are_dropped_and_the_others_stay(cxr: Cxr) -> None:
    echo = {"place": "the chest", "signs": "a thick-walled lucency, as a cavity has"}
    observation = {"sentences": [1], "text": "There is no cavity in either upper lobe."}
    reply = json.loads(chain("Fluid lies left.", "The answer is Yes."))
    reply["observations"].append(observation)
    plans = [json.dumps({"plan": [echo, {"place": "the pleura", "signs": "fluid"}]})]
    with Server(Scripted(plan=plans, refine=[json.dumps(reply)])) as server:
        [case], notes = mine(cxr, server)
    assert notes == []
    assert "Plan:\n1. I look at the pleura for fluid.\n\nReport" in text_of(server.requests[1])
    assert [step["text"] for step in case["steps"][1:]] == ["Fluid lies left.", "The answer is Yes."]
    with Server(Scripted(plan=[json.dumps({"plan": [echo]})] * 2)) as server:
        [case], _ = mine(cxr, server, *ONE, "--no-cache", code=3)
    assert case["why"]["steps"] == f"engine: plan: unusable: {ECHO}"
    assert len(server.requests) == 2


@needs("llm")
def test_of_a_text_that_ran_into_its_limit_the_whole_sentences_stay(cxr: Cxr) -> None:
    text = ("Fluid lies in the left pleura. " * 6)[:160]
    with Server(Scripted(refine=[chain(text, text)])) as server:
        [case], _ = mine(cxr, server)
    assert [step["text"] for step in case["steps"][1:]] == [
        "Fluid lies in the left pleura.",
        "Fluid lies in the left pleura, so the answer is Yes.",
    ]


@needs("llm")
def test_a_step_that_is_repeated_counts_once(cxr: Cxr) -> None:
    observations = [{"sentences": [n], "text": text} for n, text in [(1, "Fluid lies left."), (2, "fluid  lies left")]]
    reply = {
        "observations": observations,
        "reason": "The answer is Yes.",
    }
    with Server(Scripted(refine=[json.dumps(reply)])) as server:
        [case], _ = mine(cxr, server)
    assert [step["text"] for step in case["steps"][1:]] == ["Fluid lies left.", "The answer is Yes."]


@needs("llm")
def test_a_server_that_refuses_limits_in_a_schema_gets_none(cxr: Cxr) -> None:
    refusal = Fault(400, body='{"error": {"message": "Invalid schema: \'maxLength\' is not permitted."}}')
    with Server(Scripted(plan=[refusal])) as server:
        [case], notes = mine(cxr, server)
        words = "cxr: the server says (HTTP 400): Invalid schema: 'maxLength' is not permitted."
        assert (steps_with_evidence(case), notes) == (GOOD, [words])
    limited = ["maxLength" in json.dumps(asked["response_format"]) for asked in server.requests]
    assert limited == [True, False, False, False]


@needs("llm")
def test_two_bad_replies_are_null_with_the_reason(cxr: Cxr) -> None:
    with Server(Scripted(refine=["SECRET", "SECRET"])) as server:
        [case], notes = mine(cxr, server, code=3)
    assert (case["steps"], case["answer"]) == (None, "Yes")
    assert case["why"] == {"kept": "as it is", "steps": "engine: refine: unparsable: not JSON"}
    assert notes == ["cxr: 1 rows failed. The first: engine: refine: unparsable: not JSON"]
    assert len(server.requests) == 4
    for keep in ("steps", "cases", "all"):
        done = cxr("verify", "--keep", keep, "--min-support", "0.5", "--explain", stdin=json.dumps(case))
        [verified] = rows(done.stdout)
        assert (verified["steps"], verified["support"]) == (None, None)
        assert verified["why"] == case["why"] | {"support": "no steps"}
        assert done.stderr.splitlines() == [
            f"cxr: {case['id']}: support -",
            "cxr: 1 of 1 cases could not be judged and stay: `why` gives the reason",
        ]
    done = cxr("score", stdin=json.dumps({**verified, "prediction": "There is an effusion. Yes."}))
    [scored] = rows(done.stdout)
    assert scored["scores"]["factuality"] == 1.0
    assert {name: scored["why"][name] for name in ("kept", "steps", "support", "completeness")} == {
        "kept": "as it is",
        "steps": "engine: refine: unparsable: not JSON",
        "support": "no steps",
        "completeness": "no reference steps",
    }
    again = cxr("score", stdin=json.dumps({**scored, "steps": ["There is an effusion."]}))
    assert rows(again.stdout)[0]["why"] == verified["why"]


@needs("llm")
def test_thoughts_and_fences_around_the_reply(cxr: Cxr) -> None:
    reply = '<think>{"1": 3}</think>Here it is:\n```json\n{"1": [1, 1], "2": []}\n```'
    with Server(Scripted(evidence=[reply])) as server:
        [case], _ = mine(cxr, server)
    assert steps_with_evidence(case) == [GOOD[0], GOOD[1], GOOD[3]]


@needs("llm")
def test_a_report_that_says_nothing_of_it(cxr: Cxr) -> None:
    with Server(Scripted(evidence=['{"1": [], "2": []}'])) as server:
        [case], _ = mine(cxr, server, "--task", "binary", "--findings", "nodule")
    schema = server.requests[2]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["observations"]["maxItems"] == 0
    assert steps_with_evidence(case) == [GOOD[0], ("So the answer is No.", [])]


@needs("llm")
def test_without_a_report_nothing_is_asked(cxr: Cxr) -> None:
    with Server(Scripted()) as server:
        [case], _ = mine(cxr, server, study={"id": "s", "labels": {"pleural effusion": 1}})
    assert (case["steps"], case["why"]) == (None, {"steps": "no report to write them from"})
    assert server.requests == []


@needs("llm")
def test_servers_that_are_busy_or_refuse(cxr: Cxr) -> None:
    busy = Fault(429, Retry_After="0")
    with Server(Scripted(plan=[busy])) as server:
        assert steps_with_evidence(mine(cxr, server)[0][0]) == GOOD
    with Server(Scripted(plan=[Fault(400)])) as server:
        [case], _ = mine(cxr, server, *ONE, "--no-cache", code=3)
    assert case["why"]["steps"] == "engine: plan: the server refuses the request: HTTP 400"
    assert len(server.requests) == 1


@needs("llm")
def test_the_second_run_asks_nothing(cxr: Cxr) -> None:
    with Server(Scripted()) as server:
        first, _ = mine(cxr, server, "--seed", "0")
        count = len(server.requests)
        second, _ = mine(cxr, server, "--seed", "0")
    assert sorted(second, key=itemgetter("id")) == sorted(first, key=itemgetter("id"))
    assert count == len(server.requests) > 3


@needs("llm")
def test_a_dry_run_counts_what_a_run_asks(cxr: Cxr) -> None:
    studies = "".join(json.dumps({**STUDY, "id": id, "report": f"{REPORT} {id}."}) + "\n" for id in "abc")
    with Server(Scripted()) as server:
        dry = cxr("mine", "-", "-m", server.url, "--dry-run", "--price-per-million", "2,8", stdin=studies)
        assert server.paths == []
        real = cxr("mine", "-", "-m", server.url, stdin=studies)
    assert (dry.returncode, real.returncode) == (0, 0), dry.stderr
    lines = [line.split(maxsplit=1) for line in dry.stdout.splitlines()]
    assert lines[0] == ["requests", str(len(server.requests))]
    assert lines[3][0] == "price"
    assert not dry.stdout.startswith("{")
