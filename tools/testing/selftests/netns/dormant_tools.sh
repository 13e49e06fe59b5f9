#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: a network namespace stays dormant under all that people do in order
# to have one, and each tool that uses it finds it ready at its first call.

. "$(dirname "$0")/lib.sh"

COUNTER=/sys/kernel/debug/netns/activations
EAGER=/proc/sys/net/core/netns_eager

# dormant VAR...: make named namespaces that nobody uses.
dormant()
{
	local var

	for var; do
		printf -v "$var" 'nst%s-%s' "$TAG" "$var"
		ip netns add "${!var}"
		defer ip netns del "${!var}"
	done
}

# wakes NUMBER CMD...: run CMD, which is to activate so many.
wakes()
{
	local expected=$1 before

	shift
	before=$(cat $COUNTER)
	"$@" > /dev/null
	same "$expected" $(($(cat $COUNTER) - before)) "activations by $*"
}

wakes_in()
{
	local expected=$1 ns=$2

	shift 2
	wakes "$expected" ip netns exec "$ns" "$@"
}

# tell FILE NS COMMAND: into FILE goes what COMMAND says in there, and its status.
tell()
{
	local status=0

	ip netns exec "$2" sh -c "$3" > "$1" 2>&1 || status=$?
	echo "status $status" >> "$1"
}

# each COMMAND...: each of them is the first in a namespace of its own, and says
# what it says in one that was ready at its birth.
each()
{
	local ns command said

	said=$(mktemp -d)
	defer rm -r "$said"
	for command; do
		echo 1 > $EAGER
		dormant ns
		echo 0 > $EAGER
		wakes 0 tell "$said/eager" "$ns" "$command"
		wakes 0 tell "$said/eager-again" "$ns" "$command"
		ip netns del "$ns"
		dormant ns
		wakes 1 tell "$said/lazy" "$ns" "$command"
		wakes 0 tell "$said/lazy-again" "$ns" "$command"
		ip netns del "$ns"
		same "$(cat "$said/eager")" "$(cat "$said/lazy")" "$command"
		same "$(cat "$said/eager-again")" "$(cat "$said/lazy-again")" \
			"again $command"
	done
}

test_having_one_wakes_nobody()
{
	local ns=nst$TAG-mine pid

	wakes 0 ip netns add "$ns"
	defer ip netns del "$ns"
	wakes 0 ip netns list
	wakes 0 ip netns set "$ns" 12
	wakes 0 ip netns list-id
	wakes 0 ip netns exec "$ns" true
	wakes 0 ip netns exec "$ns" ls -l /proc/self/ns /proc/self/fd
	hold pid ip netns exec "$ns"
	wakes 0 ip netns identify "$pid"
	wakes 0 ip netns pids "$ns"
	wakes 0 nsenter -t "$pid" -n true
	wakes 0 lsns -t net
	wakes 0 unshare -n true
	wakes 0 unshare -Urn true
	wakes 0 stat -L "/proc/$pid/ns/net" "/run/netns/$ns"
	wakes 0 ls -lR "/proc/$pid/ns" "/proc/$pid/fd" "/proc/$pid/task/$pid/ns"
	wakes 0 find "/proc/$pid" -maxdepth 1 -ls
	wakes 0 find /proc -ignore_readdir_race -maxdepth 1 -ls
	wakes 0 strace -o /dev/null -f unshare -n true
	wakes 0 ip netns del "$ns"
}

test_what_sandboxes_do_wakes_nobody()
{
	local ns

	dormant ns
	wakes_in 0 "$ns" mount -t tmpfs none /mnt
	wakes_in 0 "$ns" mount -t proc none /mnt
	wakes_in 0 "$ns" mount -t sysfs none /mnt
	wakes_in 0 "$ns" mount --rbind /proc /mnt
	wakes_in 0 "$ns" hostname
	wakes_in 0 "$ns" ps ax
	wakes_in 0 "$ns" sysctl kernel.ostype
	wakes_in 0 "$ns" find /proc/self/ -maxdepth 1 -ls
	wakes_in 0 "$ns" setpriv --reuid 1234 --clear-groups true
	wakes 0 fails ip netns exec "$ns" \
		mount -t 9p -o trans=fd,rfdno=0,wfdno=1 none /mnt < /dev/null
}

# What is shown to strangers may have to be made first, for one of them.
test_a_walk_over_proc_wakes_nobody()
{
	local first second walk='setpriv --reuid 1234 --clear-groups find'

	hold first unshare -n
	$walk "/proc/$first" -ls > /dev/null 2>&1 || :
	hold second unshare -n
	wakes 0 sh -c "$walk /proc/$second -ls 2> /dev/null | grep net/dev"
	wakes 0 sh -c "$walk /proc/$first /proc/$second -ls 2> /dev/null || :"
	wakes 1 nsenter -t "$second" -n ip link show dev lo
	wakes 1 nsenter -t "$first" -n ip link show dev lo
}

