"""Nothing vanishes: each line of any text has exactly one fate, and what a recorded line says is in its record."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aksparse import Parsed, ParseError, parse, read_transcript, to_json
from aksparse.command import Command, Lines, registry, split_lines
from aksparse.commands.cni_conf import CniConf, CniIpam, CniPlugin, CniRange, CniRoute
from aksparse.commands.docker_inspect import ContainerPid
from aksparse.iproute.links.records import AddrInfo
from aksparse.records import Record
from aksparse.serialize import output_to_builtins, to_builtins, validate
from tests.corpus import CommandCase, InputCase, command_cases, transcript_cases

CASES = command_cases()
COMMANDS = sorted(registry())


# The fate of lines


def assert_accounted(parsed: Parsed[Any], numbers: Iterable[int]) -> None:
    """Each line is in a record, or ignored by name, or reported as an error."""
    assert fates(parsed) == Counter(numbers)
    assert all(parsed.ignored.values())
    recorded = set(parsed.recorded)
    assert_spans(parsed.records, recorded)
    covered = {line for record in all_records(parsed.records) for line in lines_of(record)}
    assert recorded <= covered


def fates(parsed: Parsed[Any]) -> Counter[int]:
    errors = {diagnostic.line for diagnostic in parsed.diagnostics if diagnostic.severity == "error"}
    return Counter([*parsed.recorded, *parsed.ignored, *errors])


def assert_spans(records: Sequence[Record], recorded: set[int]) -> None:
    """Records begin and end in lines that were read; they follow each other, and lie in the record they are part of.

    The rules in a save file do not: they stand behind all the chains, and have nothing to do with the order of these.
    """
    for record in records:
        assert {record.span.line, record.span.end_line} <= recorded
        parts = list(parts_of(record))
        assert_spans(parts, recorded)
        of_parts = {line for part in parts for line in lines_of(part)}
        assert of_parts <= set(lines_of(record)) or min(of_parts) >= record.span.end_line
    assert all(above.span.end_line < below.span.line + may_share_a_line(below) for above, below in pairwise(records))


def may_share_a_line(record: Record) -> bool:
    """Whether a record may begin in the line in which the one before it ends.

    A file without a line feed at its end is followed by the next one; with `-br` a link and its addresses are one line.
    """
    return isinstance(record, CniConf | ContainerPid | AddrInfo)


def lines_of(record: Record) -> range:
    return range(record.span.line, record.span.end_line + 1)


def parts_of(record: Record) -> Iterator[Record]:
    """The records that are in a record: the addresses of an interface, the rules of a chain."""
    for field in fields_with_parts(record):
        yield from getattr(record, field)


def fields_with_parts(record: Record) -> list[str]:
    values = {field.name: getattr(record, field.name) for field in attrs.fields(type(record))}
    return [name for name, value in values.items() if isinstance(value, tuple) and isinstance((*value, 0)[0], Record)]


# Texts: what tools print, damaged

NOISE = (
    "",
    " ",
    "\t",
    "azureuser@node-0:~$ ",
    "azureuser@node-0:~$ ip addr",
    "$ docker ps",
    "# route -n",
    "```",
    "sudo: unable to resolve host node-0",
    "# Warning: iptables-legacy tables present, use iptables-legacy to see them",
    'Defaulted container "a" out of: a, b',
    ". . .",
    "POD_CIDR=10.0.0.0/8",
    "az aks create \\",
    "kubectl get pods -o wide | grep x",
    "docker inspect -f '{{.State.Pid}}' a b",
    "'",
)
LINES = sorted({line for case in CASES for line in split_lines(case.text)[:12]})
ODD = '\0\t\r\n\v\f\x1b\x85\xa0\u2028\ud800\ufeff0123456789 :/<>!,"\\'
CHARACTERS = st.characters() | st.sampled_from(ODD)


@st.composite
def damaged(draw: st.DrawFn, cases: Sequence[InputCase] = CASES) -> tuple[InputCase, str]:
    """A case and a text made from its input: lines dropped, doubled, swapped, cut, garbled, and others put in."""
    case = draw(st.sampled_from(cases))
    lines = case.text.split("\n")
    if len(lines) > 40:
        start = draw(st.integers(0, len(lines) - 40))
        lines = lines[: draw(st.integers(0, 3))] + lines[start : start + 40]
    for _ in range(draw(st.integers(0, 6))):
        if not lines:
            break
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        column = draw(st.integers(0, len(line)))
        match draw(st.integers(0, 8)):
            case 0:
                del lines[place]
            case 1:
                lines.insert(draw(st.integers(0, len(lines))), line)
            case 2:
                other = draw(st.integers(0, len(lines) - 1))
                lines[place], lines[other] = lines[other], line
            case 3:
                lines[place] = line[:column]
            case 4:
                lines[place] = line[column:]
            case 5:
                lines[place] = line[:column] + draw(CHARACTERS) + line[column + draw(st.integers(0, 1)) :]
            case 6:
                lines.insert(place, draw(st.sampled_from(NOISE)))
            case 7:
                lines.insert(place, draw(st.sampled_from(LINES)))
            case _:
                lines.insert(place, draw(st.text(CHARACTERS, max_size=30)))
    return case, draw(st.sampled_from(("\n", "\n", "\n", "\r\n", "\r"))).join(lines)


def thorough(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


# Of one command


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_line_of_an_output_has_one_fate(case: CommandCase) -> None:
    assert_accounted(case.parsed, range(1, len(split_lines(case.text)) + 1))


@given(damaged(), st.sampled_from(COMMANDS), st.sampled_from((1, 1000)))
@thorough(2000)
def test_each_line_of_a_damaged_output_has_one_fate_by_every_parser(
    drawn: tuple[CommandCase, str], other: str, first_line: int
) -> None:
    case, text = drawn
    numbers = range(first_line, first_line + len(split_lines(text)))
    argv = case.provenance["argv"]
    for name in {case.command, other}:
        command = registry()[name]
        parsed = command.parse(text, strict=False, argv=argv, first_line=first_line)
        assert_accounted(parsed, numbers)
        assert json.loads(to_json(parsed.records)) == to_builtins(parsed.records)
        error = error_of(partial(command.parse, text, argv=argv, first_line=first_line))
        assert (error is None) == parsed.understood
        assert error is None or (error.parsed == parsed and str(error))


def error_of(call: Callable[[], object]) -> ParseError | None:
    """The `ParseError` that a call raises; nothing else may be raised."""
    try:
        call()
    except ParseError as error:
        return error
    return None


@given(st.text(CHARACTERS), st.sampled_from(COMMANDS))
@thorough(500)
def test_any_text_at_all_is_accounted_for(text: str, name: str) -> None:
    parsed = registry()[name].parse(text, strict=False)
    assert_accounted(parsed, range(1, len(split_lines(text)) + 1))


@given(damaged())
@thorough(150)
def test_records_of_a_damaged_output_are_valid_by_their_schema(drawn: tuple[CommandCase, str]) -> None:
    case, text = drawn
    parsed = registry()[case.command].parse(text, strict=False, argv=case.provenance["argv"])
    assert list(validate(to_builtins(parsed.records), case.command)) == []
    assert list(validate(to_builtins(parsed.diagnostics), "diagnostics")) == []


@given(damaged())
@thorough(600)
def test_a_text_without_a_command_is_read_or_refused_with_diagnostics(drawn: tuple[CommandCase, str]) -> None:
    _, text = drawn
    for strict in (True, False):
        if error := error_of(partial(parse, text, strict=strict)):
            assert all(str(diagnostic) and diagnostic.render() for diagnostic in error.diagnostics)
            assert error.diagnostics
        else:
            assert_accounted(parse(text, strict=strict), range(1, len(split_lines(text)) + 1))


def test_a_line_that_a_parser_passes_over_is_reported() -> None:
    def assemble(lines: Lines) -> Iterator[Record]:
        lines.ignore(2, "header")
        return iter(())

    careless = Command(name="careless", record=Record, assemble=assemble, produced_by=lambda _: False)
    error = error_of(partial(careless.parse, "one\ntwo\nthree\n", source="log"))
    assert error is not None
    assert list(map(str, error.diagnostics)) == [
        "log:1:0: unaccounted-line: careless passed over this line",
        "log:3:0: unaccounted-line: careless passed over this line",
    ]


# Of a transcript


def assert_transcript_accounted(text: str, source: str) -> None:
    transcript = read_transcript(text, source=source)
    counted = Counter(transcript.ignored)
    counted.clear()
    counted.update(transcript.ignored.keys())
    counted.update({diagnostic.line for diagnostic in transcript.diagnostics if diagnostic.severity == "error"})
    for output in transcript.outputs:
        counted.update(fates(output))
        assert_accounted(output, range(output.line, output.line + fates(output).total()))
    assert counted == Counter(range(1, len(split_lines(text)) + 1))
    # A warning is of a line set aside, or of an output that is read but may have come from one of several places.
    warned = {d.line for d in transcript.diagnostics if d.severity == "warning" and d.code != "ambiguous-output"}
    assert warned <= transcript.ignored.keys()
    to_json([output_to_builtins(output) for output in transcript.outputs])


TRANSCRIPTS: list[InputCase] = [*transcript_cases(), *CASES]


@pytest.mark.parametrize("case", TRANSCRIPTS, ids=str)
@pytest.mark.parametrize("source", ["log.txt", "page.md"])
def test_each_line_of_a_transcript_has_one_fate(case: InputCase, source: str) -> None:
    assert_transcript_accounted(case.text, source)


@given(damaged(TRANSCRIPTS) | damaged(transcript_cases()), st.sampled_from(("log.txt", "page.md")))
@thorough(800)
def test_each_line_of_a_damaged_transcript_has_one_fate(drawn: tuple[InputCase, str], source: str) -> None:
    assert_transcript_accounted(drawn[1], source)


@given(st.lists(st.sampled_from((*NOISE, *LINES)), max_size=25), st.sampled_from(("log.txt", "page.md")))
@thorough(800)
def test_each_line_of_a_transcript_thrown_together_has_one_fate(lines: list[str], source: str) -> None:
    assert_transcript_accounted("\n".join(lines), source)


# What a line says

# Words of the format itself, which say where a value belongs and are the name of a field in the record.
FORMAT_WORDS = {
    "assignment": "export",
    "az_aks_create": "az aks create g n k",
    "az_aks_show": "",
    "az_route_table": "",
    "az_subnet_list": "",
    "brctl_show": "can t get info",
    "brctl_showmacs": "",
    "brctl_showstp": "bridge id designated root port path cost max age hello time forward delay ageing timer tcn"
    " topology change gc flags state message hold",
    "bridge_fdb": "dev dst vlan port vni src via ifindex nhid link netnsid used master state",
    "bridge_link": "mtu master state priority cost hwmode mcast router n max groups backup port nhid",
    "cni_conf": "",
    "crictl_pods": "",
    "crictl_ps": "",
    "docker_inspect": "",
    # How podman prints a map, and how an ellipsis begins when the page was decoded wrongly: `command_truncated`.
    "docker_ps": "map â",
    "ip_addr": "link mtu qdisc master state mode group qlen brd peer permaddr netnsid netns altname alias"
    " scope metric any proto valid lft preferred flags none"
    # `on` and `off`, `inherit` and `auto`, and names that are others in the JSON.
    " on off inherit auto minmtu maxmtu numtxqueues numrxqueues addrgenmode portname portid switchid protodown"
    " overrun collsns heartbt heartbeat transns mcast interval count designated dev srcport dstport local map 6rd grat"
    " udpcsum noudpcsum udp6zerocsumtx noudp6zerocsumtx noudp6zerocsumrx remcsumtx nolearning flowlabel maxaddr"
    " noudp noproxy norsc nol2miss nol3miss noremcsum nolocalbypass noexternal nomcroute"
    " remotes nopmtudisc noencap hoplimit encaplimit localremote innerprotoinherit sequence"
    " mac bcast spoof checking query rss prog xdpgeneric xdpoffload xdpmulti"
    " pkey dbitrate dsample dtq dprop dphase dsjw dbrp icvlen encodingsa validate send end station nomultiproto",
    "ip_neigh": "dev lladdr ref used probes proto",
    "ip_route": "via dev from nhid nexthop encap table proto scope src metric mark tos realm realms uid cache expires"
    " error users used age iif pref nh info mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd"
    " features rto min initrwnd quickack congctl fastopen no cookie lock weight",
    "ip_rule": "from to tos fwmark iif oif uidrange ipproto sport dport tun id lookup table suppress prefixlength"
    " ifgroup realms goto map proto dscp flowlabel",
    # `None` is `headless`; `<none>`, `<unknown>` and `<invalid>` are absent.
    "kubectl_get": "none unknown invalid unset ago more of over",
    "iptables": "chain policy references packets bytes match dst src type dpt dpts spt spts mode probability every"
    " packet ctstate seconds name side mask masq redir ports icmptype avg burst flags level prefix from to on utc"
    " source ip range in physdev owner uid gid nflog group size algo code",
    "iptables_save": "",
    "route": "default",
}
PROTOCOLS = {"0": "all", "1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "132": "sctp"}
UNITS = {"y": 365 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}


def words(text: str) -> list[str]:
    """The words and numbers in a text, numbers by their value."""
    return [value_of(word.casefold()) for word in re.findall(r"[^\W_]+", text)]


def value_of(word: str) -> str:
    if re.fullmatch(r"0x[0-9a-f]+", word):
        return str(int(word, 16))
    return str(int(word)) if word.isdecimal() else word


def readings(word: str) -> Iterator[str]:
    """A word of a line, and what else it may be in a record, where it has a type."""
    yield word
    if word == "forever":
        yield str(0xFFFFFFFF)
    if found := re.fullmatch(r"if([0-9]+)|([0-9]+)sec", word):
        yield found[1] or found[2]
    if found := re.fullmatch(r"([0-9]+)([kmgt])", word):
        yield str(int(found[1]) * 1000 ** (1 + "kmgt".index(found[2])))
    if re.fullmatch(r"(?:[0-9]+[ydhms])+", word):
        yield str(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+)([a-z])", word)))


def words_of_line(command: str, line: str, record: dict[str, Any]) -> list[str]:
    """The words of a line that its record has to hold."""
    match command:
        case "docker_ps":
            line = re.sub(r"\\x[0-9a-f]{2}|\\.", " ", line)
        case "iptables":
            line = re.sub(r"(?<= )(!?)([0-9]+)(?= +(?:--|-f|!f) )", lambda m: m[1] + PROTOCOLS.get(m[2], m[2]), line)
            line = re.sub(r" ipv6-icmp(?:type)?(?= [a-z0-9])", " icmptype", line)
            line = re.sub(r" icmpv6(?= )", " ipv6-icmp", re.sub(r" ipv6-mh(?= )", " mobility-header", line))
            line = re.sub(r"(?<= flags:)0x17/0x02", "FIN,SYN,RST,ACK/SYN", line)
            line = re.sub(r"(?<= LOG flags )0 ", "", line)  # no flags
        case "iptables_save":
            line = re.sub(r"--set-xmark \S+|--(?:nf|ct)mask 0xffffffff", " ", line)  # said otherwise in the record
            # The chain of a rule, and what options and extensions are called.
            line = re.sub(r"^(\[\S+ |)-A \S+|(?<!\S)(?:-m \S+|--?[A-Za-z][\w-]*)", r" \1", line)
        case "assignment" | "az_aks_create":
            line = re.sub(r" #.*", "", line)
            line = re.sub(r"(?<!\S)--([a-z-]+)", lambda m: " " if fields_of(m[1]) & record.keys() else m[0], line)
        case "az_aks_show" | "az_route_table" | "az_subnet_list":
            # A key is the name of a field or, in `other`, kept; a null is left out.
            keys = {*keys_in(record)}
            line = re.sub(r'"(\w+)": null', " ", line)
            line = re.sub(r'^ {6}"resourceGroup": .*', " ", line)  # it is part of the id above it
            line = re.sub(r'"(\w+)":', lambda m: " " if {m[1], in_snake_case(m[1])} & keys else m[0], line)
            line = re.sub(r"(?<= )(?:true|false)(?=,?$)", " ", line)
            line = re.sub(r"\bFalse\b", lambda m: " " if False in record.values() else m[0], line)
        case "bridge_link":
            line = re.sub(r"\b(\w+) (on|off)\b", lambda m: " " if record.get(m[1]) is (m[2] == "on") else m[0], line)
        case "brctl_showstp":
            line = re.sub(r"hairpin mode\s+1", "hairpin", line)
        case "brctl_show" | "brctl_showmacs":
            line = re.sub(r"(?<=\s)yes(?=\s|$)", "true", re.sub(r"(?<=\s)no(?=\s|$)", "false", line))
        case "docker_inspect":
            line = "" if "document" in record else line  # the document is there as it is, which test_corpus.py holds
        case "cni_conf":
            # A key is the name of a field or, in `other`, kept; what is true or false has its field's name.
            line = re.sub(r'"(\w+)":', lambda m: " " if m[1] in CNI_KEYS else m[0], line)
            line = re.sub(r"\b(?:true|false)\b", " ", line)
        case "ip_addr":
            # With `-o` every address has the interface before it.
            line = re.sub(r"^[0-9]+: +[^ ]+ +(?=inet)", "", re.sub(r"(?=protodown_reason)", " ", line))
            line = re.sub(r"(?<=[A-Z])(?=[0-9a-f]+[,>])", " ", line)
            line = re.sub(r"(?:slave[12]|interlink) <none>", "", line.replace("protodown on", "down"))
            line = re.sub(r"(?<=[0-9])Mbps| \(Mbps\)", "", line.replace("vnifilterid", "vnifilter id"))
        case "kubectl_get":
            line = re.sub(r"^((?:\S+ +)?[a-z]+)\.[a-z0-9.]+/", r"\1/", line)  # the group of a resource
            line = re.sub(r"\(x(\d+ over )", r"(\1", line).replace("/1 of ", " of ")  # of parallel jobs, one is enough
        case "ip_neigh":
            line = line.replace("probes", " probes")
        case "ip_route":
            line = re.sub(r"\b([0-9.]+)s(?= )", lambda m: str(int(float(m[1]) * 1000)), line)
            line = re.sub(r"(?<=[0-9])ms(?= )", "", line)
    of_format = {*FORMAT_WORDS[command].split(), *(names_in(record) if command == "ip_addr" else ())}
    return [word for word in words(line) if word not in of_format]


def keys_in(value: Any) -> Iterator[str]:
    """The names in a record, at any depth."""
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(item)


def in_snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def names_in(value: Any) -> Iterator[str]:
    """The words of the names in a record, at any depth: details stand in the text with their names."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from words(name)
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)


