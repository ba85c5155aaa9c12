"""What the lab builds: two AKS clusters of the docker era, as plain data.

Each cluster has two nodes, so that there are pods on another node; only the first one is recorded.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from ipaddress import IPv4Network

VNET = IPv4Network("10.220.0.0/16")
SERVICE_CIDR = IPv4Network("10.200.0.0/16")
DNS_SERVICE_IP = "10.200.0.10"
DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
INTERNET = IPv4Network("203.0.113.0/24")
INTERNET_HOST = "203.0.113.10"
# The platform addresses every Azure VM has a route to: DNS and health, instance metadata.
PLATFORM_ADDRESSES = ("168.63.129.16", "169.254.169.254")

MINUTE = 60
DAY = 24 * 60 * MINUTE


def first_host(network: IPv4Network) -> str:
    """The gateway of a subnet, the `.1` of a bridge."""
    return str(network.network_address + 1)


@dataclass(frozen=True)
class App:
    """What runs in a pod: the container and how its age is told."""

    name: str
    namespace: str
    image: str
    command: str
    ports: tuple[tuple[str, int], ...]
    labels: str
    age: str  # as kubectl says it
    seconds: int  # as docker counts it


NGINX = App(
    name="nginx",
    namespace="default",
    image="nginx",
    command="/docker-entrypoint.sh nginx -g 'daemon off;'",
    ports=(("tcp", 80),),
    labels="app=nginx",
    age="26m",
    seconds=26 * MINUTE,
)
COREDNS = App(
    name="coredns",
    namespace="kube-system",
    image="mcr.microsoft.com/oss/kubernetes/coredns",
    command="/coredns -conf /etc/coredns/Corefile",
    ports=(("udp", 53), ("tcp", 53)),
    labels="k8s-app=kube-dns",
    age="5d23h",
    seconds=6 * DAY - 60 * MINUTE,
)
AUTOSCALER = App(
    name="autoscaler",
    namespace="kube-system",
    image="mcr.microsoft.com/oss/kubernetes/autoscaler/cluster-proportional-autoscaler",
    command="/cluster-proportional-autoscaler --namespace=kube-system",
    ports=(),
    labels="k8s-app=coredns-autoscaler",
    age="5d23h",
    seconds=6 * DAY - 60 * MINUTE,
)
KUBE_PROXY = App(
    name="kube-proxy",
    namespace="kube-system",
    image="mcr.microsoft.com/oss/kubernetes/hyperkube",
    command="/hyperkube kube-proxy --kubeconfig=/var/lib/kubelet/kubeconfig",
    ports=(),
    labels="component=kube-proxy",
    age="5d23h",
    seconds=6 * DAY - 60 * MINUTE,
)


@dataclass(frozen=True)
class Pod:
    name: str
    app: App
    address: str
    mac: str = ""

    @property
    def uid(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))

    def container_name(self, container: str) -> str:
        """The name the kubelet gives a docker container of this pod."""
        return f"k8s_{container}_{self.name}_{self.app.namespace}_{self.uid}_0"

    @property
    def azv(self) -> str:
        """The host link as Azure CNI names it: a hash of who the pod is."""
        digest = hashlib.sha1(f"{self.app.namespace}.{self.name}".encode(), usedforsecurity=False).hexdigest()
        return f"azv{digest[:11]}"


@dataclass(frozen=True)
class Node:
    name: str
    address: str
    mac: str
    pods: tuple[Pod, ...]
    kube_proxy: Pod  # on the host network: it has no link of its own
    pod_cidr: IPv4Network | None = None


@dataclass(frozen=True)
class ServicePort:
    name: str
    protocol: str
    number: int


@dataclass(frozen=True)
class Service:
    namespace: str
    name: str
    cluster_ip: str
    ports: tuple[ServicePort, ...]
    app: App | None  # None: the endpoint is the API server
    age: str


KUBERNETES = Service("default", "kubernetes", "10.200.0.1", (ServicePort("https", "tcp", 443),), None, "6d")
NGINX_SERVICE = Service("default", "nginx", "10.200.100.10", (ServicePort("", "tcp", 80),), NGINX, "26m")
KUBE_DNS = Service(
    "kube-system",
    "kube-dns",
    DNS_SERVICE_IP,
    (ServicePort("dns", "udp", 53), ServicePort("dns-tcp", "tcp", 53)),
    COREDNS,
    "6d",
)
SERVICES = (KUBERNETES, NGINX_SERVICE, KUBE_DNS)


@dataclass(frozen=True)
class Cluster:
    role: str
    network_plugin: str
    subnet: IPv4Network
    nodes: tuple[Node, Node]
    pod_cidr: IPv4Network | None = None

    def endpoints(self, service: Service) -> list[str]:
        """The addresses behind a service."""
        if service.app is None:
            return [INTERNET_HOST]  # the API server of AKS is a public address
        return [p.address for n in self.nodes for p in n.pods if p.app is service.app]


def _pods(prefix: str, mac: str, *pods: tuple[str, App, int]) -> tuple[Pod, ...]:
    return tuple(Pod(name, app, f"{prefix}.{host}", f"{mac}:{host:02x}") for name, app, host in pods)


KUBENET = Cluster(
    role="kubenet",
    network_plugin="kubenet",
    subnet=IPv4Network("10.220.1.0/24"),
    pod_cidr=IPv4Network("10.100.0.0/16"),
    nodes=(
        Node(
            name="aks-nodepool1-27511634-vmss000000",
            address="10.220.1.4",
            mac="00:0d:3a:11:01:04",
            pod_cidr=IPv4Network("10.100.1.0/24"),
            # In the order host-local hands addresses out: .2, .3, .4.
            pods=_pods(
                "10.100.1",
                "0a:58:0a:64:01",
                ("coredns-869cb84759-vdh55", COREDNS, 2),
                ("nginx-7cf567cc7-bnvk9", NGINX, 3),
                ("nginx-7cf567cc7-6w2xk", NGINX, 4),
            ),
            kube_proxy=Pod("kube-proxy-2n62m", KUBE_PROXY, "10.220.1.4"),
        ),
        Node(
            name="aks-nodepool1-27511634-vmss000001",
            address="10.220.1.5",
            mac="00:0d:3a:11:01:05",
            pod_cidr=IPv4Network("10.100.2.0/24"),
            pods=_pods(
                "10.100.2",
                "0a:58:0a:64:02",
                ("coredns-869cb84759-n4rtk", COREDNS, 2),
                ("coredns-autoscaler-5b867494f-25vlb", AUTOSCALER, 3),
                ("nginx-7cf567cc7-xq8zj", NGINX, 4),
            ),
            kube_proxy=Pod("kube-proxy-zc7d4", KUBE_PROXY, "10.220.1.5"),
        ),
    ),
)

AZURE_CNI = Cluster(
    role="azure-cni",
    network_plugin="azure",
    subnet=IPv4Network("10.220.2.0/24"),
    # A node holds its own address and one for each of the 30 pods it may run.
    nodes=(
        Node(
            name="aks-nodepool1-44430483-vmss000000",
            address="10.220.2.4",
            mac="00:0d:3a:22:02:04",
            pods=_pods(
                "10.220.2",
                "da:ab:42:dc:02",
                ("coredns-869cb84759-8kqzm", COREDNS, 9),
                ("nginx-7cf567cc7-5pvnj", NGINX, 13),
                ("nginx-7cf567cc7-tl9wd", NGINX, 21),
            ),
            kube_proxy=Pod("kube-proxy-7hfcv", KUBE_PROXY, "10.220.2.4"),
        ),
        Node(
            name="aks-nodepool1-44430483-vmss000001",
            address="10.220.2.35",
            mac="00:0d:3a:22:02:23",
            pods=_pods(
                "10.220.2",
                "da:ab:42:dc:02",
                ("coredns-869cb84759-hx6n2", COREDNS, 38),
                ("coredns-autoscaler-5b867494f-w5gbs", AUTOSCALER, 44),
                ("nginx-7cf567cc7-r2jfq", NGINX, 57),
            ),
            kube_proxy=Pod("kube-proxy-v4x9k", KUBE_PROXY, "10.220.2.35"),
        ),
    ),
)

CLUSTERS = (KUBENET, AZURE_CNI)
