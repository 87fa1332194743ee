"""`cxr cache`: what is kept, and how it is cleared."""

from pathlib import Path

from PIL import Image

from tests.cases import lines
from tests.conftest import Cxr, needs
from tests.engines.server import Server


@needs("llm")
def test_info_and_clear(cxr: Cxr, tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.png")
    cases = [{"id": f"c{n}", "question": f"Is there edema in film {n}?", "images": ["a.png"]} for n in range(3)]
    with Server(lambda asked: "<think> The hila are hazy. </think><answer> Yes </answer>") as server:
        flags = ("infer", "--workers", 0, "-m", server.url)
        for _ in range(2):
            cxr(*flags, stdin=lines(*cases))
        assert len(server.requests) == 3
        info = cxr("cache", "info").stdout.splitlines()
        assert info[0] == str(tmp_path / "cache" / "replies.sqlite")
        assert info[1].startswith("3 replies, 21 tokens, ")
        assert cxr("cache", "clear").stderr == "cxr: 3 replies deleted\n"
        cxr(*flags, stdin=lines(cases[0]))
    assert len(server.requests) == 4
