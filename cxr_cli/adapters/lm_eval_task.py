"""Cases as a task of lm-evaluation-harness, scored as by `cxr score`, with the extra `lm-eval`.

simple_evaluate("hf-multimodal", "pretrained=Qwen/Qwen2-VL-2B-Instruct", tasks=[case_task("steps.jsonl", "films")])
"""

import re
from pathlib import Path
from typing import Any

from datasets import Dataset
from lm_eval.api.task import ConfigurableTask

from cxr_cli.adapters.adapter_cases import answered_case, rules_or_default
from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines.prompts.predictor import check_askable
from cxr_cli.errors import CxrError
from cxr_cli.images import Films, films_of
from cxr_cli.library.rules import Rules
from cxr_cli.records import Case, Row
from cxr_cli.sources import for_each_row
from cxr_cli.training.data.dataset import load_images, prompt

METRICS = ("accuracy", "format", "factuality", "completeness", "effectiveness", "radrscore")


def case_task(path: str, images: str, rules: Rules | None = None) -> Any:
    """A task over a file of cases, `cxr_steps` of steps.jsonl, whose films lie in `images`. A metric is the mean over
    the cases that have it. CxrError: there are none, or one cannot be asked."""
    cases: dict[str, Row] = {}

    def take(row: Row) -> None:
        check_askable(row)
        cases[row["id"]] = row

    for_each_row([path], take, Case)
    if not cases:
        raise CxrError(f"{path}: there are no cases")
    films, by = Films(Path(images), size=None), rules_or_default(rules)

    def scores(doc: Row, replies: list[str]) -> dict[str, float]:
        values = by.score(answered_case(cases[doc["id"]], replies[0]))["scores"]
        return {name: values[name] for name in METRICS if values.get(name) is not None}

    name = re.sub(r"\W+", "_", f"cxr_{Path(path).stem}")  # of two tasks with one name lm-eval would run the last alone
    config: dict[str, Any] = {"task": name, "test_split": "test", "output_type": "generate_until", "num_fewshot": 0}
    config["custom_dataset"] = lambda **_: {"test": Dataset.from_list([{"id": id} for id in cases])}
    config["doc_to_image"] = lambda doc: load_images(cases[doc["id"]], films)
    config["doc_to_text"] = lambda doc: "<image>" * len(films_of(case := cases[doc["id"]])) + prompt(case, INSTRUCTION)
    config |= {"doc_to_target": "", "process_results": scores, "generation_kwargs": {"until": [], "max_gen_toks": 1024}}
    config["metric_list"] = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in METRICS]
    return ConfigurableTask(config=config)
