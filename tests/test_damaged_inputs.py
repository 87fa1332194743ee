"""Hundreds of damaged inputs at every command and reader: an exit code, one line, no report text, every good row.

The damage is drawn from a seed, so that each run has the same. Commands run in this process, as `cxr` runs them.
"""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from tests.conftest import Result, Tool, needs
from tests.engines.server import Server

SECRET = "Mrs Smith's left pleural effusion"
REPORT = f"FINDINGS: {SECRET}. No pneumothorax. IMPRESSION: {SECRET}."
GOOD = [
    {
        "id": f"good{number}",
        "report": REPORT,
        "question": "Is there a pleural effusion?",
        "options": ["Yes", "No"],
        "answer": "Yes",
        "prediction": "<think>There is an effusion.</think><answer>Yes</answer>",
        "steps": ["There is a pleural effusion."],
    }
    for number in range(3)
]
LINES = [json.dumps(row) for row in GOOD]
ROW = '{"id":"bad","report":"' + SECRET + '",%s}'
BROKEN_LINES = [
    ROW % ('"x":' + "[" * 5000 + "]" * 5000),
    ROW % ('"x":' + '{"a":' * 100_000 + "1" + "}" * 100_000),
    ROW % '"support":1e400',
    ROW % '"support":NaN',
    ROW % '"support":-Infinity',
    ROW % ('"x":' + "9" * 5000),
    ROW % '"x":"\\ud800"',
    ROW % '"x":{"y":1,"y":2}',
    ROW % '"report":"another"',
    ROW % '"labels":[[["' + SECRET + '"]]]',
    ROW.replace("bad", "b" * 1_000_000) % '"x":1',
    ROW.replace('"bad"', "null") % '"x":1',
    ROW.replace('"bad"', '["' + SECRET + '"]') % '"x":1',
    ROW % f'"x":"{SECRET}',
    "[" + ROW % '"x":1' + "]",
    f'"{SECRET}"',
    SECRET,
    "\0" * 40,
]


def check(done: Result, what: object) -> None:
    """An error is one line that quotes nothing; a run that went through has at most notes."""
    assert done.code in (0, 1, 3), (what, done)
    assert "internal error" not in done.err, (what, done.err)
    assert "Traceback" not in done.err, (what, done.err)
    assert not re.search("Smith|effusion", done.err), (what, done.err)
    assert done.err.isprintable() or "\x1b" not in done.err, (what, done.err)
    errors = [line for line in done.err.splitlines() if not line.startswith("cxr: ")]
    assert errors == [], (what, errors)
    assert done.code != 1 or 1 <= done.err.count("\n") <= 3, (what, done.err)  # notes, and the error


COMMANDS = {  # a command, and what its rows are called by the id of their study
    "mine": ["mine", "--task", "binary"],
    "label": ["label"],
    "verify": ["verify", "--keep", "all"],
    "score": ["score"],
}


def ids(text: str) -> set[str]:
    return {json.loads(line)["id"].partition("/")[0] for line in text.splitlines()}


@pytest.mark.parametrize("command", COMMANDS)
def test_broken_lines_are_skipped_and_every_good_row_is_there(tool: Tool, tmp_path: Path, command: str) -> None:
    for number, broken in enumerate(BROKEN_LINES):
        (tmp_path / "in.jsonl").write_text("\n".join([LINES[0], broken, *LINES[1:]]) + "\n")
        skipped = tool(*COMMANDS[command], "in.jsonl", "--on-error", "skip", "--rejects", "bad.jsonl")
        check(skipped, (command, number))
        assert (skipped.code, ids(skipped.out)) == (3, {"good0", "good1", "good2"}), (command, number, skipped.err)
        [rejected] = (tmp_path / "bad.jsonl").read_text().splitlines()
        assert json.loads(rejected)["where"] == "in.jsonl:2"
        stopped = tool(*COMMANDS[command], "in.jsonl")
        check(stopped, (command, number))
        assert (stopped.code, ids(stopped.out), stopped.err.count("\n")) == (1, {"good0"}, 1), (command, number)
        assert stopped.err.startswith("cxr: in.jsonl:2: ")


