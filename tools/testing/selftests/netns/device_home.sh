#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: a physical device lives in exactly one namespace, and when that one
# ends it goes home to the initial namespace, not to the creator's: with user
# namespaces nested in between, and when its name is taken at home.
#
# These tests take a real NIC away and give it back as it was. They use the
# one that NETNS_NIC names, or else one of virtio_net that is idle: down and
# without an address. Without one there is nothing to prove it with: they are
# skipped, and say so. Behind the NIC there should be QEMU's user networking,
# or what NETNS_NIC_ADDR and NETNS_NIC_GATEWAY describe.

. "$(dirname "$0")/lib.sh"

NIC_ADDR=${NETNS_NIC_ADDR:-10.0.2.15/24}
NIC_GATEWAY=${NETNS_NIC_GATEWAY:-10.0.2.2}

find_nic()
{
	local driver name

	if [ -n "$NETNS_NIC" ]; then
		echo "$NETNS_NIC"
		return
	fi
	for driver in /sys/class/net/*/device/driver; do
		name=${driver#/sys/class/net/}
		name=${name%%/*}
		case $(readlink "$driver") in
		*/virtio_net)	;;
		*)		continue ;;
		esac
		if ! ip -o link show dev "$name" | grep -q '[<,]UP[,>]' &&
		   [ -z "$(ip -o addr show dev "$name")" ]; then
			echo "$name"
			return
		fi
	done
}

# Only the addresses, the route and the flags that a simple configuration has:
# enough for a guest behind QEMU's user networking.
save_nic()
{
	NIC_MAC=$(link_field "" "$NIC" link/ether)
	NIC_MTU=$(link_field "" "$NIC" mtu)
	NIC_ADDRS=$(ip -o addr show dev "$NIC" scope global |
		awk '{ print $4 }')
	NIC_ROUTES=$(ip route show default dev "$NIC")
	NIC_UP=$(ip -o link show dev "$NIC" | grep -E '[<,]UP[,>]' || :)
}

# The name at home of the NIC, whatever it is called now.
nic_name()
{
	ip -o link | sed -n "s/^[0-9]*: \([^:@]*\)[:@].*$NIC_MAC.*/\1/p"
}

nic_is_home()
{
	[ -n "$(nic_name)" ]
}

# The opposite of save_nic(): for cleaning up, hence it goes on after errors.
restore_nic()
{
	local name addr

	wait_for nic_is_home
	name=$(nic_name)
	ip link set dev "$name" down
	[ "$name" = "$NIC" ] || ip link set dev "$name" name "$NIC"
	ip link set dev "$NIC" mtu "$NIC_MTU"
	[ -n "$NIC_UP" ] || return
	ip link set dev "$NIC" up
	for addr in $NIC_ADDRS; do
		case $addr in
		*:*)	ip -6 addr replace "$addr" dev "$NIC" nodad ;;
		*)	ip addr replace "$addr" dev "$NIC" ;;
		esac
	done
	# Unquoted: a route is several words.
	# shellcheck disable=SC2086 # a list
	[ -z "$NIC_ROUTES" ] || ip route replace $NIC_ROUTES dev "$NIC"
}

# What a namespace of a holder sees.
pid_has_nic()
{
	nsenter -t "$1" -n ip -o link | grep -q "$NIC_MAC"
}

pid_lacks_nic()
{
	! pid_has_nic "$1"
}

in_userns_of()
{
	local pid=$1

	shift
	nsenter -t "$pid" -U -n --preserve-credentials "$@"
}

home_lacks_nic()
{
	! nic_is_home &&
		[ ! -e "/sys/class/net/$NIC" ] &&
		! grep -q "^ *$NIC:" /proc/net/dev
}

# come_home NAME: the NIC returns under that name, once, and down.
come_home()
{
	wait_for nic_is_home
	same "$1" "$(nic_name)" "name at home"
	lacks "$(ip -o link show dev "$1")" '[<,]UP[,>]'
	[ -e "/sys/class/net/$1/device" ]
	has "$(cat /proc/net/dev)" "^ *$1:"
}

