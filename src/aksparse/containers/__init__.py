"""Containers, as the clients of their engines list them.

- `cells`: the cells of the listings of docker, podman and nerdctl.
- `crictl`: the ids, headers and command line of crictl.
- `clients`: the command lines of all of them.
- `kubelet`: which pod a container is of, by the names and labels that the kubelet gives.
"""