test_ip_is_served()
{
	each 'ip link show lo | grep -q LOOPBACK' 'ip link set lo up' \
		'ip -4 addr add 192.0.2.1/24 dev lo' 'ip route show' \
		'ip -6 route show' 'ip rule show | grep -q main' 'ip neigh show' \
		'ip -s link show lo' 'ip maddr show' 'ip tcp_metrics show' \
		'bridge link show' 'tc qdisc show dev lo'
}

test_other_tools_are_served()
{
	each 'nft list ruleset' 'iptables-nft -S' 'ethtool -i lo' \
		'sysctl net.ipv4.ip_forward' 'sysctl -w net.ipv4.ip_forward=1' \
		'cat /proc/net/dev | grep -q lo:' 'ls /sys/class/net | grep -q lo' \
		'ls /proc/self/net/stat' 'ping -c 1 -W 1 127.0.0.1' \
		'conntrack -L' 'bpftool net show'
}

# made NAME REQUEST...: one end, or all, of what is made outside goes in there.
made()
{
	local name=$1 ns

	shift
	dormant ns
	wakes 1 ip link add netns "$ns" "$@"
	ip -n "$ns" link show dev "$name" > /dev/null
	same 1 "$(ip netns exec "$ns" cat /sys/class/net/lo/ifindex)" "lo's index"
	ip netns del "$ns"
}

test_devices_are_made_in_it()
{
	ip link add "nst$TAG" type dummy
	defer ip link del "nst$TAG"
	made d0 name d0 type dummy
	made b0 name b0 type bridge
	made x0 name x0 type vxlan id 5 dstport 4789
	made w0 name w0 type wireguard
	made m0 name m0 link "nst$TAG" type macvlan
	made i0 name i0 link "nst$TAG" type ipvlan
	made v0 name v0 link "nst$TAG" type vlan id 5
	made o0 name o0 type bond
	made g0 name g0 type gre remote 192.0.2.1 local 192.0.2.2
	made v1 name v1 type veth peer name "nsp$TAG"
	made t0 name t0 link "nst$TAG" type macvtap
	made r0 name r0 type vrf table 5
	made e0 name e0 type geneve id 5 remote 192.0.2.1
	made f0 name f0 type ifb
}

test_devices_are_made_in_that_of_a_process()
{
	local pid

	hold pid unshare -n
	wakes 1 ip link add name d0 netns "$pid" type dummy
	nsenter -t "$pid" -n ip link show dev d0 > /dev/null
}

# linked NAME TYPE...: one is made here, and what it works upon is in there.
linked()
{
	local name=$1 ns

	shift
	dormant ns
	ip netns set "$ns" auto
	wakes 1 ip link add link-netns "$ns" name "$name" type "$@"
	ip -d link show dev "$name" | grep -q "$1"
	ip link del "$name"
	ip netns del "$ns"
}

test_devices_are_linked_to_it()
{
	local ns

	linked "nsx$TAG" vxlan id 5 dstport 4789
	linked "nsw$TAG" wireguard
	linked "nsg$TAG" gre remote 192.0.2.1 local 192.0.2.2
	linked "nsi$TAG" ipip remote 192.0.2.1 local 192.0.2.2
	linked "nsv$TAG" vti remote 192.0.2.1 local 192.0.2.2 key 5
	linked "nss$TAG" sit remote 192.0.2.1 local 192.0.2.2
	linked "nst$TAG" ip6tnl remote 2001:db8::1 local 2001:db8::2
	linked "nse$TAG" geneve id 5 remote 192.0.2.1
	# There is only lo, on which these are not.
	dormant ns
	ip netns set "$ns" auto
	wakes 1 refused 'invalid|device' ip link add link-netns "$ns" link lo \
		name "nsm$TAG" type macvlan
}

test_a_peer_is_made_in_it()
{
	local ns kind

	for kind in veth vxcan; do
		dormant ns
		wakes 1 ip link add "nst$TAG" type $kind peer name p0 netns "$ns"
		ip -n "$ns" link show dev p0 > /dev/null
		ip link del "nst$TAG"
		ip netns del "$ns"
	done
}

# The request fails, since there is nothing to reach; but it has to look.
test_network_file_systems_use_it()
{
	each 'timeout 60 mount -i -t nfs -o \
		nolock,soft,retrans=1,timeo=1,vers=3,addr=127.0.0.1 \
		127.0.0.1:/ /mnt'
}

[ -e $COUNTER ] || mount -t debugfs none /sys/kernel/debug
eager=$(cat $EAGER)
trap 'echo "$eager" > $EAGER' EXIT
echo 0 > $EAGER

run_tests \
	having_one_wakes_nobody \
	what_sandboxes_do_wakes_nobody \
	a_walk_over_proc_wakes_nobody \
	ip_is_served \
	other_tools_are_served \
	devices_are_made_in_it \
	devices_are_made_in_that_of_a_process \
	devices_are_linked_to_it \
	a_peer_is_made_in_it \
	network_file_systems_use_it