test_lives_in_one_namespace_only()
{
	local ns1 ns2

	defer restore_nic
	new_ns ns1 ns2
	ip link set "$NIC" netns "$ns1"
	home_lacks_nic
	has_dev "$ns1" "$NIC"
	in_ns "$ns1" test -e "/sys/class/net/$NIC/device"
	lacks_dev "$ns2" "$NIC"
	fails ip link set "$NIC" up

	ip -n "$ns1" link set "$NIC" netns "$ns2"
	home_lacks_nic
	lacks_dev "$ns1" "$NIC"
	has_dev "$ns2" "$NIC"

	ip -n "$ns2" link set "$NIC" netns 1
	nic_is_home
	lacks_dev "$ns1" "$NIC"
	lacks_dev "$ns2" "$NIC"
}

test_returns_home_when_its_namespace_ends()
{
	local ns1 index

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	ip -n "$ns1" link set "$NIC" up
	add_addr "$ns1" "$NIC" 192.0.2.1/24
	home_lacks_nic
	index=$(ifindex_of "$ns1" "$NIC")
	! ip -o link | grep -q "^$index:" || index=another
	ip netns del "$ns1"
	come_home "$NIC"
	# It keeps the index that it had there, if nobody has that here.
	[ "$index" = another ] ||
		same "$index" "$(ifindex_of "" "$NIC")" "ifindex"
	lacks "$(ip addr show dev "$NIC")" '192\.0\.2\.1'
}

test_returns_home_with_the_last_process()
{
	local pid

	defer restore_nic
	hold pid unshare -n
	ip link set "$NIC" netns "$pid"
	home_lacks_nic
	pid_has_nic "$pid"
	let_go "$pid"
	come_home "$NIC"
}

# A, made by us, made B. Neither has a user namespace of its own.
test_returns_home_not_to_the_creator()
{
	local a b

	defer restore_nic
	hold a unshare -n
	hold b nsenter -t "$a" -n unshare -n
	ip link set "$NIC" netns "$a"
	nsenter -t "$a" -n ip link set "$NIC" netns "$b"
	home_lacks_nic
	pid_lacks_nic "$a"
	pid_has_nic "$b"
	let_go "$b"
	come_home "$NIC"
	pid_lacks_nic "$a"
}

# For callers with a and b: these get namespaces of user namespaces, B's inside
# A's, and A the device.
nested_user_namespaces()
{
	hold a unshare -Urn
	hold b nsenter -t "$a" -U -n --preserve-credentials unshare -Urn
	ip link set "$NIC" netns "$a"
}

# B belongs to a user namespace inside A's: home is the initial
# network namespace all the same, though A's root gave the device away and
# has no rights at home.
test_returns_home_past_nested_user_namespaces()
{
	local a b

	defer restore_nic
	nested_user_namespaces
	pid_has_nic "$a"
	in_userns_of "$a" ip link set "$NIC" netns "$b"
	home_lacks_nic
	pid_lacks_nic "$a"
	in_userns_of "$b" ip link set "$NIC" up
	# The root of A cannot send it home himself.
	refused 'not permitted' in_userns_of "$b" ip link set "$NIC" netns $$
	let_go "$b"
	come_home "$NIC"
	pid_lacks_nic "$a"
}

# The creator is gone when the namespace with the device ends.
test_returns_home_after_its_creator()
{
	local a b

	defer restore_nic
	nested_user_namespaces
	in_userns_of "$a" ip link set "$NIC" netns "$b"
	let_go "$a"
	pid_has_nic "$b"
	home_lacks_nic
	let_go "$b"
	come_home "$NIC"
}

test_returns_under_another_name_when_its_own_is_taken()
{
	local ns1 index

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	ip link add "$NIC" type dummy
	defer ip link del "$NIC"
	# Its index there is the first choice for the number.
	index=$(ifindex_of "$ns1" "$NIC")
	ip netns del "$ns1"
	come_home "dev$index"
	lacks "$(ip -o link show dev "$NIC")" "$NIC_MAC"
}

