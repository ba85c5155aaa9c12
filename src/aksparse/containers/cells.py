"""What the cells of a listing of containers look like, and what they say: commands, statuses, ports, labels.

The forms are those of `cli/command/formatter/container.go` of the Docker CLI and, for the status, which the engine
makes, of `container/state.go` of moby. podman (`cmd/podman/containers/ps.go`) and nerdctl
(`pkg/formatter/formatter.go`) print the same with few differences.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from unicodedata import east_asian_width

import attrs
import pyparsing as pp

from aksparse.linere import LineGrammar
from aksparse.tokens import HUMAN_DURATION, BadValue, remember, to_ip

_PORT_FORM = r"(?:[0-9a-fA-F.:\[\]]+:)?[0-9]+(?:-[0-9]+)?(?:->[0-9]+(?:-[0-9]+)?)?/[a-z]+"
_HEALTH = r"(?: \((?:healthy|unhealthy|(?:health: )?starting|Paused)\))?"
_SIZE = r"[0-9.]+(?:e\+[0-9]+)? ?(?:[kKMGTPEZY]i?)?B"
container_id = pp.Regex(r"[0-9a-f]{64}|[0-9a-f]{12}").set_name("container id")
quoted_command = pp.Regex(r'"(?:[^"\\]|\\.)*"').set_name("quoted command")
status = pp.Regex(
    rf"Up {HUMAN_DURATION}(?: ago)?{_HEALTH}"
    rf"|(?:Exited|Restarting) \(-?[0-9]{{1,10}}\) {HUMAN_DURATION} ago{_HEALTH}"
    rf"|Removal In Progress|(?:Up|Created|Dead|Paused|Pausing|Initialized|Stopping|Removing|Unknown){_HEALTH}"
).set_name("status")
ports = pp.Regex(rf"{_PORT_FORM}(?:, {_PORT_FORM})*").set_name("ports")
size = pp.Regex(rf"{_SIZE}(?: \(virtual {_SIZE}\))?").set_name("size")
creation_time = pp.Regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ [+-][0-9]{4} [^ ]+").set_name("time of creation")


@attrs.frozen(kw_only=True)
class Port:
    """A port or a range of ports of a container, and where the host publishes it.

    Attributes:
        ip: the host address it is published on; absent when it is not published.
        public_port: the port on the host, or the first of a range.
        public_last_port: the last port of a range on the host.
        private_port: the port in the container, or the first of a range.
        private_last_port: the last port of a range in the container.
        type: the protocol: `tcp`, `udp` or `sctp`.
    """

    ip: IPv4Address | IPv6Address | None = None
    public_port: int | None = None
    public_last_port: int | None = None
    private_port: int
    private_last_port: int | None = None
    type: str


# Values

_ELLIPSES = ("…", "…".encode().decode("cp1252"), "…".encode().decode("latin-1"))
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@remember
def read_command(text: str, *, cut: bool, dots: bool) -> tuple[str, bool]:
    """The command without the ellipsis, and whether there was one.

    Args:
        text: the cell.
        cut: whether commands are cut at all, as they are unless the ids are whole.
        dots: whether the client ends quoted commands with three dots.
    """
    quoted = text[:1] == '"'
    command = _ESCAPE.sub(_unescape, text[1:-1]) if quoted else text
    if not cut:
        return command, False
    for ellipsis in _ELLIPSES if quoted else ():
        if command.endswith(ellipsis) and len(widened(kept := command.removesuffix(ellipsis))) >= _LEAST_KEPT:
            return kept, True
    if (dots or not quoted) and command.endswith("...") and len(command.encode(errors="replace")) >= _LEAST_BYTES:
        return command.removesuffix("..."), True
    return command, False


_LEAST_KEPT = 18  # of 20 without the ellipsis, and the second half of a wide character
_LEAST_BYTES = 18  # of 20, if the last character was cut in two and is shown as one of a single byte


FILLER = "\0"


def widened(text: str) -> str:
    """A text with a filler behind each character that is as wide as two on a terminal."""
    return "".join(char + FILLER if east_asian_width(char) in "WF" else char for char in text)


def _unescape(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits is None:
        return _ESCAPED.get(match[4], match[4])
    return chr(int(digits, 16)) if int(digits, 16) <= 0x10FFFF else match[0]


_STATES = {"Up": "running", "Removal": "removing"}
_STATUS = LineGrammar(status)


@remember
def read_status(text: str) -> tuple[str | None, int | None, str | None]:
    """State, exit code and health, from a status such as `Up 2 hours (healthy)`."""
    if not _STATUS.pattern.match(text):
        return None, None, None
    first = text.partition(" ")[0]
    brackets = re.findall(r"\(([^)]*)\)", text)
    code = int(brackets.pop(0)) if first in ("Exited", "Restarting") else None
    if brackets == ["Paused"]:
        return "paused", code, None
    return _STATES.get(first, first.lower()), code, brackets[0].removeprefix("health: ") if brackets else None


_PORT = re.compile(
    r"(?:(?:(?P<ip>[^-]+):)?(?P<public>[0-9]{1,5})(?:-(?P<public_last>[0-9]{1,5}))?->)?"
    r"(?P<private>[0-9]{1,5})(?:-(?P<private_last>[0-9]{1,5}))?/(?P<type>[a-z]+)"
)


@remember
def to_ports(text: str) -> tuple[Port, ...]:
    """`[[IP:]PUBLIC[-LAST]->]PRIVATE[-LAST]/TYPE`, with commas between them."""
    return tuple(map(_to_port, text.split(", "))) if text else ()


def _to_port(text: str) -> Port:
    match = _PORT.fullmatch(text)
    if match is None:
        raise BadValue(text, "port")
    return Port(
        ip=to_ip(match["ip"].strip("[]")) if match["ip"] else None,
        public_port=int(match["public"]) if match["public"] else None,
        public_last_port=int(match["public_last"]) if match["public_last"] else None,
        private_port=int(match["private"]),
        private_last_port=int(match["private_last"]) if match["private_last"] else None,
        type=match["type"],
    )


_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")


def to_labels(text: str) -> tuple[dict[str, str], bool]:
    """The labels in `a=b,c=d`, of docker and nerdctl, or `map[a:b c:d]`, of podman; and whether it is a guess.

    What is not a key and its value belongs to the value before it, which then has in it what stands between labels.
    """
    between, within = ",", "="
    if text.startswith("map[") and text.endswith("]"):
        between, within, text = " ", ":", text[4:-1]
    labels: dict[str, str] = {}
    last, guessed = None, False
    for piece in text.split(between) if text else ():
        key, separator, value = piece.partition(within)
        if last is None or (separator and key not in labels and _KEY.fullmatch(key)):
            labels[key], last = value, key
        else:
            labels[last] += between + piece
            guessed = True
    return labels, guessed


def to_list(text: str) -> tuple[str, ...]:
    """The words of `a,b`, of docker and nerdctl, or `[a b]`, of podman."""
    if text.startswith("[") and text.endswith("]"):
        return tuple(text[1:-1].split())
    return tuple(text.split(",")) if text else ()


def to_mounts(text: str) -> tuple[str, ...]:
    """The same of mounts, whose ellipses may have been decoded wrongly."""
    for ellipsis in _ELLIPSES[1:]:
        text = text.replace(ellipsis, _ELLIPSES[0])
    return to_list(text)
