#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: podman's containers have the networks that it makes for them: none,
# one behind a bridge with address translation, a shared one, the host's; and
# nothing of them is left when they end.

. "$(dirname "$0")/lib.sh"

# pod COMMAND...: podman with all that it keeps in a directory of the test's.
pod()
{
	podman --root "$WORK/store" --runroot "$WORK/run" --tmpdir "$WORK/tmp" \
		--network-config-dir "$WORK/networks" --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file --log-level error "$@"
}

# What a container needs of a system.
engine()
{
	local tool

	need podman busybox iptables socat
	without_fallback_tunnels
	WORK=$(mktemp -d)
	defer rm -r "$WORK"
	defer pod system reset -f
	defer pod rm -f -a -t 0
	mkdir -p "$WORK/system/bin" "$WORK/system/proc" "$WORK/system/sys" \
		"$WORK/system/dev" "$WORK/system/etc" "$WORK/system/run" \
		"$WORK/system/tmp" "$WORK/networks"
	cp "$(command -v busybox)" "$WORK/system/bin/busybox"
	for tool in sh ip ping sleep nc cat ls readlink; do
		ln -s busybox "$WORK/system/bin/$tool"
	done
}

# new_network NAME NUMBER: 10.99.NUMBER.0/24 and fd99:NUMBER::/64.
new_network()
{
	pod network create --subnet "10.99.$2.0/24" --ipv6 \
		--subnet "fd99:$2::/64" "$1" > /dev/null
	defer pod network rm -f "$1"
}

# container NAME OPTION...: one that stays, and may ping.
container()
{
	pod run -d --name "$1" --cap-add NET_RAW "${@:2}" --rootfs "$WORK/system" \
		sleep 3600 > /dev/null
}

inside()
{
	pod exec "$@"
}

ends()
{
	pod rm -f -t 0 "$@" > /dev/null
}

netns_of()
{
	inside "$1" readlink /proc/self/ns/net
}

# devices NAME: as the container sees them. Bonding has a file of its own there.
devices()
{
	inside "$1" sh -c 'cd /sys/class/net && ls -d */' | tr -d / | xargs
}

pings_from()
{
	inside "$1" ping -q -c 1 -W 20 "$2" > /dev/null
}

test_no_network()
{
	engine
	container alone --network none
	same lo "$(devices alone)" "devices"
	pings_from alone 127.0.0.1
	pings_from alone ::1
	fails pings_from alone 192.0.2.1
	[ "$(netns_of alone)" != "$(readlink /proc/self/ns/net)" ]
	ends alone
}

# How many there are with an end in the host.
pairs()
{
	ip -o link show type veth | grep -c veth
}

# Two containers and the host behind one bridge.
test_bridge()
{
	local before

	before=$(ip -br link | sed 's/[@ ].*//')
	engine
	new_network net7 7
	container one --network net7 --ip 10.99.7.11 --ip6 fd99:7::11
	container two --network net7 --ip 10.99.7.12 --ip6 fd99:7::12
	same 'eth0 lo' "$(devices one)" "devices"
	pings_from one 10.99.7.12
	pings_from two 10.99.7.11
	pings_from one fd99:7::12
	pings_from two fd99:7::1
	ping -q -c 1 -W 20 10.99.7.11 > /dev/null
	ping -q -c 1 -W 20 fd99:7::12 > /dev/null
	same 2 "$(pairs)" "pairs"
	ends one
	fails ping -q -c 1 -W 1 10.99.7.11
	pings_from two 10.99.7.1
	same 1 "$(pairs)" "pairs"
	ends two
	same "$before" "$(ip -br link | sed 's/[@ ].*//')" "devices of the host"
}

translations()
{
	iptables -t nat -S | grep 10.99.8 || :
}

# echoes NS ADDRESS: what is said to the port from there comes back.
echoes()
{
	[ "$(echo hello | ${1:+ip netns exec "$1"} socat -t 20 - "TCP:$2:8099" \
		2> /dev/null)" = hello ]
}

