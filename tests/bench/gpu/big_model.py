"""A Qwen2-VL of any shape with random weights, built on the spot."""

import json
from pathlib import Path

from recipes import tiny_model
from tests.bench.gpu.scale import Shape


def build(folder: Path, shape: Shape) -> Path:
    """The model in `folder`, which is built only once: in bfloat16 where there is a GPU."""
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText, GenerationConfig

    if folder.is_dir():
        return folder
    part = tiny_model.build(folder.with_suffix(".part"))
    config = json.loads((part / "config.json").read_text())
    config["text_config"] |= shape.text
    del config["text_config"]["layer_types"]  # one for each layer of the tiny model
    config["vision_config"] |= shape.vision
    config["tie_word_embeddings"] = config["text_config"]["tie_word_embeddings"]
    (part / "config.json").write_text(json.dumps(config))
    gpu = torch.cuda.is_available()
    with torch.device("cuda" if gpu else "cpu"):
        model = AutoModelForImageTextToText.from_config(
            AutoConfig.from_pretrained(part), dtype=torch.bfloat16 if gpu else torch.float32
        )
    model.generation_config = GenerationConfig.from_pretrained(part)
    model.save_pretrained(part)
    _name_all_tokens(part / "tokenizer.json", config["text_config"]["vocab_size"])
    _take_films(part / "processor_config.json", shape.side)
    return part.rename(folder)


def _name_all_tokens(path: Path, count: int) -> None:
    """Gives each token that the model can write a text of its own, or its replies could not be told apart."""
    tokenizer = json.loads(path.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {token["content"]: token["id"] for token in tokenizer["added_tokens"]}  # or they get other ids
    vocabulary |= {f"Ġw{id}": id for id in {*range(count)} - {*vocabulary.values()}}
    path.write_text(json.dumps(tokenizer))


def _take_films(path: Path, side: int) -> None:
    processor = json.loads(path.read_text())
    processor["image_processor"]["size"]["longest_edge"] = side * side
    path.write_text(json.dumps(processor))
