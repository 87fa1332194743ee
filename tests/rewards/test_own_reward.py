"""Rewards of one's own: what is wrong with one is said in one line, with its name and the id of a row."""

import re
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.rewards.reward_mix import select

ROWS = [{"id": "a", "report": "Private words."}, {"id": "b"}]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def error_of(folder: Path, module: str, body: str, parameters: str = "completions, **_") -> str:
    """The error of a reward with this body, of this module."""
    (folder / f"{module}.py").write_text(f"def f({parameters}):\n    {body}\n")
    with pytest.raises(CxrError) as error:
        select([f"{module}:f"]).pay(["x", "y"], {"case": ROWS})
    assert "\n" not in str(error.value)
    assert "Private" not in str(error.value)
    return str(error.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("own_key", "return {}['Private']", "--reward own_key:f (ids a and 1 more): KeyError at own_key.py:2"),
        ("own_raise", "raise ValueError('Private words')", r"--reward own_raise:f (ids a and 1 more): ValueError at"),
        ("own_none", "return None", "--reward own_none:f (ids a and 1 more) gave None, not a list"),
        ("own_one", "return 1.0", "--reward own_one:f (ids a and 1 more) gave a float, not a list"),
        ("own_short", "return [1.0]", "--reward own_short:f (ids a and 1 more) gave 1 values for 2 completions"),
        ("own_text", "return 'xy'", "--reward own_text:f (ids a and 1 more) gave a str, not a list"),
        (
            "own_nan",
            "return [1.0, float('nan')]",
            "--reward own_nan:f gave nan for id b; it takes a number",
        ),
        (
            "own_words",
            "return ['1', 1]",
            "--reward own_words:f gave a str for id a; it takes a number of",
        ),
        ("own_big", "return [1, 1e300]", "--reward own_big:f gave 1e+300 for id b"),
        ("own_huge", "return [1, 10**400]", "--reward own_huge:f gave an int for id b; it takes a number of"),
        ("own_set", "return {1, 0}", "--reward own_set:f (ids a and 1 more) gave a set, not a list"),
        ("own_bytes", "return b'ab'", "--reward own_bytes:f (ids a and 1 more) gave a bytes, not a list"),
        (
            "own_scalar",
            "import numpy; return numpy.float32(1)",
            "--reward own_scalar:f (ids a and 1 more) gave a float32",
        ),
        ("own_square", "import numpy; return numpy.ones((2, 2))", "--reward own_square:f gave a ndarray for id a"),
        (
            "own_endless",
            "import itertools; return itertools.repeat(1)",
            "--reward own_endless:f (ids a and 1 more) gave mor",
        ),
        (
            "own_late",
            "yield 1; raise ValueError('Private')",
            "--reward own_late:f (ids a and 1 more): ValueError at own_l",
        ),
        (
            "own_base",
            "raise BaseException('Private')",
            "--reward own_base:f (ids a and 1 more): BaseException at own_b",
        ),
        (
            "own_long",
            "raise type('E' * 500, (Exception,), {})",
            f"--reward own_long:f (ids a and 1 more): {'E' * 80}.. at",
        ),
        ("own_exit_late", "import sys; sys.exit(0)", "--reward own_exit_late:f (ids a and 1 more): SystemExit at"),
        ("own_list", "return [1, [1]]", "--reward own_list:f gave a list for id b"),
    ],
)
def test_a_fault_names_the_function_and_the_row(folder: Path, name: str, body: str, words: str) -> None:
    assert error_of(folder, name, body).startswith(words)


def test_a_function_must_take_all_fields(folder: Path) -> None:
    error = error_of(folder, "own_few", "return [1, 1]", parameters="completions")
    assert error == "--reward own_few:f: the function must take **kwargs: it gets every field of the rows by name"


def test_a_function_gets_what_there_is(folder: Path) -> None:
    error = error_of(folder, "own_more", "return [1, 1]", parameters="completions, txt, **_")
    assert error.startswith("--reward own_more:f: nothing is called txt; a reward gets completions, prompts, case, id")
    (folder / "own_async.py").write_text("async def f(completions, **_):\n    return [1, 1]\n")
    with pytest.raises(CxrError, match=r"own_async:f: a reward is a plain function, not an async one$"):
        select(["own_async:f"])


def test_a_function_takes_all_by_name(folder: Path) -> None:
    error = error_of(folder, "own_place", "return [1, 1]", parameters="completions, /, **_")
    assert error == "--reward own_place:f: the function takes completions by its place alone (/); it gets all by name"


def test_a_function_has_a_name_of_its_own(folder: Path) -> None:
    """`credit: step` and the record of a run know rewards by name."""
    (folder / "own_name.py").write_text("def process(completions, **_):\n    return [1, 1]\n")
    with pytest.raises(CxrError, match=r"^--reward own_name:process: process is the name of another reward: call the"):
        select(["own_name:process"])
    for name in ("own_one_f", "own_other_f"):
        (folder / f"{name}.py").write_text("def f(completions, **_):\n    return [1, 1]\n")
    with pytest.raises(CxrError, match=r"^--reward: f is named twice: of two functions with one name call one somethi"):
        select(["own_one_f:f", "own_other_f:f"])


