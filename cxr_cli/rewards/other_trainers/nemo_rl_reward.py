"""The rewards for NeMo-RL, with the signature of the functions in its `nemo_rl/environments/rewards.py`."""

from cxr_cli.rewards.other_trainers.case_rewards import case_rewards


def nemo_rl_reward(ground_truth: str, response: str) -> tuple[float, bool | None]:
    """(the weighted sum, is the answer right?). ground_truth: the case as JSON. None: the case has no answer."""
    paid = case_rewards(response, ground_truth)
    right = paid.by_name["accuracy"]
    return paid.total, None if right != right else right == 1.0
