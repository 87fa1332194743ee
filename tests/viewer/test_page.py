"""`cxr view`: what is written. test_page_in_browser.py looks at it in a browser."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cxr_cli.errors import CxrError
from cxr_cli.images import BadImage, load_film
from cxr_cli.scoring.summaries.model_names import ModelFile
from cxr_cli.stages.view import ViewOptions, run
from cxr_cli.viewer.gallery import Gallery
from cxr_cli.viewer.page_row import model_name, page_row
from tests.cases import lines
from tests.conftest import Cxr
from tests.images.test_images import dicom

ROWS = ModelFile("rows.jsonl", "rows")
CASE = {
    "id": "a",
    "task": "binary",
    "question": "Is there edema?",
    "options": ["Yes", "No"],
    "answer": "No",
    "report": "No edema.",
    "steps": ["No edema is seen."],
}


def shown(page: Path) -> list[dict[str, Any]]:
    """The rows in a page."""
    found = re.findall(r'<script type="application/json" class="row">(.*?)</script>', page.read_text())
    return [json.loads(text) for text in found]


def view(folder: Path, *texts: str, **how: Any) -> list[dict[str, Any]]:
    names = [folder / f"{chr(97 + number)}.jsonl" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        name.write_text(text)
    settings = {"overwrite": True, "root": folder, **how}
    run(ViewOptions([str(name) for name in names], folder / "page.html", **settings))
    return shown(folder / "page.html")


def test_the_command(cxr: Cxr, tmp_path: Path) -> None:
    done = cxr("view", "-o", "page.html", stdin=lines(CASE, CASE | {"id": "b", "prediction": "No."}))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "cxr: 2 rows, 2 cases, 1 model -> page.html; it contains the reports: keep it where they are allowed\n"
    )
    assert [(row["id"], row["model"]) for row in shown(tmp_path / "page.html")] == [("a", "stdin"), ("b", "stdin")]
    done = cxr("view", "-o", "page.html", stdin=lines(CASE))
    assert (done.returncode, done.stderr) == (1, "cxr: page.html exists: --overwrite replaces it\n")
    done = cxr("view", "-o", "page.html", "--overwrite", stdin="")
    assert (done.returncode, shown(tmp_path / "page.html")) == (0, [])
    assert done.stderr.startswith("cxr: no rows in stdin\ncxr: 0 rows -> page.html; ")


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b'{"id":"a"}\n{"id":', "stdin:2: broken JSON: the file ends in the middle of the row"),
        (b'{"id":"a","report":"\xe9"}\n', "stdin:1: not UTF-8 at byte 21"),
        (b'{"id":"a"}\n{"id":"a"}\n', "stdin:2: field `id`: doubled, first at stdin:1 (id a)"),
        (b'{"id":"a","steps":[{"text":"x"},{}]}\n', "stdin:1: field `steps[1].text`: missing (id a)"),
    ],
)
def test_a_broken_row_leaves_no_page(cxr: Cxr, tmp_path: Path, stdin: bytes, said: str) -> None:
    done = cxr("view", "-o", "page.html", stdin=stdin)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"cxr: {said}")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("page")] == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("rows.jsonl", "rows.jsonl: a page is an .html file"),
        ("no/page.html", "no/page.html: no folder no"),
    ],
)
def test_a_page_that_cannot_be_written(output: str, said: str) -> None:
    with pytest.raises(CxrError, match=f"^{re.escape(said)}$"):
        run(ViewOptions(["rows.jsonl"], Path(output), overwrite=True))


def test_rows_of_one_item_share_what_they_share(tmp_path: Path) -> None:
    one = CASE | {"predictions": [{"text": "A"}], "answered_by": "engine:vllm|model:rl/final|seed:0"}
    other = CASE | {"prediction": "<think>No edema. Clear.</think><answer>B</answer>"}
    first, second, third = view(tmp_path, lines(one), lines(other, CASE | {"id": "c"}))
    assert [row["of"] for row in (first, second, third)] == [0, 0, 1]
    assert (first["model"], second["model"]) == ("rl/final", "b")
    assert [row["predictions"][0]["right"] for row in (first, second)] == [0.0, 1.0]
    assert [step["text"] for step in second["predictions"][0]["steps"]] == ["No edema.", "Clear."]
    assert "report" not in second
    assert "steps" not in second
    by_item = [CASE | {"id": f"{n}", "item": "i", "answered_by": f"m{n}", "prediction": "No"} for n in range(3)]
    assert [row["of"] for row in view(tmp_path, lines(*by_item))] == [0, 0, 0]
    other_report = [CASE | {"id": "1", "item": "i"}, CASE | {"id": "2", "item": "i", "report": "Edema."}]
    assert [row["of"] for row in view(tmp_path, lines(*other_report))] == [0, 1]


def test_any_kind_of_row() -> None:
    def film(path: str) -> dict[str, str]:
        return {"name": path}

    study = page_row({"id": "s", "report": None, "images": ["a.png"], "labels": {"edema": 1}}, ROWS, film)
    assert (study["films"], study["steps"], study["predictions"]) == ([{"name": "a.png"}], [], [])
    assert study["rest"] == {"labels": {"edema": 1}}
    prior = {"id": "s0", "images": ["b.png"], "report": "Clear."}
    assert page_row({"id": "s", "prior": prior}, ROWS, film)["before"] == {
        "films": [{"name": "b.png"}],
        "report": "Clear.",
    }
    empty = page_row(CASE | {"prediction": ""}, ROWS, film)["predictions"]
    assert [(said["answer"], said["right"], said["why"], said["steps"]) for said in empty] == [
        (None, None, "no answer", [])
    ]
    letter = page_row(CASE | {"question": "Edema? Options:\nA) Yes\nB) No", "options": [], "answer": "B"}, ROWS, film)
    assert (letter["question"], letter["options"], letter["answer"]) == ("Edema?", ["Yes", "No"], ["No"])
    report = page_row({"id": "s", "report": "Clear.", "prediction": "Clear lungs."}, ROWS, film)["predictions"][0]
    assert (report["answer"], report["right"], report["why"]) == (None, None, None)


def test_models_are_called_as_the_user_calls_them(cxr: Cxr, tmp_path: Path) -> None:
    for folder in "xy":
        (tmp_path / folder).mkdir()
        said = lines(CASE | {"prediction": "No.", "answered_by": "engine:vllm|model:sft|temperature:0"})
        (tmp_path / folder / "a.jsonl").write_text(said)
    cxr("view", "GREEDY=x/a.jsonl", "y/a.jsonl", "-o", "page.html")
    assert [row["model"] for row in shown(tmp_path / "page.html")] == ["GREEDY", "sft"]
    assert "<title>GREEDY, a.jsonl" in (tmp_path / "page.html").read_text()
    done = cxr("view", "x/a.jsonl", "b=x/a.jsonl", "-o", "page.html", "--overwrite")
    assert (done.returncode, done.stderr) == (1, "cxr: x/a.jsonl: given twice; give each model once\n")


@pytest.mark.parametrize(
    ("signature", "name"),
    [("engine:vllm|model:rl/final|seed:0", "rl/final"), ("GPT-4o", "GPT-4o"), ("model:a:b|x", "a:b")],
)
def test_the_name_of_a_model(signature: str, name: str) -> None:
    assert model_name(signature) == name


def test_text_of_rows_cannot_leave_its_place(tmp_path: Path) -> None:
    report = "</script><script>alert(1)</script><!-- \u2028 &amp; rows -->"
    [row] = view(tmp_path, lines(CASE | {"report": report}))
    assert row["report"] == report
    text = (tmp_path / "page.html").read_text()
    assert ("<script>alert" in text, "\u2028" in text) == (False, False)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "'self' file: data:"
    assert all(source.startswith("'sha256-") for source in f"{rules['script-src']} {rules['style-src']}".split())
    assert "http:" not in text.replace("http-equiv", "")
    assert "https:" not in text


def test_films_by_reference(cxr: Cxr, tmp_path: Path) -> None:
    dicom(tmp_path / "a.dcm")
    Image.linear_gradient("L").save(tmp_path / "b.png")
    Image.linear_gradient("L").convert("I").convert("I;16").save(tmp_path / "c.png")
    (tmp_path / "d.dcm").write_bytes(b"no film")
    names = ["a.dcm", "b.png", "c.png", "d.dcm", "none.dcm"]
    done = cxr("view", "-o", "page.html", stdin=lines(CASE | {"images": names}, CASE | {"id": "b", "images": names}))
    assert done.stderr.endswith("cxr: 2 of 5 films cannot be shown: the page says why; --images names their folder\n")
    films = shown(tmp_path / "page.html")[0]["films"]
    rendered = {f"page_files/{path.parent.name}/{path.name}": path for path in tmp_path.glob("page_files/*/*.png")}
    assert {films[0]["src"], films[2]["src"]} == rendered.keys()
    assert films[1] == {"name": "b.png", "src": "b.png"}
    assert films[3:] == [
        {"name": "d.dcm", "missing": "is not a DICOM, PNG or JPEG image"},
        {"name": "none.dcm", "missing": "does not exist"},
    ]
    written = {name: path.stat().st_mtime_ns for name, path in rendered.items()}
    assert cxr("view", "-o", "page.html", "--overwrite", stdin=lines(CASE | {"images": names})).returncode == 0
    assert {name: path.stat().st_mtime_ns for name, path in rendered.items()} == written


def test_a_film_that_infer_refuses_is_not_shown(cxr: Cxr, tmp_path: Path) -> None:
    """A browser would show the half of it that is there."""
    noise = Image.frombytes("L", (200, 200), bytes(n * n % 251 for n in range(40_000)))
    whole = {}
    for name in ("half.jpg", "half.png", "broken.png", "moving.png"):
        noise.save(
            tmp_path / name,
            **({"save_all": True, "append_images": [Image.new("L", (200, 200))]} if name == "moving.png" else {}),
        )
        whole[name] = (tmp_path / name).read_bytes()
    for name in ("half.jpg", "half.png"):
        (tmp_path / name).write_bytes(whole[name][: len(whole[name]) // 2])
    (tmp_path / "broken.png").write_bytes(whole["broken.png"][:200] + b"?" * 50 + whole["broken.png"][250:])
    cases = [CASE | {"id": name, "images": [name]} for name in whole]
    (tmp_path / "rows.jsonl").write_text(lines(*cases))
    for name in whole:
        with pytest.raises(BadImage):
            load_film(name, tmp_path)
    assert cxr("view", "rows.jsonl", "-o", "page.html").returncode == 0
    films = [row["films"][0] for row in shown(tmp_path / "page.html")]
    assert [film.get("missing") for film in films] == [
        "is truncated or damaged",
        "is truncated or damaged",
        "is truncated or damaged",
        "is an animation; only files with one frame are supported",
    ]


def test_a_film_name_that_no_file_can_have(cxr: Cxr, tmp_path: Path) -> None:
    done = cxr("view", "-o", "page.html", stdin=lines(CASE | {"images": ["x" * 5000 + ".png"]}))
    assert (done.returncode, "internal error" in done.stderr, "Traceback" in done.stderr) == (0, False, False)


def test_a_film_that_a_browser_would_turn_is_rendered(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.linear_gradient("L").resize((40, 20))
    image.save(tmp_path / "turned.jpg", exif=exif)
    image.convert("RGBA").save(tmp_path / "clear.png")
    image.save(tmp_path / "plain.jpg")
    image.save(tmp_path / "damaged.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3")
    names = ["turned.jpg", "clear.png", "plain.jpg", "damaged.jpg"]
    sources = [film["src"] for film in view(tmp_path, lines(CASE | {"images": names}))[0]["films"]]
    for name, source in zip(names[:2], sources, strict=False):
        with Image.open(tmp_path / source) as rendered:
            assert rendered.tobytes() == load_film(name, tmp_path).tobytes()
    assert sources[2:] == ["plain.jpg", "damaged.jpg"]


def test_films_inlined(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((2000, 1000)).save(tmp_path / "a.png")
    case = CASE | {"images": ["a.png", "none.png"]}
    rows = view(tmp_path, lines(case, case | {"id": "b"}), embed=True)
    films = rows[0]["films"]
    assert films == rows[1]["films"]
    assert films[1] == {"name": "none.png", "missing": "does not exist"}
    [url] = re.findall(
        rf'<script type="text/plain" id="{films[0]["inlined"]}">(.*?)</script>', (tmp_path / "page.html").read_text()
    )
    (tmp_path / "b.jpg").write_bytes(base64.b64decode(url.removeprefix("data:image/jpeg;base64,")))
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.format == "JPEG"
        assert image.size == (1265, 632)
    assert not (tmp_path / "page_files").exists()


def test_limit_and_map(tmp_path: Path) -> None:
    rows = [{"uid": f"{n}", "text": "Clear."} for n in range(5)]
    found = view(tmp_path, lines(*rows), mapping={"id": ["uid"], "report": ["text"]}, limit=2)
    assert [(row["id"], row["report"]) for row in found] == [("0", "Clear."), ("1", "Clear.")]


def test_a_film_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "fil ms#1").mkdir()
    Image.linear_gradient("L").save(tmp_path / "fil ms#1" / "a:b.png")
    gallery = Gallery(tmp_path / "out" / "page.html", tmp_path, embed=False)
    assert gallery.film("fil ms#1/a:b.png")["src"] == "../fil%20ms%231/a%3Ab.png"
