#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: people make pairs with ip(8) and look at them with it and with
# ethtool(8); what they write and read there is what it always was.

. "$(dirname "$0")/veth_lib.sh"

test_tools()
{
	need ethtool
}

test_made_with_everything()
{
	local red blue far

	new_ns red blue
	ip -n "$red" link add near index 1001 address 02:00:00:00:00:01 \
		mtu 1400 txqueuelen 11 numtxqueues 3 numrxqueues 4 \
		type veth peer name far index 1002 address 02:00:00:00:00:02 \
		mtu 9000 txqueuelen 12 numtxqueues 5 numrxqueues 6 \
		netns "$blue"
	same 1001 "$(ifindex_of "$red" near)" "index"
	same 1400 "$(link_field "$red" near mtu)" "MTU"
	has "$(ip -n "$red" -o link show dev near)" 'qlen 11[^0-9]'
	same 02:00:00:00:00:01 "$(link_field "$red" near link/ether)" "address"
	far=$(ip -n "$blue" -d -o link show dev far)
	same 1002 "$(ifindex_of "$blue" far)" "index there"
	same 9000 "$(link_field "$blue" far mtu)" "MTU there"
	has "$(ip -n "$blue" -o link show dev far)" 'qlen 12[^0-9]'
	same 02:00:00:00:00:02 "$(link_field "$blue" far link/ether)" \
		"address there"
	has "$far" 'numtxqueues 5 numrxqueues 6'
}

test_made_in_short()
{
	local red

	new_ns red
	ip -n "$red" link add type veth
	has_dev "$red" veth0
	has_dev "$red" veth1
	has "$(ip -n "$red" -o link)" 'veth0@veth1'
	has "$(ip -n "$red" -o link)" 'veth1@veth0'
	ip -n "$red" link del veth1
	lacks_dev "$red" veth0
}

test_refused()
{
	local red blue

	new_ns red blue
	ip -n "$red" link add near type veth peer name far netns "$blue"
	refused 'File exists' \
		ip -n "$red" link add near type veth peer name other
	refused 'File exists' \
		ip -n "$red" link add other type veth peer name far netns "$blue"
	lacks_dev "$red" other
	refused 'mtu greater than device maximum' \
		ip -n "$red" link set near mtu 65536
	refused 'mtu less than device minimum' \
		ip -n "$red" link set near mtu 67
}

test_ip_tells_the_kind()
{
	local red blue

	new_ns red blue
	ip -n "$red" link add near type veth peer name far netns "$blue"
	ip -n "$red" link add other type dummy
	has "$(ip -n "$red" -d -o link show dev near)" '[ \]veth[ \]'
	has "$(ip -n "$red" -d -o link show dev near)" \
		'minmtu 68 maxmtu 65535'
	same 1 "$(ip -n "$red" -o link show type veth | wc -l)" "veths"
	has "$(ip -n "$red" -o link show type veth)" ': near@'
}

test_ip_tells_of_the_other_end()
{
	local red blue there

	new_ns red blue
	ip -n "$red" link add near type veth peer name far netns "$blue"
	there=$(ifindex_of "$blue" far)
	has "$(ip -n "$red" -o link show dev near)" \
		"near@if$there:.* link-netns $blue"
	has "$(ip -n "$blue" -o link show dev far)" "link-netns $red"
}

# shows NS DEV REGEX: what "ip link" says of a device, in its own time.
shows()
{
	ip -n "$1" -o link show dev "$2" | grep -Eq "$3"
}

test_ip_tells_the_carrier()
{
	local red blue

	new_ns red blue
	ip -n "$red" link add near type veth peer name far netns "$blue"
	ip -n "$red" link set near up
	wait_for shows "$red" near '<NO-CARRIER,BROADCAST,MULTICAST,UP.*state'
	ip -n "$blue" link set far up
	wait_for shows "$red" near ',UP,LOWER_UP> .*state UP '
	wait_for shows "$blue" far ',UP,LOWER_UP> .*state UP '
	ip -n "$red" link set near down
	wait_for shows "$blue" far '<NO-CARRIER,BROADCAST,MULTICAST,UP'
	wait_for shows "$red" near 'state DOWN '
}

test_ethtool_tells_the_driver()
{
	local red

	new_ns red
	ip -n "$red" link add near type veth peer name far
	has "$(in_ns "$red" ethtool -i near)" '^driver: veth$'
	has "$(in_ns "$red" ethtool -i near)" '^version: 1\.0$'
	has "$(in_ns "$red" ethtool near)" 'Speed: 10000Mb/s'
	has "$(in_ns "$red" ethtool near)" 'Duplex: Full'
	has "$(in_ns "$red" ethtool near)" 'Link detected: no'
	has "$(in_ns "$red" ethtool -T near)" 'software-transmit'
	has "$(in_ns "$red" ethtool -T near)" 'PTP Hardware Clock: none'
}