# Somebody outside, who is reached by translation only and reaches a port of the
# host's.
test_address_translation()
{
	local client heard

	engine
	new_ns client
	ip link add "v$TAG" type veth peer name eth0 netns "$client"
	ip addr add 192.0.2.1/24 dev "v$TAG"
	ip link set "v$TAG" up
	add_addr "$client" eth0 192.0.2.2/24
	ip -n "$client" link set eth0 up
	notice_carrier "" "v$TAG"
	new_network net8 8
	container server --network net8 -p 8099:80
	inside -d server nc -ll -p 80 -e cat > /dev/null
	wait_for echoes "$client" 192.0.2.1
	wait_for echoes "" 127.0.0.1

	heard=$WORK/heard
	# shellcheck disable=SC2016 # socat sets it
	ip netns exec "$client" socat -u TCP4-LISTEN:7000,reuseaddr \
		SYSTEM:'echo $SOCAT_PEERADDR' > "$heard" 2> /dev/null &
	defer kill $!
	wait_for is_listening "$client" 7000
	inside server nc -w 20 192.0.2.2 7000 < /dev/null
	wait_for grep -qx 192.0.2.1 "$heard"

	has "$(translations)" 'DNAT --to-destination 10\.99\.8\.[0-9]*:80'
	ends server
	same '' "$(translations)" "rules"
	fails echoes "$client" 192.0.2.1
}

# Several containers may have one network namespace, which lives as long as one.
test_shared()
{
	engine
	container first --network none
	container second --network container:first
	same "$(netns_of first)" "$(netns_of second)" "network namespace"
	inside -d first nc -ll -p 80 -e cat > /dev/null
	# shellcheck disable=SC2016 # expanded in there
	wait_for inside second sh -c '[ "$(echo hello | nc -w 5 127.0.0.1 80)" = hello ]'
	ends second
	pings_from first 127.0.0.1
	ends first
}

test_of_the_host()
{
	engine
	container guest --network host
	same "$(readlink /proc/self/ns/net)" "$(netns_of guest)" "network namespace"
	ends guest
}

# One that ip(8) has made, which nobody may have used before.
test_given_by_name()
{
	local name=nst$TAG-given inode

	engine
	ip netns add "$name"
	defer ip netns del "$name"
	container guest --network "ns:/run/netns/$name"
	inode=$(stat -Lc %i "/run/netns/$name")
	same "net:[$inode]" "$(netns_of guest)" "network namespace"
	ip -n "$name" link add v0 type veth peer name v1
	same 'lo v0 v1' "$(devices guest)" "devices"
	ends guest
	has_dev "$name" v0
}

test_networks_come_and_go()
{
	engine
	new_network net5 5
	new_network net6 6
	container guest --network net5
	same 'eth0 lo' "$(devices guest)" "devices"
	pod network connect net6 guest
	same 'eth0 eth1 lo' "$(devices guest)" "devices"
	pings_from guest 10.99.6.1
	pod network disconnect net5 guest
	same 'eth1 lo' "$(devices guest)" "devices"
	pings_from guest 10.99.6.1
	pod restart -t 0 guest > /dev/null
	pings_from guest 10.99.6.1
	ends guest
}

is_over()
{
	[ "$(pod inspect -f '{{.State.Running}}' "$1")" = false ]
}

# What nobody tells the engine of: it is gone all the same.
test_killed()
{
	local pid

	engine
	new_network net9 9
	container guest --network net9
	pid=$(pod inspect -f '{{.State.Pid}}' guest)
	kill -9 "$pid"
	wait_for is_over guest
	pod start guest > /dev/null
	pings_from guest 10.99.9.1
	same 1 "$(pairs)" "pairs"
	ends guest
}

run_tests no_network bridge address_translation shared of_the_host given_by_name \
	networks_come_and_go killed
