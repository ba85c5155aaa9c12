"""Tables of netfilter rules, in `iptables-restore` form."""

from __future__ import annotations

from dataclasses import dataclass, field

BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
}


@dataclass
class Table:
    """Chains and rules in the order they were added."""

    name: str
    chains: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def chain(self, *names: str) -> None:
        self.chains += [name for name in names if name not in self.chains]

    def rule(self, chain: str, *words: str) -> None:
        self.rules.append(" ".join(("-A", chain, *words)))

    def text(self) -> str:
        built_in = [f":{chain} ACCEPT" for chain in BUILT_IN[self.name]]
        return "\n".join(
            [f"*{self.name}", *built_in, *(f":{chain} -" for chain in self.chains), *self.rules, "COMMIT\n"]
        )


class Tables:
    """All tables of one family."""

    def __init__(self) -> None:
        self.raw, self.mangle, self.filter, self.nat = (Table(name) for name in BUILT_IN)

    def text(self) -> str:
        return "".join(table.text() for table in (self.raw, self.mangle, self.filter, self.nat) if table.chains)


def comment(text: str) -> str:
    return f'-m comment --comment "{text}"'
