#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: virtual devices end with their namespace, and when one end of a
# veth pair goes, so does the other; what is stacked on a device or plugged
# into a bridge follows, whatever namespace it lives in.

. "$(dirname "$0")/lib.sh"

# A veth pair between ns1 and here tells that the devices of ns1 are gone: its
# end here goes in the same breath.
# witnessed NS
witnessed()
{
	ip -n "$1" link add "w0-$TAG" type veth \
		peer name "w1-$TAG" netns "/proc/$$/ns/net"
	defer ip link del "w1-$TAG"
}

end_of_witnessed()
{
	ip netns del "$1"
	wait_for lacks_dev "" "w1-$TAG"
}

test_veth_end_dies_with_its_peers_namespace()
{
	local ns1 ns2

	new_ns ns1 ns2
	new_veth "$ns1" v0 "$ns2" v1
	ip netns del "$ns2"
	wait_for lacks_dev "$ns1" v0
	# The name is free again.
	ip -n "$ns1" link add v0 type veth peer name v1
	has_dev "$ns1" v1
}

test_veth_end_at_home_dies_with_its_peers_namespace()
{
	local ns1

	new_ns ns1
	witnessed "$ns1"
	ip link set "w1-$TAG" up
	ip addr add 203.0.113.77/32 dev "w1-$TAG"
	end_of_witnessed "$ns1"
	lacks "$(ip addr)" '203\.0\.113\.77'
	lacks "$(ip route show table all)" '203\.0\.113\.77'
}

test_veth_pair_ends_when_one_end_is_deleted()
{
	local ns1 ns2

	new_ns ns1 ns2
	new_veth "$ns1" v0 "$ns2" v1
	ip -n "$ns1" link del v0
	lacks_dev "$ns2" v1
}

test_veth_end_in_a_bridge_dies_with_its_peers_namespace()
{
	local ns1 ns2

	new_ns ns1 ns2
	new_veth "$ns1" v0 "$ns2" v1
	ip -n "$ns1" link add br0 type bridge
	ip -n "$ns1" link set v0 master br0
	ip netns del "$ns2"
	wait_for lacks_dev "$ns1" v0
	has_dev "$ns1" br0
}

# A device that a namespace was given, not born in, ends with it as well and
# does not come home.
test_dummy_ends_with_its_namespace()
{
	local ns1

	new_ns ns1
	ip link add "d0-$TAG" type dummy
	defer ip link del "d0-$TAG"
	ip link set "d0-$TAG" netns "$ns1"
	ip -n "$ns1" link add d1 type dummy
	witnessed "$ns1"
	end_of_witnessed "$ns1"
	lacks_dev "" "d0-$TAG"
	lacks "$(ip -o link)" ': (dev[0-9]+|d1):'
}

test_bridge_ends_with_its_namespace()
{
	local ns1 ns2

	new_ns ns1 ns2
	new_veth "$ns1" v0 "$ns2" v1
	witnessed "$ns1"
	ip -n "$ns1" link add "b0-$TAG" type bridge
	ip -n "$ns1" link set v0 master "b0-$TAG"
	ip -n "$ns1" link set "w0-$TAG" master "b0-$TAG"
	end_of_witnessed "$ns1"
	wait_for lacks_dev "$ns2" v1
	lacks_dev "" "b0-$TAG"
}

test_vlan_ends_with_its_namespace()
{
	local ns1 ns2

	# The vlan lives in ns1, the device under it in ns2.
	new_ns ns1 ns2
	new_veth "$ns2" v0 "$ns2" v1
	ip -n "$ns2" link add link v0 name "l0-$TAG" type vlan id 5
	ip -n "$ns2" link set "l0-$TAG" netns "$ns1"
	has_dev "$ns1" "l0-$TAG"
	witnessed "$ns1"
	end_of_witnessed "$ns1"
	has_dev "$ns2" v0
	lacks_dev "$ns2" "l0-$TAG"
	lacks_dev "" "l0-$TAG"
	# The id is free again.
	ip -n "$ns2" link add link v0 name v0.5 type vlan id 5
}

# uppers TYPE ARGS...: the upper device lives in ns1, the lower one in ns2
# which ends: a device cannot outlive what it stands on.
uppers()
{
	local ns1 ns2

	new_ns ns1 ns2
	new_veth "$ns2" v0 "$ns2" v1
	ip -n "$ns2" link add link v0 name u0 type "$@"
	ip -n "$ns2" link set u0 netns "$ns1"
	has_dev "$ns1" u0
	ip netns del "$ns2"
	wait_for lacks_dev "$ns1" u0
}

test_vlan_ends_with_the_namespace_below()
{
	uppers vlan id 5
}

test_macvlan_ends_with_the_namespace_below()
{
	uppers macvlan mode bridge
}

# A veth end in a bridge of another namespace joins two namespaces: ns1 and
# ns3 talk through the bridge in ns2, and cease to when ns2 ends.
test_veth_and_bridge_join_namespaces()
{
	local ns1 ns2 ns3

	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns2" v1
	new_veth "$ns3" v0 "$ns2" v3
	ip -n "$ns2" link add br0 type bridge
	ip -n "$ns2" link set v1 master br0
	ip -n "$ns2" link set v3 master br0
	ip -n "$ns2" link set br0 up
	add_addr "$ns1" v0 192.0.2.1/24
	add_addr "$ns3" v0 192.0.2.3/24
	wait_for pings "$ns1" 192.0.2.3

	ip netns del "$ns2"
	wait_for lacks_dev "$ns1" v0
	wait_for lacks_dev "$ns3" v0
	fails pings "$ns1" 192.0.2.3
}

run_tests \
	veth_end_dies_with_its_peers_namespace \
	veth_end_at_home_dies_with_its_peers_namespace \
	veth_pair_ends_when_one_end_is_deleted \
	veth_end_in_a_bridge_dies_with_its_peers_namespace \
	dummy_ends_with_its_namespace \
	bridge_ends_with_its_namespace \
	vlan_ends_with_its_namespace \
	vlan_ends_with_the_namespace_below \
	macvlan_ends_with_the_namespace_below \
	veth_and_bridge_join_namespaces
