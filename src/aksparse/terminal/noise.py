"""What stands around an output without being part of it: prompts, and what shells and tools say of themselves.

Each kind has a name, under which such lines are set aside. The texts are those of bash, dash, busybox and zsh; sudo and
OpenSSH; script(1); kubectl, docker and crictl (klog and logrus lines, the API server's errors); iproute2, iptables and
util-linux.
"""

from __future__ import annotations

import re
from functools import lru_cache

from aksparse.terminal.prompts import BARE, CERTAIN

_KINDS = {
    "prompt": rf"(?:{BARE.pattern}|{CERTAIN.pattern}|[\w.-]+@[\w.-]+:[^ ]*[$#](?: |$))",
    "script": r"Script (?:started|done)\b|=~=~=~=[=~]* PuTTY log ",
    "tmux-status": r"\[\w+\] *[0-9]+:\S.* \"[^\"]*\" [0-9]{2}:[0-9]{2} [0-9]{2}-\w{3}-[0-9]{2}$",
    "sudo-warning": r"sudo: (?:unable to resolve host |setrlimit|\S+: unable)",
    "password-prompt": r"\[sudo\] password for |(?:\S[^\s@]*+@\S+'s )?[Pp]assword: ?$",
    "command-not-found": (
        r"(?:-?\S*sh: |sudo: |nsenter: |env: |time: |timeout: |watch: |xargs: |chroot: |exec: )?"
        r"(?:line [0-9]+: |[0-9]+: )?"
        r"(?:[^ \"]+: (?:command )?not found(?: in \$PATH)?$|command not found: |[^ ]+: No such file or directory$)"
        r"|(?:nsenter|chroot|sudo|timeout|xargs): (?:failed to (?:execute|run command) )"
        r"|Command '[^']+' not found|(?:sudo )?(?:apt|snap|dnf|yum)(?:-get)? install \S+ +# "
        r"|The program '[^']+' is currently not installed"
        r"|The term '[^']+' is not recognized as |'[^']+' is not recognized as an internal or external command"
    ),
    "permission-denied": (
        r".*: Permission denied(?: \(you must be root\)\.?|\.)?$|.*: Operation not permitted$"
        r"|[Gg]ot permission denied while trying to connect to |permission denied while trying to connect to "
        r"|\S+ must be run as root|.*\byou must be root\b|[^ ]+: only root can "
        r"|sudo: a (?:password is|terminal is) required"
        r"|error: You must be logged in to the server"
    ),
    "default-container": r"Default(?:ed|ing) (?:debug )?container ",
    "kubectl-message": (
        r"Error from server(?: \(\w+\))?: "
        r"|Warning: .*(?:deprecated|unavailable in |resource|annotation|PodSecurity|Use tokens)"
        r"|Unable to connect to the server: |The connection to the server \S+ was refused"
        r"|error: (?:the server doesn't have a resource type|no configuration has been provided|unable to |You must |"
        r"context |flag|unknown |resource|Metrics API|timed out|stat |name cannot|cannot |failed to |a container name)"
        r"|Flag --\S+ has been deprecated|command terminated with (?:exit code|non-zero)|error: exit status"
        r"|kubectl exec \[POD\] \[COMMAND\] is DEPRECATED"
        r"|If you don't see a command prompt, try pressing enter|Unable to use a TTY - |the input device is not a TTY"
        r"|Creating debugging pod |Starting pod/|Removing debug pod|To use host binaries, run |Targeting container "
        r"|All commands and output from this session will be recorded|pod \"\S+\" deleted|Session ended, resume using "
        r"|command started at .*, (?:finished at |)"
    ),
    "log-message": (
        r"[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+ +[0-9]+ \S+\] "
        r"|(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[[0-9]{4}\] "
        r"|time=\"[^\"]+\" level=(?:trace|debug|info|warning|error|fatal) "
    ),
    "docker-message": (
        r"Cannot connect to the Docker daemon|error during connect: |Error response from daemon: "
        r"|Emulate Docker CLI using podman|WARNING: (?:Error loading config file|No \w+ limit support)"
    ),
    "iptables-warning": (
        r"# Warning: (?:ip6?tables|ebtables|arptables)(?:-legacy)? tables present, use "
        r"|# Table `[^']+' (?:is incompatible|contains incompatible base-chains), use 'nft' tool"
    ),
    "tool-error": (
        r"(?:Another app is currently holding the xtables lock|Fatal: can't open lock file )"
        r"|ip6?tables(?:-save|-restore)?(?:/\S+)?(?: v[0-9.]+ \([^)]*\))?: |modprobe: "
        r"|Perhaps (?:ip6?tables|iptables) or your kernel "
        r"|RTNETLINK answers: |Dump (?:terminated|was interrupted)|Cannot (?:open|send|find|talk) "
        r"|Device \"[^\"]+\" does not exist"
        r"|Object \"[^\"]+\" is unknown, try "
        r"|Error: (?:ipv[46]|FIB|argument|either|Unknown|an inet|any valid|Nexthop|Device)[: ]"
        r"|setting the network namespace |nsenter: |unshare: |(?:open|bind|mount|seting?) ?(?:/\S+)? ?failed: "
    ),
    "ssh-message": (
        r"Warning: Permanently added "
        r"|login as: |Using (?:username \"|keyboard-interactive )|Authenticating with public key "
        r"|Connection to \S+ closed|Shared connection to "
        r"|Pseudo-terminal will not be allocated"
        r"|ssh: connect to host |Host key verification failed|The authenticity of host "
        r"|Are you sure you want to continue"
        r"|Killed by signal |client_loop: |kex_exchange_identification: |\S[^\s@]*+@\S+: Permission denied"
    ),
    "shell-message": (
        r"(?:-?\w*sh|[\w./-]+\.sh): (?:warning: setlocale: |cannot set terminal process group|no job control)"
        r"|(?:-?\w*sh|[\w./-]+\.sh): line [0-9]+: "
        r"|\S*sh: [0-9]+: |mesg: ttyname failed|stdin: is not a tty|tput: |TERM environment variable not set|\^[CDZ\\]$"
        r"|(?:Terminated|Killed|Hangup|Broken pipe|Interrupted|logout|exit)$"
        r"|\[[0-9]+\][+-]? +(?:Done|Exit|Stopped|[0-9]+$)"
    ),
    "date": (
        r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? )?(?:[A-Z][a-z]{2,8} +[0-9]{1,2}|[0-9]{1,2} [A-Z][a-z]{2,8}),?"
        r"(?: [0-9]{4})?,? [0-9]{2}:[0-9]{2}:[0-9]{2}(?: [AP]M)?(?: [A-Z+0-9-]{1,5})?(?: [0-9]{4})?$"
        r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}\S*(?: [A-Z+0-9-]{1,5})?$"
    ),
    "no-bridge": (
        r"(?:brctl: )?(?:bridge|device) [^ ]+ (?:does not exist|is not a bridge)!?$|read of forward table failed: "
    ),
    "az-message": r"Enable succeeded: ?$|\[std(?:out|err)\]$",
    "az-warning": r"WARNING: |The behavior of this command has been altered by the following extension: ",
    "elision": r"[ \t]*(?:\. ?\. ?\.|…)[ \t]*$",
}
_NOISE = re.compile("|".join(f"(?P<{name.replace('-', '_')}>{pattern})" for name, pattern in _KINDS.items()))
_LONGEST = 8_000
BANNER = re.compile(
    r"(?:Welcome to |Last login: |Linux \S+ [0-9]|System information as of |Authorized (?:uses|users) only"
    r"|Microsoft Windows \[Version|Windows PowerShell|PowerShell [0-9]|BusyBox v[0-9]|Requesting a Cloud Shell|# {3,})"
)


def noise(line: str) -> str | None:
    """The name under which a line that no command printed is ignored, or `None`."""
    if not line or line.isspace():
        return "blank"
    return _said(line) if len(line) <= _LONGEST else None


@lru_cache(maxsize=64)  # one line is asked about for one command after the other
def _said(line: str) -> str | None:
    found = _NOISE.match(line)
    return found.lastgroup.replace("_", "-") if found and found.lastgroup else None
