"""Reads what a Kubernetes node says about its network, and compares a kubenet node with an Azure CNI node."""

from aksparse.architecture.description import Architecture, describe
from aksparse.architecture.fact import Known, Unknown
from aksparse.capture.load import load_capture, load_captures
from aksparse.capture.model import Capture
from aksparse.command import Parsed, UnknownCommand
from aksparse.commands.assignment import parse_assignment
from aksparse.commands.az_aks_create import parse_az_aks_create
from aksparse.commands.az_aks_show import parse_az_aks_show
from aksparse.commands.az_route_table import parse_az_route_table
from aksparse.commands.az_subnet_list import parse_az_subnet_list
from aksparse.commands.brctl_show import parse_brctl_show
from aksparse.commands.brctl_showmacs import parse_brctl_showmacs
from aksparse.commands.brctl_showstp import parse_brctl_showstp
from aksparse.commands.bridge_fdb import parse_bridge_fdb
from aksparse.commands.bridge_link import parse_bridge_link
from aksparse.commands.cni_conf import parse_cni_conf
from aksparse.commands.crictl_pods import parse_crictl_pods
from aksparse.commands.crictl_ps import parse_crictl_ps
from aksparse.commands.docker_inspect import parse_docker_inspect
from aksparse.commands.docker_ps import parse_docker_ps
from aksparse.commands.ip_addr import parse_ip_addr
from aksparse.commands.ip_neigh import parse_ip_neigh
from aksparse.commands.ip_route import parse_ip_route
from aksparse.commands.ip_rule import parse_ip_rule
from aksparse.commands.iptables import parse_iptables
from aksparse.commands.iptables_save import parse_iptables_save
from aksparse.commands.kubectl_get import parse_kubectl_get
from aksparse.commands.route import parse_route
from aksparse.compare import Comparison, compare
from aksparse.diagnostics import Diagnostic, Span
from aksparse.errors import AksparseError, CaptureError, ParseError
from aksparse.serialize import to_builtins, to_json
from aksparse.transcript.read import Transcript, parse, read_transcript
from aksparse.wiring.build import build_wiring
from aksparse.wiring.model import Wiring

__all__ = [
    "AksparseError",
    "Architecture",
    "Capture",
    "CaptureError",
    "Comparison",
    "Diagnostic",
    "Known",
    "ParseError",
    "Parsed",
    "Span",
    "Transcript",
    "Unknown",
    "UnknownCommand",
    "Wiring",
    "build_wiring",
    "compare",
    "describe",
    "load_capture",
    "load_captures",
    "parse",
    "parse_assignment",
    "parse_az_aks_create",
    "parse_az_aks_show",
    "parse_az_route_table",
    "parse_az_subnet_list",
    "parse_brctl_show",
    "parse_brctl_showmacs",
    "parse_brctl_showstp",
    "parse_bridge_fdb",
    "parse_bridge_link",
    "parse_cni_conf",
    "parse_crictl_pods",
    "parse_crictl_ps",
    "parse_docker_inspect",
    "parse_docker_ps",
    "parse_ip_addr",
    "parse_ip_neigh",
    "parse_ip_route",
    "parse_ip_rule",
    "parse_iptables",
    "parse_iptables_save",
    "parse_kubectl_get",
    "parse_route",
    "read_transcript",
    "to_builtins",
    "to_json",
]

__version__ = "0.1.0"
