"""The examples in README.md run and print what README.md says."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


def run_console(example: Example) -> None:
    """Run each `$ command` of a block in the root of the project and compare what it prints."""
    for part in ("\n" + example.parsed).split("\n$ ")[1:]:
        command, _, expected = part.partition("\n")
        printed = subprocess.run(
            command,
            shell=True,
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            check=False,
        )
        actual = printed.stdout + printed.stderr
        assert doctest.OutputChecker().check_output(expected, actual, doctest.ELLIPSIS), actual


def examples() -> Iterator[Example]:
    sybil = Sybil(parsers=[PythonCodeBlockParser(), CodeBlockParser("console", run_console)], encoding="utf-8")
    yield from sybil.parse(ROOT / "README.md").examples()


def test_readme_has_examples_of_both_kinds() -> None:
    assert len(list(examples())) == 5


def test_the_examples_in_readme_do_what_readme_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    for example in examples():
        example.evaluate()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"```\n{capsys.readouterr().out}```" in readme


def test_the_manifest_in_readme_is_valid() -> None:
    from aksparse.capture.manifest import read_manifest

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    manifest = read_manifest(readme.partition("```toml\n")[2].partition("```")[0])
    assert manifest.network.route_table is not None
    assert manifest.outputs[1].argv[0] == "nsenter"
