"""Where a command was typed, or is said to have run: prompts of shells, traces, and headlines that name a command.

The forms of prompts are the defaults of the shells and distributions (`PS1` of bash(1), `PROMPT` of zshmisc(1),
fish_prompt(1), about_Prompts of PowerShell), with what people put before them: a virtual environment, a time, a
cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import attrs

_BEFORE = (
    r"(?:\([^()]{1,60}\) ?)*"
    r"(?:[\[(]?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ T])?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[AP]M)?[\])]? +)?"
)
# What nothing but a prompt looks like.
_CERTAIN = (
    r"[\w.+-]+@[\w.-]+(?::[^ $#%><]*)?[$#%>](?= |$)"
    r"|[\w.+-]+@[\w.-]+(?: [^$#%><]{1,80}?)? ?[$#%>](?= |$)"
    r"|[\w.+-]+@[\w.-]+(?:\([^()]*\))?:[^$#%><]{1,80}[$#](?= |$)"
    r"|\[[\w.+-]+@[^\[\]]{1,80}\][$#%>](?= |$)"
    r"|[\w.-]+ \[ [^\[\]]{1,80} \][$#](?= |$)"
    r"|(?:ba|da|z|k|mk|a)?sh-[0-9.]+[a-z]?[$#](?= |$)"
    r"|(?:/|~)[\w./+@-]* [$#](?= |$)"
    r"|[└╰]─[^ ]*[$#>➤❯](?= |$)"
    r"|➜ +\S+(?: git:\([^()]*\))?(?: ✗)?(?= |$)"
)
_LIKELY = r"\[[^\[\]]{1,80}\][$#]|[\w.-]+:[^ ]{1,80}[$#]|PS(?: [^<>|]{0,120})?>|[$❯➜λ»](?= |$)"
_POSSIBLE = r"[A-Za-z][\w.-]*[$#%>]|[#>%](?= |$)"
_DOS = r"[A-Z]:\\[^<>|:]{0,120}>"
_PROMPT = re.compile(
    rf"{_BEFORE}(?:(?P<certain>{_CERTAIN})|(?P<likely>{_LIKELY})|(?P<dos>{_DOS})|(?P<possible>{_POSSIBLE}))"
    r"(?(dos) *| +)(?P<command>[^ ].*)"
)
BARE = re.compile(rf"{_BEFORE}(?:{_CERTAIN}|\[[\w.-]+@[^\]]+\][$#]|┌──.*) *$")
CERTAIN = re.compile(rf"{_BEFORE}(?:{_CERTAIN})")


@attrs.frozen
class Typed:
    """A line in which a command was typed.

    Attributes:
        prompt: the prompt, without a time and the directory; empty when there is none.
        command: what stands behind the prompt.
        sure: whether it can be nothing else; otherwise it is one when the command is the name of a tool.
    """

    prompt: str
    command: str
    sure: bool

    @property
    def may_be_comment(self) -> bool:
        """Whether the prompt is also what begins a comment or a quotation."""
        return self.prompt in ("#", ">")


def host_of(prompt: str) -> str | None:
    """The machine that a prompt names; of a name with a domain, the first part."""
    found = re.search(r"@([\w.-]+)", prompt)
    return (found[1] if re.fullmatch(r"[0-9.]+", found[1]) else found[1].partition(".")[0]) if found else None


# The prompts of a command that goes on: PS2 of bash(1) and zshparam(1), those of PowerShell and of Windows' cmd.
_SECOND = re.compile(
    r"(?:(?:(?:for|while|until|if|then|else|elif|do|case|select|repeat|foreach|pipe|[db]?quote|cmdsubst|cmdand|cmdor|cursh"
    r"|subsh|function|heredocd?|always) ?)+>|>>?|More\?)(?: |$)"
)


def behind_second_prompt(text: str) -> str | None:
    """What was typed behind the prompt of a command that goes on; `None` when there is none."""
    found = _SECOND.match(text)
    return text[found.end() :] if found else None


def typed(text: str) -> Typed | None:
    """What was typed in a line behind a prompt; `None` when no prompt begins it."""
    found = _PROMPT.fullmatch(text.strip())
    if found is None:
        return None
    prompt = next(found[kind] for kind in ("certain", "likely", "dos", "possible") if found[kind] is not None)
    shell = re.sub(r"^[/~].* |(?<=[\w-])[: ~/(].*|(?<=\])[^$#%>]*|(?<=^PS).*(?=>)", "", prompt)
    return Typed(shell, found["command"], found["possible"] is None)


# What ends a title begins where there is no more of the same before it: to look for it anywhere else would take the
# square of a line's length.
_DECORATED = (
    r"==+> ?(?P<{0}>.+?) ?<==+",
    r"(?P<mark{0}>[=*~_-])(?P=mark{0})+[>\[]? ?(?P<{0}>[^=*~+_ -].*?) ?[<\]]?(?<!(?P=mark{0}))(?P=mark{0}){{2,}}",
    r"(?P<mark{0}>[=*~-])(?P=mark{0})+[>\[]? (?P<{0}>[^=*~+_ -].*?)",
    r"(?P<{0}>Summary|Execute):",
    r"\#{{2,}} *(?P<{0}>[^# ].*?)(?:(?<! ) +\#*|(?<!\#)\#*)",
    r"<{{2,}} *(?P<{0}>[^<> ].*?)(?<! ) *(?<!>)>{{2,}}|>{{2,}} *(?P<{0}_>[^<> ].*?)(?<! ) *(?<!<)<{{2,}}",
)
_HEADLINE = re.compile("|".join(form.format(f"title{n}") for n, form in enumerate(_DECORATED)))
# What Ansible (ad hoc) and parallel-ssh put above what was printed on a machine.
_ON_MACHINE = re.compile(
    r"(?P<host>[\w.-]+) \| (?:CHANGED|SUCCESS|FAILED) \| rc=[0-9]+ >>"
    r"|\[[0-9]+\] [0-9]{2}:[0-9]{2}:[0-9]{2} \[(?:SUCCESS|FAILURE)\] (?:[^ @]+@)?(?P<host_>[^ @]+)(?: Exited with .*)?"
)
_LABEL = re.compile(
    r"(?:\[\+\] *)?(?:command|cmd|running|executing|execute|exec|output of|run)(?: command)?(?: is)?:? +(?P<title>.+)"
    r"|(?:command|cmd)[:=](?P<rest>.+)",
    re.IGNORECASE,
)
_QUOTES = re.compile(r"([`'\"])(?P<inner>(?:(?!\1).)+)\1[:.]?")
_TRACE = re.compile(r"\+{1,4} (?P<command>\S.*)")
_WATCH = re.compile(
    r"Every [0-9]+[.,][0-9]+s: (?P<command>.+?)"
    r"(?:(?<! ) +[\w.-]+: [^:]*[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*|(?<! ) +[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}|)"
)
_SCRIPT = re.compile(r"Script started on [^\[]*\[.*?COMMAND=\"(?P<command>(?:[^\"\\]|\\.)*)\"")


def traced(text: str) -> str | None:
    """The command in a line of the trace that `set -x` prints; see bash(1), `PS4`."""
    found = _TRACE.fullmatch(text)
    return found["command"] if found else None


def machine_named(text: str) -> str | None:
    """The machine that a line says to have printed what stands below it."""
    found = _ON_MACHINE.fullmatch(text)
    return (found["host"] or found["host_"]) if found else None


def headline(text: str) -> str | None:
    """What a line says that stands out as a headline; `None` when it does not."""
    text = text.strip()
    found = _HEADLINE.fullmatch(text)
    if found is None:
        return None
    return next((title for name, title in found.groupdict().items() if title and name[:5] == "title"), None)


def named(text: str) -> list[str]:
    """The command lines that a line may name as a whole: a headline, a label, a heading; the likeliest first."""
    text = text.strip()
    if found := _WATCH.fullmatch(text):
        return [found["command"]]
    if found := _SCRIPT.match(text):
        return [re.sub(r"\\(.)", r"\1", found["command"])]
    titles = [title for title in (headline(text), _labelled(text)) if title]
    for title in list(titles):
        titles += [inner for inner in (_labelled(title), title.rstrip(":."), _without_remark(title)) if inner]
    quoted = [found["inner"] for title in titles if (found := _QUOTES.fullmatch(title))]
    return list(dict.fromkeys([*quoted, *titles]))


def _labelled(text: str) -> str | None:
    found = _LABEL.fullmatch(text.strip().strip("`*"))
    return (found["title"] or found["rest"]).strip(" *").rstrip(":") if found else None


def _without_remark(title: str) -> str:
    """A title without what stands behind it in parentheses, or its last word `output`."""
    return re.sub(r"(?<! ) *\([^()]*\)$| output$", "", title)


# What is needed for anything in this module to be found in a line, and for an assignment, a comment or a loop: how the
# line begins, or a character that ends a prompt before a blank. Nearly all lines of outputs have neither.
_TELLING = re.compile(
    r"\n[^\S\n]*+(?:[=*~_<>#+`┌└╰]|--|[A-Z]:\\|(?i:\[\+\]|command|cmd|running|execut|exec|output of|run)"
    r"|Every |Script |Summary:|Execute:|(?:exit|logout)\s*\n|netns: |(?:(?:export|set) +)?[A-Za-z_][A-Za-z0-9_]*="
    r"|[\w.-]+ \| [A-Z]+ \| rc=|\[[0-9]+\] [0-9:]{8} \[|(?:for|while|until|if|begin|function|switch|foreach)\b)"
)
# One pattern for each character: `re` looks for the one that a pattern begins with at the speed of `str.find`. What
# stands in angle brackets is no prompt, nor is the arrow to an address, as in the comments of kube-proxy.
_ENDS = [
    *(re.compile(rf"{re.escape(end)}(?=[ \n])") for end in "$#%❯➜λ»➤"),
    re.compile(r">(?=[ \n])(?<!<none>)(?<!,LOWER_UP>)(?!(?<=->) [0-9\[])"),
]
_NUMBERED = re.compile(r"[0-9]+: [^$#%❯➜λ»➤]*")  # with the flags of an interface in angle brackets


def telling(texts: Sequence[str]) -> list[int]:
    """The places of the lines that may say something about what was run, unless they are bare command lines."""
    text = "\n".join(["", *texts, ""])
    ended = (place for pattern in _ENDS for place in _lines_with(pattern, text))
    return sorted({*_lines_with(_TELLING, text), *(place for place in ended if not _NUMBERED.fullmatch(texts[place]))})


def _lines_with(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    """The places of the lines in which a pattern is found; before the first and behind each is a line feed."""
    place, start = -1, 0
    while found := pattern.search(text, start):
        behind = found.start() + 1
        place += text.count("\n", start, behind)
        yield place
        start = text.find("\n", behind)
