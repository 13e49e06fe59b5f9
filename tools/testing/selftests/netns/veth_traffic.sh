#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: what people do with a veth works with the tools that they use: IPv4
# and IPv6, UDP and TCP both ways with and without offloads, VLANs, bridges and
# queueing disciplines on top, and settings that change under traffic.

. "$(dirname "$0")/veth_lib.sh"

# counter NS DEV NAME: from the device's file of statistics in "ip -s -s".
counter()
{
	ip -n "$1" -j -s link show dev "$2" |
		sed "s/.*\"$3\":{\"bytes\":\([0-9]*\),\"packets\":\([0-9]*\).*/\1 \2/"
}

# The mean size of what a device has received since the last call.
mean_received()
{
	local bytes packets

	read -r bytes packets < <(counter "$1" "$2" rx)
	echo $(((bytes - ${LAST_BYTES:-0}) / (packets - ${LAST_PACKETS:-0})))
	LAST_BYTES=$bytes
	LAST_PACKETS=$packets
}

test_ping()
{
	local red blue

	pair
	pings "$red" 192.0.2.2
	pings "$blue" 192.0.2.1
	pings "$red" 2001:db8::2
	pings "$blue" 2001:db8::1
	# In fragments.
	in_ns "$red" ping -q -c 3 -i 0.2 -W 20 -s 9000 192.0.2.2 > /dev/null
	in_ns "$red" ping -q -c 3 -i 0.2 -W 20 -s 9000 2001:db8::2 > /dev/null
}

# To all hosts of a link, which needs multicast both ways.
test_multicast()
{
	local red blue

	pair
	in_ns "$red" ping -q -c 1 -W 20 ff02::1%v0 > /dev/null
	in_ns "$blue" ping -q -c 1 -W 20 ff02::1%v1 > /dev/null
}

test_udp()
{
	local red blue receiver n

	pair
	# No function: that would be a shell, and its end not that of socat.
	ip netns exec "$blue" socat -u UDP4-RECVFROM:5002,fork,reuseaddr \
		"OPEN:$WORK/udp,creat,append" > /dev/null 2>&1 &
	receiver=$!
	defer kill "$receiver"
	wait_for in_ns "$blue" sh -c 'ss -Hlun "sport = 5002" | grep -q .'
	for n in 1 2 3 4 5; do
		echo "datagram $n" |
			in_ns "$red" socat -u - UDP4-SENDTO:192.0.2.2:5002
		wait_for grep -q "datagram $n" "$WORK/udp"
	done
	same 5 "$(wc -l < "$WORK/udp")" "datagrams"
}

test_tcp()
{
	local red blue

	pair
	both_ways
}

# Packets larger than the MTU cross it in one piece.
test_tcp_segments_late()
{
	local red blue

	pair
	has "$(in_ns "$red" ethtool -k v0)" '^tcp-segmentation-offload: on'
	read -r LAST_BYTES LAST_PACKETS < <(counter "$blue" v1 rx)
	transfer "$red" "$blue" 192.0.2.2
	[ "$(mean_received "$blue" v1)" -gt 1514 ]
}

test_tcp_without_segmentation()
{
	local red blue

	pair
	offload "$red" v0 tso off gso off
	transfer "$red" "$blue" 192.0.2.2
	[ "$(mean_received "$blue" v1)" -le 1514 ]
	transfer "$red" "$blue" '[2001:db8::2]'
}

test_tcp_without_any_offload()
{
	local red blue

	pair
	offload "$red" v0 tx off sg off tso off gso off rx off
	offload "$blue" v1 tx off sg off tso off gso off rx off
	lacks "$(in_ns "$red" ethtool -k v0)" '^tx-checksumming: on'
	both_ways
}

# A checksum that is not computed must not be believed to be wrong.
test_tcp_with_a_checksum_on_one_side()
{
	local red blue

	pair
	offload "$red" v0 tx off
	both_ways
	offload "$red" v0 tx on
	offload "$blue" v1 rx off
	both_ways
}

# count_merged MATCH: count, from now on, what comes to blue by this match and is
# larger than a packet can be.
count_merged()
{
	in_ns "$blue" nft add table inet merged
	in_ns "$blue" nft delete table inet merged
	in_ns "$blue" nft add table inet merged
	in_ns "$blue" nft add chain inet merged input \
		'{ type filter hook input priority 0; }'
	# shellcheck disable=SC2086 # a match is several words
	in_ns "$blue" nft add rule inet merged input $1 \
		meta length '>' 1500 counter
}

merged()
{
	in_ns "$blue" nft list table inet merged |
		sed -n 's/.* counter packets \([0-9]*\) .*/\1/p'
}

