"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, however slow the machine: what fails, fails each time.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
