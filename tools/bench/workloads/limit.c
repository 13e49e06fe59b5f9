// SPDX-License-Identifier: GPL-2.0
/*
 * How many namespaces fit: limit CASE MOST
 *
 * A process makes them until the kernel refuses one, or ends the process for want
 * of memory, or there are MOST. It must never be what runs out itself: limits
 * on descriptors and namespaces are raised first.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static void fill(int most, int *count)
{
	write_text("/proc/self/oom_score_adj", "1000");
	while (__atomic_load_n(count, __ATOMIC_RELAXED) < most) {
		if (unshare(CLONE_NEWNET) || open_namespace(CLONE_NEWNET) < 0)
			break;
		__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	char limit[16];
	int most, status, *count;
	pid_t pid;

	if (argc != 3)
		die("usage: limit CASE MOST");
	most = parse_count(argv[2]);
	bench_init();
	raise_file_limit(most + 100);
	snprintf(limit, sizeof(limit), "%d", most + 100);
	write_text("/proc/sys/user/max_net_namespaces", limit);
	write_text("/proc/self/oom_score_adj", "-1000");
	count = shared(sizeof(*count));
	pid = must(fork());
	if (!pid)
		fill(most, count);
	must(waitpid(pid, &status, 0));
	print_sample(argv[1], "count", *count);
	return 0;
}
