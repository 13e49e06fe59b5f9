#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: a sender that says that more packets will follow, and then sends none,
# keeps back nothing: those that came before arrive, whatever else the CPU sends
# in between.

. "$(dirname "$0")/lib.sh"

MODULES=$(dirname "$0")/test_modules

# Names of two namespaces, and a process in the first.
red=
blue=
HOLDER=

# Two pairs between two new namespaces in which nobody else speaks.
pairs()
{
	local ns

	new_ns red blue
	for ns in "$red" "$blue"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	new_veth "$red" v0 "$blue" v1
	new_veth "$red" w0 "$blue" w1
	hold HOLDER nsenter --net="/run/netns/$red"
}

received_are()
{
	[ "$(received "$blue" "$1")" -eq "$2" ]
}

# dropped DEV: packets that it could not send.
dropped()
{
	in_ns "$red" cat "/sys/class/net/$1/statistics/tx_dropped"
}

# more NAMES FRAMES [ALONE]
more()
{
	insmod "$MODULES/test_more.ko" "pid=$HOLDER" "names=$1" "frames=$2" \
		"alone=${3:--1}"
	rmmod test_more
}

# napi on|off: of the receivers.
napi()
{
	local i

	for i in v w; do
		in_ns "$blue" ethtool -K ${i}1 gro "$1" > /dev/null
		in_ns "$red" ethtool -K ${i}0 tso off > /dev/null
	done
}

# Through each way that packets take.
both_ways()
{
	napi off
	"$@"
	napi on
	"$@"
}

# arrive NAMES FRAMES [ALONE]: all of them, by half if there are two devices.
arrive()
{
	local v w lost both=0

	lost=$(dropped v0)
	v=$(received "$blue" v1)
	w=$(received "$blue" w1)
	more "$@"
	[ "$1" = v0 ] || both=$(($2 / 2))
	wait_for received_are v1 $((v + $2 - both))
	wait_for received_are w1 $((w + both))
	same "$lost" "$(dropped v0)" 'dropped'
}

test_one_arrives()
{
	pairs
	both_ways arrive v0 1
}

test_several_arrive()
{
	pairs
	both_ways arrive v0 7
}

test_more_than_a_poll_takes_arrive()
{
	pairs
	both_ways arrive v0 200
}

test_pairs_take_turns()
{
	pairs
	both_ways arrive v0,w0 20
}

test_netpoll_comes_between()
{
	pairs
	both_ways arrive v0 9 4
	both_ways arrive v0,w0 20 7
}

# What a ring has no room for is counted, not kept.
test_no_more_than_fit_arrive()
{
	local before

	pairs
	napi on
	before=$(received "$blue" v1)
	more v0 300
	wait_for received_are v1 $((before + 256))
	same 44 "$(dropped v0)" 'dropped'
}

# With the receiver down, or gone.
test_nobody_receives()
{
	pairs
	ip -n "$blue" link set v1 down
	more v0 7
	ip -n "$blue" link set v1 up
	arrive v0 7
	ip -n "$blue" link del v1
	more w0 7
	wait_for received_are w1 7
}

run_tests one_arrives several_arrive more_than_a_poll_takes_arrive pairs_take_turns \
	netpoll_comes_between no_more_than_fit_arrive nobody_receives
