"""What a command line asks `kubectl get` or `kubectl events` for, as far as it says how the tables look.

Format: kubectl-get(1); the columns of `-o custom-columns=HEADER:PATH,...` are split at commas, whatever the paths hold
(`k8s.io/kubectl` `pkg/cmd/get/customcolumn.go`), and those of `-L` are called after the last part of the label's key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from aksparse.kubernetes.kinds import KINDS, Kind, kind_named


class Request(NamedTuple):
    """What a command line asks for.

    Attributes:
        kinds: the kinds; `None` when any may come.
        output: the form of the output, empty by default.
        before: the columns before those of the kind.
        more: the columns behind those of the kind, of labels.
        headers: whether there are headers.
    """

    kinds: tuple[Kind, ...] | None
    output: str = ""
    before: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    headers: bool = True

    @property
    def wide(self) -> bool:
        return self.output == "wide"

    @property
    def chosen(self) -> bool:
        """Whether the columns are chosen."""
        return self.output.startswith("custom-columns")

    @property
    def chosen_columns(self) -> tuple[str, ...]:
        """The columns that are chosen, where the command line itself names them."""
        form, _, columns = self.output.partition("=")
        names = tuple(column.partition(":")[0] for column in columns.split(",")) if form == "custom-columns" else ()
        return names if all(names) else ()


_OPTION = re.compile(r"(--[a-z-]+|-[a-zA-Z])=?(.*)", re.DOTALL)
_SHORT_FLAGS = re.compile(r"-[Aw]+(?=[a-zA-Z])")  # `-Aowide` is `-A -o wide`
_VALUED = {
    *("-n", "--namespace", "-l", "--selector", "--context", "--kubeconfig", "--field-selector", "--sort-by", "-L"),
    *("--label-columns", "-o", "--output", "--chunk-size", "-s", "--server", "--as", "--as-group", "--as-uid"),
    *("--cluster", "--user", "--username", "--password", "--token", "--request-timeout", "-f", "--filename", "-k"),
    *("--kustomize", "--subresource", "--for", "--types", "--template", "--cache-dir", "--certificate-authority"),
    *("--client-certificate", "--client-key", "--tls-server-name", "--kuberc", "--profile", "--profile-output"),
    *("-v", "--v", "--vmodule", "--log-flush-frequency"),
}


def read_request(argv: Sequence[str]) -> Request | None:
    """What a command line asks for; `None` when it is another command, or prints what no table is."""
    if not argv or argv[0] not in ("kubectl", "k", "oc"):
        return None
    names: list[str] = []
    said: dict[str, list[str]] = {}
    words = iter(argv[1:])
    for text in words:
        if flags := _SHORT_FLAGS.match(text):
            said.update({f"-{flag}": ["true"] for flag in flags[0][1:]})
            text = f"-{text[flags.end() :]}"
        if option := _OPTION.fullmatch(text):
            bare = option[0] == option[1]
            value = next(words, "") if bare and option[1] in _VALUED else option[2] or "true"
            said.setdefault(option[1], []).append(value)
        else:
            names.append(text)
    return None if "--raw" in said else _request(names, said)


def _request(names: Sequence[str], said: dict[str, list[str]]) -> Request | None:
    def last(*options: str) -> str:
        return next((said[option][-1] for option in options if option in said), "")

    kinds = _kinds(names)
    if kinds == ():
        return None
    labels = ",".join(said.get("-L", []) + said.get("--label-columns", []))
    return Request(
        kinds=None if kinds is None else tuple(kind for kind in kinds if kind),
        output=last("-o", "--output"),
        before=(
            *(("EVENT",) if last("--output-watch-events") == "true" else ()),
            *(("NAMESPACE",) if last("-A", "--all-namespaces") == "true" else ()),
        ),
        more=(
            *(label.rpartition("/")[2].upper() for label in labels.split(",") if label),
            *(("LABELS",) if last("--show-labels") == "true" else ()),
        ),
        headers=last("--no-headers") != "true",
    )


def _kinds(names: Sequence[str]) -> tuple[Kind | None, ...] | None:
    """The kind of each resource, of which some have none; `None` when any may come, none at all for other commands."""
    if names[:1] == ["events"]:
        return (KINDS["event"],)
    if names[:1] != ["get"] or len(names) < 2:
        return ()
    resources = [name.partition("/")[0] for name in names[1].split(",")]
    if any("/" in name for name in names[1:]):
        resources = [name.partition("/")[0] for name in names[1:]]
    return None if "all" in resources else tuple(kind_named(resource) for resource in resources)
