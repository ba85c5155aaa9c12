"""The typed matches of iptables rules, as records.

Format: iptables-extensions(8).
"""
