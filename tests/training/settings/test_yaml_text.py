"""The text of settings: what YAML 1.2 says, and which texts are refused, by file and line."""

import math
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from tests.conftest import needs

pytestmark = needs("train")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-6", 2e-6),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-7", -7),
        ("012", 12),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("٣", "٣"),
        ("-.inf", -math.inf),
        ("9" * 5000, math.inf),
        ("inf", "inf"),
        ("no", "no"),
        ("yes", "yes"),
        ("True", True),
        ("false", False),
        ("'false'", "false"),
        ("", None),
        ("~", None),
        ("''", ""),
        ("2020-01-01", "2020-01-01"),
        ("[a, 1, {b: }]", ["a", 1, {"b": None}]),
    ],
)
def test_a_value(text: str, value: Any) -> None:
    from cxr_cli.training.settings.yaml_text import read_value

    result = read_value(text)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ": it holds no settings"),
        (b"# seed: 1\n", ": it holds no settings"),
        (b"- 1\n", ": not a list of `name: value`"),
        (b"seed\n", ": not a list of `name: value`"),
        (b"seed: 1\nlora: {r: 1, r: 2}\n", ":2: the key r occurs twice"),
        (b"seed: 1\n? [a]\n: 2\n", ":2: a key is no name"),
        (b"seed: 1\nlora:\n\tr: 1\n", ":3: a tab: indent by blanks"),
        (b"seed: 1\nrun_name: caf\xe9\n", ":2: not UTF-8"),
        ("seed: 1\n".encode("utf-16"), ":1: not UTF-8"),
        (b"seed: 1\n---\nseed: 2\n", ":2: a second document (---) begins: settings are one"),
        (b"seed: &x 1\ndata_seed: *x\n", ":1: anchors and aliases (&x, *x) are not read: write the value out"),
        (b"data_seed: *x\n", ":1: anchors and aliases (&x, *x) are not read: write the value out"),
        (b"seed: !!python/object:os.system 1\n", ":1: tags (!x) are not read"),
        (b"seed: 1\nrun_name: a\x00b\n", ":2: a control character, which is not read"),
        (b"seed: [1\n", ":2: not YAML ("),
        (b"seed: " + b"[" * 5000 + b"]" * 5000, ":1: lists or mappings lie too deep in each other"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_file_that_is_not_read(tmp_path: Path, data: bytes, words: str) -> None:
    from cxr_cli.training.settings.config import read_settings

    path = tmp_path / "recipe.yaml"
    path.write_bytes(data)
    with pytest.raises(CxrError) as error:
        read_settings(path, [])
    assert str(error.value).startswith(f"{path}{words}")
    assert "\n" not in str(error.value)


def test_a_file_with_the_mark_of_utf_8(tmp_path: Path) -> None:
    from cxr_cli.training.settings.config import Setting, read_settings

    (tmp_path / "recipe.yaml").write_bytes("\ufeffseed: 1\r\nbeta: 2e-3\r\n".encode())
    settings = read_settings(tmp_path / "recipe.yaml", ["seed=2", "lora.r=4", "lora.alpha=8"])
    assert settings["seed"] == Setting(2, "--set")
    assert settings["beta"] == Setting(0.002, f"{tmp_path}/recipe.yaml:2")
    assert settings["lora"].value == {"r": 4, "alpha": 8}


def test_what_is_no_mapping_is_not_dropped() -> None:
    from cxr_cli.training.settings.config import read_settings

    with pytest.raises(CxrError, match=r"^--set rewards\.accuracy: rewards is no mapping to add it to"):
        read_settings(None, ["rewards=[format:1, process:2]", "rewards.accuracy=1"])
