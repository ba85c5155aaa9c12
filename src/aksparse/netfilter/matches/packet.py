"""The matches of what a packet holds: its headers and bytes.

Format: iptables-extensions(8). What a match is called and what its options are called is what the fields are called.
"""

from __future__ import annotations

from typing import Literal

import attrs

from aksparse.netfilter.values import AddressRange, Masked, NumberRange, PortRange, TcpFlags


@attrs.frozen(kw_only=True, weakref_slot=False)
class PortMatch:
    """The match of a transport protocol (`-m tcp`, `-m udp`, `-m sctp`).

    Attributes:
        kind: which match this is.
        protocol: the protocol.
        sport: the source ports (`--sport`).
        dport: the destination ports (`--dport`).
        tcp_flags: the flags of TCP (`--tcp-flags`, `--syn`).
        tcp_option: the number of an option of TCP (`--tcp-option`).
        negated: `tcp_option` where every segment without the option is meant.
    """

    kind: Literal["port"] = "port"
    protocol: str
    sport: PortRange | None = None
    dport: PortRange | None = None
    tcp_flags: TcpFlags | None = None
    tcp_option: int | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MultiportMatch:
    """The match of several ports at once (`-m multiport`).

    Attributes:
        kind: which match this is.
        direction: `sports`, `dports` or `ports` (either).
        ports: the ports.
        negated: whether every other port is meant.
    """

    kind: Literal["multiport"] = "multiport"
    direction: str
    ports: tuple[PortRange, ...]
    negated: bool = False


@attrs.frozen(kw_only=True)
class IcmpMatch:
    """The match of the type of an ICMP or ICMPv6 message (`-m icmp`, `-m icmp6`).

    Attributes:
        kind: which match this is.
        type: the type; a name where the tool printed one, `any` for any.
        code: the code; absent means any.
        negated: whether every other type is meant.
    """

    kind: Literal["icmp"] = "icmp"
    type: int | str
    code: int | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class IprangeMatch:
    """The match of a range of addresses (`-m iprange`).

    Attributes:
        kind: which match this is.
        src_range: the source addresses.
        dst_range: the destination addresses.
        negated: which of these mean everything else.
    """

    kind: Literal["iprange"] = "iprange"
    src_range: AddressRange | None = None
    dst_range: AddressRange | None = None
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MacMatch:
    """The match of the hardware address that a packet comes from (`-m mac`).

    Attributes:
        kind: which match this is.
        mac_source: the address.
        negated: which of these mean everything else.
    """

    kind: Literal["mac"] = "mac"
    mac_source: str
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class LengthMatch:
    """The match of the length of a packet (`-m length`).

    Attributes:
        kind: which match this is.
        length: the bytes from the header of layer 3 on.
        negated: which of these mean everything else.
    """

    kind: Literal["length"] = "length"
    length: NumberRange
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TtlMatch:
    """The match of the hops that a packet has left (`-m ttl`, `-m hl`).

    Attributes:
        kind: which match this is.
        operator: `eq`, `lt` or `gt`.
        value: the hops.
        negated: whether every other number is meant.
    """

    kind: Literal["ttl"] = "ttl"
    operator: str
    value: int
    negated: bool = False


@attrs.frozen(kw_only=True)
class DscpMatch:
    """The match of the class of service (`-m dscp`).

    Attributes:
        kind: which match this is.
        dscp: the six bits of the class.
        negated: which of these mean everything else.
    """

    kind: Literal["dscp"] = "dscp"
    dscp: int
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TosMatch:
    """The match of the type of service (`-m tos`).

    Attributes:
        kind: which match this is.
        tos: the value, and the bits that count.
        name: its name, where the tool printed that.
        negated: whether every other type is meant.
    """

    kind: Literal["tos"] = "tos"
    tos: Masked | None = None
    name: str | None = None
    negated: bool = False


@attrs.frozen(kw_only=True)
class SpiMatch:
    """The match of the security parameter index of IPsec (`-m esp`, `-m ah`).

    Attributes:
        kind: which match this is.
        protocol: `esp` or `ah`.
        spi: the index; absent means any.
        ahlen: the length of the header.
        ahres: whether the reserved field must be zero.
        negated: which of these mean everything else.
    """

    kind: Literal["spi"] = "spi"
    protocol: str
    spi: NumberRange | None = None
    ahlen: int | None = None
    ahres: bool = False
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TcpmssMatch:
    """The match of the greatest segment that TCP offers (`-m tcpmss`).

    Attributes:
        kind: which match this is.
        mss: the sizes.
        negated: which of these mean everything else.
    """

    kind: Literal["tcpmss"] = "tcpmss"
    mss: NumberRange
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class StringMatch:
    """The match of text in a packet (`-m string`).

    Attributes:
        kind: which match this is.
        string: the text.
        hex_string: the text, with bytes in hexadecimal between bars.
        algo: the way to search, `bm` or `kmp`.
        from_offset: the byte to search from (`--from`).
        to_offset: the byte to search to (`--to`).
        icase: whether case makes no difference.
        negated: which of these mean everything else.
    """

    kind: Literal["string"] = "string"
    string: str | None = None
    hex_string: str | None = None
    algo: str
    from_offset: int | None = None
    to_offset: int | None = None
    icase: bool = False
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class U32Match:
    """The match of bytes anywhere in a packet (`-m u32`).

    Attributes:
        kind: which match this is.
        u32: the test, in the language of the match.
        negated: which of these mean everything else.
    """

    kind: Literal["u32"] = "u32"
    u32: str
    negated: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class BpfMatch:
    """The match by a program (`-m bpf`).

    Attributes:
        kind: which match this is.
        bytecode: the instructions of a classic program, each as `CODE JT JF K`.
        object_pinned: the path at which the program is pinned.
    """

    kind: Literal["bpf"] = "bpf"
    bytecode: tuple[str, ...] = ()
    object_pinned: str | None = None


@attrs.frozen(kw_only=True)
class CommentMatch:
    """A comment behind the first one of a rule (`-m comment`): Calico writes two.

    Attributes:
        kind: which match this is.
        comment: the text.
    """

    kind: Literal["comment"] = "comment"
    comment: str
