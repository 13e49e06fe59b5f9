#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Promise: pernet_operations are called in the same order, with the same state
# and under the same locks as by any other kernel of this version.
#
# This runs a fixed scenario against the module test_pernet and prints what
# was called, so that the outputs of two kernels can be compared: nothing in
# it depends on time, on addresses or on how ends are batched. It needs root,
# debugfs, and a machine where nobody else makes network namespaces.
#
# The only argument is the path of test_pernet.ko.
#
# The output is a line "== STEP" for each step, for a failing one the error,
# for inits the namespaces in the order of their inits, and the calls, sorted
# by namespace and for each namespace in their order.

set -eu

MODULE=${1:-${NETNS_PERNET_KO:-$(dirname "$0")/test_modules/test_pernet.ko}}
DEBUGFS=/sys/kernel/debug
CTL=$DEBUGFS/netns_pernet

# Both kinds by turns, so that the order of registration is not the order of
# the calls: subsystems come before all devices.
OPS="sub_plain dev_plain sub_pre sub_batch dev_pre sub_rtnl sub_noinit
     dev_rtnl sub_late sub_all dev_all"

# Bounds a wait for what never comes.
DEADLINE=180

holders=

die()
{
	echo "pernet_log: $*" >&2
	exit 1
}

cleanup()
{
	# shellcheck disable=SC2086 # a list
	[ -z "$holders" ] || kill -9 $holders 2> /dev/null || :
	! grep -q '^test_pernet ' /proc/modules || rmmod test_pernet
}

# wait_for CMD...
wait_for()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt $((DEADLINE * 10)) ] ||
			die "gave up waiting for: $*"
		sleep 0.1
	done
}

is_sleeping()
{
	[ "$(cat "/proc/$1/comm" 2> /dev/null)" = sleep ]
}

live()
{
	cat $CTL/live
}

live_is()
{
	[ "$(live)" -eq "$1" ]
}

# The calls in stdin: the namespaces in the order of their inits if there are
# several, then the calls without what depends on batching.
normalise()
{
	awk '
		$2 == "init" && last != $3 {
			last = $3
			inits = inits " " substr($3, 5)
		}
		{
			sub(/ batch=[0-9\/]*$/, "")
			print substr($3, 5), NR, $0 | "sort -n -k1,1 -k2,2"
		}
		END {
			close("sort -n -k1,1 -k2,2")
			print "inits:" inits
		}
	' | sed 's/^[0-9]* [0-9]* //'
}

# show STEP...: what was called since the last time.
show()
{
	echo "== $*"
	normalise < $CTL/log
	echo > $CTL/clear
}

# attempt CMD...: print why it failed, if it did.
attempt()
{
	if said=$("$@" 2>&1); then
		echo "-- done"
	else
		echo "-- refused: ${said##*: }"
	fi
}

# tell FILE WORD: by dd, which says why a write failed; not every echo does.
tell()
{
	echo "$2" | dd of="$CTL/$1" status=none
}

register()
{
	attempt tell register "$1"
}

unregister()
{
	attempt tell unregister "$1"
}

fail()
{
	echo "$1 $2 $3" > $CTL/fail
}

# A namespace that lives as long as the process $holder.
new_net()
{
	unshare -n sleep 3600 &
	holder=$!
	holders="$holders $holder"
	wait_for is_sleeping "$holder"
}

end_holder()
{
	kill -9 "$1"
	wait "$1" 2> /dev/null || :
	rest=
	for pid in $holders; do
		[ "$pid" = "$1" ] || rest="$rest $pid"
	done
	holders=$rest
}

has_init()
{
	grep -q "^$1 .* init" $CTL/ops
}

# Namespaces that are there when operations are registered, and stay.
step_registration()
{
	for op in $OPS; do
		register "$op"
		show "register $op"
	done
	register sub_all
	register dev_all
}

step_life()
{
	before=$(live)
	new_net
	show "create"
	end_holder "$holder"
	wait_for live_is "$before"
	show "end"
}

# Each init fails once in a creation, each with another error.
step_failing_creation()
{
	error=1
	for op in $OPS; do
		has_init "$op" || continue
		fail "$op" 1 $error
		attempt unshare -n true
		show "creation fails with $error in $op"
		error=$((error + 1))
	done
	# The second one from now.
	before=$(live)
	fail sub_all 2 12
	attempt unshare -n true
	wait_for live_is "$before"
	attempt unshare -n true
	show "the second creation fails"
	step_life
}

# Each init fails in the first, a middle and the last of many namespaces.
step_failing_registration()
{
	many=$(($(live) + 1))
	for op in $OPS; do
		unregister "$op"
		show "unregister $op"
		if has_init "$op"; then
			for nth in 1 3 $many; do
				fail "$op" "$nth" 12
				register "$op"
				show "registration of $op fails in number $nth"
			done
		fi
		register "$op"
		show "register $op again"
	done
}

# One process holds several namespaces, so that they end together.
step_end_of_many()
{
	before=$(live)
	pids=
	while [ "$(live)" -lt $((before + 6)) ]; do
		new_net
		pids="$pids $holder"
	done
	# shellcheck disable=SC2086 # a list
	set -- $pids
	sh -c 'exec sleep 3600 3< /proc/$1/ns/net 4< /proc/$2/ns/net \
		5< /proc/$3/ns/net 6< /proc/$4/ns/net 7< /proc/$5/ns/net \
		8< /proc/$6/ns/net' sh "$@" &
	keeper=$!
	holders="$holders $keeper"
	wait_for is_sleeping "$keeper"
	for pid; do
		end_holder "$pid"
	done
	live_is $((before + 6)) || die "held namespaces ended"
	show "create six"
	end_holder "$keeper"
	wait_for live_is "$before"
	show "end of six"
}

# Operations come and go between the birth and the end of a namespace.
step_changing_operations()
{
	before=$(live)
	unregister sub_pre
	unregister dev_all
	show "unregister two"
	new_net
	show "create without them"
	register dev_all
	unregister sub_all
	register sub_pre
	show "exchange"
	end_holder "$holder"
	wait_for live_is "$before"
	show "end with others"
	register sub_all
	show "register sub_all"
}

# What is still registered is undone; the module prints this on the console.
step_unload()
{
	rmmod test_pernet
	echo "== unload"
	dmesg | sed -n 's/^.*test_pernet: log: //p' | normalise
}

[ "$(id -u)" -eq 0 ] || die "needs root"
[ -e "$MODULE" ] || die "no module $MODULE"
grep -q "^[^ ]* $DEBUGFS debugfs" /proc/mounts ||
	mount -t debugfs none $DEBUGFS
trap cleanup EXIT

new_net
new_net
insmod "$MODULE"
live_is 2 || die "somebody else has network namespaces: $(live) for our 2"
cat $CTL/ops
step_registration
step_life
step_failing_creation
new_net
new_net
show "create two"
step_failing_registration
step_end_of_many
step_changing_operations
step_unload
