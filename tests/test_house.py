"""The house: which room may import which. The list of rooms in CONTRIBUTING.md, from the top down, is the law."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cxr_cli

ROOT = Path(__file__).parents[1]
ROOMS = [  # imports run down this list, never up, and never between rooms of one line
    "__main__",
    "cli",
    "commands",
    "options",
    "stages",
    "adapters",
    "library",
    "training",
    "rewards",
    "viewer card",
    "published",
    "scoring",
    "labelling mining verifying",
    "engines",
    "sources images phantoms",
    "answers",
    "tasks",
    "findings",
    "rows",
    "records",
    "registry",
    "suggestions",
    "extras",
    "environment",
    "worker_processes",
    "termination",
    "errors",
    "version",
]
FLOOR = {room: -floor for floor, rooms in enumerate(ROOMS) for room in rooms.split()}
MOST_FILES, MOST_LINES, MOST_LINES_OF_A_COMMAND = 12, 2000, 60


def modules() -> dict[str, Path]:
    """Dotted name -> file; a package is its __init__.py."""
    found = {}
    for path in sorted((ROOT / "cxr_cli").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[str]:
    """The modules of the house that a file imports, anywhere in it: at its top, in a function, for types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


GRAPH = {name: sorted(set(imports(path)) - {name}) for name, path in MODULES.items()}


def room(module: str) -> str:
    return [*module.split("."), "cli"][1]


def test_every_file_stands_in_a_room() -> None:
    assert {room(name) for name in MODULES} == set(FLOOR)


def test_the_drawing_for_contributors_is_this_list() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    drawing = text.partition("```text\n")[2].partition("```")[0]
    drawn = [
        room
        for line in drawing.splitlines()
        for room in re.findall(r"^[\w. /]+?(?=   )", line)
        for room in room.split()
    ]
    rooms = [room for rooms in ROOMS[1:] for room in rooms.split()]
    assert [room.removesuffix("/").removesuffix(".py") for room in drawn] == rooms


def test_the_files_that_contributors_are_sent_to_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## A row's way")[2]
    paths = {path for path in re.findall(r"`([\w/.]+/[\w.]*)`", text) if "NAME" not in path}
    assert [path for path in sorted(paths) if not ((ROOT / path).exists() or (ROOT / "cxr_cli" / path).exists())] == []


def test_install_lines_work_in_a_clone() -> None:
    """The package is not published: no line may install it by its name."""
    assert [path.name for path in MODULES.values() if 'install "cxr-cli' in path.read_text()] == []
    assert [name for name, path in MODULES.items() if "pip install" in path.read_text()] == ["cxr_cli.extras"]


def test_misspelt_names_get_their_hints_in_one_place() -> None:
    texts = {name: path.read_text() for name, path in MODULES.items()}
    assert [name for name, text in texts.items() if "get_close_matches" in text] == ["cxr_cli.suggestions"]
    assert [name for name, text in texts.items() if "closest_name" in text] == ["cxr_cli.suggestions"]


INTERFACES = {  # names that several files define on purpose: one meaning, one definition for each thing of a kind
    *("run", "check_flags"),  # of a stage; of the flags of a command
    "train",  # of SFT and of RL
    *("DATA_SET", "fits", "find", "items", "study", "case"),  # of a data set; `find` also of what an INPUT names
    *("document", "table", "data"),  # a summary, a comparison, a recount: whole, for people, for programs
    "METRICS",  # of a score
    "PROMPTS",  # of a module that asks a model
    "compute_score",  # as the other trainers call it
    "T",  # any type
}


class Definition(NamedTuple):
    """A class, a function or a constant of a module. name: without its underscore."""

    name: str
    file: str
    room: str
    private: bool
    is_class: bool


def definitions() -> Iterator[Definition]:
    for module, path in MODULES.items():
        place = (path.relative_to(ROOT).as_posix(), room(module))
        for node in ast.parse(path.read_text()).body:
            is_class = isinstance(node, ast.ClassDef)
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            if is_class or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.append(node.name)
            for name in names:
                if not name.startswith("__"):
                    yield Definition(name.removeprefix("_"), *place, name.startswith("_"), is_class)


