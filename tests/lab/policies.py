"""The rules and sets of those who enforce network policies: Calico's felix, Azure NPM, Cilium."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from plan import CALICO_CIDR, NGINX, Node, Plan, digits
from tables import Table, Tables, comment

ACCEPTED = "0x10000/0x10000"


def add(tables: Tables, plan: Plan, node: Node) -> None:
    """Add the rules of the mode's policy engine; they come before those of kube-proxy."""
    engines: dict[str, Callable[[Tables, Plan, Node], None]] = {"calico": _calico, "npm": _npm, "cilium": _cilium}
    if engine := engines.get(plan.mode.policy):
        engine(tables, plan, node)


def sets(plan: Plan) -> str:
    """The sets that they match, in `ipset restore` form."""
    members: dict[str, list[str]] = {}
    if plan.mode.policy == "calico":
        members["cali40all-hosts-net"] = [node.address for node in plan.nodes]
        if plan.mode.masquerade == "calico":
            members |= {"cali40masq-ipam-pools": [CALICO_CIDR], "cali40all-ipam-pools": [CALICO_CIDR]}
    elif plan.mode.policy == "npm":
        members[_npm_set("podlabel-app:nginx")] = [pod.address for pod in plan.pods if pod.app is NGINX]
        members[_npm_set("ns-default")] = [pod.address for pod in plan.pods if pod.app.namespace == "default"]
    lines = []
    for name, addresses in members.items():
        lines.append(f"create {name} hash:net family inet hashsize 1024 maxelem 1048576")
        lines += [f"add {name} {address}" for address in addresses]
    return "".join(f"{line}\n" for line in lines)


# Calico (felix/rules).


def _calico_rule(table: Table, chain: str, *words: str) -> None:
    """A rule with the hash by which felix knows it again."""
    digest = hashlib.sha256(" ".join((table.name, chain, *words)).encode()).digest()
    table.rule(chain, comment(f"cali:{base64.urlsafe_b64encode(digest).decode()[:16]}"), *words)


