#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: a network namespace owns its firewall: iptables rules (filter and
# nat), nftables tables and sets, and the connections that it tracks.

. "$(dirname "$0")/lib.sh"

# The packet counter of the only rule of a chain.
# rule_packets NS IPTABLES TABLE CHAIN
rule_packets()
{
	in_ns "$1" "$2" -t "$3" -vnxL "$4" 1 | awk '{ print $1 }'
}

# filter_rules IPTABLES ADDR1/LEN ADDR2/LEN TARGET PROTOCOL
filter_rules()
{
	local ns1 ns2 ns3

	need "$1"
	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns2" v1
	new_veth "$ns3" v0 "$ns2" v2
	add_addr "$ns1" v0 "$2"
	add_addr "$ns2" v1 "$3"
	wait_for pings "$ns2" "$4"

	# ns1 drops what it gets; ns2, behind the same wire, drops nothing.
	in_ns "$ns1" "$1" -A INPUT -p "$5" -j DROP
	fails in_ns "$ns2" ping -q -c 1 -W 1 "$4"
	[ "$(rule_packets "$ns1" "$1" filter INPUT)" -gt 0 ]
	in_ns "$ns1" "$1" -P FORWARD DROP
	same "-P INPUT ACCEPT" "$(in_ns "$ns2" "$1" -S INPUT)" "rules of ns2"
	same "-P FORWARD ACCEPT" "$(in_ns "$ns3" "$1" -S FORWARD)" \
		"policy of ns3"

	# The same rule elsewhere is another rule, with its own counter.
	in_ns "$ns3" "$1" -A INPUT -p "$5" -j DROP
	same 0 "$(rule_packets "$ns3" "$1" filter INPUT)" "packets in ns3"
	in_ns "$ns3" "$1" -F
	has "$(in_ns "$ns1" "$1" -S)" "-A INPUT -p $5 -j DROP"
	has "$(in_ns "$ns1" "$1" -S)" '-P FORWARD DROP'

	in_ns "$ns1" "$1" -F
	wait_for pings "$ns2" "$4"
}

filter_rules_v4()
{
	filter_rules "$1" 192.0.2.1/24 192.0.2.2/24 192.0.2.1 icmp
}

test_iptables_legacy_filter()
{
	filter_rules_v4 iptables-legacy
}

test_iptables_nft_filter()
{
	filter_rules_v4 iptables-nft
}

test_ip6tables_filter()
{
	filter_rules ip6tables-legacy 2001:db8::1/64 2001:db8::2/64 \
		2001:db8::1 ipv6-icmp
}

# nat IPTABLES: ns2 hides ns1 behind its own address, and redirects another
# one to ns3; ns3 has no route to ns1, so that nothing passes without.
nat()
{
	local ns1 ns2 ns3

	need "$1" conntrack
	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns2" v1
	new_veth "$ns2" w0 "$ns3" w1
	add_addr "$ns1" v0 192.0.2.1/24
	add_addr "$ns2" v1 192.0.2.2/24
	add_addr "$ns2" w0 198.51.100.2/24
	add_addr "$ns3" w1 198.51.100.3/24
	ip -n "$ns1" route add default via 192.0.2.2
	in_ns "$ns2" sysctl -qw net.ipv4.ip_forward=1
	fails in_ns "$ns1" ping -q -c 1 -W 1 198.51.100.3

	in_ns "$ns2" "$1" -t nat -A POSTROUTING -o w0 -j MASQUERADE
	in_ns "$ns2" "$1" -t nat -A PREROUTING -d 203.0.113.1 -j DNAT \
		--to-destination 198.51.100.3
	# A ping is forgotten after half a minute otherwise.
	in_ns "$ns2" sysctl -qw net.netfilter.nf_conntrack_icmp_timeout=600
	wait_for pings "$ns1" 198.51.100.3
	wait_for pings "$ns1" 203.0.113.1
	[ "$(rule_packets "$ns2" "$1" nat POSTROUTING)" -gt 0 ]
	[ "$(rule_packets "$ns2" "$1" nat PREROUTING)" -gt 0 ]

	# Neither the rules nor the translations are anybody else's.
	lacks "$(in_ns "$ns1" "$1" -t nat -S)" 'MASQUERADE|DNAT'
	lacks "$(in_ns "$ns3" "$1" -t nat -S)" 'MASQUERADE|DNAT'
	has "$(in_ns "$ns2" conntrack -L 2> /dev/null)" \
		'src=192\.0\.2\.1 dst=203\.0\.113\.1 .*src=198\.51\.100\.3'
	same "" "$(in_ns "$ns1" conntrack -L 2> /dev/null)" "entries in ns1"
	same "" "$(in_ns "$ns3" conntrack -L 2> /dev/null)" "entries in ns3"
}

test_iptables_legacy_nat()
{
	nat iptables-legacy
}

test_iptables_nft_nat()
{
	nat iptables-nft
}

