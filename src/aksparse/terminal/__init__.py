"""What a terminal shows beside the outputs of commands, and in between.

- `screen`: the lines of a text, as a terminal shows them.
- `prompts`: where a command was typed.
- `noise`: lines that are no part of any output.
"""