test_returns_under_a_third_name_when_both_are_taken()
{
	local ns1 index

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	ip link add "$NIC" type dummy
	defer ip link del "$NIC"
	index=$(ifindex_of "$ns1" "$NIC")
	ip link add "dev$index" type dummy
	defer ip link del "dev$index"
	ip netns del "$ns1"
	wait_for nic_is_home
	has "$(nic_name)" '^dev[0-9]+$'
	[ "$(nic_name)" != "dev$index" ]
	has_dev "" "$NIC"
}

test_returns_with_another_index_when_its_own_is_taken()
{
	local ns1 index

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	index=$(ifindex_of "$ns1" "$NIC")
	# By a new device if it is nobody's yet.
	if ! ip -o link | grep -q "^$index:"; then
		ip link add "d0-$TAG" index "$index" type dummy
		defer ip link del "d0-$TAG"
	fi
	ip netns del "$ns1"
	come_home "$NIC"
	[ "$(ifindex_of "" "$NIC")" -ne "$index" ]
}

# An altname that is taken at home is lost: the device comes all the same.
test_returns_without_an_altname_that_is_taken()
{
	local ns1

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	ip -n "$ns1" link property add dev "$NIC" altname "kept-$TAG"
	defer ip link property del dev "$NIC" altname "kept-$TAG"
	ip -n "$ns1" link property add dev "$NIC" altname "d0-$TAG"
	ip link add "d0-$TAG" type dummy
	defer ip link del "d0-$TAG"
	ip netns del "$ns1"
	come_home "$NIC"
	has "$(ip -o link show dev "kept-$TAG")" "$NIC_MAC"
	lacks "$(ip -o link show dev "d0-$TAG")" "$NIC_MAC"
}

# What stands on the device ends with its namespace, the device does not.
test_returns_from_under_virtual_devices()
{
	local ns1

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	ip -n "$ns1" link add link "$NIC" name "l0-$TAG" type vlan id 5
	ip -n "$ns1" link add br0 type bridge
	ip -n "$ns1" link set "$NIC" master br0
	ip netns del "$ns1"
	come_home "$NIC"
	lacks_dev "" "l0-$TAG"
	lacks "$(ip -o link show dev "$NIC")" ' master '
}

# IPv4 works over it there, and at home again when it is back.
test_works_away_and_after_its_return()
{
	local ns1

	defer restore_nic
	new_ns ns1
	ip link set "$NIC" netns "$ns1"
	ip -n "$ns1" link set "$NIC" up
	add_addr "$ns1" "$NIC" "$NIC_ADDR"
	wait_for pings "$ns1" "$NIC_GATEWAY"
	fails ping -q -c 1 -W 1 "$NIC_GATEWAY"
	ip netns del "$ns1"
	come_home "$NIC"
	ip link set "$NIC" up
	ip addr add "$NIC_ADDR" dev "$NIC"
	wait_for home_pings
	ip addr del "$NIC_ADDR" dev "$NIC"
}

home_pings()
{
	ping -q -c 1 -W 20 "$NIC_GATEWAY" > /dev/null 2>&1
}

NIC=$(find_nic)
if [ -z "$NIC" ]; then
	ktap_print_header
	ktap_skip_all "no idle NIC of virtio_net; NETNS_NIC names another"
	exit "$KSFT_SKIP"
fi
if [ ! -e "/sys/class/net/$NIC/device" ]; then
	ktap_print_header
	ktap_exit_fail_msg "$NIC is no physical device of this namespace"
fi
save_nic

run_tests \
	lives_in_one_namespace_only \
	returns_home_when_its_namespace_ends \
	returns_home_with_the_last_process \
	returns_home_not_to_the_creator \
	returns_home_past_nested_user_namespaces \
	returns_home_after_its_creator \
	returns_under_another_name_when_its_own_is_taken \
	returns_under_a_third_name_when_both_are_taken \
	returns_with_another_index_when_its_own_is_taken \
	returns_without_an_altname_that_is_taken \
	returns_from_under_virtual_devices \
	works_away_and_after_its_return
