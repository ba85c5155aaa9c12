"""The resources of Kubernetes as `kubectl get` prints them: their records, and the tables they are read from."""