def test_ids_are_escaped_in_messages_and_kept_in_rows(tool: Tool) -> None:
    for id in ("a\nb", "\x1b[31mred", "a\u202eb", "x" * 900):
        line = json.dumps({"id": id, "report": "No edema."})
        assert json.loads(tool("label", stdin=line.encode()).out)["id"] == id
        done = tool("label", stdin=f"{line}\n{line}\n".encode())
        assert (done.code, done.err.count("\n"), len(done.err) < 300) == (1, 1, True)
        assert done.err.rstrip("\n").isprintable()


def test_numbers_come_out_as_they_came_in(tool: Tool) -> None:
    line = '{"id":"a","report":null,"x":[123456789012345678901234567890,0.123456789012345678901234567890,1e-400,1.5],'
    line += '"support":0.12345678901234567890}\n'
    done = tool("verify", "--keep", "all", stdin=line.replace("null,", '"Edema.","steps":["Edema."],').encode())
    for number in re.findall(r"[\d.e-]{8,}", line.partition("support")[0]):
        assert number in done.out


def damaged(rng: random.Random, data: bytes) -> bytes:
    """The bytes with one of many kinds of damage."""
    at, length = rng.randrange(len(data) + 1), rng.randrange(1, 40)
    kinds: list[Callable[[], bytes]] = [
        lambda: data[:at],
        lambda: data[:at] + data[at + length :],
        lambda: data[:at] + bytes(rng.randrange(256) for _ in range(length)) + data[at:],
        lambda: data[:at] + b"\0" * length + data[at:],
        lambda: data[:at] + rng.choice([b'"', b"\n", b"\r", b",", b";", b"}", b"[", b"\\", b"\x1b[1m"]) + data[at:],
        lambda: data[:at] + data[:length] + data[at:],
        lambda: data.decode("utf-8", "replace").encode("utf-16"),
        lambda: data.decode("utf-8", "replace").encode("utf-16-be")[: 2 * at],
        lambda: data.replace(b"\n", b"\r"),
        lambda: data.replace(b",", rng.choice([b";", b"\t", b"|"])),
        lambda: data.replace(b'"', b""),
        lambda: data[::-1],
    ]
    return rng.choice(kinds)()


def write_table(path: Path) -> None:
    rows = [{key: row[key] for key in ("id", "report", "question", "answer", "prediction")} for row in GOOD]
    frame = pl.DataFrame(rows)
    match path.suffix:
        case ".parquet":
            frame.write_parquet(path)
        case ".arrow":
            frame.write_ipc(path)
        case ".json":
            path.write_text(json.dumps(rows))
        case ".jsonl":
            path.write_text("".join(f"{line}\n" for line in LINES))
        case ".txt":
            path.write_text(f"{REPORT}\n" * 3)
        case suffix:
            frame.write_csv(path, separator="\t" if suffix == ".tsv" else ",")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".json", ".parquet", ".arrow", ".txt", ".jsonl.gz"])
def test_damaged_files(tool: Tool, tmp_path: Path, suffix: str) -> None:
    import gzip

    rng = random.Random(f"files{suffix}")
    whole = tmp_path / f"whole{suffix.removesuffix('.gz')}"
    write_table(whole)
    content = whole.read_bytes() if not suffix.endswith(".gz") else gzip.compress(whole.read_bytes())
    path = tmp_path / f"in{suffix}"
    for number in range(40):
        path.write_bytes(damaged(rng, content))
        commands = ["score"] if suffix == ".txt" else [rng.choice([*COMMANDS])]
        for command in commands:
            check(tool(*COMMANDS[command], path.name), (suffix, number, command))
            flags = ("--on-error", "skip", "--rejects", "bad.jsonl")
            check(tool(*COMMANDS[command], path.name, *flags), (suffix, number, command))


