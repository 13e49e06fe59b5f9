#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: the module can be removed at any time, also under traffic, and takes all
# pairs with it; it comes back by itself when it is needed.

. "$(dirname "$0")/lib.sh"

DRIVER=/sys/module/veth

# A pair with addresses in two new namespaces; red and blue are their names.
pair()
{
	new_ns red blue
	new_veth "$red" v0 "$blue" v1
	add_addr "$red" v0 192.0.2.1/24
	add_addr "$blue" v1 192.0.2.2/24
	pings "$red" 192.0.2.2
}

# Has packets of both ends come through NAPI.
with_napi()
{
	in_ns "$red" ethtool -K v0 gro on tso off > /dev/null
	in_ns "$blue" ethtool -K v1 gro on tso off > /dev/null
}

has_received()
{
	[ "$(received "$1" "$2")" -ge "$3" ]
}

# flows NS DEV: waits until a good many packets more have come.
flows()
{
	wait_for has_received "$1" "$2" $(($(received "$1" "$2") + 100))
}

test_module_takes_all_pairs()
{
	local red blue

	pair
	with_napi
	ip -n "$red" link add here type veth peer name there
	rmmod veth
	[ ! -e $DRIVER ]
	lacks_dev "$red" v0
	lacks_dev "$red" here
	lacks_dev "$red" there
	lacks_dev "$blue" v1
	# It comes back by itself when it is needed.
	new_veth "$red" v0 "$blue" v1
	[ -e $DRIVER ]
	add_addr "$red" v0 192.0.2.1/24
	add_addr "$blue" v1 192.0.2.2/24
	pings "$red" 192.0.2.2
}

module_goes_under_load()
{
	local red blue

	for _ in 1 2 3; do
		pair
		"$@"
		flood "$red" 192.0.2.2
		flows "$blue" v1
		rmmod veth
		lacks_dev "$blue" v1
		kill "$FLOODER"
		wait "$FLOODER" || :
		ip netns del "$red"
		ip netns del "$blue"
	done
}

test_module_goes_under_load()
{
	module_goes_under_load true
}

test_module_goes_under_load_with_napi()
{
	module_goes_under_load with_napi
}

test_tools()
{
	need ethtool rmmod modprobe
}

run_tests tools module_takes_all_pairs module_goes_under_load \
	module_goes_under_load_with_napi
