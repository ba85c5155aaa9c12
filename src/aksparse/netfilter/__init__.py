"""The rules of netfilter as iptables prints them: records, and the grammars of both forms.

- `matches`, `targets`: the typed options of rules.
- `rules`: chains and rules.
- `listing`: how a listing (`iptables -L`) prints the options of a rule.
"""
