#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: somebody who does not let go of a device holds back the end of the
# namespace that it was in, and nothing else: modules come and go, namespaces
# are made, used for the first time, and end.

. "$(dirname "$0")/lib.sh"

MODULES=$(dirname "$0")/test_modules
CTL=/sys/kernel/debug/netns_pernet

load()
{
	insmod "$MODULES/$1.ko" "${@:2}"
	defer rmmod "$1"
}

live()
{
	cat $CTL/live
}

live_is()
{
	[ "$(live)" -eq "$1" ]
}

pernet()
{
	echo "$2" > "$CTL/$1"
}

# calls NET: who of test_pernet was called for it, by number, since it was asked.
calls()
{
	sed -n "s/^\([a-z_]* [a-z_]*\) net=$1 .*/\1/p" $CTL/log | xargs
	echo > $CTL/clear
}

exit_is_seen()
{
	grep -q "^$1 exit_batch " $CTL/log
}

# Who ended before is still there for test_pernet, and then gone, until one that
# ends after it has lost its device.
let_others_end()
{
	local last

	new_ns last
	ip -n "$last" link add w0 type veth peer name "w-$TAG" netns "/proc/$$/ns/net"
	ip netns del "$last"
	wait_for lacks_dev "" "w-$TAG"
}

# A namespace of which only a device is left, to which somebody refers. Its number
# for test_pernet, which has met the others by then, goes into VAR.
# hold_back VAR DEVICE
hold_back()
{
	local inside

	# It is on purpose: nobody is to complain, however slow the machine is.
	meanwhile /proc/sys/net/core/netdev_unregister_timeout_secs 3600
	let_others_end
	load test_pernet
	printf -v "$1" '%d' $(($(live) + 1))
	pernet register sub_plain
	pernet register sub_all
	pernet register dev_all
	hold inside unshare -n
	nsenter -t "$inside" -n ip link set lo up
	nsenter -t "$inside" -n ip link add d0 type dummy
	load test_hold "pid=$inside" "name=$2"
	live_is "${!1}"
	echo > $CTL/clear
	let_go "$inside"
	wait_for exit_is_seen dev_all
}

# others_come_and_go HELD
others_come_and_go()
{
	local ns1 ns2

	unshare -n ip link set lo up
	new_ns ns1 ns2
	new_veth "$ns1" v0 "$ns2" v1
	ip netns del "$ns2"
	wait_for lacks_dev "$ns1" v0
	ip netns del "$ns1"
	# The one that is held back is left.
	wait_for live_is "$1"
}

test_others_come_and_go()
{
	local held

	hold_back held lo
	others_come_and_go "$held"
	rmmod test_hold
	wait_for live_is $((held - 1))
}

test_modules_come_and_go()
{
	local held

	hold_back held lo
	modprobe -r dummy
	modprobe dummy
	modprobe -r veth
	others_come_and_go "$held"
	rmmod test_hold
	wait_for live_is $((held - 1))
}

# The driver of the device, of course, does not go before it, and its unloading
# keeps nobody waiting.
test_driver_waits_for_its_device()
{
	local held unloading

	hold_back held d0
	modprobe -r dummy > /dev/null 2>&1 &
	unloading=$!
	others_come_and_go "$held"
	kill -0 "$unloading"
	rmmod test_hold
	wait "$unloading"
	wait_for live_is $((held - 1))
}

test_operations_come_and_go()
{
	local held

	hold_back held lo
	# Those of devices have exited, the others not yet.
	same 'sub_all pre_exit sub_all exit_rtnl sub_all exit_batch_rtnl' \
		"$(calls "$held" | grep -o 'sub_[a-z]* [a-z_]*' | xargs)" \
		'calls before the device is gone'
	pernet unregister sub_all
	same 'sub_all exit sub_all exit_batch' "$(calls "$held")" \
		'calls when an operation goes'
	pernet unregister dev_all
	pernet register sub_all
	pernet register sub_pre
	same '' "$(calls "$held")" 'calls when operations come'
	rmmod test_hold
	wait_for live_is $((held - 1))
	same 'sub_plain exit' "$(calls "$held")" 'calls at the end'
}

grep -q ' /sys/kernel/debug debugfs ' /proc/mounts ||
	mount -t debugfs none /sys/kernel/debug
run_tests others_come_and_go modules_come_and_go driver_waits_for_its_device \
	operations_come_and_go
