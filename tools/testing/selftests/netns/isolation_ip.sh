#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: a network namespace owns its IPv4 and IPv6 stacks: its addresses,
# routing tables, rules, neighbours and forwarding; and a veth pair is a pipe
# between two of them.

. "$(dirname "$0")/lib.sh"

# The same addresses in two pairs of namespaces: each ping must be answered by
# the peer of its own pair, so the peers' counters tell who answered.
echo_requests_v4()
{
	in_ns "$1" cat /proc/net/snmp |
		awk '/^Icmp:/ && $2 ~ /^[0-9]/ { print $10 }'
}

echo_requests_v6()
{
	in_ns "$1" cat /proc/net/snmp6 | awk '/^Icmp6InEchos/ { print $2 }'
}

# ip_over_veth ADDR1/LEN ADDR2/LEN TARGET COUNTER
ip_over_veth()
{
	local ns1 ns2 ns3 ns4

	new_ns ns1 ns2 ns3 ns4
	new_veth "$ns1" v0 "$ns2" v1
	new_veth "$ns3" v0 "$ns4" v1
	add_addr "$ns1" v0 "$1"
	add_addr "$ns3" v0 "$1"
	add_addr "$ns2" v1 "$2"
	add_addr "$ns4" v1 "$2"

	# An IPv6 address is tentative until the carrier has been noticed.
	wait_for pings "$ns1" "$3"
	[ "$("$4" "$ns2")" -gt 0 ]
	same 0 "$("$4" "$ns4")" "requests that reached the other pair"

	wait_for pings "$ns3" "$3"
	[ "$("$4" "$ns4")" -gt 0 ]
}

test_ipv4_over_veth_between_namespaces()
{
	ip_over_veth 192.0.2.1/24 192.0.2.2/24 192.0.2.2 echo_requests_v4
}

test_ipv6_over_veth_between_namespaces()
{
	ip_over_veth 2001:db8::1/64 2001:db8::2/64 2001:db8::2 echo_requests_v6
}

# An address is local in its own namespace only.
test_addresses_belong_to_a_namespace()
{
	local ns1 ns2

	new_ns ns1 ns2
	add_addr "$ns1" lo 192.0.2.1/32 2001:db8::1/128
	has "$(ip -n "$ns1" route get 192.0.2.1)" '^local'
	has "$(ip -n "$ns1" -6 route get 2001:db8::1)" '^local'
	pings "$ns1" 192.0.2.1
	pings "$ns1" 2001:db8::1
	fails ip -n "$ns2" route get 192.0.2.1
	fails ip -n "$ns2" -6 route get 2001:db8::1
	fails pings "$ns2" 192.0.2.1
	fails pings "$ns2" 2001:db8::1
	lacks "$(ip addr)" '192\.0\.2\.1|2001:db8::1/128'
}

test_routes_belong_to_a_namespace()
{
	local ns1 ns2 ns3

	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns2" v1
	new_veth "$ns1" w0 "$ns3" v1
	add_addr "$ns1" v0 192.0.2.1/24 2001:db8::1/64
	add_addr "$ns2" v1 192.0.2.2/24 2001:db8::2/64
	add_addr "$ns3" v1 192.0.2.2/24 2001:db8::2/64

	# One destination, three answers: a gateway, another gateway, none.
	ip -n "$ns1" route add 198.51.100.0/24 via 192.0.2.2
	ip -n "$ns1" -6 route add 2001:db8:1::/64 via 2001:db8::2
	ip -n "$ns2" route add 198.51.100.0/24 via 192.0.2.9
	ip -n "$ns2" -6 route add 2001:db8:1::/64 via 2001:db8::9
	has "$(ip -n "$ns1" route get 198.51.100.7)" 'via 192\.0\.2\.2 dev v0'
	has "$(ip -n "$ns1" -6 route get 2001:db8:1::7)" 'via 2001:db8::2 dev v0'
	has "$(ip -n "$ns2" route get 198.51.100.7)" 'via 192\.0\.2\.9 dev v1'
	has "$(ip -n "$ns2" -6 route get 2001:db8:1::7)" 'via 2001:db8::9 dev v1'
	refused 'unreachable' ip -n "$ns3" route get 198.51.100.7
	refused 'unreachable' ip -n "$ns3" -6 route get 2001:db8:1::7
	lacks "$(ip route; ip -6 route)" '198\.51\.100\.0/24|2001:db8:1::'

	# Emptying the tables of one leaves those of the other.
	ip -n "$ns2" route flush table main
	ip -n "$ns2" -6 route flush table main
	has "$(ip -n "$ns1" route)" '^198\.51\.100\.0/24 via'
	has "$(ip -n "$ns1" -6 route)" '^2001:db8:1::/64 via'
}

# leaves_traces NS: a connection that has ended. One in fifty ends with a reset, of
# which nothing is left.
leaves_traces()
{
	local server

	in_ns "$1" socat -u TCP4-LISTEN:7000,reuseaddr - > /dev/null &
	server=$!
	wait_for is_listening "$1" 7000
	in_ns "$1" socat -u OPEN:/dev/null TCP4:127.0.0.1:7000
	wait $server
	in_ns "$1" ss -Htan | grep -q '^TIME-WAIT' &&
		ip -n "$1" tcp_metrics | grep -q '^127\.0\.0\.1'
}

# What TCP remembers is in tables that all namespaces share. It must end with its own,
# even where another one takes the same place in memory.
test_what_tcp_remembers_ends_with_its_namespace()
{
	local ns

	need socat
	for _ in {1..8}; do
		new_ns ns
		same '' "$(ip -n "$ns" tcp_metrics)" "metrics of a newborn"
		same '' "$(in_ns "$ns" ss -Htan)" "connections of a newborn"
		wait_for leaves_traces "$ns"
		ip netns del "$ns"
	done
}

