#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Promise: what bubblewrap shuts into a network namespace has a lo that works,
# reaches nothing else, and leaves nothing behind; for root and for users.

. "$(dirname "$0")/lib.sh"

# All there is of the host's but for its network.
box()
{
	bwrap --bind / / --dev-bind /dev /dev --proc /proc --unshare-net "$@"
}

# Somebody who is not root, and has nobody's groups.
as_user()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}

user_box()
{
	as_user bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all "$@"
}

# As root of what is his, who may ping and configure. Not by the capabilities alone:
# ping has some in its file, and loses those.
user_root_box()
{
	user_box --uid 0 --gid 0 --cap-add CAP_NET_ADMIN --cap-add CAP_NET_RAW "$@"
}

# only_lo BOX [BOX]: a stack that works, and nothing else in it; the second pings.
only_lo()
{
	without_fallback_tunnels
	same lo "$("$1" ip -br link | sed 's/ .*//' | xargs)" "devices"
	has "$("$1" ip -br addr)" '127\.0\.0\.1/8.* ::1/128'
	same lo "$("$1" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev)" \
		"devices in /proc/net/dev"
	"${2:-$1}" ping -q -c 1 -W 20 127.0.0.1 > /dev/null
	"${2:-$1}" ping -q -c 1 -W 20 ::1 > /dev/null
	same "" "$("$1" ip route)" "routes"
}

test_lo_and_nothing_else()
{
	need bwrap
	only_lo box
	box --unshare-pid --die-with-parent true
}

test_user_has_lo_and_nothing_else()
{
	only_lo user_box user_root_box
}

# reaches_nobody BOX: not even who listens everywhere, or on a name without a file.
reaches_nobody()
{
	local name=nst-$TAG listener

	socat -u TCP6-LISTEN:5001,ipv6only=0,reuseaddr,fork - > /dev/null 2>&1 &
	listener=$!
	defer kill "$listener"
	socat -u "ABSTRACT-LISTEN:$name,fork" - > /dev/null 2>&1 &
	listener=$!
	defer kill "$listener"
	wait_for socat -u OPEN:/dev/null TCP:127.0.0.1:5001 2> /dev/null
	wait_for socat -u OPEN:/dev/null TCP:192.0.2.1:5001 2> /dev/null
	wait_for socat -u OPEN:/dev/null "ABSTRACT-CONNECT:$name" 2> /dev/null

	refused 'Connection refused' "$1" socat -u OPEN:/dev/null TCP:127.0.0.1:5001
	refused 'Connection refused' "$1" socat -u OPEN:/dev/null 'TCP:[::1]:5001'
	refused 'Network is unreachable' \
		"$1" socat -u OPEN:/dev/null TCP:192.0.2.1:5001
	refused 'Connection refused' \
		"$1" socat -u OPEN:/dev/null "ABSTRACT-CONNECT:$name"
}

host_address()
{
	ip link add "d$TAG" type dummy
	defer ip link del "d$TAG"
	ip addr add 192.0.2.1/24 dev "d$TAG"
	ip link set "d$TAG" up
}

test_reaches_nobody()
{
	host_address
	reaches_nobody box
}

test_user_reaches_nobody()
{
	host_address
	reaches_nobody user_box
}

# Root of his own may do there what he likes, and nothing outside.
test_user_configures_what_is_his()
{
	local ns

	refused 'Operation not permitted' user_box ip link add d0 type dummy
	user_root_box sh -ec '
		ip link add v0 type veth peer name v1
		ip addr add 192.0.2.7/24 dev v0
		ip link set v0 up
		ip link set v1 up
		ping -q -c 1 -W 20 192.0.2.7 > /dev/null
		nft add table inet own
		sysctl -qw net.ipv4.ip_forward=1'
	new_ns ns
	refused 'Operation not permitted|Permission denied' \
		user_root_box ip link add v0 type veth peer name v1 netns "/run/netns/$ns"
	lacks_dev "$ns" v1
}

test_box_in_a_box()
{
	local outer inner

	outer=$(box readlink /proc/self/ns/net)
	inner=$(box bwrap --bind / / --dev-bind /dev /dev --proc /proc --unshare-net \
		sh -ec 'readlink /proc/self/ns/net
			ping -q -c 1 -W 20 127.0.0.1 > /dev/null')
	[ "$outer" != "$(readlink /proc/self/ns/net)" ]
	[ -n "$inner" ]
	[ "$inner" != "$(readlink /proc/self/ns/net)" ]
	user_box bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all \
		--uid 0 --gid 0 --cap-add CAP_NET_RAW ping -q -c 1 -W 20 ::1 > /dev/null
}

inside()
{
	sed -n 's/.*"child-pid": *\([0-9]*\).*/\1/p' "$1"
}

has_begun()
{
	[ -n "$(inside "$1")" ]
}

# A box in the background: the process in there goes into PID.
hold_box()
{
	local info

	info=$(mktemp)
	defer rm "$info"
	{ box --info-fd 3 --die-with-parent sleep 3600 3> "$info" || :; } \
		< /dev/null > /dev/null 2>&1 &
	defer kill -9 $!
	wait_for has_begun "$info"
	PID=$(inside "$info")
	wait_for is_sleeping "$PID"
}

# Who may give it a network, from outside; that goes when it goes.
test_is_given_a_network()
{
	hold_box
	ip link add "v$TAG" type veth peer name eth0 netns "$PID"
	ip link set "v$TAG" up
	ip addr add 192.0.2.1/24 dev "v$TAG"
	nsenter -t "$PID" -n ip addr add 192.0.2.2/24 dev eth0
	nsenter -t "$PID" -n ip link set eth0 up
	notice_carrier "" "v$TAG"
	ping -q -c 1 -W 20 192.0.2.2 > /dev/null
	nsenter -t "$PID" -n ping -q -c 1 -W 20 192.0.2.1 > /dev/null
	kill -9 "$PID"
	wait_for lacks_dev "" "v$TAG"
}

# limited NUMBER CMD...: by a user who may have so many network namespaces.
limited()
{
	# shellcheck disable=SC2016 # expanded in there
	as_user bwrap --unshare-user --uid 0 --gid 0 --cap-add ALL --ro-bind / / \
		--dev /dev --proc /proc --bind /proc/sys /proc/sys \
		sh -ec 'echo "$1" > /proc/sys/user/max_net_namespaces
			shift
			"$@"' sh "$@"
}

test_user_limit_counts()
{
	local one=(bwrap --ro-bind / / --dev /dev --unshare-net)

	limited 1 "${one[@]}" true
	limited 2 "${one[@]}" "${one[@]}" true
	refused 'ENOSPC' limited 1 "${one[@]}" "${one[@]}" true
	refused 'ENOSPC' limited 0 "${one[@]}" true
}

run_tests lo_and_nothing_else user_has_lo_and_nothing_else reaches_nobody \
	user_reaches_nobody user_configures_what_is_his box_in_a_box \
	is_given_a_network user_limit_counts
