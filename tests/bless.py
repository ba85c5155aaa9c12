"""Rewrites the expected.json of every case of the corpus with what the library says today.

    python tests/bless.py [CASE...]

A case that gains a diagnostic is refused, since that mostly is a mistake of the library; name it, as in
`ip_addr/truncated`, to accept its diagnostics. Read what changed before you commit it.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.corpus import Case, all_cases, render


def main(accepted: list[str]) -> int:
    cases = {str(case): case for case in all_cases()}
    unknown = [name for name in accepted if name not in cases]
    for name in unknown:
        print(f"there is no case {name}", file=sys.stderr)
    if unknown:
        return 2
    refused = [name for name, case in cases.items() if not bless(case, accepted=name in accepted)]
    for name in refused:
        print(f"refused: {name} gains diagnostics", file=sys.stderr)
    return 1 if refused else 0


def bless(case: Case, *, accepted: bool) -> bool:
    """Write what is expected of a case, unless it gains diagnostics; says whether all is well."""
    old = case.expected if case.expected_file.exists() else {}
    new = case.actual
    if gained(old, new) and not accepted:
        return False
    text = render(new) + "\n"
    if not case.expected_file.exists() or case.expected_file.read_text(encoding="utf-8") != text:
        case.expected_file.write_text(text, encoding="utf-8")
        print(case.expected_file)
    return True


def gained(old: Any, new: Any) -> Counter[tuple[int, str]]:
    """The lines and codes of the diagnostics that are new; a mere change of words is not one."""
    before, after = (Counter((found["line"], found["code"]) for found in Case.diagnostics(it)) for it in (old, new))
    return after - before


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
