#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: what is stacked on a pair carries traffic, and so does a pair whose
# packets are spread over CPUs: bonds, VRFs, and tunnels.

. "$(dirname "$0")/veth_lib.sh"

# up NS DEV ADDR...: a device of any kind, with its addresses.
up()
{
	ip -n "$1" link set "$2" up
	add_addr "$@"
}

# carries FROM TO ADDR ADDR6: a ping and a transfer by each.
carries()
{
	pings "$1" "$3"
	pings "$1" "$4"
	transfer "$1" "$2" "$3"
	transfer "$1" "$2" "[$4]"
}

# A second pair, and a bond of both at each end.
bond()
{
	local end port

	new_veth "$red" w0 "$blue" w1
	for end in "$red 0 1" "$blue 1 2"; do
		# shellcheck disable=SC2086 # three words
		set -- $end
		ip -n "$1" addr flush dev "v$2"
		ip -n "$1" link add bond0 type bond mode active-backup miimon 50
		for port in v w; do
			ip -n "$1" link set "$port$2" down
			ip -n "$1" link set "$port$2" master bond0
		done
		up "$1" bond0 "198.51.100.$3/24" "2001:db8:1::$3/64"
	done
	# The end that was first may have noticed that one of its ports was down for a
	# moment, or both: it uses none that it still believes to be down.
	wait_for ip -n "$red" link set bond0 type bond active_slave v0
	wait_for ip -n "$blue" link set bond0 type bond active_slave v1
}

# is_active NS PORT
is_active()
{
	[ "$(in_ns "$1" cat /sys/class/net/bond0/bonding/active_slave)" = "$2" ]
}

# both_use PORT: each end finds out by itself, in its own time.
both_use()
{
	wait_for is_active "$red" "${1}0"
	wait_for is_active "$blue" "${1}1"
}

test_bond()
{
	local red blue

	pair
	bond
	both_use v
	carries "$red" "$blue" 198.51.100.2 2001:db8:1::2
	carries "$blue" "$red" 198.51.100.1 2001:db8:1::1
	# The carrier is what tells it to use the other one.
	ip -n "$blue" link set v1 down
	both_use w
	carries "$red" "$blue" 198.51.100.2 2001:db8:1::2
	ip -n "$blue" link set v1 up
	ip -n "$blue" link set w1 down
	both_use v
	carries "$blue" "$red" 198.51.100.1 2001:db8:1::1
}

test_vrf()
{
	local red blue

	pair
	ip -n "$red" link add vrf0 type vrf table 10
	ip -n "$red" link set vrf0 up
	# IPv6 addresses do not stay over that, but they should.
	in_ns "$red" sysctl -qw net.ipv6.conf.v0.keep_addr_on_down=1
	ip -n "$red" link set v0 master vrf0
	# Who listens anywhere is reached through it.
	in_ns "$red" sysctl -qw net.ipv4.tcp_l3mdev_accept=1
	carries "$blue" "$red" 192.0.2.1 2001:db8::1
}

test_vxlan()
{
	local red blue

	pair
	ip -n "$red" link add t0 type vxlan id 7 dstport 4789 \
		local 192.0.2.1 remote 192.0.2.2
	ip -n "$blue" link add t0 type vxlan id 7 dstport 4789 \
		local 192.0.2.2 remote 192.0.2.1
	up "$red" t0 198.51.100.1/24 2001:db8:1::1/64
	up "$blue" t0 198.51.100.2/24 2001:db8:1::2/64
	carries "$red" "$blue" 198.51.100.2 2001:db8:1::2
	# With polls, and cut before they come to the pair.
	offload "$blue" v1 gro on
	offload "$red" v0 tso off
	carries "$red" "$blue" 198.51.100.2 2001:db8:1::2
	carries "$blue" "$red" 198.51.100.1 2001:db8:1::1
}

# tunnel KIND: over the pair, and something over that.
tunnel()
{
	pair
	ip -n "$red" link add t0 type "$1" local 192.0.2.1 remote 192.0.2.2
	ip -n "$blue" link add t0 type "$1" local 192.0.2.2 remote 192.0.2.1
	up "$red" t0 198.51.100.1/24 2001:db8:1::1/64
	up "$blue" t0 198.51.100.2/24 2001:db8:1::2/64
	carries "$red" "$blue" 198.51.100.2 2001:db8:1::2
	carries "$blue" "$red" 198.51.100.1 2001:db8:1::1
}

test_gre()
{
	local red blue

	tunnel gre
}

test_gretap()
{
	local red blue

	tunnel gretap
}

# Packets of one stream in lists, which are cut again on the way out.
test_gro_list()
{
	local red blue switch

	pair
	offload "$red" v0 tso off
	offload "$blue" v1 gro on rx-gro-list on
	both_ways
	# Also to a third party.
	new_ns switch
	new_veth "$blue" f0 "$switch" f1
	add_addr "$blue" f0 198.51.100.1/24 2001:db8:1::1/64
	add_addr "$switch" f1 198.51.100.2/24 2001:db8:1::2/64
	ip -n "$red" route add default via 192.0.2.2
	ip -n "$red" -6 route add default via 2001:db8::2
	ip -n "$switch" route add default via 198.51.100.1
	ip -n "$switch" -6 route add default via 2001:db8:1::1
	in_ns "$blue" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	carries "$red" "$switch" 198.51.100.2 2001:db8:1::2
}

# How many packets were sent to another CPU.
spread()
{
	local sum=0 fields

	while read -r -a fields; do
		sum=$((sum + 0x${fields[9]}))
	done < /proc/net/softnet_stat
	echo $sum
}

# steer CPUS: what the far end receives, to these, as a mask.
steer()
{
	in_ns "$blue" sh -c \
		"for i in 0 1; do echo $1 > /sys/class/net/v1/queues/rx-\$i/rps_cpus; done"
}

test_rps()
{
	local red blue before

	pair
	before=$(spread)
	# Neither of them is always the one that sends.
	steer 1
	both_ways
	steer 2
	both_ways
	steer 3
	both_ways
	[ "$(spread)" -gt "$before" ]
	# With polls, likewise.
	offload "$blue" v1 gro on
	offload "$red" v0 tso off
	before=$(spread)
	steer 1
	both_ways
	steer 2
	both_ways
	[ "$(spread)" -gt "$before" ]
}

test_tools()
{
	need ethtool socat
}

run_tests tools bond vrf vxlan gre gretap gro_list rps
