#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the shell tests of veth share: a pair with addresses, a file that is sent
# over it, and XDP programs for it.
#
# shellcheck disable=SC2154 # namespaces have names by new_ns

. "$(dirname "$0")/lib.sh"

# A pair with addresses in two new namespaces; red and blue are their names.
pair()
{
	new_ns red blue
	ip -n "$red" link add v0 numtxqueues 2 numrxqueues 2 type veth \
		peer name v1 netns "$blue" numtxqueues 2 numrxqueues 2
	ip -n "$red" link set v0 up
	ip -n "$blue" link set v1 up
	notice_carrier "$red" v0
	add_addr "$red" v0 192.0.2.1/24 2001:db8::1/64
	add_addr "$blue" v1 192.0.2.2/24 2001:db8::2/64
	make_work
}

# A directory for the test, with a file that can be sent.
make_work()
{
	WORK=$(mktemp -d)
	defer rm -r "$WORK"
	head -c 1000000 /dev/urandom > "$WORK/sent"
}

# offload NS DEV FEATURE VALUE...: it would tell what else that has changed.
offload()
{
	in_ns "$1" ethtool -K "${@:2}" > /dev/null
}

# transfer FROM TO ADDR: a file over TCP arrives as it was sent.
transfer()
{
	local receiver

	rm -f "$WORK/received"
	in_ns "$2" socat -u TCP6-LISTEN:5001,ipv6only=0,reuseaddr \
		"CREATE:$WORK/received" &
	receiver=$!
	wait_for is_listening "$2" 5001
	in_ns "$1" socat -u "OPEN:$WORK/sent" "TCP:$3:5001"
	wait "$receiver"
	cmp "$WORK/sent" "$WORK/received"
}

both_ways()
{
	transfer "$red" "$blue" 192.0.2.2
	transfer "$blue" "$red" 192.0.2.1
	transfer "$red" "$blue" '[2001:db8::2]'
	transfer "$blue" "$red" '[2001:db8::1]'
}

# Programs that let all pass, as files below $WORK/bpf: "pass", and "frags",
# which takes packets in fragments.
make_programs()
{
	mkdir "$WORK/bpf"
	mount -t bpf none "$WORK/bpf"
	defer umount "$WORK/bpf"
	"$LIB_DIR/pin_xdp" "$WORK/bpf/pass"
	"$LIB_DIR/pin_xdp" "$WORK/bpf/frags" frags
}

# set_program NS DEV NAME: in the driver, in place of what there is.
set_program()
{
	ip -n "$1" -force link set dev "$2" xdpdrv pinned "$WORK/bpf/$3"
}

# queue_counter NS DEV NAME: the sum over the receive queues in "ethtool -S".
queue_counter()
{
	local value sum=0

	for value in $(in_ns "$1" ethtool -S "$2" |
		       sed -n "s/^ *rx_queue_[0-9]*_$3: //p"); do
		sum=$((sum + value))
	done
	echo $sum
}
