"""Folders of models that are damaged or hostile: one line says what is wrong, no code is run, no weight is made up."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cxr_cli.engines import Request, Sampling, Spec, open_engine
from cxr_cli.engines.model_files import locate
from cxr_cli.errors import CxrError
from tests.conftest import needs
from tests.engines.conversations import generate

pytestmark = needs("train")
Break = Callable[[Path], object]
AUTO = dict.fromkeys(("AutoConfig", "AutoModelForImageTextToText", "AutoProcessor", "AutoImageProcessor"), "evil.X")


def changed(name: str, **more: Any) -> Break:
    """Adds these keys to a JSON file of the folder."""

    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **more}))

    return change


def written(name: str, text: str | bytes) -> Break:
    return lambda folder: (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def without(*names: str) -> Break:
    return lambda folder: [(folder / name).unlink() for name in names]


def truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def tensors(change: Callable[[dict[str, Any]], object]) -> Break:
    def rewrite(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        found = load_file(folder / "model.safetensors")
        change(found)
        save_file(found, folder / "model.safetensors", {"format": "pt"})

    return rewrite


def smaller(found: dict[str, Any]) -> None:
    name = next(name for name in found if "embed_tokens" in name)
    found[name] = found[name][:5].clone()


def not_a_number(found: dict[str, Any]) -> None:
    found[sorted(found)[1]].view(-1)[-1] = float("nan")


def infinite(found: dict[str, Any]) -> None:
    found[sorted(found)[-1]].view(-1)[0] = float("-inf")


def ask(folder: Path) -> str | None:
    """What the engine says to one question about a film; its error if it does not answer."""
    image = {"type": "image", "image": Image.radial_gradient("L").resize((56, 56))}
    request = Request("a", [{"role": "user", "content": [image, {"type": "text", "text": "Edema?"}]}])
    with open_engine(Spec(str(folder), "transformers", Sampling(max_tokens=2), cached=False)) as engine:
        [reply] = generate(engine, [request])
    return reply.error


@pytest.fixture
def folder(tiny_models: dict[str, Path], tmp_path: Path) -> Path:
    """A model's folder, with code beside it that leaves a trace where it is run."""
    copy = tmp_path / "model"
    shutil.copytree(tiny_models["qwen2_vl"], copy)
    trace = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    (copy / "evil.py").write_text(trace)
    (copy / "custom_generate").mkdir()
    (copy / "custom_generate" / "generate.py").write_text(trace)
    return copy


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (changed("config.json", model_type="zzz", auto_map=AUTO), "needs code that comes with it, which is never run"),
        (changed("config.json", model_type="brandnew"), "the model type 'brandnew' is not known to transformers"),
        (changed("config.json", model_type=3), "the model type '3' is not known"),
        (changed("config.json", attn_implementation="evil/kernel"), "names 'evil/kernel', code on the hub"),
        (changed("config.json", text_config="x"), "its config.json cannot be loaded"),
        (written("config.json", "[]"), "config.json is not a JSON object"),
        (written("config.json", b"\xff\xfe"), "config.json is not JSON that can be read"),
        (written("config.json", "[" * 100_000), "config.json is not JSON that can be read"),
        (tensors(lambda found: [found.pop(name) for name in sorted(found)[:3]]), "3 weights are missing, the first: "),
        (tensors(smaller), "1 weights have another shape than config.json says, the first: "),
        (tensors(not_a_number), "weights are not finite numbers, the first: "),
        (tensors(infinite), "weights are not finite numbers, the first: "),
        (truncated, "its model cannot be loaded: Error while deserializing header"),
        (written("model.safetensors", b"\xff" * 4000), "its model cannot be loaded"),
        (written("model.safetensors", b""), "its model cannot be loaded"),
        (without("processor_config.json"), "there is no processor_config.json or preprocessor_config.json"),
        (without("tokenizer.json", "tokenizer_config.json"), "its tokenizer is missing: there is no tokenizer.json"),
        (written("tokenizer.json", "{}"), "its processor cannot be loaded"),
        (written("processor_config.json", "[]"), "its processor cannot be loaded"),
        (without("chat_template.jinja"), "has no chat template: there is no chat_template.jinja"),
        (
            written("chat_template.jinja", "{{ raise_exception('SECRET' ~ messages) }}"),
            "refuses the request (TemplateE",
        ),
        (written("chat_template.jinja", "{% if %}"), "chat template refuses the request (TemplateSyntaxError"),
        (
            written("chat_template.jinja", "{{ ''.__class__.__mro__ }}{{ cycler.__init__.__globals__ }}"),
            "SecurityError",
        ),
    ],
)
def test_a_damaged_folder_is_one_line(folder: Path, damage: Break, message: str) -> None:
    damage(folder)
    with pytest.raises(CxrError) as raised:
        ask(folder)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "SECRET" not in str(raised.value)
    assert not (folder.parent / "ran").exists()


@pytest.mark.parametrize(
    "change",
    [
        changed("config.json", auto_map=AUTO),
        changed("tokenizer_config.json", auto_map=AUTO, tokenizer_class="Evil"),
        changed("processor_config.json", auto_map=AUTO, processor_class="Evil"),
        changed("generation_config.json", num_beams=4, num_beam_groups=2, custom_generate="evil/x"),
    ],
)
def test_code_beside_a_known_model_is_not_run(folder: Path, change: Break) -> None:
    change(folder)
    assert ask(folder) is None
    assert not (folder.parent / "ran").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base_model_name_or_path": "ITSELF"}, "names itself as its base model"),
        ({"base_model_name_or_path": 7}, "does not name its base model"),
        ({}, "4 weights of the adapter are missing, the first: "),
        ({"target_modules": ["nope"]}, "its adapter cannot be loaded: Target modules {'nope'} not found"),
        ({"peft_type": "EVIL"}, "its adapter cannot be loaded"),
    ],
)
def test_a_damaged_adapter_is_one_line(
    tiny_models: dict[str, Path], tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    import torch
    from safetensors.torch import save_file

    folder = tmp_path / "adapter"
    folder.mkdir()
    save_file({"a": torch.zeros(1)}, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "base_model_name_or_path": str(tiny_models["qwen2_vl"]), "r": 4, "lora_alpha": 8}
    config |= {"target_modules": ["q_proj"], "task_type": "CAUSAL_LM", **settings}
    (folder / "adapter_config.json").write_text(json.dumps(config).replace("ITSELF", str(folder)))
    with pytest.raises(CxrError) as raised:
        ask(folder)
    assert message in str(raised.value)


def test_an_unknown_name_without_a_network_is_one_line_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(CxrError, match="neither a folder nor"):
        locate("no-such/model")


def test_an_adapter_of_no_numbers_is_named(tiny_models: dict[str, Path], tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    from cxr_cli.engines.model_files.weights import load_model

    settings = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    adapted = get_peft_model(load_model(locate(str(tiny_models["qwen2_vl"]))), settings)
    adapted.save_pretrained(tmp_path / "adapter")
    config = tmp_path / "adapter" / "adapter_config.json"
    changed(config.name, base_model_name_or_path=str(tiny_models["qwen2_vl"]))(config.parent)
    assert ask(tmp_path / "adapter") is None
    weights = [p for name, p in adapted.named_parameters() if "lora_B" in name]
    weights[-1].data[0, 0] = float("nan")
    adapted.save_pretrained(tmp_path / "adapter")
    changed(config.name, base_model_name_or_path=str(tiny_models["qwen2_vl"]))(config.parent)
    with pytest.raises(CxrError, match=r"adapter: weights are not finite numbers, the first: .*lora_B"):
        ask(tmp_path / "adapter")