def test_what_a_trainer_alone_has_is_there_before_it(folder: Path) -> None:
    (folder / "own_state.py").write_text(
        "def f(completions, completion_ids, images, trainer_state, log_extra, log_metric, **_):\n"
        "    log_metric(name='a', value=1.0)\n"
        "    return [trainer_state.global_step + len(ids) for ids in completion_ids]\n"
    )
    assert select(["own_state:f"]).pay(["x", "y"], {"case": ROWS})["f"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("body", ["np.array([[1], [0]])", "[np.float16(1), np.bool_(0)]", "iter([1, np.int64(0)])"])
def test_numbers_of_numpy(folder: Path, body: str) -> None:
    name = f"own_numpy_{abs(hash(body))}"
    (folder / f"{name}.py").write_text(f"import numpy as np\ndef f(completions, **_):\n    return {body}\n")
    assert select([f"{name}:f"]).pay(["x", "y"], {"case": ROWS})["f"].tolist() == [1.0, 0.0]


def test_a_function_may_change_what_it_gets(folder: Path) -> None:
    (folder / "own_clear.py").write_text(
        "def f(completions, case, **_):\n"
        "    completions[0][0]['content'] = case[0]['id'] = 'z'\n"
        "    case.clear()\n"
        "    return [1, 0]\n"
    )
    texts = [[{"role": "assistant", "content": "x"}], [{"role": "assistant", "content": "y"}]]
    assert select(["own_clear:f"]).functions["f"](completions=texts, case=ROWS) == [1.0, 0.0]
    assert texts[0][0]["content"] == "x"
    assert [row["id"] for row in ROWS] == ["a", "b"]


def test_a_slow_function_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cxr_cli.rewards.own_reward.SLOW", 0.0)
    (folder / "own_slow.py").write_text("def f(completions, **_):\n    return [1, 0]\n")
    select(["own_slow:f"]).pay(["x", "y"], {"case": ROWS})
    assert capsys.readouterr().err == "cxr: the reward own_slow:f took 0 s for 2 completions\n"


def test_a_module_that_cannot_be_imported(folder: Path) -> None:
    (folder / "own_broken.py").write_text("x = 1\ndef f(:\n")
    (folder / "own_division.py").write_text("x = 1\ny = x / 0\n")
    (folder / "own_exit.py").write_text("import sys\nsys.exit(0)\n")
    (folder / "own_base_module.py").write_text("raise BaseException\n")
    for name, words in [
        ("own_broken", r"SyntaxError at \S*own_broken.py:2"),
        ("own_division", r"ZeroDivisionError at \S*own_division.py:2"),
        ("own_base_module", r"BaseException at \S*own_base_module.py:1"),
        ("own_exit", r"SystemExit at \S*own_exit.py:2"),
    ]:
        with pytest.raises(CxrError) as error:
            select([f"{name}:f"])
        assert re.fullmatch(f"--reward {name}:f: {words}", str(error.value))


def test_what_it_prints_is_no_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own_print.py").write_text(
        "import numpy as np\ndef f(**_):\n    print('hm')\n    return np.array([1, 0.5])\n"
    )
    assert select(["own_print:f"]).pay(["x", "y"], {"case": ROWS})["f"].tolist() == [1.0, 0.5]
    assert capsys.readouterr() == ("", "hm\n")


def test_none_stays_none(folder: Path) -> None:
    (folder / "own_some.py").write_text("def f(**_):\n    return [None, True]\n")
    values = select(["own_some:f"]).functions["f"](completions=["x", "y"], prompts=["", ""], case=ROWS)
    assert values == [None, 1.0]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["my.py:f"], "--reward my.py:f: name the module, not its file: my:f"),
        (["format:abc"], "--reward format:abc: abc is no weight"),
        (
            ["format:1,accuracy:1"],
            "--reward format:1,accuracy:1: one reward each: --reward format:1 --reward accuracy:1",
        ),
        (["lib/my.py:f"], "--reward lib/my.py:f: name the module, not its file: lib.my:f"),
        (["./my:f"], "--reward ./my:f: not MODULE:FUNCTION"),
        ([":f"], "--reward :f: not MODULE:FUNCTION"),
        (["a\0b:f"], "--reward a\\x00b:f: not MODULE:FUNCTION"),
        (["my:f:"], "--reward my:f:: nothing is no weight"),
        (["format:1_0"], "--reward format:1_0: 1_0 is no weight"),
        (["format:1e-300"], "--reward format:1e-300: a weight is 0, or a number from 0.001 to 1,000"),
        (["format:1e300"], "--reward format:1e300: a weight is 0, or"),
        (["format:nan"], "--reward format:nan: a weight is 0, or a number from 0.001 to 1,000"),
        (["format:inf"], "--reward format:inf: a weight"),
        (["format:-1"], "--reward format:-1: a weight"),
        (["format:0", "accuracy:0"], "--reward: all weights are 0, so nothing would be learned"),
    ],
)
def test_names_and_weights_that_are_wrong(texts: list[str], words: str) -> None:
    with pytest.raises(CxrError) as error:
        select(texts)
    assert str(error.value).startswith(words)
