"""The parts of the project that must agree do: commands, corpus, schemas, docstrings and the order of imports."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from inspect import cleandoc
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from jsonschema import Draft202012Validator

import aksparse
from aksparse.command import registry
from aksparse.records import Record
from aksparse.serialize import make_schemas, schema_names
from tests.corpus import CORPUS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/aksparse"
COMMANDS = sorted(path.stem for path in PACKAGE.glob("commands/*.py") if path.stem != "__init__")
SCHEMAS = sorted(path.name.removesuffix(".schema.json") for path in ROOT.glob("schemas/*.schema.json"))


# Commands, corpus, schemas


def test_every_command_has_a_corpus_a_schema_and_a_function() -> None:
    assert len(COMMANDS) >= 9
    assert sorted(registry()) == COMMANDS
    assert sorted(path.name for path in CORPUS.glob("commands/*")) == COMMANDS
    assert set(COMMANDS) <= set(SCHEMAS)
    for name in COMMANDS:
        assert any(CORPUS.glob(f"commands/{name}/*/input.txt"))
        assert callable(getattr(aksparse, f"parse_{name}"))


def test_there_is_a_schema_for_each_command_and_for_what_else_is_written_or_read() -> None:
    assert (
        {"architecture", "capture", "comparison", "diagnostics", "outputs", *COMMANDS}
        == set(SCHEMAS)
        == set(make_schemas())
    )
    assert sorted(schema_names()) == SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_file_is_what_the_records_make_it(name: str) -> None:
    """`make schemas` writes them."""
    text = (ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8")
    assert text == json.dumps(make_schemas()[name], indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_and_says_what_everything_in_it_is(name: str) -> None:
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    for path, part in parts_of(schema, "$"):
        if path.startswith("$.$defs.") and path.count(".") == 2:
            assert part.get("title"), path
            assert part.get("additionalProperties") is False, path
        if ".properties." in path and re.search(r"\.properties\.\w+$", path) and ".if." not in path:
            assert part.get("description") or ".then." in path, path
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in schema["$defs"], path


def parts_of(schema: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Every object in a schema, with its path."""
    if isinstance(schema, list):
        return [part for index, item in enumerate(schema) for part in parts_of(item, f"{path}.{index}")]
    if not isinstance(schema, dict):
        return []
    return [(path, schema), *(part for key, item in schema.items() for part in parts_of(item, f"{path}.{key}"))]


# Packages


def children(package: Path) -> set[str]:
    """What is in a package: modules and packages without their ends, other files with them."""
    paths = (path for path in package.iterdir() if not path.name.startswith(("_", ".")))
    return {path.name.removesuffix(".py") for path in paths} - {"py.typed"}


PACKAGES = sorted(path.parent for path in PACKAGE.glob("*/**/__init__.py") if path.parent.name != "commands")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_package_says_what_each_of_its_modules_is(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    items = [re.findall(r"`([\w.]+)`", names) for names in re.findall(r"^- ([^:]+):", text, re.MULTILINE)]
    assert {name for names in items for name in names} <= children(package)
    assert children(package) <= set(re.findall(r"`([\w.]+)`", text))


def test_readme_says_where_everything_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, section = readme.partition("Where things are:\n")
    table = section.strip().partition("\n\n")[0]
    named = {
        Path(name).name.removesuffix(".py") for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row)
    }
    assert children(PACKAGE) <= named


# Records


def record_classes() -> list[type[Any]]:
    modules = [importlib.import_module(f"aksparse.{name}") for name in MODULES]
    found = {cls for module in modules for cls in vars(module).values() if isinstance(cls, type) and attrs.has(cls)}
    return sorted((cls for cls in found if cls.__module__.startswith("aksparse.")), key=lambda cls: cls.__qualname__)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


MODULES = sorted(module_name(path) for path in PACKAGE.rglob("*.py") if path.stem != "__init__")
CLASSES = [cls for cls in record_classes() if cls is not Record and not cls.__name__.startswith("_")]


def test_records_of_every_command_are_looked_at() -> None:
    records = [get_args(command.record) or [command.record] for command in registry().values()]
    assert set(chain(*records)) <= set(CLASSES)
    assert len(CLASSES) > 30


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__qualname__)
def test_instances_are_frozen(cls: type[Any]) -> None:
    instance = object.__new__(cls)
    for field in attrs.fields(cls):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(instance, field.name, None)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__qualname__)
def test_the_docstring_says_what_each_field_is(cls: type[Any]) -> None:
    own = [field.name for field in attrs.fields(cls) if not field.inherited]
    assert cls.__doc__ is not None
    _, _, section = cleandoc(cls.__doc__).partition("Attributes:\n")
    described = re.findall(r"^    (\w+): \S", section, re.MULTILINE)
    assert described == own


# Imports

