#!/bin/bash
# A tour of network namespaces with the tools that everybody uses. It runs in the
# guest, as root: tools/guest/run --dir tools/guest -- ./tour.sh
# It shows what it does, and stops with a status other than zero at the first
# thing that is not as it should be.
# Must never be run on a machine whose network matters, nor go on after a failure.
set -u

checks=0
physical=eth0
gateway4=10.0.2.2 gateway6=fec0::2

title() {
	printf '\n== %s\n' "$*"
}

# Shows a command and runs it; it has to succeed.
run() {
	printf '$ %s\n' "$*"
	"$@" || fail "the command failed with status $?"
}

fail() {
	printf 'NOT AS IT SHOULD BE: %s\n' "$*"
	printf '%s checks passed before this.\n' $checks
	exit 1
}

# check WHAT COMMAND...: the command has to succeed. It may take a while to be
# true: addresses and carriers come up, namespaces end, in their own time.
check() {
	local what=$1 try
	shift
	for ((try = 0; try < 100; try++)); do
		if "$@" > /tmp/tour.out 2>&1; then
			checks=$((checks + 1))
			printf '   ok: %s\n' "$what"
			return
		fi
		sleep 0.2
	done
	cat /tmp/tour.out
	fail "$what"
}

not() {
	! "$@"
}

# prints TEXT COMMAND...: the command's output contains the text.
prints() {
	local text=$1 output
	shift
	output=$("$@" 2>&1) || return
	printf '%s\n' "$output"
	grep -qF -- "$text" <<< "$output"
}

# refuses TEXT COMMAND...: the command fails with a message that has the text.
refuses() {
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then
		return 1
	fi
	printf '%s\n' "$output"
	grep -qF -- "$text" <<< "$output"
}

as_user() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

printf 'Linux %s, %s CPUs\n' "$(uname -r)" "$(nproc)"

title 'Two namespaces, and a veth pair between them'
run ip netns add red
run ip netns add blue
run ip link add red0 netns red type veth peer name blue0 netns blue
run ip -n red addr add 10.1.0.1/24 dev red0
run ip -n blue addr add 10.1.0.2/24 dev blue0
run ip -n red addr add fd01::1/64 dev red0 nodad
run ip -n blue addr add fd01::2/64 dev blue0 nodad
run ip -n red link set red0 up
run ip -n blue link set blue0 up
run ip -n red -br addr
check 'neither end is visible outside' not ip link show red0
check 'blue answers red over IPv4' ip netns exec red ping -c 1 -W 2 10.1.0.2
check 'blue answers red over IPv6' ip netns exec red ping -c 1 -W 2 fd01::2
check 'red answers blue over IPv4' ip netns exec blue ping -c 1 -W 2 10.1.0.1
check 'red answers blue over IPv6' ip netns exec blue ping -c 1 -W 2 fd01::1

title 'Each has its own routes, rules and nftables sets'
run ip -n red route add 192.0.2.0/24 via 10.1.0.2
run ip -n blue route add 198.51.100.0/24 via 10.1.0.1
run ip -n red rule add from 192.0.2.1 lookup 100
run ip -n blue rule add from 198.51.100.1 lookup 200
run ip netns exec red nft 'add table inet tour; add set inet tour hosts { type ipv4_addr; elements = { 192.0.2.1 }; }'
run ip netns exec blue nft 'add table inet tour; add set inet tour hosts { type ipv4_addr; elements = { 198.51.100.1 }; }'
run ip -n red route
run ip -n blue route
run ip netns exec red nft list ruleset
run ip netns exec blue nft list ruleset
check "red has its route" prints 192.0.2.0/24 ip -n red route
check "red lacks blue's" not prints 198.51.100.0/24 ip -n red route
check "blue has its route" prints 198.51.100.0/24 ip -n blue route
check "blue lacks red's" not prints 192.0.2.0/24 ip -n blue route
check "red has its rule" prints 'lookup 100' ip -n red rule
check "red lacks blue's" not prints 'lookup 200' ip -n red rule
check "blue has its rule" prints 'lookup 200' ip -n blue rule
check "blue lacks red's" not prints 'lookup 100' ip -n blue rule
check "red's set has its element" prints 192.0.2.1 ip netns exec red nft list set inet tour hosts
check "and not blue's" not prints 198.51.100.1 ip netns exec red nft list set inet tour hosts
check "blue's set has its element" prints 198.51.100.1 ip netns exec blue nft list set inet tour hosts
check "and not red's" not prints 192.0.2.1 ip netns exec blue nft list set inet tour hosts
check 'the initial namespace has none of them' not nft list table inet tour

title 'One end of a veth pair goes with its namespace, and takes the other with it'
run ip netns del blue
check "red's end is gone" not ip -n red link show red0
run ip netns del red

title 'The physical NIC moves into a namespace'
check 'it is here' ip link show $physical
run ip netns add first
run ip link set $physical netns first
check 'it has vanished outside' not ip link show $physical
check 'and from /sys/class/net' not test -e /sys/class/net/$physical
check 'it is there' ip -n first link show $physical

title 'A bridge in there joins the NIC to a namespace behind it'
run ip netns add behind
run ip -n first link add bridge0 type bridge forward_delay 0
run ip -n first link add port0 type veth peer name uplink netns behind
run ip -n first link set $physical master bridge0
run ip -n first link set port0 master bridge0
run ip -n first link set $physical up
run ip -n first link set port0 up
run ip -n first link set bridge0 up
run ip -n behind addr add 10.0.2.77/24 dev uplink
run ip -n behind addr add fec0::77/64 dev uplink nodad
run ip -n behind link set uplink up
run ip -n first -br link
check "behind reaches QEMU's gateway over IPv4" ip netns exec behind ping -c 1 -W 2 $gateway4
check "behind reaches QEMU's gateway over IPv6" ip netns exec behind ping -c 1 -W 2 $gateway6
check 'the initial namespace does not' not ping -c 1 -W 1 $gateway4

title 'The NIC comes home when its namespace ends'
run ip netns del behind
run ip netns del first
check 'it is back' ip link show $physical
check 'in /sys/class/net as well' test -e /sys/class/net/$physical
check 'with no trace of the bridge' not ip link show bridge0
run ip -br link

title 'A process that only holds a namespace open is one of its users'
unshare --net sleep 1000 &
holder=$!
run ip netns attach held $holder
check 'it has a lo of its own' prints LOOPBACK ip -n held link show lo
run ip netns del held
check 'the process keeps it' nsenter --net=/proc/$holder/ns/net ip link show lo
kill $holder
wait $holder 2> /dev/null

title 'An ordinary user needs a user namespace'
check 'unshare --net alone is refused' refuses 'Operation not permitted' as_user unshare --net true
check 'with a user namespace it is allowed' as_user unshare --user --map-root-user --net true
check 'where he is root over its network' as_user unshare --user --map-root-user --net ip link add mine type bridge
check 'and not over ours' refuses 'Operation not permitted' as_user unshare --user --map-root-user ip link add mine type bridge

title 'Nothing is left'
check 'no named namespace' test -z "$(ip netns list)"
check 'no veth' test -z "$(ip -o link show type veth)"
printf '\nThe tour is complete: all %s checks passed.\n' $checks