DATA_SETS = {
    "rsna": {"stage_2_train_labels.csv": "patientId,x,y,width,height,Target\na,,,,,0\nb,1,2,3,4,1\n"},
    "siim": {"train-rle.csv": "ImageId, EncodedPixels\na, -1\nb, 1 2 3\n"},
    "openi": {"indiana_reports.csv": f"uid,MeSH,findings,impression\n1,normal,{SECRET},{SECRET}\n2,Edema,Clear,None\n"},
    "vindr-cxr": {"annotations/image_labels_test.csv": "image_id,Cardiomegaly,No finding\na,1,0\nb,0,1\n"},
    "mimic-cxr": {
        "files/p10/p10000032/s50414267.txt": REPORT,
        "mimic-cxr-2.0.0-split.csv": "dicom_id,study_id,subject_id,split\na,50414267,10000032,train\n",
    },
    "ms-cxr-t": {
        "MS_CXR_T_temporal_image_classification_v1.0.0.csv": "subject_id,study_id,dicom_id,previous_study_id,"
        "previous_dicom_id,consolidation_progression,edema_progression,pleural_effusion_progression,"
        "pneumonia_progression,pneumothorax_progression\n1,2,a,3,b,stable,,,,improving\n"
    },
}


@pytest.mark.parametrize("name", DATA_SETS)
def test_damaged_data_sets(tool: Tool, tmp_path: Path, name: str) -> None:
    rng = random.Random(f"data sets {name}")
    files = DATA_SETS[name]
    for number in range(25):
        for path, text in files.items():
            target = tmp_path / "data" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(damaged(rng, text.encode()) if rng.random() < 0.7 else text.encode())
        check(tool("mine", f"{name}:data"), (name, number))


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "good.jsonl", "--references", "damaged.jsonl"],
        ["score", "good.jsonl", "--summary", "--references", "damaged.txt"],
        ["label", "good.jsonl", "--gold", "damaged.csv"],
        ["verify", "good.jsonl", "--human", "damaged.jsonl"],
        ["mine", "good.jsonl", "--apart-from", "damaged.jsonl"],
        ["score", "good.jsonl", "damaged.jsonl", "--compare"],
        ["score", "published", "--from", "chestx-reasoner"],
        ["view", "damaged.jsonl", "-o", "page.html", "--overwrite"],
        ["card", "train=good.jsonl", "test=damaged.jsonl", "-o", "card", "--overwrite"],
    ],
    ids=lambda arguments: " ".join(arguments[:1] + [one for one in arguments if one.startswith("--")]),
)
def test_damaged_second_files(tool: Tool, tmp_path: Path, arguments: list[str]) -> None:
    if arguments[0] == "card":
        pytest.importorskip("matplotlib")
    rng = random.Random(" ".join(arguments))
    for name in ("good.jsonl", "d.txt", "d.csv"):
        write_table(tmp_path / name)
    result = json.dumps([{"item_id": "1", "question": "Edema?", "answer": "Yes", "pred": "Yes", "image_path": []}])
    (tmp_path / "published/accuracy_res/model").mkdir(parents=True)
    for number in range(12):
        for name, source in (("jsonl", "good.jsonl"), ("txt", "d.txt"), ("csv", "d.csv")):
            (tmp_path / f"damaged.{name}").write_bytes(damaged(rng, (tmp_path / source).read_bytes()))
        (tmp_path / "published/accuracy_res/model/task.json").write_bytes(damaged(rng, result.encode()))
        check(tool(*arguments), (arguments, number))


@pytest.fixture
def films(tmp_path: Path) -> list[str]:
    """The lines of good rows, each with a film that is there."""
    Image.radial_gradient("L").resize((64, 64)).save(tmp_path / "film.png")
    return [json.dumps(row | {"images": ["film.png"]}) for row in GOOD]