test_tcp_over_gro()
{
	local red blue address

	pair
	offload "$red" v0 tso off
	offload "$blue" v1 gro on
	has "$(in_ns "$blue" ethtool -k v1)" '^generic-receive-offload: on'
	for address in 192.0.2.2 '[2001:db8::2]'; do
		count_merged 'tcp dport 5001'
		transfer "$red" "$blue" "$address"
		# The poll has seen them, and put some together.
		has "$(in_ns "$blue" ethtool -S v1)" 'xdp_packets: [1-9]'
		[ "$(merged)" -gt 0 ]
	done
	both_ways
	offload "$blue" v1 gro off
	count_merged 'tcp dport 5001'
	both_ways
	same 0 "$(merged)" "merged without GRO"
}

has_dropped()
{
	in_ns "$blue" nft list table inet loss | grep -q 'packets [1-9]'
}

# What GRO has put together is lost: the sender still has it as it was.
lost_once()
{
	local transfer

	in_ns "$blue" nft add table inet loss
	in_ns "$blue" nft add chain inet loss input \
		'{ type filter hook input priority 0; }'
	in_ns "$blue" nft add rule inet loss input \
		tcp dport 5001 meta length '>' 1500 counter drop
	transfer "$red" "$blue" "$1" &
	transfer=$!
	wait_for has_dropped
	in_ns "$blue" nft delete table inet loss
	wait "$transfer"
}

test_tcp_retransmits_what_gro_merged()
{
	local red blue

	pair
	offload "$red" v0 tso off
	offload "$blue" v1 gro on
	for _ in 1 2 3; do
		lost_once 192.0.2.2
		lost_once '[2001:db8::2]'
	done
}

polled()
{
	in_ns "$blue" ethtool -S v1 | sed -n 's/ *rx_queue_0_xdp_packets: //p'
}

polled_more_than()
{
	[ "$(polled)" -gt "$1" ]
}

# defer_polls NANOSECONDS: but for the first, blue's polls are so much later.
defer_polls()
{
	local knobs=/sys/class/net/v1

	in_ns "$blue" sh -c "echo $1 > $knobs/gro_flush_timeout
		echo 1 > $knobs/napi_defer_hard_irqs"
}

test_polls_are_deferred()
{
	local red blue knobs=/sys/class/net/v1 before

	pair
	# One queue: which one a ping takes depends on a hash that each boot salts anew.
	in_ns "$red" ethtool -L v0 tx 1
	offload "$red" v0 tso off
	offload "$blue" v1 gro on
	pings "$red" 192.0.2.2
	before=$(polled)
	# The first poll is at once, the next one in ten minutes.
	defer_polls 600000000000
	in_ns "$red" ping -c 1 -W 1 192.0.2.2 || :
	wait_for polled_more_than "$before"
	before=$(polled)
	fails in_ns "$red" ping -c 3 -i 0.2 -W 1 192.0.2.2
	same "$before" "$(polled)" "polled"
	in_ns "$blue" sh -c "echo 0 > $knobs/gro_flush_timeout
		echo 0 > $knobs/napi_defer_hard_irqs"
	ip -n "$blue" link set v1 down
	ip -n "$blue" link set v1 up
	transfer "$red" "$blue" 192.0.2.2
	polled_more_than "$before"
}

# datagrams PORT: fifty of them arrive one by one, as they were sent, though they
# wait for a poll together.
datagrams()
{
	local receiver

	rm -f "$WORK/received"
	head -c 50000 "$WORK/sent" > "$WORK/datagrams"
	count_merged "udp dport $1"
	ip netns exec "$blue" socat -u "UDP4-RECV:$1" \
		"CREATE:$WORK/received" > /dev/null 2>&1 &
	receiver=$!
	defer kill "$receiver"
	wait_for in_ns "$blue" sh -c "ss -Hlun 'sport = $1' | grep -q ."
	in_ns "$red" socat -u -b 1000 "OPEN:$WORK/datagrams" \
		"UDP4-SENDTO:192.0.2.2:$1"
	wait_for cmp -s "$WORK/datagrams" "$WORK/received"
}

test_udp_gro_forwarding()
{
	local red blue

	pair
	# What waits for an address to be resolved may be overtaken by what comes later.
	pings "$red" 192.0.2.2
	offload "$blue" v1 gro on
	defer_polls 50000000
	datagrams 5002
	same 0 "$(merged)" "merged unasked"
	offload "$blue" v1 rx-udp-gro-forwarding on
	datagrams 5003
	[ "$(merged)" -gt 0 ]
	both_ways
	pings "$red" 192.0.2.2
}

