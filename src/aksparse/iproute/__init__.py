"""What the commands of iproute2 have in common.

- `links`: interfaces, as `ip addr`, `ip link` and `bridge link` print them.
- `keywords`: lines of keywords, most of them followed by a value, and what all the commands' own command lines say.
- `nexthops`: the next hops of routes and the metrics of their paths.
"""