@needs("llm")
def test_infer_keeps_every_good_row(tool: Tool, tmp_path: Path, films: list[str]) -> None:
    rng = random.Random("infer")
    content, film = "".join(f"{line}\n" for line in films).encode(), (tmp_path / "film.png").read_bytes()
    with Server(lambda asked: "<think>Clear.</think><answer>No</answer>") as server:
        flags = ("-m", server.url, "--no-cache", "--workers", "0")
        skip = ("--on-error", "skip", "--rejects", "bad.jsonl")
        for number, broken in enumerate(BROKEN_LINES):
            broken = broken.replace('"report"', '"images":["film.png"],"question":"Edema?","report"', 1)
            (tmp_path / "in.jsonl").write_text("\n".join([films[0], broken, *films[1:]]) + "\n")
            skipped = tool("infer", "in.jsonl", *flags, *skip)
            check(skipped, number)
            assert (skipped.code, ids(skipped.out)) == (3, {"good0", "good1", "good2"}), (number, skipped.err)
        for number in range(20):
            (tmp_path / "in.jsonl").write_bytes(damaged(rng, content))
            check(tool("infer", "in.jsonl", *flags, *skip), ("rows", number))
        (tmp_path / "in.jsonl").write_bytes(content.replace(b"film.png", b"damaged.png", 1))
        for number in range(40):
            (tmp_path / "damaged.png").write_bytes(damaged(rng, film))
            done = tool("infer", "in.jsonl", *flags, *skip)
            check(done, ("film", number))
            assert ids(done.out) >= {"good1", "good2"}, (number, done.err)


@needs("train")
@pytest.mark.parametrize("command", [("sft",), ("rl",), ("rl", "--audit")], ids=" ".join)
def test_training_stops_at_a_damaged_row(
    tool: Tool, tmp_path: Path, films: list[str], tiny_models: dict[str, Path], command: tuple[str, ...]
) -> None:
    rng = random.Random(" ".join(command))
    content = "".join(f"{line}\n" for line in films).encode()
    flags = () if "--audit" in command else ("-m", tiny_models["qwen2_vl"], "-o", "out", "--dry-run")
    for number, broken in enumerate(BROKEN_LINES):
        (tmp_path / "in.jsonl").write_text("\n".join([films[0], broken, *films[1:]]) + "\n")
        stopped = tool(*command, "in.jsonl", *flags)
        check(stopped, (command, number))
        assert (stopped.code, stopped.out) == (1, ""), (command, number, stopped)
        assert stopped.err.splitlines()[-1].startswith("cxr: in.jsonl:2: "), (command, number, stopped.err)
    for number in range(12):
        (tmp_path / "in.jsonl").write_bytes(damaged(rng, content))
        check(tool(*command, "in.jsonl", *flags), (command, number))
    assert not (tmp_path / "out").exists()


def test_phantoms_into_places_that_are_none(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(SECRET)
    (tmp_path / "images_is_a_file").mkdir()
    (tmp_path / "images_is_a_file" / "images").write_text(SECRET)
    (tmp_path / "film_is_a_folder" / "images" / "phantom-000000.dcm").mkdir(parents=True)
    (tmp_path / "rows_are_a_folder" / "studies.jsonl").mkdir(parents=True)
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "rows_are_a_link").mkdir()
    (tmp_path / "rows_are_a_link" / "studies.jsonl").symlink_to("nowhere")
    places = [
        "file",
        "file/below",
        *(path.name for path in tmp_path.iterdir() if "_" in path.name),
        "a\nb/c",
        "x" * 300,
    ]
    for place in places:
        done = tool("phantom", "-n", "1", "--size", "32", "--priors", "0", "-o", place)
        assert done.out == ""
        assert (tmp_path / "file").read_text() == SECRET
        assert done.code in (0, 1, 2), (place, done)
        if done.code != 2:
            check(done, place)


@pytest.mark.parametrize(
    "arguments",
    [
        ["card", "\udcff=in.jsonl", "-o", "card"],
        ["view", "\udcff=in.jsonl", "-o", "page.html"],
        ["mine", "in.jsonl", "--make-split", "\udcff=1"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_names_that_are_not_utf_8(tool: Tool, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "in.jsonl").write_text("\n".join(LINES))
    done = tool(*arguments)
    check(done, arguments)
    assert done.code == 1
    assert done.err.endswith("a name on the command line is not UTF-8: it cannot be written into a row or a page\n")