test_jumbo_frames()
{
	local red blue

	pair
	ip -n "$red" link set v0 mtu 9000
	ip -n "$blue" link set v1 mtu 9000
	in_ns "$red" ping -q -M "do" -c 1 -W 20 -s 8972 192.0.2.2 > /dev/null
	refused 'too long|100% packet loss' \
		in_ns "$red" ping -q -M "do" -c 1 -W 2 -s 8973 192.0.2.2
	both_ways
}

test_vlan()
{
	local red blue

	pair
	ip -n "$red" link add link v0 name v0.7 type vlan id 7
	ip -n "$blue" link add link v1 name v1.7 type vlan id 7
	ip -n "$red" link set v0.7 up
	ip -n "$blue" link set v1.7 up
	add_addr "$red" v0.7 198.51.100.1/24
	add_addr "$blue" v1.7 198.51.100.2/24
	pings "$red" 198.51.100.2
	# With the tag in the packet as well as beside it.
	transfer "$red" "$blue" 198.51.100.2
	offload "$red" v0 txvlan off
	transfer "$red" "$blue" 198.51.100.2
	offload "$blue" v1 rxvlan off
	transfer "$red" "$blue" 198.51.100.2
	# The tag takes nothing from the MTU.
	in_ns "$red" ping -q -M "do" -c 1 -W 20 -s 1472 198.51.100.2 > /dev/null
}

test_vlan_in_vlan()
{
	local red blue

	pair
	ip -n "$red" link add link v0 name s7 type vlan proto 802.1ad id 7
	ip -n "$red" link add link s7 name c9 type vlan id 9
	ip -n "$blue" link add link v1 name s7 type vlan proto 802.1ad id 7
	ip -n "$blue" link add link s7 name c9 type vlan id 9
	ip -n "$red" link set s7 up
	ip -n "$red" link set c9 up
	ip -n "$blue" link set s7 up
	ip -n "$blue" link set c9 up
	add_addr "$red" c9 198.51.100.1/24
	add_addr "$blue" c9 198.51.100.2/24
	pings "$red" 198.51.100.2
	transfer "$red" "$blue" 198.51.100.2
}

# What containers have: a bridge between them, with a port for each.
test_bridge()
{
	local red blue switch

	new_ns red blue switch
	ip -n "$switch" link add br0 type bridge forward_delay 0
	ip -n "$switch" link set br0 up
	ip -n "$red" link add v0 type veth peer name red netns "$switch"
	ip -n "$blue" link add v1 type veth peer name blue netns "$switch"
	ip -n "$switch" link set red master br0 up
	ip -n "$switch" link set blue master br0 up
	ip -n "$red" link set v0 up
	ip -n "$blue" link set v1 up
	notice_carrier "$switch" red
	notice_carrier "$switch" blue
	add_addr "$red" v0 192.0.2.1/24 2001:db8::1/64
	add_addr "$blue" v1 192.0.2.2/24 2001:db8::2/64
	make_work
	pings "$red" 192.0.2.2
	both_ways
	# A port that is enslaved hands its neighbours' packets over as they are.
	offload "$switch" red gro on
	both_ways
}

test_macvlan()
{
	local red blue

	pair
	ip -n "$red" link add link v0 name m0 type macvlan mode bridge
	ip -n "$red" link set m0 up
	add_addr "$red" m0 198.51.100.1/24
	add_addr "$blue" v1 198.51.100.2/24
	pings "$blue" 198.51.100.1
}

# qdisc NAME OPTION...: on both ends.
qdisc()
{
	in_ns "$red" tc qdisc replace dev v0 root "$@"
	in_ns "$blue" tc qdisc replace dev v1 root "$@"
	has "$(in_ns "$red" tc qdisc show dev v0)" "qdisc $1 "
}

test_qdiscs()
{
	local red blue

	pair
	# There is none unless somebody wants one.
	has "$(in_ns "$red" tc qdisc show dev v0)" 'qdisc noqueue'
	qdisc pfifo_fast
	both_ways
	qdisc fq
	both_ways
	qdisc fq_codel
	both_ways
	offload "$red" v0 tso off gso off
	offload "$blue" v1 gro on
	both_ways
	same 0 "$(in_ns "$red" tc -s qdisc show dev v0 |
		sed -n 's/.*backlog 0b \([0-9]*\)p.*/\1/p')" "backlog"
	in_ns "$red" tc qdisc del dev v0 root
	has "$(in_ns "$red" tc qdisc show dev v0)" 'qdisc noqueue'
	both_ways
}

# One TCP stream after the other, both ways, until somebody says stop.
keep_loading()
{
	local server

	until [ -e "$WORK/stop" ]; do
		in_ns "$blue" iperf3 -s -1 &
		server=$!
		wait_for is_listening "$blue" 5201
		in_ns "$red" iperf3 -c 192.0.2.2 --bidir -P 2 -n 2M
		wait "$server"
		echo loaded >> "$WORK/loaded"
	done
}

