#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: an end has a carrier while both are up; who listens is told each time
# that this changes, and it changes for no other reason: neither settings nor
# traffic make it flap.

. "$(dirname "$0")/veth_lib.sh"

# changes NS DEV: of the carrier, so far.
changes()
{
	in_ns "$1" cat "/sys/class/net/$2/carrier_changes"
}

# carrier NS DEV: 1, 0, or nothing for an end that is down.
carrier()
{
	in_ns "$1" cat "/sys/class/net/$2/carrier" 2> /dev/null || :
}

# told REGEX: whether the listener was told of such a link since the last note().
told()
{
	tail -n "+$TOLD" "$WORK/told" | grep -Eq "$1"
}

note()
{
	TOLD=$(($(wc -l < "$WORK/told") + 1))
}

# hears GROUP: by the group of another device, which is nobody else's concern.
hears()
{
	ip -n "$red" link set dev lo group "$1"
	told ": lo: .* group $1 "
}

# A pair, of which the near end's namespace has a listener; both are down.
watched()
{
	new_ns red blue
	make_work
	ip -n "$red" link add v0 numtxqueues 2 numrxqueues 2 type veth \
		peer name v1 netns "$blue" numtxqueues 2 numrxqueues 2
	: > "$WORK/told"
	TOLD=1
	# No function: that would be a shell, and its end not that of ip.
	ip -n "$red" monitor link > "$WORK/told" 2>&1 &
	defer kill $!
	wait_for hears 7
	NEAR=$(changes "$red" v0)
	FAR=$(changes "$blue" v1)
}

both_up()
{
	ip -n "$red" link set v0 up
	ip -n "$blue" link set v1 up
}

# changed BY: since the last time, both by so many.
changed()
{
	NEAR=$((NEAR + $1))
	FAR=$((FAR + $1))
	same "$NEAR" "$(changes "$red" v0)" "changes of the near end"
	same "$FAR" "$(changes "$blue" v1)" "changes of the far end"
}

# have NEAR FAR: carriers.
have()
{
	same "$1" "$(carrier "$red" v0)" "carrier of the near end"
	same "$2" "$(carrier "$blue" v1)" "carrier of the far end"
}

test_follows_both_ends()
{
	local red blue

	watched
	have "" ""
	ip -n "$red" link set v0 up
	changed 0
	have 0 ""
	ip -n "$blue" link set v1 up
	changed 1
	have 1 1
	ip -n "$blue" link set v1 down
	changed 1
	have 0 ""
	ip -n "$red" link set v0 down
	changed 0
	# Now in the other order.
	ip -n "$blue" link set v1 up
	changed 0
	have "" 0
	ip -n "$red" link set v0 up
	changed 1
	have 1 1
	ip -n "$red" link set v0 down
	changed 1
	have "" 0
}

test_is_told_to_listeners()
{
	local red blue

	watched
	both_up
	wait_for told ' v0@.*,UP,LOWER_UP> .* state UP '
	note
	ip -n "$blue" link set v1 down
	wait_for told ' v0@.*<NO-CARRIER,.*,UP.*> .* state (DOWN|LOWERLAYERDOWN) '
	note
	ip -n "$blue" link set v1 up
	wait_for told ' v0@.*,UP,LOWER_UP> .* state UP '
	note
	ip -n "$blue" link del v1
	wait_for told 'Deleted .* v0@'
}

test_goes_over_a_move()
{
	local red blue green

	watched
	both_up
	changed 1
	new_ns green
	note
	# It comes down for that, and is told of what it is there.
	ip -n "$blue" link set v1 netns "$green"
	same 0 "$(carrier "$red" v0)" "carrier of the near end"
	same $((NEAR + 1)) "$(changes "$red" v0)" "changes of the near end"
	same $((FAR + 1)) "$(changes "$green" v1)" "changes of the far end"
	wait_for told ' v0@.*<NO-CARRIER'
	ip -n "$green" link set v1 up
	same 1 "$(carrier "$red" v0)" "carrier of the near end"
	same 1 "$(carrier "$green" v1)" "carrier of the far end"
	same $((NEAR + 2)) "$(changes "$red" v0)" "changes of the near end"
	same $((FAR + 2)) "$(changes "$green" v1)" "changes of the far end"
	wait_for told ' v0@.*,UP,LOWER_UP> '
}

test_stays_while_settings_change()
{
	local red blue n

	watched
	make_programs
	both_up
	add_addr "$red" v0 192.0.2.1/24
	add_addr "$blue" v1 192.0.2.2/24
	wait_for told ' v0@.*,UP,LOWER_UP> .* state UP '
	changed 1
	note
	flood "$red" 192.0.2.2
	for n in 1 2 1 2; do
		in_ns "$blue" ethtool -L v1 rx $n tx $n
		in_ns "$red" ethtool -L v0 rx $n tx $n
	done
	# Also while there are polls.
	offload "$blue" v1 gro on
	offload "$red" v0 tso off
	for n in 1 2; do
		in_ns "$blue" ethtool -L v1 rx $n tx $n
		in_ns "$red" ethtool -L v0 rx $n tx $n
	done
	offload "$blue" v1 gro off
	set_program "$blue" v1 pass
	set_program "$blue" v1 frags
	ip -n "$blue" link set v1 xdpdrv off
	ip -n "$red" link set v0 mtu 1400
	ip -n "$red" link set v0 address 02:00:00:00:00:01
	kill -0 "$FLOODER"
	changed 0
	have 1 1
	# Of all that, nothing that was told is of a carrier that was lost.
	wait_for hears 8
	fails told ' v0@.*(NO-CARRIER|state DOWN)'
}

test_tools()
{
	need ethtool
}

run_tests tools follows_both_ends is_told_to_listeners goes_over_a_move \
	stays_while_settings_change