test_rules_belong_to_a_namespace()
{
	local ns1 ns2 family

	new_ns ns1 ns2
	for family in -4 -6; do
		# A newborn has the default rules and no other.
		same "$(ip -n "$ns2" "$family" rule)" \
		     "$(ip -n "$ns1" "$family" rule)" "rules at birth"
		ip -n "$ns1" "$family" rule add fwmark 7 table 77 pref 700
		ip -n "$ns1" "$family" route add unreachable default table 77
		has "$(ip -n "$ns1" "$family" rule)" '^700:'
		lacks "$(ip -n "$ns2" "$family" rule)" '^700:'
		lacks "$(ip "$family" rule)" '^700:.*fwmark 0x7'
	done

	# The rule changes the lookups of its own namespace.
	new_veth "$ns1" v0 "$ns2" v1
	add_addr "$ns1" v0 192.0.2.1/24
	add_addr "$ns2" v1 192.0.2.2/24
	has "$(ip -n "$ns1" route get 192.0.2.2)" 'dev v0'
	refused 'unreachable|No route' ip -n "$ns1" route get 192.0.2.2 mark 7
	has "$(ip -n "$ns2" route get 192.0.2.1 mark 7)" 'dev v1'

	# Emptied in one, unchanged in the other.
	ip -n "$ns2" rule flush
	has "$(ip -n "$ns1" -4 rule)" '^700:'
}

test_neighbours_belong_to_a_namespace()
{
	local ns1 ns2 ns3

	# Same names and same indexes on both sides, to be told apart by the
	# namespace alone.
	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns3" v1
	new_veth "$ns2" v0 "$ns3" v2
	same "$(ifindex_of "$ns1" v0)" "$(ifindex_of "$ns2" v0)" "ifindex"
	add_addr "$ns1" v0 192.0.2.1/24 2001:db8::1/64
	add_addr "$ns2" v0 192.0.2.1/24 2001:db8::1/64

	ip -n "$ns1" neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0
	ip -n "$ns1" neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev v0
	lacks "$(ip -n "$ns2" neigh)" ':09'
	ip -n "$ns2" neigh add 192.0.2.9 lladdr 02:00:00:00:00:0a dev v0
	ip -n "$ns2" neigh add 2001:db8::9 lladdr 02:00:00:00:00:0a dev v0
	has "$(ip -n "$ns1" neigh)" '^192\.0\.2\.9 dev v0 lladdr .*:09 '
	has "$(ip -n "$ns1" neigh)" '^2001:db8::9 dev v0 lladdr .*:09 '
	has "$(ip -n "$ns2" neigh)" '^192\.0\.2\.9 dev v0 lladdr .*:0a '
	has "$(ip -n "$ns2" neigh)" '^2001:db8::9 dev v0 lladdr .*:0a '

	# "nud all": these are permanent, which flush leaves alone otherwise.
	ip -n "$ns2" neigh flush dev v0 nud all
	lacks "$(ip -n "$ns2" neigh)" ':0a'
	has "$(ip -n "$ns1" neigh)" '^192\.0\.2\.9 dev v0 lladdr .*:09 '
	lacks "$(ip neigh)" '02:00:00:00:00:0[9a]'
}

# A resolved neighbour, not only a configured one: ARP and NDP stay inside.
test_neighbours_are_learned_per_namespace()
{
	local ns1 ns2 ns3 mac

	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns2" v1
	add_addr "$ns1" v0 192.0.2.1/24 2001:db8::1/64
	add_addr "$ns2" v1 192.0.2.2/24 2001:db8::2/64
	mac=$(link_field "$ns2" v1 link/ether)
	wait_for pings "$ns1" 192.0.2.2
	wait_for pings "$ns1" 2001:db8::2
	has "$(ip -n "$ns1" neigh)" "^192\.0\.2\.2 .*$mac"
	has "$(ip -n "$ns1" neigh)" "^2001:db8::2 .*$mac"
	lacks "$(ip neigh; ip -n "$ns3" neigh)" "$mac"
}

test_forwarding_belongs_to_a_namespace()
{
	local ns1 ns2 ns3 before

	new_ns ns1 ns2 ns3
	before=$(cat /proc/sys/net/ipv4/ip_forward)
	new_veth "$ns1" v0 "$ns2" v1
	new_veth "$ns2" w0 "$ns3" w1
	add_addr "$ns1" v0 192.0.2.1/24
	add_addr "$ns2" v1 192.0.2.2/24
	add_addr "$ns2" w0 198.51.100.2/24
	add_addr "$ns3" w1 198.51.100.3/24
	ip -n "$ns1" route add default via 192.0.2.2
	ip -n "$ns3" route add default via 198.51.100.2

	in_ns "$ns2" sysctl -qw net.ipv4.ip_forward=0
	fails in_ns "$ns1" ping -q -c 1 -W 1 198.51.100.3
	in_ns "$ns2" sysctl -qw net.ipv4.ip_forward=1
	wait_for pings "$ns1" 198.51.100.3
	same "$before" "$(cat /proc/sys/net/ipv4/ip_forward)" "our ip_forward"
}

run_tests \
	ipv4_over_veth_between_namespaces \
	ipv6_over_veth_between_namespaces \
	addresses_belong_to_a_namespace \
	routes_belong_to_a_namespace \
	rules_belong_to_a_namespace \
	neighbours_belong_to_a_namespace \
	neighbours_are_learned_per_namespace \
	forwarding_belongs_to_a_namespace \
	what_tcp_remembers_ends_with_its_namespace
