// SPDX-License-Identifier: GPL-2.0
/*
 * One namespace dropped beside others: latency destroy_latency|name_reuse
 * OTHERS SAMPLES
 *
 * Counting instructions, prints the work until all is quiet. By the wall's clock,
 * the time until a waiter sees it gone: destroy_latency until the count of
 * max_net_namespaces is free again, name_reuse until the name of the veth end
 * whose peer was in there can be taken. It must never count the making of what
 * takes the place.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "netlink.h"

static int64_t *shared_time;

static void quiet_destroy(const char *name)
{
	int fd = new_namespace(CLONE_NEWNET);
	int64_t start;

	drained(NULL, NULL);
	start = work_begin();
	close(fd);
	print_sample(name, "raw", drained(NULL, NULL) - start);
}

/* Enters a new namespace as soon as the limit has room, and leaves it by exit. */
static int64_t enter_and_leave(void)
{
	pid_t pid = must(fork());

	if (!pid) {
		do {
			shared_time[0] = clock_now();
		} while (unshare(CLONE_NEWNET) && errno == ENOSPC);
		shared_time[1] = clock_now();
		_exit(0);
	}
	wait_for(pid);
	return shared_time[0];
}

static void limited_destroy(const char *name, int samples)
{
	int64_t dropped;
	pid_t pid;
	int i;

	pid = must(fork());
	if (pid) {
		wait_for(pid);
		return;
	}
	must(unshare(CLONE_NEWUSER));
	write_text("/proc/self/uid_map", "0 0 1");
	write_text("/proc/sys/user/max_net_namespaces", "1");
	for (i = 0; i < samples; i++) {
		enter_and_leave();
		dropped = shared_time[1];
		print_sample(name, "raw", enter_and_leave() - dropped);
		/* One sample's waiter holds nothing up in the next. */
		sleep(1);
	}
	_exit(0);
}

static void name_reuse(const char *name, int nl, int home)
{
	int ns = new_namespace(CLONE_NEWNET), err;
	int64_t start;

	err = nl_pair(nl, "veth", "reuse0", home, "reuse1", home);
	if (!err)
		err = nl_move(nl, "reuse1", ns);
	if (err)
		die("veth pair: %s", strerror(-err));
	/* Else they came now or later, as it happens. */
	if (counts_instructions())
		sleep_ns(LINKWATCH_NS);
	drained(NULL, NULL);
	start = work_begin();
	close(ns);
	if (counts_instructions()) {
		print_sample(name, "raw", drained(NULL, NULL) - start);
		err = nl_dummy(nl, "reuse0");
	} else {
		while ((err = nl_dummy(nl, "reuse0")) == -EEXIST)
			usleep(100);
		print_sample(name, "raw", work_now() - start);
	}
	if (err)
		die("the name is not free: %s", strerror(-err));
	nl_delete(nl, "reuse0");
}

int main(int argc, char **argv)
{
	int others, samples, i, nl, home;

	if (argc != 4)
		die("usage: latency destroy_latency|name_reuse OTHERS SAMPLES");
	others = parse_count(argv[2]);
	samples = parse_count(argv[3]);
	raise_file_limit(others + 100);
	shared_time = shared(2 * sizeof(*shared_time));
	bench_init();
	home = must(open_namespace(CLONE_NEWNET));
	nl = must(nl_open());
	for (i = 0; i < others; i++)
		new_namespace(CLONE_NEWNET);
	expect_background(others);

	if (!strcmp(argv[1], "name_reuse"))
		for (i = 0; i < samples; i++)
			name_reuse(argv[1], nl, home);
	else if (!counts_instructions())
		limited_destroy(argv[1], samples);
	else
		for (i = 0; i < samples; i++)
			quiet_destroy(argv[1]);
	return 0;
}