# A module may import those above it, never one below; the commands stand side by side.
LAYERS = [
    *("terminal.screen", "terminal.prompts", "terminal.noise", "foreign"),
    *("errors", "diagnostics", "linere", "tokens", "records"),
    *("containers.clients", "containers.crictl", "containers.kubelet", "containers.cells"),
    *("netfilter.values", "netfilter.matches.packet", "netfilter.matches.kernel", "netfilter.matches.rates"),
    *("netfilter.targets", "netfilter.rules", "netfilter.packets", "netfilter.options"),
    *("netfilter.listed_matches", "netfilter.listed_targets", "netfilter.listing"),
    *("netfilter.saved_options", "netfilter.saved_targets", "netfilter.saving"),
    *("iproute.links.records", "iproute.links.options", "iproute.links.xdp", "iproute.links.lines"),
    *("iproute.links.brief", "iproute.links.counters", "iproute.links.virtual_functions", "iproute.links.details"),
    *(
        "kubernetes.row",
        "kubernetes.workloads",
        "kubernetes.resources",
        "kubernetes.tables",
        "kubernetes.cells",
        "kubernetes.kinds",
        "kubernetes.request",
        "kubernetes.rows",
    ),
    *("command", "recognition", "iproute.keywords", "iproute.nexthops", "documents", "azure", "commands"),
    *("transcript.shellwords", "transcript.wrappers", "transcript.commandline", "transcript.sections"),
    *("transcript.outputs", "transcript.shells", "transcript.read"),
    *("capture.members", "capture.archive", "capture.layouts", "capture.text", "capture.model"),
    *("capture.manifest", "capture.load"),
    *(
        "wiring.model",
        "wiring.versions",
        "wiring.outputs",
        "wiring.host",
        "wiring.routes",
        "wiring.tables",
        "wiring.containers",
    ),
    *("wiring.cni", "wiring.pods", "wiring.services", "wiring.build"),
    *("architecture.fact", "architecture.azure", "architecture.view", "architecture.versions"),
    *("architecture.attachment", "architecture.addresses", "architecture.uplink", "architecture.platform"),
    *("architecture.translation", "architecture.source_nat"),
    *("architecture.modes", "architecture.marks", "architecture.plugin", "architecture.families"),
    *("architecture.remote", "architecture.services", "architecture.address_plan", "architecture.description"),
    *("statement", "migration", "compare", "serialize", "report", "cli", "__main__"),
]


def layer(module: str) -> str:
    return module if module in LAYERS else module.split(".")[0]


def imports_of(module: str) -> set[str]:
    """The modules of aksparse that a module imports when it runs, without the package itself."""
    return imports_in(PACKAGE / f"{module.replace('.', '/')}.py")


def imports_in(path: Path) -> set[str]:
    names = imported(ast.parse(path.read_text(encoding="utf-8")))
    return {name.removeprefix("aksparse.") for name in names if name.startswith("aksparse.")}


def imported(tree: ast.AST) -> list[str]:
    """The modules that code imports, wherever in it, but for those that only a type checker imports."""
    found: list[str] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            source = node.module or ""
            within = [f"{source}.{alias.name}" for alias in node.names]
            found += [name if name.removeprefix("aksparse.") in MODULES else source for name in within]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        else:
            found += imported(node)
    return found


def test_every_module_has_its_layer() -> None:
    assert {layer(module) for module in MODULES} == set(LAYERS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    for other in imports_of(module):
        if layer(other) == "commands" and other not in MODULES:
            assert module == "command", "only the registry looks into the package of the commands"
        else:
            assert LAYERS.index(layer(other)) < LAYERS.index(layer(module)), f"{module} imports {other}"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/**/__init__.py")), ids=lambda path: path.parent.name)
def test_a_package_imports_its_own_modules_alone(path: Path) -> None:
    """Modules import modules, never packages, so that the order of the modules is the order of all there is."""
    assert {name for name in imports_in(path) if name not in MODULES} == set()
    assert {name.rpartition(".")[0] for name in imports_in(path)} <= {module_name(path.parent)}


def test_imports_are_found_wherever_they_stand() -> None:
    tree = ast.parse(
        "from aksparse.command import Parsed\n"
        "from aksparse import cli, __version__\n"
        "def f():\n    import aksparse.report\n"
        "if TYPE_CHECKING:\n    from aksparse.wiring.model import Wiring\n"
    )
    assert imported(tree) == ["aksparse.command", "aksparse.cli", "aksparse", "aksparse.report"]


WATCHED = """
import pyparsing as pp

def state():
    white = pp.ParserElement.DEFAULT_WHITE_CHARS, pp.ParserElement._literalStringClass
    return *white, pp.ParserElement._packratEnabled, pp.ParserElement._left_recursion_enabled, pp.ParserElement._parse

before = state()
import aksparse, aksparse.cli, aksparse.command
aksparse.command.registry()
assert state() == before
"""


def test_importing_is_quiet_and_leaves_pyparsing_as_it_was() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCHED], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
