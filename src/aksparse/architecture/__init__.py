"""The architecture of a node: each fact found in its wiring, with the lines that prove it, or unknown.

One module per group of facts holds what each can be, how it reads, what it means, and how it is found:

- `plugin`: the network mode, the plugin, who enforces policies.
- `attachment`, `addresses`, `families`, `address_plan`: how pods are connected, and their addresses.
- `uplink`, `remote`: the way out of the node and of a pod, and the way to pods on other nodes.
- `services`, `source_nat`: what becomes of packets to services, and of the sources of those that leave.
- `platform`: what runs the pods.

What these have in common:

- `fact`, `versions`: what a fact is, and how it is asked for each version of IP.
- `view`, `azure`, `translation`: the questions that facts ask of the wiring, of Azure's settings, and of the nat table.
- `modes`, `marks`: the table of the network modes, and the marks of them that a node shows.
- `description`: all facts together.
"""
