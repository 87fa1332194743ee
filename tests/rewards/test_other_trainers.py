"""The rewards with the signatures of other trainers. tests/rewards/other_trainers/ has the trainers themselves."""

import asyncio
import importlib
import importlib.util
import json
import math
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cxr_cli import rewards
from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.errors import CxrError
from cxr_cli.rewards import other_trainers
from cxr_cli.rewards.other_trainers.case_rewards import case_rewards
from tests.rewards.test_rewards import CASE

FOLDER = Path(other_trainers.__path__[0])
TEXT = completion_text(CASE["steps"], "A")
PAID = {"format": 1.0, "accuracy": 1.0, "process": 1.0, "factuality": 1.0, "completeness": 1.0, "effectiveness": 1.0}
PAID |= {"consistency": 1.0, "length": 1.0}
BARE = {**CASE, "report": None, "steps": None, "weights": {"format": 1, "process": 3}}


def test_columns_conversations_and_json_give_the_same() -> None:
    text = completion_text("There is a small left pleural effusion.", "A")
    columns = {name: [CASE[name]] for name in CASE}
    message = [{"role": "assistant", "content": [{"type": "text", "text": text}]}]
    for name in rewards.REWARDS:
        reward = rewards.REWARDS.load(name)
        values = [
            reward([text], case=[CASE]),
            reward([text], case=[json.dumps(CASE)]),
            reward([message], **columns),
            reward([[{"role": "assistant", "content": text}]], prompts=["x"], trainer_state=None, **columns),
        ]
        assert values[0] == values[1] == values[2] == values[3], name


def test_no_file_is_named_as_a_trainer() -> None:
    """ms-swift puts the folder of a plugin on the path of modules."""
    packages = {"verl", "swift", "openrlhf", "slime", "skyrl", "skyrl_gym", "nemo_rl", "trl", "easyr1"}
    assert {path.stem for path in FOLDER.glob("*.py")} & packages == set()


@pytest.mark.parametrize("case", [None, "Yes", '"Yes"', "[]", ["Yes"], 3])
def test_what_is_no_case_is_an_error(case: Any) -> None:
    """Such as a label that is the answer alone, or a row of slime without its case."""
    said = "rewards need the case of a response: a whole row of `cxr mine`"
    with pytest.raises(CxrError, match=said):
        case_rewards(TEXT, case)
    slime = importlib.import_module("cxr_cli.rewards.other_trainers.slime_reward")
    for metadata in (None, {}, {"case": case}):
        with pytest.raises(CxrError, match=said):
            asyncio.run(
                slime.reward(SimpleNamespace(reward_key=None), SimpleNamespace(response=TEXT, metadata=metadata))
            )


def test_every_response_is_paid_by_the_same_names() -> None:
    import numpy as np

    assert case_rewards(TEXT, CASE) == (5.0, PAID)
    assert case_rewards(TEXT, json.dumps(CASE)) == (5.0, PAID)
    arrays = {"steps": np.array(CASE["steps"], dtype=object), "options": np.array(["Yes", "No"])}  # of Parquet
    assert case_rewards(TEXT, CASE | arrays) == (5.0, PAID)
    bare = case_rewards(TEXT, BARE)
    assert (bare.total, [*bare.by_name]) == (1.0, [*PAID])
    assert [name for name, value in bare.by_name.items() if math.isnan(value)] == [
        *("process", "factuality", "completeness", "effectiveness")
    ]


def test_trl_takes_them_by_dotted_path() -> None:
    for name in rewards.REWARDS:
        module, _, attribute = f"cxr_cli.rewards.{name}".rpartition(".")  # as trl.scripts.grpo does
        assert callable(getattr(importlib.import_module(module), attribute))


def test_verl_passes_the_answer_and_its_own_fields() -> None:
    from cxr_cli.rewards.other_trainers.verl_reward import compute_score

    own = {"num_turns": 2, "rollout_reward_scores": {}, "index": 3}
    done = compute_score(data_source="x", solution_str=TEXT, ground_truth="No", extra_info={**CASE, **own})
    assert done == {"score": 5.0, **PAID}
    unanswered = {name: value for name, value in CASE.items() if name != "answer"}
    assert compute_score("x", TEXT, "No", {"case": json.dumps(unanswered)})["accuracy"] == 0.0


