#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: the kernel's own messages can go over a pair (netconsole), with and
# without NAPI at the other end, and nothing of that keeps a device from being
# enslaved, moved or ended.

. "$(dirname "$0")/lib.sh"

# Messages of one datagram each that take nearly all that netconsole puts in one.
FILLER=$(printf '%0800d' 0)

# Where netconsole is, which is the initial namespace.
NEAR=con$TAG

# say TEXT: as a warning of the kernel, which nobody has said before: a new
# console begins with all of that.
say()
{
	echo "<4>$WORK $1" > /dev/kmsg
}

# With nothing but its time before it.
came()
{
	grep -Eq "^(\[[ .0-9]*\] )?$WORK $1\$" "$WORK/came"
}

is_heard()
{
	say "$1"
	sleep 0.2
	came "$1"
}

# A pair to a namespace red, where what comes to a port is put into a file by
# process RECEIVER.
pair()
{
	new_ns red
	ip link add "$NEAR" type veth peer name far netns "$red"
	defer ip link del "$NEAR"
	ip link set "$NEAR" up
	ip -n "$red" link set far up
	notice_carrier "" "$NEAR"
	ip addr add 192.0.2.1/24 dev "$NEAR"
	add_addr "$red" far 192.0.2.2/24
	WORK=$(mktemp -d)
	defer rm -r "$WORK"
	: > "$WORK/came"
	# No function: that would be a shell, and its end not that of socat.
	ip netns exec "$red" socat -u UDP4-RECV:6666 \
		"OPEN:$WORK/came,append" > /dev/null 2>&1 &
	RECEIVER=$!
	defer kill "$RECEIVER"
	wait_for in_ns "$red" sh -c 'ss -Hlun "sport = 6666" | grep -q .'
	say 'begins here'
}

with_napi()
{
	ethtool -K "$NEAR" tso off > /dev/null
	in_ns "$red" ethtool -K far gro on > /dev/null
}

# console DEV: netconsole over a device to red.
console()
{
	modprobe netconsole "netconsole=6665@192.0.2.1/$1,6666@192.0.2.2/$(\
		link_field "$red" far link/ether)"
	defer modprobe -r netconsole
	# What was said before is too much for the socket.
	wait_for is_heard "$1 is there"
}

# messages_come WHAT: ten of them, whole.
messages_come()
{
	local n

	for n in 0 1 2 3 4 5 6 7 8 9; do
		say "$1 $n $FILLER"
	done
	for n in 0 1 2 3 4 5 6 7 8 9; do
		wait_for came "$1 $n $FILLER"
	done
}

# console_stops WHY: and the device is as free as any other.
console_stops()
{
	has "$(dmesg | sed "1,\|$WORK begins here|d")" \
		"network logging stopped on interface $NEAR as it $1"
	say 'in vain'
	modprobe -r netconsole
	fails came 'in vain'
}

test_messages()
{
	local red

	pair
	console "$NEAR"
	messages_come first
	pings "$red" 192.0.2.1
	messages_come second
	has "$(in_ns "$red" ethtool -S far)" 'rx_queue_0_xdp_packets: 0$'
}

test_messages_through_napi()
{
	local red

	pair
	with_napi
	console "$NEAR"
	messages_come first
	pings "$red" 192.0.2.1
	messages_come second
	# There it is counted what NAPI received.
	has "$(in_ns "$red" ethtool -S far)" 'rx_queue_0_xdp_packets: [1-9]'
}

# What comes and goes under it.
test_napi_comes_and_goes()
{
	local red n

	pair
	console "$NEAR"
	for n in 1 2 3; do
		with_napi
		messages_come "with $n"
		in_ns "$red" ethtool -K far gro off > /dev/null
		messages_come "without $n"
	done
}

under_traffic()
{
	local red n

	pair
	"$@"
	console "$NEAR"
	flood "$red" 192.0.2.1
	# Some get lost where others hold the locks that they need.
	for n in 1 2 3 4 5 6 7 8 9; do
		wait_for is_heard "meanwhile $n $FILLER"
	done
	kill "$FLOODER"
	wait "$FLOODER" || :
	messages_come after
}

test_messages_under_traffic()
{
	under_traffic true
}

test_messages_under_traffic_through_napi()
{
	under_traffic with_napi
}

# Messages are lost, but neither those before nor after.
test_far_end_goes_down_and_up()
{
	local red n

	pair
	console "$NEAR"
	messages_come before
	for n in 1 2 3; do
		ip -n "$red" link set far down
		say 'in vain'
		ip -n "$red" link set far up
		messages_come "after $n"
	done
	fails came 'in vain'
}

# As where virtual machines and containers share a bridge.
test_messages_through_a_bridge()
{
	local red bridge=br$TAG

	pair
	ip addr del 192.0.2.1/24 dev "$NEAR"
	ip link add "$bridge" type bridge forward_delay 0
	defer ip link del "$bridge"
	ip link set "$NEAR" master "$bridge"
	ip link set "$bridge" up
	ip addr add 192.0.2.1/24 dev "$bridge"
	pings "$red" 192.0.2.1
	console "$bridge"
	messages_come first
	with_napi
	messages_come second
	# The port goes before the console does.
	ip link set "$NEAR" nomaster
	say 'in vain'
	modprobe -r netconsole
	fails came 'in vain'
}

test_device_is_enslaved()
{
	local red bridge=br$TAG

	pair
	console "$NEAR"
	messages_come first
	ip link add "$bridge" type bridge
	defer ip link del "$bridge"
	ip link set "$NEAR" master "$bridge"
	console_stops 'is joining a master device'
}

test_device_moves_away()
{
	local red

	pair
	with_napi
	console "$NEAR"
	messages_come first
	ip link set "$NEAR" netns "$red"
	console_stops 'unregistered'
	ip -n "$red" link set "$NEAR" up
	ip -n "$red" link del "$NEAR"
}

test_device_ends()
{
	local red

	pair
	console "$NEAR"
	messages_come first
	ip link del "$NEAR"
	lacks_dev "" "$NEAR"
	lacks_dev "$red" far
	console_stops 'unregistered'
}

test_other_namespace_ends()
{
	local red

	pair
	with_napi
	console "$NEAR"
	messages_come first
	# Which would keep it.
	kill "$RECEIVER"
	ip netns del "$red"
	wait_for lacks_dev "" "$NEAR"
	console_stops 'unregistered'
}

test_tools()
{
	need ethtool modprobe socat ss
	modinfo netconsole > /dev/null
}

run_tests tools messages messages_through_napi napi_comes_and_goes \
	messages_under_traffic messages_under_traffic_through_napi \
	far_end_goes_down_and_up messages_through_a_bridge \
	device_is_enslaved device_moves_away device_ends \
	other_namespace_ends
