"""The recorded nodes, and what is made of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from aksparse import Architecture, Capture, Known, Wiring, build_wiring, describe, load_capture
from aksparse.architecture.description import ASPECTS
from tests.corpus import CORPUS

CAPTURES = CORPUS / "captures"
AT0 = Path(__file__).parent / "data/at0"
NODES = [*sorted(CAPTURES.iterdir()), AT0]

KUBENET_ROUTES = (
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
    "0.0.0.0         10.220.1.1      0.0.0.0         UG    0      0        0 eth0\n"
    "10.100.1.0      0.0.0.0         255.255.255.0   U     0      0        0 cbr0\n"
    "10.220.1.0      0.0.0.0         255.255.255.0   U     0      0        0 eth0\n"
)
KUBENET_BRIDGES = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\ncbr0\t\t8000.160c0cac5660\tno\t\tveth9423965c\n"


def wiring_of(path: Path) -> Wiring:
    return build_wiring(load_capture(path))


def described(path: Path) -> Architecture:
    return describe(wiring_of(path))


def load_from(directory: Path, log: str) -> Capture:
    file = directory / "node.log"
    file.write_text(log)
    return load_capture(file)


def from_log(directory: Path, log: str, name: str = "node.log") -> Architecture:
    file = directory / name
    file.write_text(log)
    return described(file)


def without(path: Path, gone: tuple[str, ...], to: Path) -> Path:
    """A copy of a capture without some files and their entries."""
    copy = to / path.name
    copy.mkdir(parents=True)
    head, *entries = (path / "capture.toml").read_text().split("\n[[outputs]]\n")
    kept = [entry for entry in entries if not any(f'file = "{file}"' in entry for file in gone)]
    (copy / "capture.toml").write_text("\n[[outputs]]\n".join([head, *kept]))
    for file in path.glob("*.txt"):
        if file.name not in gone:
            (copy / file.name).write_bytes(file.read_bytes())
    return copy


def summaries(architecture: Architecture) -> dict[str, str]:
    """Each known fact in words."""
    facts = {name: getattr(architecture, name) for name in ASPECTS}
    return {name: fact.value.summary() for name, fact in facts.items() if isinstance(fact, Known)}


def compared(value: Any) -> dict[str, Any]:
    """The known parts of a value that do not belong to the one node."""
    fields = [field for field in attrs.fields(type(value)) if not field.metadata.get("instance")]
    return {field.name: part for field in fields if (part := getattr(value, field.name)) is not None}
