#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: a network device lives in exactly one namespace, can be moved to
# another with the tools that people use, by name and by pid, and takes its
# names along; what belongs to a namespace cannot be moved.

. "$(dirname "$0")/lib.sh"

sees_in_sysfs()
{
	in_ns "$1" test -e "/sys/class/net/$2"
}

# What must be true of any move: moved FROM TO DEV
moved()
{
	lacks_dev "$1" "$3"
	has_dev "$2" "$3"
	fails sees_in_sysfs "$1" "$3"
	sees_in_sysfs "$2" "$3"
	lacks "$(in_ns "$1" cat /proc/net/dev)" "^ *$3:"
	has "$(in_ns "$2" cat /proc/net/dev)" "^ *$3:"
}

test_moves_by_name()
{
	local ns1 ns2 mac

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 type dummy
	mac=$(link_field "$ns1" d0 link/ether)
	ip -n "$ns1" link set d0 mtu 1400 up
	add_addr "$ns1" d0 192.0.2.1/24 2001:db8::1/64
	ip -n "$ns1" route add 198.51.100.0/24 via 192.0.2.2
	ip -n "$ns1" link set d0 netns "$ns2"
	moved "$ns1" "$ns2" d0

	# What belongs to the device goes with it; what belongs to the old
	# namespace does not.
	same "$mac" "$(link_field "$ns2" d0 link/ether)" "MAC address"
	same 1400 "$(link_field "$ns2" d0 mtu)" "MTU"
	lacks "$(ip -n "$ns2" -o link show d0)" '[<,]UP[,>]'
	same "" "$(ip -n "$ns2" -o addr show dev d0)" "addresses"
	same "" "$(ip -n "$ns2" route show table all dev d0)" "routes there"
	lacks "$(ip -n "$ns1" route show table all)" '198\.51|192\.0\.2'
	lacks "$(ip -n "$ns1" -6 route show table all)" '2001:db8'
}

test_moves_by_pid()
{
	local ns1 pid here

	new_ns ns1
	hold pid unshare -n
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns1" link set d0 netns "$pid"
	lacks_dev "$ns1" d0
	nsenter -t "$pid" -n ip link show dev d0 > /dev/null

	# And back, by a pid again.
	hold here nsenter --net=/run/netns/"$ns1"
	nsenter -t "$pid" -n ip link set d0 netns "$here"
	has_dev "$ns1" d0
}

test_moves_to_the_namespace_where_it_is()
{
	local ns1 index

	new_ns ns1
	ip -n "$ns1" link add d0 type dummy
	index=$(ifindex_of "$ns1" d0)
	add_addr "$ns1" d0 192.0.2.1/24
	ip -n "$ns1" link set d0 netns "$ns1"
	same "$index" "$(ifindex_of "$ns1" d0)" "ifindex"
	has "$(ip -n "$ns1" addr show d0)" '192\.0\.2\.1'
}

test_is_born_in_another_namespace()
{
	local ns1 ns2

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 netns "$ns2" type dummy
	moved "$ns1" "$ns2" d0
}

test_keeps_its_ifindex_where_that_is_free()
{
	local ns1 ns2 index

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 index 4321 type dummy
	ip -n "$ns1" link set d0 netns "$ns2"
	same 4321 "$(ifindex_of "$ns2" d0)" "ifindex"

	# The index is free in ns1 again, and taken in ns2 by then.
	ip -n "$ns1" link add d1 index 4321 type dummy
	ip -n "$ns1" link set d1 netns "$ns2"
	index=$(ifindex_of "$ns2" d1)
	[ "$index" -gt 0 ]
	[ "$index" -ne 4321 ]
	same 4321 "$(ifindex_of "$ns2" d0)" "ifindex of the first"
}

CLASH='File exists|same name exists'

test_name_clash_is_refused()
{
	local ns1 ns2

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns2" link add d0 type dummy
	ip -n "$ns1" link set d0 mtu 1400 up
	add_addr "$ns1" d0 192.0.2.1/24
	refused "$CLASH" ip -n "$ns1" link set d0 netns "$ns2"

	# Refused means untouched.
	same 1400 "$(link_field "$ns1" d0 mtu)" "MTU"
	has "$(ip -n "$ns1" -o link show d0)" '[<,]UP[,>]'
	has "$(ip -n "$ns1" addr show d0)" '192\.0\.2\.1'
	lacks "$(ip -n "$ns2" -o link)" 'mtu 1400'
}

