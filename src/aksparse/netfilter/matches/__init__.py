"""The typed matches of iptables rules, as records.

Format: iptables-extensions(8).

- `packet`: of what a packet holds.
- `kernel`: of what the kernel knows of it.
- `rates`: of how many packets there were, and when.
"""
