"""The options of targets in the form of `iptables-save`.

Format: the `save` function of each target in `extensions/` of iptables; see also iptables-extensions(8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aksparse.netfilter import targets
from aksparse.netfilter.listed_targets import LISTED_TARGETS
from aksparse.netfilter.saved_options import SavedOption, Untyped, masked, tokens_of
from aksparse.netfilter.targets import TargetOption
from aksparse.netfilter.values import build, to_int

_Options = list[SavedOption]
_ALL_BITS = 0xFFFFFFFF


def _nat(options: _Options) -> list[TargetOption]:
    return [option for saved in options for option in _nat_option(saved)]


def _nat_option(option: SavedOption) -> list[TargetOption]:
    match option.name, option.values:
        case (("to-destination" | "to-source" | "to"), (text,)):
            listed = LISTED_TARGETS["to"]
            if (found := listed.match(f"to:{text}", 0)) is None:
                raise Untyped
            return [listed.read(found.groups())]  # type: ignore[list-item]
        case "to-ports", (text,):
            first, _, last = text.partition("-")
            return [targets.PortsOption(first=int(first), last=int(last or first))]
        case (("random" | "random-fully" | "persistent"), ()):
            return [targets.NatFlag(flag=option.name)]
    raise Untyped


def _changed_mark(text: str) -> dict[str, Any]:
    """How a listing names what `--set-xmark` does."""
    value, mask = map(to_int, text.split("/"))
    if value == 0:
        return {"operation": "and", "value": ~mask & _ALL_BITS}
    if value == mask:
        return {"operation": "or", "value": value}
    if mask == 0:
        return {"operation": "xor", "value": value}
    if mask == _ALL_BITS:
        return {"operation": "set", "value": value}
    return {"operation": "xset", "value": value, "mask": mask}


def _mark(options: _Options) -> targets.MarkOption:
    (option,) = options
    if option.name != "set-xmark":
        raise Untyped
    return targets.MarkOption(**_changed_mark(option.values[0]))


def _connmark(options: _Options) -> targets.ConnmarkOption:
    first, *masks = options
    if first.name == "set-xmark" and not masks:
        return targets.ConnmarkOption(**_changed_mark(first.values[0]))
    if first.name not in ("save-mark", "restore-mark"):
        raise Untyped
    bits = {mask.name: to_int(mask.values[0]) for mask in masks}
    if all(mask == _ALL_BITS for mask in bits.values()):
        bits = {}
    return targets.ConnmarkOption(operation=first.name.removesuffix("-mark"), **bits)  # type: ignore[arg-type]


def _set(options: _Options) -> targets.SetOption:
    first, *others = options
    name, flags = first.values
    tokens = {"operation": first.name.removesuffix("-set"), "set": name, "flags": flags}
    return build(targets.SetOption, {**tokens, **tokens_of(targets.SetOption, others)})


def _log(options: _Options) -> targets.LogOption:
    # Level 4, which is `warning`, is not saved.
    tokens = {"level": "4"}
    flags = [option.name.removeprefix("log-") for option in options if not option.values]
    tokens |= tokens_of(targets.LogOption, [option for option in options if option.values], "log-")
    return build(targets.LogOption, {**tokens, **({"flags": ",".join(flags)} if flags else {})})


def _tproxy(options: _Options) -> targets.TproxyOption:
    return build(targets.TproxyOption, tokens_of(targets.TproxyOption, options))


def _hops(options: _Options) -> targets.TtlOption:
    (option,) = options
    return targets.TtlOption(operation=option.name[-3:], value=int(option.values[0]))


def _tos(options: _Options) -> targets.TosOption:
    (option,) = options
    return build(targets.TosOption, {"operation": option.name.removesuffix("-tos"), **masked(option.values[0])})


def _classify(options: _Options) -> targets.ClassifyOption:
    (option,) = options
    major, minor = (int(number, 16) for number in option.values[0].split(":"))
    return targets.ClassifyOption(major=major, minor=minor)


def _plain(cls: type[Any], prefix: str = "") -> Callable[[_Options], Any]:
    return lambda options: build(cls, tokens_of(cls, options, prefix))


_READERS: dict[str, Callable[[_Options], Any]] = {
    **dict.fromkeys(("DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"), _nat),
    "MARK": _mark,
    "CONNMARK": _connmark,
    "SET": _set,
    "LOG": _log,
    "NFLOG": _plain(targets.NflogOption, "nflog-"),
    "NFQUEUE": _plain(targets.NfqueueOption, "queue-"),
    "CT": _plain(targets.CtOption),
    "TPROXY": _tproxy,
    "TCPMSS": _plain(targets.TcpmssOption),
    "TTL": _hops,
    "HL": _hops,
    "DSCP": _plain(targets.DscpOption),
    "TOS": _tos,
    "CLASSIFY": _classify,
    "TEE": _plain(targets.TeeOption),
    "CHECKSUM": _plain(targets.ChecksumOption),
    "REJECT": _plain(targets.RejectOption),
}


def read_target_options(target: str, options: _Options) -> tuple[TargetOption, ...] | None:
    """The typed options of a target, or `None` when one of them is not typed."""
    if not options and target != "LOG":
        return ()
    try:
        read = _READERS[target](options)
    except (Untyped, TypeError, KeyError, IndexError, ValueError):
        return None
    return tuple(read) if isinstance(read, list) else (read,)
