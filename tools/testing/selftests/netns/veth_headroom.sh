#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: what is sent into a pair has as much room before it as the bridge at
# the other end needs to send it on without a copy, or a program there to see it
# where it lies; and no more once that has changed.

. "$(dirname "$0")/veth_lib.sh"

TRACING=/sys/kernel/tracing
PROBE=netns_selftest_$TAG/headroom

# No message tells it: have it recorded whenever somebody asks for statistics.
watch_headroom()
{
	echo "p:$PROBE dev_get_stats by=\$comm name=dev->name:string" \
		"room=dev->needed_headroom" >> $TRACING/kprobe_events
	defer forget_headroom
	echo 1 > "$TRACING/events/$PROBE/enable"
}

forget_headroom()
{
	echo 0 > "$TRACING/events/$PROBE/enable"
	echo "-:$PROBE" >> $TRACING/kprobe_events
}

# headroom NS DEV
headroom()
{
	echo > $TRACING/trace
	ip -n "$1" -s link show dev "$2" > /dev/null
	# Not by the end of a namesake in an earlier namespace.
	sed -n "s/.* headroom: .*by=\"ip\" name=\"$2\" room=\([0-9]*\).*/\1/p" \
		$TRACING/trace | head -n 1
}

# A bridge with a pair from another namespace, and what needs room beside it.
bridge()
{
	new_ns red blue
	ip -n "$red" link add bridge type bridge
	ip -n "$red" link add tunnel type vxlan id 7 dstport 4789
	ip -n "$red" link add port type veth peer name uplink netns "$blue"
	watch_headroom
	ROOM=$(headroom "$red" tunnel)
	[ "$ROOM" -gt 0 ]
	both_need 0
}

# both_need ROOM
both_need()
{
	same "$1" "$(headroom "$red" port)" "headroom of the port"
	same "$1" "$(headroom "$blue" uplink)" "headroom of the other end"
}

enslave()
{
	ip -n "$red" link set "$1" master bridge
}

free()
{
	ip -n "$red" link set "$1" nomaster
}

test_asked_for_when_it_joins()
{
	local red blue

	bridge
	enslave tunnel
	both_need 0
	enslave port
	both_need "$ROOM"
	free port
	both_need 0
}

test_asked_for_later()
{
	local red blue

	bridge
	enslave port
	both_need 0
	enslave tunnel
	both_need "$ROOM"
	free tunnel
	both_need 0
	free port
	both_need 0
}

# It is enough that one of them needs it.
test_asked_for_at_both_ends()
{
	local red blue

	bridge
	ip -n "$blue" link add bridge type bridge
	ip -n "$blue" link set uplink master bridge
	enslave tunnel
	enslave port
	both_need "$ROOM"
	ip -n "$blue" link set uplink nomaster
	both_need "$ROOM"
	free port
	both_need 0
}

# What they need passes through neither the pair nor the bridge.
test_not_passed_on()
{
	local red blue

	bridge
	enslave tunnel
	enslave port
	ip -n "$blue" link add bridge type bridge
	ip -n "$blue" link set uplink master bridge
	same 0 "$(headroom "$blue" bridge)" "headroom of the bridge there"
}

test_ends_with_the_bridge()
{
	local red blue

	bridge
	enslave tunnel
	enslave port
	both_need "$ROOM"
	ip -n "$red" link del bridge
	both_need 0
}

test_stays_over_a_move()
{
	local red blue green

	bridge
	enslave tunnel
	enslave port
	new_ns green
	ip -n "$blue" link set uplink netns "$green"
	same "$ROOM" "$(headroom "$green" uplink)" "headroom of the other end"
	free port
	same 0 "$(headroom "$green" uplink)" "headroom of the other end"
}

# What a program may have before a packet: on some machines a little more, with
# which IP is aligned.
XDP_ROOM=256

program()
{
	bridge
	make_work
	make_programs
	set_program "$blue" uplink pass
	[ "$(headroom "$red" port)" -ge $XDP_ROOM ]
	[ "$(headroom "$red" port)" -le $((XDP_ROOM + 2)) ]
	XDP_ROOM=$(headroom "$red" port)
	same 0 "$(headroom "$blue" uplink)" "headroom of the other end"
}

test_given_and_taken_with_a_program()
{
	local red blue

	program
	# The next one needs no more.
	set_program "$blue" uplink frags
	same "$XDP_ROOM" "$(headroom "$red" port)" "headroom of the port"
	same 0 "$(headroom "$blue" uplink)" "headroom of the other end"
	ip -n "$blue" link set uplink xdpdrv off
	both_need 0
	# One at the other end.
	set_program "$red" port pass
	same 0 "$(headroom "$red" port)" "headroom of the port"
	same "$XDP_ROOM" "$(headroom "$blue" uplink)" "headroom there"
	ip -n "$red" link set port xdpdrv off
	both_need 0
}

# A program that is refused needs nothing.
test_not_given_for_what_is_refused()
{
	local red blue

	bridge
	make_work
	make_programs
	ip -n "$red" link set port mtu 9000
	refused 'too large' set_program "$blue" uplink pass
	both_need 0
}

# more_than_a_program: ROOM is, for as many tunnels one in the other as it takes.
more_than_a_program()
{
	local inner=tunnel outer n=8

	while [ "$ROOM" -le "$XDP_ROOM" ]; do
		outer=tunnel$n
		ip -n "$red" link add $outer type vxlan id $n dstport 4789 \
			dev $inner
		inner=$outer
		n=$((n + 1))
		ROOM=$(headroom "$red" $outer)
	done
	ip -n "$red" link set $inner master bridge
}

# Whichever needs more.
test_program_and_bridge()
{
	local red blue

	program
	enslave tunnel
	enslave port
	same "$XDP_ROOM" "$(headroom "$red" port)" "headroom of the port"
	same "$ROOM" "$(headroom "$blue" uplink)" "headroom of the other end"
	ip -n "$blue" link set uplink xdpdrv off
	both_need "$ROOM"
	set_program "$blue" uplink pass
	same "$XDP_ROOM" "$(headroom "$red" port)" "headroom of the port"
	free port
	same "$XDP_ROOM" "$(headroom "$red" port)" "headroom of the port"
	same 0 "$(headroom "$blue" uplink)" "headroom of the other end"
	free tunnel
	more_than_a_program
	enslave port
	both_need "$ROOM"
	ip -n "$blue" link set uplink xdpdrv off
	both_need "$ROOM"
	free port
	both_need 0
}

test_tools()
{
	[ -e $TRACING/kprobe_events ]
}

run_tests tools asked_for_when_it_joins asked_for_later \
	asked_for_at_both_ends not_passed_on ends_with_the_bridge \
	stays_over_a_move given_and_taken_with_a_program \
	not_given_for_what_is_refused program_and_bridge