def _calico(tables: Tables, plan: Plan, node: Node) -> None:
    _calico_dispatch(tables.filter, plan, node)
    _calico_nat(tables.nat, plan)
    for table, chain in ((tables.raw, "PREROUTING"), (tables.raw, "OUTPUT"), (tables.mangle, "PREROUTING")):
        table.chain(f"cali-{chain}", "cali-from-host-endpoint")
        _calico_rule(table, chain, f"-j cali-{chain}")
    _calico_rule(tables.raw, "cali-PREROUTING", "-j MARK --set-xmark 0x0/0xf0000")
    _calico_rule(tables.raw, "cali-PREROUTING", f"-i {plan.mode.links}+ -j MARK --set-xmark 0x40000/0x40000")
    _calico_rule(tables.raw, "cali-PREROUTING", "-m mark --mark 0x0/0x40000 -j cali-from-host-endpoint")
    _calico_rule(tables.mangle, "cali-PREROUTING", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")


def _calico_dispatch(table: Table, plan: Plan, node: Node) -> None:
    links = f"{plan.mode.links}+"
    table.chain("cali-INPUT", "cali-FORWARD", "cali-OUTPUT", "cali-wl-to-host")
    table.chain("cali-from-wl-dispatch", "cali-to-wl-dispatch", "cali-pri-kns.default", "cali-pro-kns.default")
    for chain in ("INPUT", "FORWARD", "OUTPUT"):
        _calico_rule(table, chain, f"-j cali-{chain}")
    accepted = comment("Policy explicitly accepted packet."), f"-m mark --mark {ACCEPTED} -j ACCEPT"
    _calico_rule(table, "FORWARD", *accepted)
    _calico_rule(table, "cali-FORWARD", "-j MARK --set-xmark 0x0/0xe0000")
    _calico_rule(table, "cali-FORWARD", f"-i {links} -j cali-from-wl-dispatch")
    _calico_rule(table, "cali-FORWARD", f"-o {links} -j cali-to-wl-dispatch")
    if plan.mode.tunnel and not plan.mode.tunnel.vni:
        hosts = "-p ipencap -m set --match-set cali40all-hosts-net src -m addrtype --dst-type LOCAL -j ACCEPT"
        _calico_rule(table, "cali-INPUT", comment("Allow IPIP packets from Calico hosts"), hosts)
        _calico_rule(table, "cali-INPUT", comment("Drop IPIP packets from non-Calico hosts"), "-p ipencap -j DROP")
    elif plan.mode.tunnel:
        hosts = (
            f"-p udp -m multiport --dports {plan.mode.tunnel.port} -m set --match-set cali40all-hosts-net src "
            "-m addrtype --dst-type LOCAL -j ACCEPT"
        )
        _calico_rule(table, "cali-INPUT", comment("Allow IPv4 VXLAN packets from allowed hosts"), hosts)
    _calico_rule(table, "cali-INPUT", f"-i {links} -g cali-wl-to-host")
    _calico_rule(table, "cali-INPUT", f"-m mark --mark {ACCEPTED} -j ACCEPT")
    _calico_rule(table, "cali-OUTPUT", f"-m mark --mark {ACCEPTED} -j ACCEPT")
    _calico_rule(table, "cali-wl-to-host", "-j cali-from-wl-dispatch")
    endpoint_to_host = comment("Configured DefaultEndpointToHostAction"), "-j ACCEPT"
    _calico_rule(table, "cali-wl-to-host", *endpoint_to_host)
    for direction, option, prefix in (("from", "-i", "fw"), ("to", "-o", "tw")):
        dispatch = f"cali-{direction}-wl-dispatch"
        for pod in node.pods:
            chain = f"cali-{prefix}-{pod.link}"
            _calico_rule(table, dispatch, f"{option} {pod.link} -g {chain}")
            _calico_endpoint(table, chain, "cali-pro-kns.default" if prefix == "fw" else "cali-pri-kns.default")
        _calico_rule(table, dispatch, comment("Unknown interface"), "-j DROP")
    for chain, way in (("cali-pri-kns.default", "ingress"), ("cali-pro-kns.default", "egress")):
        _calico_rule(table, chain, comment(f"Profile kns.default {way}"), f"-j MARK --set-xmark {ACCEPTED}")
        _calico_rule(table, chain, f"-m mark --mark {ACCEPTED} -j RETURN")


def _calico_endpoint(table: Table, chain: str, profile: str) -> None:
    table.chain(chain)
    _calico_rule(table, chain, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    _calico_rule(table, chain, "-m conntrack --ctstate INVALID -j DROP")
    _calico_rule(table, chain, "-j MARK --set-xmark 0x0/0x10000")
    if chain.startswith("cali-fw-"):
        vxlan = comment("Drop VXLAN encapped packets originating in workloads")
        _calico_rule(table, chain, vxlan, "-p udp -m multiport --dports 4789 -j DROP")
        _calico_rule(
            table, chain, comment("Drop IPinIP encapped packets originating in workloads"), "-p ipencap -j DROP"
        )
    _calico_rule(table, chain, f"-j {profile}")
    _calico_rule(table, chain, comment("Return if profile accepted"), f"-m mark --mark {ACCEPTED} -j RETURN")
    _calico_rule(table, chain, comment("Drop if no profiles matched"), "-j DROP")


def _calico_nat(table: Table, plan: Plan) -> None:
    table.chain("cali-OUTPUT", "cali-POSTROUTING", "cali-PREROUTING", "cali-fip-dnat", "cali-fip-snat")
    table.chain("cali-nat-outgoing")
    for chain in ("PREROUTING", "OUTPUT", "POSTROUTING"):
        _calico_rule(table, chain, f"-j cali-{chain}")
    _calico_rule(table, "cali-PREROUTING", "-j cali-fip-dnat")
    _calico_rule(table, "cali-OUTPUT", "-j cali-fip-dnat")
    _calico_rule(table, "cali-POSTROUTING", "-j cali-fip-snat")
    _calico_rule(table, "cali-POSTROUTING", "-j cali-nat-outgoing")
    if plan.mode.tunnel:
        local = "-m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL"
        _calico_rule(table, "cali-POSTROUTING", f"-o {plan.mode.tunnel.name} {local} -j MASQUERADE --random-fully")
    if plan.mode.masquerade == "calico":
        pools = "-m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst"
        _calico_rule(table, "cali-nat-outgoing", f"{pools} -j MASQUERADE --random-fully")


# Azure NPM (azure-container-networking, npm).


def _npm_set(name: str) -> str:
    return f"azure-npm-{int(digits(name)[:8], 16)}"


def _npm(tables: Tables, plan: Plan, node: Node) -> None:
    """A policy that lets everybody ask nginx, but on its port alone."""
    del plan, node
    table = tables.filter
    policy = f"AZURE-NPM-INGRESS-{int(digits('default/allow-nginx')[:8], 16)}"
    table.chain("AZURE-NPM", "AZURE-NPM-ACCEPT", "AZURE-NPM-EGRESS", "AZURE-NPM-INGRESS")
    table.chain("AZURE-NPM-INGRESS-ALLOW-MARK", policy)
    table.rule("FORWARD", "-m conntrack --ctstate NEW -j AZURE-NPM")
    for chain in ("INGRESS", "EGRESS", "ACCEPT"):
        table.rule("AZURE-NPM", f"-j AZURE-NPM-{chain}")
    table.rule("AZURE-NPM-ACCEPT", "-j ACCEPT")
    selected = " ".join(f"-m set --match-set {_npm_set(name)} dst" for name in ("podlabel-app:nginx", "ns-default"))
    said = "INGRESS-POLICY-default/allow-nginx-TO-podlabel-app:nginx-AND-ns-default-IN-ns-default"
    table.rule("AZURE-NPM-INGRESS", selected, comment(said), f"-j {policy}")
    dropped = comment("DROP-ON-INGRESS-DROP-MARK-0x400/0x400")
    table.rule("AZURE-NPM-INGRESS", "-m mark --mark 0x400/0x400", dropped, "-j DROP")
    table.rule(
        "AZURE-NPM-INGRESS-ALLOW-MARK", comment("SET-INGRESS-ALLOW-MARK-0x200/0x200"), "-j MARK --set-mark 0x200/0x200"
    )
    table.rule("AZURE-NPM-INGRESS-ALLOW-MARK", "-j AZURE-NPM-EGRESS")
    table.rule(
        "AZURE-NPM-EGRESS",
        "-m mark --mark 0x200/0x200",
        comment("ACCEPT-ON-INGRESS-ALLOW-MARK-0x200/0x200"),
        "-j AZURE-NPM-ACCEPT",
    )
    table.rule(
        policy, "-p tcp -m tcp --dport 80", comment("ALLOW-ALL-ON-TCP-TO-PORT-80"), "-j AZURE-NPM-INGRESS-ALLOW-MARK"
    )
    table.rule(policy, comment("DROP-ALL"), "-j MARK --set-mark 0x400/0x400")


# Cilium (pkg/datapath/linux/iptables), without its proxy.


def _cilium(tables: Tables, plan: Plan, node: Node) -> None:
    del plan, node
    for table, chains in (
        (tables.raw, {"PREROUTING": "PRE_raw", "OUTPUT": "OUTPUT_raw"}),
        (tables.mangle, {"PREROUTING": "PRE_mangle", "POSTROUTING": "POST_mangle"}),
        (tables.filter, {"INPUT": "INPUT", "FORWARD": "FORWARD", "OUTPUT": "OUTPUT"}),
        (tables.nat, {"PREROUTING": "PRE_nat", "OUTPUT": "OUTPUT_nat", "POSTROUTING": "POST_nat"}),
    ):
        for built_in, name in chains.items():
            table.chain(f"CILIUM_{name}")
            table.rule(built_in, comment(f"cilium-feeder: CILIUM_{name}"), f"-j CILIUM_{name}")
    proxy_return = (
        "-m mark --mark 0xa00/0xfffffeff",
        comment("cilium: NOTRACK for proxy return traffic"),
        "-j CT --notrack",
    )
    for link in ("lxc+", "cilium_host"):
        tables.raw.rule("CILIUM_OUTPUT_raw", f"-o {link}", *proxy_return)
    proxied = comment("cilium: NOTRACK for proxy traffic")
    tables.raw.rule("CILIUM_PRE_raw", "-m mark --mark 0x200/0xf00", proxied, "-j CT --notrack")
    redirected = comment("cilium: any->pod redirect proxied traffic to host proxy")
    transparent = "-m socket --transparent -m mark ! --mark 0xe00/0xf00"
    tables.mangle.rule("CILIUM_PRE_mangle", transparent, redirected, "-j MARK --set-xmark 0x200/0xffffffff")
    for match, said in (
        ("-o cilium_host", "any->cluster on cilium_host forward accept"),
        ("-i cilium_host", "cluster->any on cilium_host forward accept (nodeport)"),
        ("-i lxc+", "cluster->any on lxc+ forward accept"),
        ("-i cilium_net", "cluster->any on cilium_net forward accept (nodeport)"),
    ):
        tables.filter.rule("CILIUM_FORWARD", match, comment(f"cilium: {said}"), "-j ACCEPT")
    accept = comment("cilium: ACCEPT for proxy traffic"), "-j ACCEPT"
    tables.filter.rule("CILIUM_INPUT", "-m mark --mark 0x200/0xf00", *accept)
    marked = "-m mark ! --mark 0xe00/0xf00 -m mark ! --mark 0xd00/0xf00 -m mark ! --mark 0xa00/0xe00"
    from_host = comment("cilium: host->any mark as from host"), "-j MARK --set-xmark 0xc00/0xf00"
    tables.filter.rule("CILIUM_OUTPUT", marked, *from_host)