test_ethtool_tells_the_channels()
{
	local red

	new_ns red
	ip -n "$red" link add near numtxqueues 3 numrxqueues 4 type veth \
		peer name far
	same 'RX: 4 TX: 3 Other: n/a Combined: n/a' \
		"$(in_ns "$red" ethtool -l near | grep : |
			sed -n '3,6p' | xargs)" "maxima"
	in_ns "$red" ethtool -L near rx 2 tx 1
	same 'RX: 2 TX: 1 Other: n/a Combined: n/a' \
		"$(in_ns "$red" ethtool -l near | grep : |
			sed -n '8,11p' | xargs)" "in use"
	refused 'Invalid argument|exceeds maximum' \
		in_ns "$red" ethtool -L near rx 5
	refused 'Invalid argument|must have at least' \
		in_ns "$red" ethtool -L near rx 0
}

# What cuts packets late, which a program at the other end does not want.
SEGMENTS=(
	tcp-segmentation-offload tx-gso-list tx-sctp-segmentation
	tx-tcp-ecn-segmentation tx-tcp-mangleid-segmentation
	tx-tcp-segmentation tx-tcp6-segmentation tx-udp-segmentation
)
# What else there is, and can be turned off.
OTHERS=(
	generic-segmentation-offload highdma scatter-gather
	tx-checksum-ip-generic tx-checksum-sctp tx-checksumming
	tx-gre-csum-segmentation tx-gre-segmentation tx-ipxip4-segmentation
	tx-ipxip6-segmentation tx-scatter-gather tx-scatter-gather-fraglist
	tx-udp_tnl-csum-segmentation tx-udp_tnl-segmentation
)
# What is not for a VLAN on top.
NOT_STACKED=(
	rx-checksumming rx-vlan-offload rx-vlan-stag-hw-parse tx-vlan-offload
	tx-vlan-stag-hw-insert
)
# What can be turned on. All that is in none of these lists is fixed.
AWAITS=(
	generic-receive-offload rx-gro-list rx-udp-gro-forwarding
	tx-nocache-copy
)

# features NS DEV STATE: exactly in this state, "on" or "off", and not fixed.
features()
{
	in_ns "$1" ethtool -k "$2" | sed -n "s/^\t*\([^:]*\): $3\$/\1/p" |
		sort | xargs
}

# sorted NAME...
sorted()
{
	printf '%s\n' "$@" | sort | xargs
}

# has_features NS DEV STATE NAME...: these are, and no others.
has_features()
{
	same "$(sorted "${@:4}")" "$(features "$1" "$2" "$3")" "$3 at $2"
}

# A pair with a VLAN on one end.
featured()
{
	new_ns red
	make_work
	make_programs
	ip -n "$red" link add near type veth peer name far
	ip -n "$red" link add link near name near.7 type vlan id 7
}

# as_made DEV
as_made()
{
	has_features "$red" "$1" on \
		"${SEGMENTS[@]}" "${OTHERS[@]}" "${NOT_STACKED[@]}"
	has_features "$red" "$1" off "${AWAITS[@]}"
}

test_ethtool_tells_the_features()
{
	local red dev

	featured
	for dev in near far; do
		as_made $dev
		# Nothing is on that cannot be turned off.
		lacks "$(in_ns "$red" ethtool -k $dev)" ': on \[fixed\]'
	done
	has_features "$red" near.7 on \
		"${SEGMENTS[@]}" "${OTHERS[@]}" generic-receive-offload
}

test_ethtool_tells_the_features_with_a_program()
{
	local red feature

	featured
	set_program "$red" far pass
	has_features "$red" near on "${OTHERS[@]}" "${NOT_STACKED[@]}"
	# Of a group, ethtool(8) does not say that it is fixed.
	has_features "$red" near off "${AWAITS[@]}" tcp-segmentation-offload
	as_made far
	for feature in tso "${SEGMENTS[@]:1}"; do
		refused 'Could not change' \
			in_ns "$red" ethtool -K near "$feature" on
	done
	has_features "$red" near on "${OTHERS[@]}" "${NOT_STACKED[@]}"
	# Packets of a VLAN are cut before they come to the pair.
	has_features "$red" near.7 on \
		"${SEGMENTS[@]}" "${OTHERS[@]}" generic-receive-offload

	# Another one changes nothing, none changes all.
	set_program "$red" far frags
	has_features "$red" near on "${OTHERS[@]}" "${NOT_STACKED[@]}"
	ip -n "$red" link set dev far xdpdrv off
	as_made near
	as_made far
	has_features "$red" near.7 on \
		"${SEGMENTS[@]}" "${OTHERS[@]}" generic-receive-offload
}

# What was turned off before stays off after.
test_programs_turn_nothing_on()
{
	local red

	featured
	in_ns "$red" ethtool -K near tx-udp-segmentation off > /dev/null
	set_program "$red" far pass
	ip -n "$red" link set dev far xdpdrv off
	has "$(features "$red" near on)" 'tcp-segmentation-offload'
	lacks "$(features "$red" near on)" 'tx-udp-segmentation'
	in_ns "$red" ethtool -K near tx-udp-segmentation on > /dev/null
	as_made near
}

run_tests tools made_with_everything made_in_short refused \
	ip_tells_the_kind ip_tells_of_the_other_end ip_tells_the_carrier \
	ethtool_tells_the_driver ethtool_tells_the_channels \
	ethtool_tells_the_features \
	ethtool_tells_the_features_with_a_program programs_turn_nothing_on
