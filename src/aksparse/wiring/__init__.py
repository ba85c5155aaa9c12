"""The wiring of a node: what the outputs of different commands say together.

Only this package joins commands. The result names no command: a pod's interface, the host link it is paired with, the
bridge that is a port of or the route that leads to it, the uplink, the routes, the service chains. Every part keeps the
records it was made of, and so the lines that prove it.
"""