test_name_clash_is_avoided_by_a_new_name()
{
	local ns1 ns2 ns3

	new_ns ns1 ns2 ns3
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns2" link add d0 type dummy
	ip -n "$ns1" link set d0 netns "$ns2" name d1
	lacks_dev "$ns1" d0
	has_dev "$ns2" d0
	has_dev "$ns2" d1

	# A pattern gives a number that is free in the target; which one
	# depends on whether the tool names the device by its index as well.
	ip -n "$ns2" link add dev0 type dummy
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns1" link set d0 netns "$ns2" name dev%d
	lacks_dev "$ns1" d0
	same 2 "$(ip -n "$ns2" -o link | grep -Ec ': dev[0-9]+:')" \
		"devices under such a name"

	# The new name counts where the old one would have done, too.
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns1" link set d0 netns "$ns3" name d9
	lacks_dev "$ns3" d0
	has_dev "$ns3" d9

	# And it is refused where it is taken.
	ip -n "$ns1" link add d0 type dummy
	refused 'File exists|Unable to use' \
		ip -n "$ns1" link set d0 netns "$ns2" name d1
	has_dev "$ns1" d0
}

IMMUTABLE='Invalid argument|immutable'

test_loopback_is_immutable()
{
	local ns1 ns2

	new_ns ns1 ns2
	refused "$IMMUTABLE" ip -n "$ns1" link set lo netns "$ns2" name lo9
	has_dev "$ns1" lo
	lacks_dev "$ns2" lo9
}

test_bridge_is_immutable()
{
	local ns1 ns2

	new_ns ns1 ns2
	ip -n "$ns1" link add br0 type bridge
	refused "$IMMUTABLE" ip -n "$ns1" link set br0 netns "$ns2"
	has_dev "$ns1" br0
	lacks_dev "$ns2" br0
}

# The fallback device that a kind of tunnel has in each namespace.
# fallback DEV TYPE
fallback()
{
	local ns1 ns2

	new_ns ns1 ns2
	# Making a tunnel loads the driver, which makes the fallback device.
	ip -n "$ns1" tunnel add t0 mode "$2" local 192.0.2.1 remote 192.0.2.2
	has_dev "$ns1" "$1"
	has_dev "$ns2" "$1"
	refused "$IMMUTABLE" ip -n "$ns1" link set "$1" netns "$ns2" name t9
	has_dev "$ns1" "$1"
	lacks_dev "$ns2" t9

	# The tunnel itself is a device like any other.
	ip -n "$ns1" link set t0 netns "$ns2"
	moved "$ns1" "$ns2" t0
}

test_tunl0_is_immutable()
{
	fallback tunl0 ipip
}

test_gre0_is_immutable()
{
	fallback gre0 gre
}

test_sit0_is_immutable()
{
	fallback sit0 sit
}

test_altnames_move_along()
{
	local ns1 ns2 name

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 type dummy
	for name in another-name-of-the-device one-more; do
		ip -n "$ns1" link property add dev d0 altname "$name"
	done
	ip -n "$ns1" link set d0 netns "$ns2"
	for name in another-name-of-the-device one-more; do
		has "$(ip -n "$ns2" link show dev "$name")" ' d0:'
		lacks_dev "$ns1" "$name"
	done
	# Free in the old namespace, taken in the new one.
	ip -n "$ns1" link add one-more type dummy
	ip -n "$ns2" link add d1 type dummy
	refused 'File exists' \
		ip -n "$ns2" link property add dev d1 altname one-more
}

test_altname_clash_is_refused()
{
	local ns1 ns2

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns1" link property add dev d0 altname taken
	ip -n "$ns2" link add taken type dummy
	refused 'File exists|altname' ip -n "$ns1" link set d0 netns "$ns2"
	has_dev "$ns1" taken

	# A device may not come under the altname of another either.
	refused "$CLASH" ip -n "$ns2" link set taken netns "$ns1"
	has_dev "$ns2" taken
}

test_move_by_altname()
{
	local ns1 ns2

	new_ns ns1 ns2
	ip -n "$ns1" link add d0 type dummy
	ip -n "$ns1" link property add dev d0 altname other
	ip -n "$ns1" link set other netns "$ns2"
	moved "$ns1" "$ns2" d0
}

run_tests \
	moves_by_name \
	moves_by_pid \
	moves_to_the_namespace_where_it_is \
	is_born_in_another_namespace \
	keeps_its_ifindex_where_that_is_free \
	name_clash_is_refused \
	name_clash_is_avoided_by_a_new_name \
	loopback_is_immutable \
	bridge_is_immutable \
	tunl0_is_immutable \
	gre0_is_immutable \
	sit0_is_immutable \
	altnames_move_along \
	altname_clash_is_refused \
	move_by_altname