def doubled(found: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    """(name, file) -> the names that stand in several files, each with them."""
    files: dict[Any, set[str]] = {}
    for name, file in found:
        files.setdefault(name, set()).add(file)
    return {name: sorted(places) for name, places in files.items() if len(places) > 1}


def test_a_public_name_has_one_meaning() -> None:
    names = doubled((each.name, each.file) for each in definitions() if not each.private)
    assert {name: files for name, files in names.items() if name not in {*INTERFACES, *cxr_cli.__all__}} == {}


def test_a_private_name_has_one_meaning() -> None:
    """In the whole house, and it is no public name either."""
    names = doubled((each.name, each.file) for each in definitions())
    assert {name: files for name, files in names.items() if name not in {*INTERFACES, *cxr_cli.__all__}} == {}


def test_a_class_has_a_name_of_its_own() -> None:
    """Private classes too; no function or constant bears the name either."""
    classes = {each.name for each in definitions() if each.is_class}
    assert doubled((each.name, each.file) for each in definitions() if each.name in classes) == {}


def test_every_interface_is_one() -> None:
    assert doubled((each.name, each.file) for each in definitions()).keys() >= INTERFACES


PARTICIPLES = set(
    """
    added allowed asked changed chosen composed counted defined doubted dropped filled found given gone graded joined
    kept known loaded made mapped measured mentioned merged missed named parsed placed predicted said sampled saved
    scored seen shown stated stored summed taken told trained wanted written
    """.split()  # noqa: SIM905
)


def test_no_participle_is_the_name_of_a_thing() -> None:
    """Of a variable, an argument or a function; fields of rows are called as the rows have them."""
    found = []
    for path in MODULES.values():
        tree = ast.parse(path.read_text())
        fields = {part.target for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for part in node.body
                  if isinstance(part, ast.AnnAssign)}  # fmt: skip
        for node in ast.walk(tree):
            name = ""
            if isinstance(node, ast.arg):
                name = node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in fields:
                name = node.id
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = node.name.removeprefix("_")
            if name in PARTICIPLES:
                found.append((path.relative_to(ROOT / "cxr_cli").as_posix(), node.lineno, name))
    assert found == []


SAME_THING = {"commands", "options", "stages", "training"}
"""Rooms whose files bear the name of a stage, or of the room or the thing that they give flags for."""
ENTRIES = {  # file names that stand in several rooms on purpose
    "llm",  # what a model does in this room: an entry of JUDGES and of STEP_JUDGES
    "rules",  # what rules do: an entry of JUDGES and of STEP_JUDGES
    "engine",  # an entry of ENGINES in a folder of its own
}


def test_a_file_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        if path.name != "__init__.py" and room(name) not in SAME_THING:
            places.setdefault(path.stem, []).append(name)
    doubled = {stem: names for stem, names in places.items() if len(names) > 1}
    assert {stem: names for stem, names in doubled.items() if stem not in ENTRIES} == {}
    assert doubled.keys() >= ENTRIES


def test_no_load_runs_code_of_strangers() -> None:
    """Each `from_pretrained` and each `from_config` says `trust_remote_code=False`."""
    loads = 0
    for path in [*MODULES.values(), *(ROOT / "recipes").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if getattr(getattr(node, "func", None), "attr", None) in ("from_pretrained", "from_config"):
                assert isinstance(node, ast.Call)
                loads += 1
                values = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert values.get("trust_remote_code") == "False", f"{path}:{node.lineno}"
    assert loads >= 7


def test_no_import_runs_up() -> None:
    up = [
        f"{one} -> {other}"
        for one, others in GRAPH.items()
        for other in others
        if room(one) != room(other) and FLOOR[room(one)] <= FLOOR[room(other)]
    ]
    assert up == []


def test_no_imports_in_a_circle() -> None:
    done: set[str] = set()

    def circle(module: str, way: tuple[str, ...]) -> tuple[str, ...] | None:
        if module in way:
            return (*way[way.index(module) :], module)
        if module in done:
            return None
        found = next((c for other in GRAPH[module] if (c := circle(other, (*way, module)))), None)
        done.add(module)
        return found

    assert [c for name in GRAPH if (c := circle(name, ()))] == []


def folder(module: str) -> str:
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


def test_a_folder_and_one_in_it_do_not_import_each_other() -> None:
    arrows = {(folder(one), folder(other)) for one, others in GRAPH.items() for other in others}
    inner = {two.partition(".")[2] for one, two in arrows if two.startswith(f"{one}.") and (two, one) in arrows}
    assert {name for name in inner if name.count(".")} == set()


def test_no_room_is_overfull() -> None:
    folders = {path.parent for path in MODULES.values()}
    folders.remove(ROOT / "cxr_cli" / "commands")  # a file for each command
    files = {folder.relative_to(ROOT).as_posix(): [*folder.glob("*.py")] for folder in folders}
    sizes = {name: (len(paths), sum(len(p.read_text().splitlines()) for p in paths)) for name, paths in files.items()}
    assert {name: size for name, size in sizes.items() if size[0] > MOST_FILES or size[1] > MOST_LINES} == {}


def test_a_command_is_options_and_one_call() -> None:
    files = (ROOT / "cxr_cli" / "commands").glob("*.py")
    sizes = {path.name: len(path.read_text().splitlines()) for path in files}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_COMMAND} == {}


OTHER_TESTS = {
    "families",
    "bench",
    "docs",
    "golden",
    "recipes",
    "vllm_cpu",
}  # figures, pages, labelled texts, recipes, a vLLM to test with


def test_tests_lie_as_the_rooms_do() -> None:
    """Each room and each folder in one has tests of its own, and a folder of tests bears the name of one of them."""
    tests, package = ROOT / "tests", ROOT / "cxr_cli"
    packages = sorted(path.parent.relative_to(package) for path in package.rglob("*/__init__.py"))
    assert [str(path) for path in packages if not [*(tests / path).rglob("test_*.py")]] == []
    folders = {path.parent.relative_to(tests) for path in tests.rglob("*.py")}
    assert [str(path) for path in folders if not ({*path.parts} & OTHER_TESTS or (package / path).is_dir())] == []
    sizes = {str(path): len([*(tests / path).glob("test_*.py")]) for path in folders}
    assert {name: size for name, size in sizes.items() if size > MOST_FILES} == {}
