"""What the commands that read crictl share: its ids, its tables' headers, and its command line.

crictl is the client of the Kubernetes container runtime interface, through which the kubelet talks to containerd or
CRI-O (sigs.k8s.io/cri-tools). Its tables are set by Go's text/tabwriter with columns at least 20 wide and 3 blanks
apart; no cell but a time has a blank in it. Ids are cut to 13 digits unless `--no-trunc` is given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyparsing as pp

from aksparse.containers.clients import from_verb_on
from aksparse.tokens import column

cri_id = pp.Regex(r"[0-9a-f]{64}|[0-9a-f]{13}").set_name("container id of 13 or 64 digits")


def header(*names: str) -> pp.ParserElement:
    """The names of columns in a header; each is a pattern."""
    return pp.And([column(pp.Regex(name.replace(" ", " +")).set_name(name)) for name in names])


_FLAGS = {"-a", "--all", "-l", "--latest", "--no-trunc", "-r", "--resolve-image-path", "-w", "--watch"}
_VALUED = {
    *("--id", "-i", "--image", "--label", "-n", "--last", "--name", "--namespace", "-p", "--pod", "-s", "--state"),
    *("-o", "--output"),
}
_GLOBAL_VALUED = {"-c", "--config", "-r", "--runtime-endpoint", "-i", "--image-endpoint", "-t", "--timeout"}
_GLOBAL_FLAGS = {"-D", "--debug", "--enable-tracing"}


def words_after(subcommand: str, argv: Sequence[str]) -> list[str] | None:
    """The words behind `crictl [GLOBAL OPTIONS] SUBCOMMAND`; `None` when it is another command line."""
    if argv[0] != "crictl":
        return None
    words = from_verb_on(argv, flags=_GLOBAL_FLAGS, valued=_GLOBAL_VALUED)
    return words[1:] if words and words[0] == subcommand else None


def lists(subcommand: str, argv: Sequence[str]) -> bool:
    """Whether a command line prints the table that a listing is by default, though perhaps with other rows in it."""
    rest = words_after(subcommand, argv)
    if rest is None:
        return False
    while rest:
        option, is_set, value = rest.pop(0).partition("=")
        if option in _VALUED:
            value = value if is_set else "".join(rest[:1])
            del rest[: not is_set]
            if option in ("-o", "--output") and value != "table":
                return False
        elif option not in _FLAGS and not re.fullmatch(r"-[alrw]+", option):
            return False
    return True
