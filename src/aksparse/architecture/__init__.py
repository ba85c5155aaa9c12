"""The architecture of a node: each fact found in its wiring, with the lines that prove it, or unknown.

One module per group of facts holds what each can be, how it reads, what it means, and how it is found.
"""
