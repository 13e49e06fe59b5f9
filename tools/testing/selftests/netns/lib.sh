#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Shell helpers of the network namespace selftests.
#
# Each test is a function test_NAME, run in a subshell under "set -e": a
# command that fails is the end of the test, and is printed. What a test made
# is undone when its subshell ends, however it ends.
#
# shellcheck disable=SC2034 # the test scripts use what is set here

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=/dev/null
. "$LIB_DIR/../kselftest/ktap_helpers.sh"

# Nothing here measures time: this only bounds the wait for something that
# never comes, so it is generous enough for an emulated debug kernel.
DEADLINE=180

# Device names that cannot clash with those of another run.
TAG=$(($$ % 100000))

# wait_for CMD...: poll until CMD succeeds.
wait_for()
{
	local end=$((SECONDS + DEADLINE))

	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "# gave up waiting for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# fails CMD...: succeed if CMD fails. Unlike "!", it does so under "set -e".
fails()
{
	if "$@" > /dev/null 2>&1; then
		echo "# should have failed: $*"
		return 1
	fi
}

# refused REGEX CMD...: succeed if CMD fails and says why.
refused()
{
	local why=$1
	local said

	shift
	if said=$("$@" 2>&1); then
		echo "# should have been refused: $*"
		return 1
	fi
	if ! echo "$said" | grep -Eqi "$why"; then
		echo "# $*: expected '$why', got '$said'"
		return 1
	fi
}

# same EXPECTED ACTUAL WHAT
same()
{
	if [ "$1" != "$2" ]; then
		echo "# $3: expected '$1', got '$2'"
		return 1
	fi
}

# has TEXT REGEX, lacks TEXT REGEX
has()
{
	if ! echo "$1" | grep -Eq -- "$2"; then
		echo "# expected '$2' in '$1'"
		return 1
	fi
}

lacks()
{
	if echo "$1" | grep -Eq -- "$2"; then
		echo "# unexpected '$2' in '$1'"
		return 1
	fi
}

# defer CMD...: run CMD when the test ends, last deferred first.
defer()
{
	DEFERRED=("$(printf '%q ' "$@")" "${DEFERRED[@]}")
}

run_deferred()
{
	local cmd

	set +eE
	trap - ERR
	for cmd in "${DEFERRED[@]}"; do
		eval "$cmd" > /dev/null 2>&1
	done
}

# new_ns VAR...: make named namespaces with lo up, put their names into VARs.
new_ns()
{
	local var

	for var; do
		printf -v "$var" 'nst%s-%s' "$TAG" "$var"
		ip netns add "${!var}"
		defer ip netns del "${!var}"
		ip -n "${!var}" link set lo up
	done
}

# meanwhile KNOB VALUE: a file of /proc/sys has it until the test ends.
meanwhile()
{
	defer sh -c "echo $(cat "$1") > $1"
	echo "$2" > "$1"
}

# Tunnel drivers put a device into each namespace, where they are: not meanwhile.
without_fallback_tunnels()
{
	meanwhile /proc/sys/net/core/fb_tunnels_only_for_init_net 1
}

# in_ns NAME CMD...
in_ns()
{
	ip netns exec "$@"
}

# received NS DEV: packets so far.
received()
{
	in_ns "$1" cat "/sys/class/net/$2/statistics/rx_packets"
}

# flood NS ADDR: pings one after the other, in the background: process FLOODER.
flood()
{
	# No function: that would be a shell, and its end not that of ping.
	ip netns exec "$1" ping -q -f "$2" > /dev/null 2>&1 &
	FLOODER=$!
	defer kill "$FLOODER"
}

is_sleeping()
{
	[ "$(cat "/proc/$1/comm" 2> /dev/null)" = sleep ]
}

# hold VAR CMD...: start a process by CMD (unshare or nsenter with options),
# which ends in a sleep inside the namespaces that CMD enters; its pid goes
# into VAR. It is the only user of what it has unshared.
hold()
{
	local holder_var=$1
	local holder

	shift
	"$@" sleep 3600 < /dev/null > /dev/null 2>&1 &
	holder=$!
	defer end_holder "$holder"
	# The command execs sleep when all its namespaces are set up.
	wait_for is_sleeping "$holder"
	printf -v "$holder_var" '%s' "$holder"
}

# Only if it still is one: pids are used again.
end_holder()
{
	! is_sleeping "$1" || kill -9 "$1"
}

# let_go PID: end a holder, and be sure that it is no more.
let_go()
{
	kill -9 "$1"
	wait "$1" 2> /dev/null || :
}

# notice_carrier NS DEV: the kernel does so when it is asked. Else it has its own
# time, and what the end of a pair that was up first sends until then is lost.
notice_carrier()
{
	has_dev "$1" "$2"
}

# new_veth NS1 DEV1 NS2 DEV2: a pair with one end in each namespace, up.
new_veth()
{
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
	notice_carrier "$1" "$2"
}

# add_addr NS DEV ADDR...
add_addr()
{
	local ns=$1
	local dev=$2
	local addr

	shift 2
	for addr; do
		case $addr in
		*:*)	ip -n "$ns" addr add "$addr" dev "$dev" nodad ;;
		*)	ip -n "$ns" addr add "$addr" dev "$dev" ;;
		esac
	done
}

pings()
{
	in_ns "$1" ping -q -c 1 -W 20 "$2" > /dev/null 2>&1
}

# is_listening NS PORT: somebody is, by TCP.
is_listening()
{
	in_ns "$1" ss -Hltn "sport = $2" | grep -q .
}

# has_dev NS DEV; NS may be "" for the namespace that we run in.
has_dev()
{
	ip ${1:+-n "$1"} link show dev "$2" > /dev/null 2>&1
}

lacks_dev()
{
	! has_dev "$1" "$2"
}

# link_field NS DEV KEY: a field of "ip -o link", such as mtu or link/ether.
link_field()
{
	ip ${1:+-n "$1"} -o link show dev "$2" | sed -n "s|.*$3 \([^ ]*\).*|\1|p"
}

ifindex_of()
{
	ip ${1:+-n "$1"} -o link show dev "$2" | sed 's/:.*//'
}

# need TOOL...: what is missing is a failure, not a reason to skip.
need()
{
	local tool

	for tool; do
		if ! command -v "$tool" > /dev/null; then
			echo "# missing: $tool"
			return 1
		fi
	done
}

# tell_failure CMD: the ERR trap; who called whom, and what failed.
tell_failure()
{
	echo "# failed: $1 (lines ${BASH_LINENO[*]})" >&"$told"
}

# run_tests NAME...: the main program of a test script.
run_tests()
{
	local name told

	ktap_print_header
	ktap_set_plan $#
	if [ "$(id -u)" -ne 0 ]; then
		ktap_exit_fail_msg "these tests need root"
	fi
	for name; do
		(
			DEFERRED=()
			trap run_deferred EXIT
			# To a copy of stdout: the command's own may be redirected.
			exec {told}>&1
			trap 'tell_failure "$BASH_COMMAND"' ERR
			set -eE
			"test_$name"
		)
		case $? in
		0)		ktap_test_pass "$name" ;;
		"$KSFT_SKIP")	ktap_test_skip "$name" ;;
		*)		ktap_test_fail "$name" ;;
		esac
	done
	ktap_finished
}
