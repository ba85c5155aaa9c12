"""A text, such as the log of a terminal or a page, and the outputs that are in it.

- `read`: walks through the text, and tells what was typed from what was printed.
- `shellwords`, `wrappers`, `commandline`: the words of a command line, what may wrap a command and where that leads to,
  and the commands that the line runs.
- `shells`: on which machine, and in which network namespace, what is typed runs.
- `sections`: where, within what was printed, the output of one command ends and that of the next begins.
- `outputs`: the outputs, each read by its command, and what becomes of every other line.
"""

from aksparse.transcript.read import Transcript, read_transcript

__all__ = ["Transcript", "read_transcript"]