# under_load CMD...: runs CMD N for N = 0, 1, ... while TCP runs, which must not
# lose a byte, nor stop.
under_load()
{
	local loader times=0

	: > "$WORK/loaded"
	keep_loading > "$WORK/log" 2>&1 &
	loader=$!
	while [ "$times" -lt 6 ] || [ "$(wc -l < "$WORK/loaded")" -lt 3 ]; do
		kill -0 "$loader"
		"$@" "$times"
		times=$((times + 1))
		sleep 0.2
	done
	touch "$WORK/stop"
	wait "$loader"
	# In the end all settings are good ones.
	both_ways
}

change_gro()
{
	local how=off

	[ $(($1 % 2)) = 1 ] || how=on
	offload "$blue" v1 gro $how
}

change_channels()
{
	in_ns "$blue" ethtool -L v1 rx $((1 + $1 % 2)) tx $((1 + $1 / 2 % 2))
	in_ns "$red" ethtool -L v0 rx $((1 + $1 / 2 % 2)) tx $((1 + $1 % 2))
}

change_offloads()
{
	local how=off

	[ $(($1 % 2)) = 0 ] || how=on
	offload "$red" v0 tx $how sg $how tso $how gso $how
}

change_qdisc()
{
	local kinds=(fq pfifo_fast fq_codel)

	qdisc "${kinds[$(($1 % 3))]}"
}

# By each of the tools in turn; what they say of it must be true.
change_program()
{
	case $(($1 % 4)) in
	0)
		set_program "$blue" v1 pass
		has "$(ip -n "$blue" -d -o link show dev v1)" \
			' xdp .*prog/xdp id [0-9]+.* name let_pass '
		has "$(in_ns "$blue" bpftool net show dev v1)" \
			'^v1\([0-9]+\) driver id [0-9]+'
		;;
	1)
		in_ns "$blue" bpftool net detach xdpdrv dev v1
		lacks "$(ip -n "$blue" -d -o link show dev v1)" 'prog/xdp'
		lacks "$(in_ns "$blue" bpftool net show dev v1)" 'driver id'
		;;
	2)
		in_ns "$blue" bpftool net attach xdpdrv \
			pinned "$WORK/bpf/frags" dev v1
		set_program "$blue" v1 pass
		;;
	3)
		ip -n "$blue" link set dev v1 xdpdrv off
		lacks "$(ip -n "$blue" -d -o link show dev v1)" 'prog/xdp'
		;;
	esac
}

test_program_changes_under_load()
{
	local red blue

	pair
	make_programs
	under_load change_program
	[ "$(queue_counter "$blue" v1 xdp_packets)" -gt 0 ]
	# Also of what was on its way in one piece when a program came.
	same 0 "$(queue_counter "$blue" v1 drops)" "dropped"
	set_program "$blue" v1 pass
	both_ways
	same 0 "$(queue_counter "$blue" v1 drops)" "dropped"
}

test_program_changes_under_load_with_gro()
{
	local red blue

	pair
	make_programs
	offload "$blue" v1 gro on
	offload "$red" v0 gro on tso off
	under_load change_program
	[ "$(queue_counter "$blue" v1 xdp_packets)" -gt 0 ]
	same 0 "$(queue_counter "$blue" v1 drops)" "dropped"
}

test_gro_changes_under_load()
{
	local red blue

	pair
	offload "$red" v0 tso off
	under_load change_gro
}

test_channels_change_under_load()
{
	local red blue

	pair
	under_load change_channels
}

test_channels_change_under_load_with_gro()
{
	local red blue

	pair
	offload "$red" v0 gro on tso off
	offload "$blue" v1 gro on tso off
	under_load change_channels
}

test_offloads_change_under_load()
{
	local red blue

	pair
	under_load change_offloads
}

test_qdiscs_change_under_load()
{
	local red blue

	pair
	offload "$red" v0 tso off
	offload "$blue" v1 gro on
	under_load change_qdisc
}

test_tools()
{
	need ethtool tc socat iperf3 ss nft bpftool
}

run_tests tools ping multicast udp tcp tcp_segments_late \
	tcp_without_segmentation tcp_without_any_offload \
	tcp_with_a_checksum_on_one_side tcp_over_gro \
	tcp_retransmits_what_gro_merged polls_are_deferred udp_gro_forwarding \
	jumbo_frames vlan vlan_in_vlan bridge macvlan qdiscs \
	gro_changes_under_load channels_change_under_load \
	channels_change_under_load_with_gro offloads_change_under_load \
	qdiscs_change_under_load program_changes_under_load \
	program_changes_under_load_with_gro
