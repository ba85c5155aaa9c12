"""The wiring of a node: what the outputs of different commands say together.

Only this package joins commands. The result names no command: a pod's interface, the host link it is paired with, the
bridge that is a port of or the route that leads to it, the uplink, the routes, the service chains. Every part keeps the
records it was made of, and so the lines that prove it.

- `model`, `versions`: what a wiring is made of, and what one version of IP has of it.
- `build`: joins all that a capture holds.
- `outputs`: which outputs speak for which network namespace.
- `host`, `routes`, `tables`, `services`: the node's own interfaces, its routes, its netfilter tables, its services.
- `pods`, `containers`, `cni`: its pods, the containers they are made of, and the plugin that connects them.
"""
