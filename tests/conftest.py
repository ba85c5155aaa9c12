"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every run, however slow the machine: what fails, fails each time.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")

# What a terminal or a service that runs tests says of colours and of the width is not what is tested.
for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES"):
    os.environ.pop(name, None)