CNI_KEYS = {
    field.name.partition("_")[0] + "".join(map(str.title, field.name.split("_")[1:]))
    for cls in (CniConf, CniPlugin, CniIpam, CniRange, CniRoute)
    for field in attrs.fields(cls)
}


def fields_of(option: str) -> set[str]:
    """The fields that an option may set: one that may have several values sets that of one when it has one."""
    field = option.replace("-", "_")
    return {field, field.removesuffix("s")} if field.endswith("cidrs") else {field}


def words_of_record(value: Any, key: str = "") -> Iterator[str]:
    """The words and numbers in a record: its values, the names of what is true, and the labels of a selector."""
    match value:
        case bool():
            yield from words(key) if value else ()
            yield from [str(value).lower()] if key in ("stp_enabled", "is_local", "suspend") else ()
        case dict():
            for name, item in value.items():
                yield from words(name) if key in ("selector", "node_selector", "labels", "other") else ()
                yield from words_of_record(item, "other" if key == "other" else name)
        case list():
            for item in value:
                yield from words_of_record(item)
        case _:
            yield from words(str(value))


def records_with_lines(records: Iterable[Record], recorded: set[int]) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Each record, without the records in it, and the lines that are its own."""
    for record in records:
        parts = list(parts_of(record))
        of_parts = {line for part in parts for line in lines_of(part)}
        document = to_builtins(record)
        if parts and (record.line in of_parts or len({part.line for part in parts}) < len(parts)):
            yield document, sorted(recorded & set(lines_of(record)))  # they share lines
            continue
        own = {name: value for name, value in document.items() if name not in fields_with_parts(record)}
        yield own, sorted(recorded & set(lines_of(record)) - of_parts)
        yield from records_with_lines(parts, recorded)


def lost_words(parsed: Parsed[Any], texts: Sequence[str]) -> list[tuple[int, str]]:
    """The words of recorded lines that their records lack, with the first line of the record."""
    lost = []
    for record, numbers in records_with_lines(parsed.records, set(parsed.recorded)):
        held = Counter(words_of_record(record))
        for word in (word for n in numbers for word in words_of_line(parsed.command, texts[n - 1], record)):
            reading = next((reading for reading in readings(word) if held[reading]), None)
            if reading is None:
                lost.append((numbers[0], word))
            else:
                held[reading] -= 1
    return lost


@pytest.mark.parametrize("case", CASES, ids=str)
def test_all_that_a_recorded_line_says_is_in_its_record(case: CommandCase) -> None:
    assert lost_words(case.parsed, split_lines(case.text)) == []


def negations(value: Any) -> int:
    """How many things a document says are negated."""
    if isinstance(value, list):
        return sum(map(negations, value))
    if not isinstance(value, dict):
        return 0
    marked = (item if name.endswith("negated") else None for name, item in value.items())
    own = sum(item if isinstance(item, bool) else len(item) for item in marked if item)
    return own + sum(negations(item) for name, item in value.items() if not name.endswith("negated"))


def without_comment(line: str) -> str:
    return re.sub(r"/\* .* \*/", "", line)


@pytest.mark.parametrize("case", [case for case in CASES if case.command == "iptables"], ids=str)
def test_every_negation_of_a_rule_is_in_its_record(case: CommandCase) -> None:
    texts = split_lines(case.text)
    for rule in (rule for chain in case.parsed for rule in chain.rules):
        document = to_builtins(rule)
        assert negations(document) + (rule.other or "").count("!") == without_comment(texts[rule.line - 1]).count("!")


# These are not words of the lines: they follow from other fields, from the command line, or from punctuation.
NOT_SAID_IN_WORDS = {
    "az_aks_create": {"option_lines"},
    "brctl_showmacs": {"bridge"},
    "cni_conf": {"disable_check"},
    "docker_inspect": {
        "container",
        # What a document says is all in `document`.
        *("name", "image", "state", "network_mode", "netns", "networks", "ip", "additional_ips", "sandbox_id"),
        *("labels", "kubernetes", "pause", "document"),
    },
    "docker_ps": {"command_truncated", "health", "kubernetes", "labels_ambiguous", "pause", "tool"},
    "ip_addr": {"link_pointtopoint"},
    "iptables": {"counters_approximate", "opt", "negated", "comment_ambiguous", "table"},
    "iptables_save": {
        *("counters_approximate", "opt", "negated", "goto", "table"),
        *("num", "references", "comment_ambiguous"),  # only a listing says these
    },
    "kubectl_get": {"headless"},
    "route": {"truncated"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_any_field_that_a_parser_dropped_would_be_missed_somewhere(command: str) -> None:
    cases = command_cases(command)
    fields = {
        field.name
        for cls in {type(record) for case in cases for record in all_records(case.parsed.records)}
        for field in attrs.fields(cls)
        if field.name not in ("origin", "line", "end_line")
    }
    missed = {
        field
        for field in fields
        if any(lost_words(forgetful(case.parsed, field), split_lines(case.text)) for case in cases)
    }
    assert fields - missed == NOT_SAID_IN_WORDS.get(command, set())


def all_records(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from all_records(parts_of(record))


def forgetful(parsed: Parsed[Any], field: str) -> Parsed[Any]:
    return attrs.evolve(parsed, records=tuple(without(record, field) for record in parsed.records))


def without(record: Record, field: str) -> Record:
    changes: dict[str, Any] = {
        name: tuple(without(part, field) for part in getattr(record, name)) for name in fields_with_parts(record)
    }
    if field in {known.name for known in attrs.fields(type(record))}:
        value = getattr(record, field)
        changes[field] = type(value)() if isinstance(value, tuple | dict) else None
    return attrs.evolve(record, **changes)
