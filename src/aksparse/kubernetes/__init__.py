"""The resources of Kubernetes as `kubectl get` prints them: their records, and the tables they are read from.

- `row`, `resources`, `workloads`: the records: what all have in common, most of them, and those that run pods.
- `tables`, `cells`: the columns of a table, and what the cells under them look like.
- `kinds`, `request`, `rows`: which columns are those of which resource, which ones a command line asks for, and rows
  as the records of resources.
"""
