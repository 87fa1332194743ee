"""Our rewards, loaded and called by the code of other trainers: `python -m tests.rewards.other_trainers.calls verl`.

Each call is of one trainer, in a process of its own with that trainer on its path, and prints what the trainer got
for the two responses of RESPONSES as JSON; NaN is null. The trainers' own functions load the reward and call it; what
they need of a training, such as a batch, is made here with their own classes.
"""

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cxr_cli.answers.replies.reply_format import completion_text
from cxr_cli.rewards import other_trainers
from tests.rewards.test_rewards import CASE

FOLDER = Path(other_trainers.__path__[0])
RESPONSES = [completion_text(CASE["steps"], "A"), "I cannot tell."]
CASES = [CASE, {**CASE, "report": None, "steps": None, "weights": {"format": 1, "process": 3}}]


def verl() -> Any:
    """`load_reward_manager` loads the function, and `run_single` of the manager scores one row of a batch."""
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from tensordict import TensorDict
    from transformers import ByT5Tokenizer
    from verl import DataProto
    from verl.trainer.ppo.reward import load_reward_manager

    from examples.for_trainers import verl as verl_row

    tokenizer = ByT5Tokenizer()
    done = []
    for path in ("pkg://cxr_cli.rewards.other_trainers.verl_reward", str(FOLDER / "verl_reward.py")):
        function = {"path": path, "name": "compute_score"}
        reward = {"custom_reward_function": function, "reward_manager": {"source": "register", "name": "naive"}}
        manager = load_reward_manager(OmegaConf.create({"reward": reward}), tokenizer)
        for text, case in zip(RESPONSES, CASES, strict=True):
            row = verl_row({**case, "source": None}, [])
            ids = torch.tensor([tokenizer(text)["input_ids"]])
            tensors = TensorDict({"responses": ids, "attention_mask": torch.ones_like(ids)}, batch_size=1)
            columns = {name: np.array([row[name]], dtype=object) for name in ("data_source", "reward_model")}
            columns["extra_info"] = np.array([row["extra_info"]], dtype=object)
            done.append(manager.loop.run_until_complete(manager.run_single(DataProto(tensors, columns))))
    return done


def _swift_rows() -> list[dict[str, Any]]:
    from examples.for_trainers import swift as swift_row

    rows = [swift_row(case, []) for case in CASES]
    for row, text in zip(rows, RESPONSES, strict=True):
        row["messages"].append({"role": "assistant", "content": text})
    return rows


def swift_3() -> Any:
    """`import_external_file` loads the plugin, which registers the rewards in `orms`."""
    from swift.plugin import orms
    from swift.utils.utils import import_external_file

    import_external_file(str(FOLDER / "swift_reward.py"))
    rewards = [orms["cxr_format"](), orms["cxr_process"]()]
    return [reward(RESPONSES, case=[row["case"] for row in _swift_rows()]) for reward in rewards]


def swift_3_trainer() -> Any:
    """As `swift_3`, and GRPOTrainer makes its tensor of rewards: a row for each response."""
    import torch
    from swift.plugin import orms
    from swift.trainers.rlhf_trainer.grpo_trainer import GRPOTrainer
    from swift.utils.utils import import_external_file

    import_external_file(str(FOLDER / "swift_reward.py"))
    names = ["cxr_format", "cxr_process"]
    trainer = SimpleNamespace(accelerator=SimpleNamespace(device=torch.device("cpu")), state=None)
    trainer.args = SimpleNamespace(report_to=[])
    trainer.enable_server_multi_turn, trainer._async_reward_func_indices = False, []
    trainer.reward_funcs, trainer.reward_func_names = [orms[name]() for name in names], names
    trainer.reward_model_plugins = [None, None]
    trainer._disable_sp_context = lambda template: GRPOTrainer._disable_sp_context(trainer, template)
    trainer.template = SimpleNamespace(sequence_parallel_size=1)
    return GRPOTrainer._compute_rewards_per_func(trainer, _swift_rows())


def swift_4() -> Any:
    """`import_external_file` loads the plugin, which registers the rewards in `orms`."""
    from swift.rewards import orms
    from swift.utils import import_external_file

    import_external_file(str(FOLDER / "swift_reward.py"))
    rewards = [orms["cxr_format"](args=SimpleNamespace()), orms["cxr_process"](args=SimpleNamespace())]
    return [reward(RESPONSES, case=[row["case"] for row in _swift_rows()]) for reward in rewards]


def swift_4_trainer() -> Any:
    """As `swift_4`, and `compute_rewards_per_func` makes the tensor of rewards: a row for each response."""
    import torch
    from swift.rewards import orms
    from swift.rl_core.data import GRPOSample
    from swift.rl_core.grpo_algorithm import compute_rewards_per_func
    from swift.utils import import_external_file

    import_external_file(str(FOLDER / "swift_reward.py"))
    rewards = [orms[name](args=SimpleNamespace()) for name in ("cxr_format", "cxr_process")]
    samples = [GRPOSample(messages=row.pop("messages"), extra={"case": row["case"]}) for row in _swift_rows()]
    return compute_rewards_per_func(samples, rewards, [None, None], torch.device("cpu"))


def openrlhf() -> Any:
    """`SingleTurnAgentExecutor` loads the file that `--reward.remote_url` names, and asks it about one query."""
    from openrlhf.utils.agent import SingleTurnAgentExecutor

    executor = SingleTurnAgentExecutor([str(FOLDER / "openrlhf_reward.py")])
    prompt = f"<|im_start|>user\n<|image_pad|>{CASE['question']}<|im_end|>\n<|im_start|>assistant\n"
    done = []
    for text, case in zip(RESPONSES, CASES, strict=True):
        query = f"{prompt.replace('<|image_pad|>', '<|image_pad|>' * 64)}{text}<|im_end|>"
        [paid] = asyncio.run(executor._fetch_rewards_via_func([query], [prompt], [json.dumps(case)]))
        done.append(paid)
    return done


def skyrl() -> Any:
    """`skyrl_gym.make` makes the environment, whose `step` pays for a response."""
    import skyrl_gym
    from skyrl_gym.metrics import aggregate_for_environment

    skyrl_gym.register(id="cxr", entry_point="cxr_cli.rewards.other_trainers.skyrl_env:CxrEnv")
    steps, metrics = [], []
    for text, case in zip(RESPONSES, CASES, strict=True):
        extras = {"case": json.dumps(case), "max_turns": 1}
        environment = skyrl_gym.make("cxr", env_config={}, extras=extras)
        environment.init([{"role": "user", "content": case["question"]}])
        steps.append(environment.step(text))
        metrics.append(environment.get_metrics())
        environment.close()
    return [*steps, aggregate_for_environment("cxr", metrics)]


CALLS = {call.__name__: call for call in (verl, swift_3, swift_3_trainer, swift_4, swift_4_trainer, openrlhf, skyrl)}


def plain(value: Any) -> Any:
    """Tensors as lists, NaN as None."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value


if __name__ == "__main__":
    print(json.dumps(plain(CALLS[sys.argv[1]]())))
