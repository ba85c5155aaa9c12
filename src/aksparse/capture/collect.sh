#!/bin/sh
# Records what aksparse reads on a Kubernetes node, the network namespace of each pod included, into one archive.
#
#   sh collect.sh [ARCHIVE]     run as root on the node; ARCHIVE is a .tar.gz, or - for standard output
#
# From elsewhere, with kubectl:
#
#   aksparse collect | kubectl debug node/NODE -i --quiet --profile=sysadmin --image=busybox -- \
#       chroot /host sh -s -- - > NODE.tar.gz
#
# The pod that this makes is left behind; `kubectl get pods` lists it as node-debugger-NODE-..., to be deleted.
#
# It needs nothing but a POSIX shell, tar and gzip. A tool that is missing or fails is noted in capture.toml, and its
# output left out. It writes to a temporary directory of its own, which it removes, and to the archive. No command may
# take longer than COLLECT_SECONDS_EACH (60), and none is begun after COLLECT_SECONDS (900). Of a container it asks only
# for its process: no environment, no arguments, no mounts.

set -u
umask 077
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/cni/bin:/opt/bin
export LC_ALL PATH

say() {
    echo "collect: $*" >&2
}

# A text as a string of TOML.
quoted() {
    printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# Words as an array of TOML.
listed() {
    separator='['
    for word in "$@"; do
        printf '%s%s' "$separator" "$(quoted "$word")"
        separator=', '
    done
    printf ']'
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Runs a command, though not for ever.
bounded() {
    if has timeout; then
        timeout "${COLLECT_SECONDS_EACH:-60}" "$@" </dev/null
    else
        "$@" </dev/null
    fi
}

note() {
    notes=$((notes + 1))
    printf '# not recorded: %s\n' "$(printf '%s' "$*" | tr -d '\000-\037\177')" >>"$out/capture.toml"
}

version_of() {
    case $1 in
        ip | bridge | route | iptables* | ip6tables*) bounded "$1" -V 2>&1 ;;
        brctl | docker | crictl) bounded "$1" --version 2>&1 ;;
        kubectl) bounded kubectl version --client 2>&1 ;;
    esac | head -n 1
}

# record FILE TOOL COMMAND...: what a command prints, in a file, and in capture.toml which command it was. TOOL is the
# program behind nsenter and the like.
record() {
    file=$1
    tool=$2
    shift 2
    for program in "$tool" "$1"; do
        if ! has "$program"; then
            note "$*: $program is not installed"
            return 1
        fi
    done
    if [ "$(date +%s)" -ge "$end" ]; then
        note "$*: no time is left"
        return 1
    fi
    bounded "$@" >"$out/$file" 2>"$work/errors"
    status=$?
    if [ "$status" -ne 0 ]; then
        note "$*: exit $status: $(head -n 1 "$work/errors")"
        rm -f "$out/$file"
        return 1
    fi
    {
        printf '\n[[outputs]]\nfile = %s\nargv = %s\n' "$(quoted "$file")" "$(listed "$@")"
        version=$(version_of "$tool")
        [ -z "$version" ] || printf 'tool = %s\n' "$(quoted "$version")"
    } >>"$work/outputs"
}

record_node() {
    record ip_addr.txt ip ip addr
    record ip_d_link.txt ip ip -d link
    record route_n.txt route route -n
    record ip_route.txt ip ip route show table all
    record ip6_route.txt ip ip -6 route show table all
    record ip_rule.txt ip ip rule
    record ip6_rule.txt ip ip -6 rule
    record ip_neigh.txt ip ip neigh
    record brctl_show.txt brctl brctl show
    record bridge_link.txt bridge bridge link
    record bridge_fdb.txt bridge bridge fdb
    # kube-proxy may hold the lock of the tables for a while: -w waits for it.
    record iptables_t_nat_nvL.txt iptables iptables -w -t nat -nvL --line-numbers
    for save in iptables-save ip6tables-save; do
        record "$save.txt" "$save" "$save" -c
    done
    # The rules of the flavour that iptables-save is not.
    for save in iptables-legacy-save ip6tables-legacy-save; do
        ! has "$save" || ! iptables -V 2>/dev/null | grep -q nf_tables || record "$save.txt" "$save" "$save" -c
    done
    for save in iptables-nft-save ip6tables-nft-save; do
        ! has "$save" || ! iptables -V 2>/dev/null | grep -q legacy || record "$save.txt" "$save" "$save" -c
    done
    for conf in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
        [ ! -f "$conf" ] || record "cni_$(basename "$conf").txt" cat cat "$conf"
    done
    ls "$out"/cni_* >/dev/null 2>&1 || note 'cat /etc/cni/net.d/*: no configuration is there'
}