# Both kinds of table at once in two namespaces, each its own.
test_nftables_tables()
{
	local ns1 ns2 family

	need nft
	new_ns ns1 ns2
	for family in ip ip6 inet; do
		in_ns "$ns1" nft add table "$family" promise
	done
	same 3 "$(in_ns "$ns1" nft list tables | wc -l)" "tables in ns1"
	same "" "$(in_ns "$ns2" nft list tables)" "tables in ns2"
	lacks "$(nft list tables)" 'promise'

	# The same name with other contents.
	in_ns "$ns2" nft add table inet promise
	in_ns "$ns2" nft add chain inet promise mine
	has "$(in_ns "$ns2" nft list table inet promise)" 'chain mine'
	lacks "$(in_ns "$ns1" nft list table inet promise)" 'chain mine'

	in_ns "$ns2" nft flush ruleset
	same "" "$(in_ns "$ns2" nft list tables)" "tables in ns2"
	same 3 "$(in_ns "$ns1" nft list tables | wc -l)" "tables in ns1"
}

dropped_packets()
{
	in_ns "$1" nft list table inet promise |
		sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'
}

test_nftables_sets()
{
	local ns1 ns2 ns3 ns

	need nft
	new_ns ns1 ns2 ns3
	new_veth "$ns1" v0 "$ns3" v1
	new_veth "$ns2" v0 "$ns3" v2
	add_addr "$ns1" v0 192.0.2.1/24
	add_addr "$ns2" v0 198.51.100.1/24
	add_addr "$ns3" v1 192.0.2.3/24
	add_addr "$ns3" v2 198.51.100.3/24
	for ns in "$ns1" "$ns2"; do
		in_ns "$ns" nft -f - <<-"RULES"
			table inet promise {
				set bad { type ipv4_addr; }
				chain in {
					type filter hook input priority 0
					ip saddr @bad counter drop
				}
			}
		RULES
	done
	wait_for pings "$ns3" 192.0.2.1
	wait_for pings "$ns3" 198.51.100.1

	# Elements of one set are not in its namesake.
	in_ns "$ns1" nft add element inet promise bad \
		'{ 192.0.2.3, 198.51.100.3 }'
	lacks "$(in_ns "$ns2" nft list set inet promise bad)" 'elements'
	fails in_ns "$ns3" ping -q -c 1 -W 1 192.0.2.1
	[ "$(dropped_packets "$ns1")" -gt 0 ]
	wait_for pings "$ns3" 198.51.100.1
	same 0 "$(dropped_packets "$ns2")" "packets dropped in ns2"

	in_ns "$ns2" nft flush set inet promise bad
	has "$(in_ns "$ns1" nft list set inet promise bad)" '192\.0\.2\.3'
}

tracked()
{
	in_ns "$1" conntrack -L -p icmp 2> /dev/null | wc -l
}

# The same connection, to the last identifier, is another entry elsewhere.
test_conntrack_entries()
{
	local ns1 ns2 ns

	need nft conntrack
	new_ns ns1 ns2
	for ns in "$ns1" "$ns2"; do
		# Tracking starts with the first rule that asks for it.
		in_ns "$ns" nft add table inet promise
		in_ns "$ns" nft add chain inet promise in \
			'{ type filter hook input priority 0; }'
		in_ns "$ns" nft add rule inet promise in ct state invalid drop
		# A ping is forgotten after half a minute otherwise.
		in_ns "$ns" sysctl -qw net.netfilter.nf_conntrack_icmp_timeout=600
	done
	pings "$ns1" 127.0.0.1
	same 1 "$(tracked "$ns1")" "entries in ns1"
	same 0 "$(tracked "$ns2")" "entries in ns2"
	same 1 "$(in_ns "$ns1" sysctl -n net.netfilter.nf_conntrack_count)" \
		"count in ns1"
	same 0 "$(in_ns "$ns2" sysctl -n net.netfilter.nf_conntrack_count)" \
		"count in ns2"

	for ns in "$ns1" "$ns2"; do
		in_ns "$ns" conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.2 \
			--sport 7 --dport 9 -t 1000 2> /dev/null
		fails in_ns "$ns" conntrack -I -p udp -s 192.0.2.1 \
			-d 192.0.2.2 --sport 7 --dport 9 -t 1000
	done
	in_ns "$ns2" conntrack -D -p udp -s 192.0.2.1 -d 192.0.2.2 \
		--sport 7 --dport 9 > /dev/null 2>&1
	same "" "$(in_ns "$ns2" conntrack -L -p udp 2> /dev/null)" "udp in ns2"
	has "$(in_ns "$ns1" conntrack -L -p udp 2> /dev/null)" 'sport=7 dport=9'
	pings "$ns2" 127.0.0.1
	in_ns "$ns2" conntrack -F 2> /dev/null
	same "" "$(in_ns "$ns2" conntrack -L 2> /dev/null)" "entries in ns2"
	has "$(in_ns "$ns1" conntrack -L -p udp 2> /dev/null)" 'sport=7 dport=9'
	same 1 "$(tracked "$ns1")" "entries in ns1"
}

run_tests \
	iptables_legacy_filter \
	iptables_nft_filter \
	ip6tables_filter \
	iptables_legacy_nat \
	iptables_nft_nat \
	nftables_tables \
	nftables_sets \
	conntrack_entries
