"""What the records of all resources that `kubectl get` lists have in common.

Of each resource there is what its table shows. Ages and durations are rounded by the tool: `5d23h` up to 8 days, then
whole days. ``<none>`` is an absent value or an empty list.
"""

from __future__ import annotations

import attrs

from aksparse.records import Record


@attrs.frozen(kw_only=True)
class Row(Record):
    """A row of a table.

    Attributes:
        labels: its labels, with `--show-labels`.
        columns: the cells of further columns by their header, such as those of the labels asked for with `-L`; when a
            header repeats, the later ones are numbered: `APP (2)`.
    """

    labels: dict[str, str] | None = None
    columns: dict[str, str] | None = None
