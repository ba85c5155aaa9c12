"""The rules of netfilter as iptables prints them: records, and the grammars of both forms.

- `values`: what the options of rules hold, and how a record is made from text.
- `matches`: the typed matches, of the `packet` itself, of what the `kernel` knows of it, and of `rates`.
- `targets`: the typed options of targets.
- `rules`: chains and rules.
- `listing`: the options of a rule in a listing (`iptables -L`); `listed_matches`, `listed_targets`: how each is printed
  there, in the words of `options`.
- `saving`: the options of a rule in `iptables-save`; `saved_options`, `saved_targets`: how each is printed there.
- `packets`: what becomes of a packet in the chains of a table.
"""
