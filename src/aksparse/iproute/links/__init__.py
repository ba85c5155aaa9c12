"""The network interfaces of Linux as iproute2 prints them: records, and the grammars of the lines.

- `records`: an interface, its kind, its addresses.
- `lines`: what every listing of interfaces holds: the interface, its link layer, its addresses and their lifetimes.
- `brief`: the lines of `-br`, and what `-o` makes of the others.
- `counters`: the statistics that `-s` adds.
- `virtual_functions`, `xdp`: the lines of these.
- `options`: words and their values, as tables say them.
- `details`: the details that `-d` adds: limits, queues, the kind of the link and what it is set to.
"""