def test_easyr1_loads_the_file_and_gives_a_list() -> None:
    """As verl/workers/reward/function.py of hiyouga/EasyR1 at b44b311 does it, which means what is there by name."""
    spec = importlib.util.spec_from_file_location("custom_reward_fn", FOLDER / "easyr1_reward.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (module.REWARD_NAME, module.REWARD_TYPE) == ("cxr", "batch")
    given = [{"response": TEXT, "response_length": 9, "ground_truth": json.dumps(case)} for case in (CASE, BARE)]
    paid = module.compute_score(given)
    assert paid[0] == {"overall": 5.0, **PAID}
    assert paid[1] == {"overall": 1.0, "format": 1.0, "accuracy": 1.0, "consistency": 1.0, "length": 1.0}


def test_slime_awaits_a_sample_or_a_group() -> None:
    """As THUDM/slime's slime/rollout/rm_hub/__init__.py at 624b824 does it, by a dotted path."""
    path = "cxr_cli.rewards.other_trainers.slime_reward.reward"
    module, _, attribute = path.rpartition(".")
    reward = getattr(importlib.import_module(module), attribute)
    samples = [SimpleNamespace(response=TEXT, metadata={"case": json.dumps(case)}) for case in (CASE, BARE)]
    plain = SimpleNamespace(custom_rm_path=path, reward_key=None)
    assert asyncio.run(reward(plain, samples[0])) == 5.0
    assert asyncio.run(reward(plain, samples, evaluation=True)) == [5.0, 1.0]
    assert asyncio.run(reward(SimpleNamespace(reward_key="score"), samples[0])) == {"score": 5.0, **PAID}


def test_nemo_rl_combines_a_value_and_whether_it_is_right() -> None:
    """The signature of NVIDIA-NeMo/RL's nemo_rl/environments/rewards.py at 7ea279a."""
    from cxr_cli.rewards.other_trainers.nemo_rl_reward import nemo_rl_reward

    assert nemo_rl_reward(json.dumps(CASE), TEXT) == (5.0, True)
    assert nemo_rl_reward(json.dumps(CASE), completion_text(CASE["steps"], "B")) == (3.0, False)
    assert nemo_rl_reward(json.dumps({**BARE, "answer": None}), TEXT) == (1.0, None)


@pytest.mark.parametrize(
    ("query", "prompt", "written"),
    [
        ("<|im_start|>user\nIs it?<|im_end|>\nYes.<|im_end|>", "<|im_start|>user\nIs it?<|im_end|>\n", "Yes."),
        ("<|v|><|i|><|i|><|i|>Is it?\nA: Yes. Is it?</s>", "<|v|><|i|>Is it?\nA:", " Yes. Is it?"),
        ("<i><i>Is it? No.<end_of_turn>\n<eos>", "<i>Is it?", " No."),
        ("a b c<answer>", "a b", " c<answer>"),
        ("a b", "a b", ""),
        ("a b", "", "a b"),
    ],
)
def test_openrlhf_gives_the_prompt_and_the_response_as_one(query: str, prompt: str, written: str) -> None:
    """In the query a film is many tokens, and special tokens stand at the end."""
    from cxr_cli.rewards.other_trainers.openrlhf_reward import response

    assert response(query, prompt) == written


@pytest.fixture
def skyrl_gym(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two names that the environment needs of SkyRL; test_loaders.py has the real ones."""
    module: Any = ModuleType("skyrl_gym.envs.base_text_env")
    module.BaseTextEnv, module.BaseTextEnvStepOutput = object, dict
    for name in ("skyrl_gym", "skyrl_gym.envs"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, "cxr_cli.rewards.other_trainers.skyrl_env", raising=False)


@pytest.mark.usefixtures("skyrl_gym")
def test_skyrl_takes_a_list_with_the_credit_of_each_sentence() -> None:
    """A generator of skyrl 0.3 gives a number, or a list with the reward at the last token; a token is a byte here."""
    from cxr_cli.rewards.other_trainers.skyrl_env import SentenceRewards

    case = json.dumps({**CASE, "report": "Small left pleural effusion. No edema.", "steps": ["There is no edema."]})
    texts = [f"<think> {told} So it is. </think>" for told in ("No edema.", "Edema.", "No edema.")]
    texts = [*texts, texts[1]]

    class Generator:
        async def generate(self, input_batch: Any, disable_tqdm: bool = False) -> Any:
            ids = [[*text.encode()] for text in texts]
            return {"response_ids": ids, "rewards": [1.0, [0.0] * (len(ids[1]) - 1) + [2.0], 3.0, 4.0]}

    class Credited(SentenceRewards, Generator):
        tokenizer = SimpleNamespace(decode=lambda ids, skip_special_tokens: bytes(ids).decode(errors="replace"))
        sentence_weight = 2.0

    trajectories = [SimpleNamespace(instance_id=name, repetition_id=0) for name in ("a", "a", "b", "b")]
    batch = {"env_extras": [{"case": case}] * 4, "trajectory_ids": trajectories}
    output = asyncio.run(Credited().generate(batch))
    assert [len(rewards) for rewards in output["rewards"]] == [len(text) for text in texts]
    assert [rewards[-1] for rewards in output["rewards"]] == [1.0, 2.0, 3.0, 4.0]
    ends = [text.index(".") for text in texts]
    assert [rewards[end] for rewards, end in zip(output["rewards"], ends, strict=True)] == [1.0, -1.0, 1.0, -1.0]
    assert [sum(map(bool, rewards)) for rewards in output["rewards"]] == [2, 2, 2, 2]


def test_rows_made_for_other_trainers_are_paid_there(tmp_path: Path) -> None:
    from examples import for_trainers

    (tmp_path / "a.png").write_bytes(b"film")
    case, films = {**CASE, "id": "a", "images": ["a.png"]}, [str(tmp_path / "a.png")]
    rows = {name: function(case, films) for name, function in for_trainers.ROW.items()}
    asked = f"{CASE['question']} Options:\nA) Yes\nB) No\nLet's think step by step."
    for name, field in (("verl", "prompt"), ("swift", "messages"), ("openrlhf", "input"), ("slime", "prompt")):
        assert rows[name][field][0]["content"].startswith(f"<image>{asked}"), name
    assert rows["easyr1"]["problem"].startswith(f"<image>{asked}")
    assert rows["trl"]["prompt"][0]["content"].startswith(asked)
    film, question = rows["skyrl"]["prompt"][0]["content"]
    assert film["image_url"] == {"url": "data:image/png;base64,ZmlsbQ=="}
    assert question["text"].startswith(asked)
    cases = [rows["verl"]["extra_info"]["case"], rows["slime"]["metadata"]["case"]]
    cases += [rows[name][field] for name, field in (("easyr1", "answer"), ("openrlhf", "label"))]
    cases += [rows[name]["case"] for name in ("swift", "skyrl", "trl")]
    assert [case_rewards(TEXT, one).total for one in cases] == [5.0] * 7
    assert rewards.process([TEXT], case=[rows["trl"]["case"]]) == [1.0]