record_cluster() {
    has kubectl || { note 'kubectl get: kubectl is not installed' && return 0; }
    record kubectl_get_nodes.txt kubectl kubectl get nodes -o wide
    record kubectl_get_pods.txt kubectl kubectl get pods -A -o wide
    record kubectl_get_services.txt kubectl kubectl get services -A
}

# What a process sees of its network, if no one was there before.
record_namespace() {
    namespace=$(readlink "/proc/$1/ns/net" 2>/dev/null) || return 0
    case " $seen " in
        *" $namespace "*) return 0 ;;
    esac
    seen="$seen $namespace"
    record "pid_$1_ip_addr.txt" ip nsenter -t "$1" -n ip addr
    record "pid_$1_route_n.txt" route nsenter -t "$1" -n route -n
    record "pid_$1_ip_route.txt" ip nsenter -t "$1" -n ip route
    record "pid_$1_ip6_route.txt" ip nsenter -t "$1" -n ip -6 route
    record "pid_$1_ip_neigh.txt" ip nsenter -t "$1" -n ip neigh
}

record_docker() {
    record docker_ps.txt docker docker ps || return 0
    # The pause container shares the network namespace of the others.
    bounded docker ps --format '{{ .ID }} {{ .Names }}' 2>/dev/null | grep -v ' k8s_POD_' >"$work/containers"
    while read -r id _; do
        record "docker_inspect_$id.txt" docker docker inspect --format '{{ .State.Pid }}' "$id" || continue
        pid=$(tr -cd '0-9' <"$out/docker_inspect_$id.txt")
        [ "${pid:-0}" -le 1 ] || record_namespace "$pid"
    done <"$work/containers"
}

record_crictl() {
    record crictl_pods.txt crictl crictl pods || return 0
    record crictl_ps.txt crictl crictl ps
    bounded crictl pods -q 2>/dev/null >"$work/sandboxes"
    while read -r id; do
        set -- crictl inspectp --output go-template --template '{{.info.pid}}' "$id"
        record "crictl_inspectp_$id.txt" crictl "$@" || continue
        pid=$(tr -cd '0-9' <"$out/crictl_inspectp_$id.txt")
        [ "${pid:-0}" -le 1 ] || record_namespace "$pid"
    done <"$work/sandboxes"
}

# Without a container runtime to ask: every network namespace that a process is in.
record_processes() {
    for process in /proc/[0-9]*; do
        record_namespace "${process#/proc/}"
    done
}

main() {
    node=$(hostname 2>/dev/null || uname -n)
    name=aksparse-$(printf '%s' "$node" | tr -c 'A-Za-z0-9.-' _)-$(date -u +%Y%m%dT%H%M%SZ)
    archive=${1:-$name.tar.gz}
    work=$(mktemp -d) || exit 2
    trap 'rm -rf "$work"' EXIT
    trap 'exit 2' HUP INT TERM
    out=$work/$name
    mkdir "$out" || exit 2
    notes=0
    end=$(($(date +%s) + ${COLLECT_SECONDS:-900}))
    own=$(readlink /proc/self/ns/net 2>/dev/null || echo unknown)
    seen=$own
    : >"$work/outputs"
    printf 'node = %s\nrecorded = %s\n' "$(quoted "$node")" "$(date -u +%Y-%m-%d)" >"$out/capture.toml"
    [ "$(id -u)" = 0 ] || note 'anything that only root may see: this ran as another user'

    record_node
    record_docker
    record_crictl
    [ "$seen" != "$own" ] || record_processes
    record_cluster
    cat "$work/outputs" >>"$out/capture.toml" || exit 2

    if [ "$archive" = - ]; then
        (cd "$work" && tar cf - "$name") >"$work/archive.tar" && gzip -c "$work/archive.tar" || exit 2
    else
        (cd "$work" && tar cf - "$name") >"$work/archive.tar" && gzip -c "$work/archive.tar" >"$archive" || exit 2
        say "wrote $archive"
    fi
    [ "$notes" -eq 0 ] || say "$notes outputs are missing; capture.toml says why"
}

main "$@"
