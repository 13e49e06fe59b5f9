// SPDX-License-Identifier: GPL-2.0
/*
 * How many namespaces fit: limit CASE MOST
 *
 * A process makes them until the kernel refuses one, or there are MOST, or next to
 * no memory is left: stock does not refuse in time, it kills processes for want of
 * memory that none of them has, and panics when there is none left to kill. It
 * must never be what runs out itself: limits on descriptors and namespaces are
 * raised first.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define RESERVE_MIB	64
/* As often as it is read how much is left. */
#define STRIDE		32

static void fill(int most, int *count)
{
	int i;

	write_text("/proc/self/oom_score_adj", "1000");
	for (i = 0; i < most; i++) {
		if (i % STRIDE == 0 && memory_scarce(RESERVE_MIB))
			break;
		if (unshare(CLONE_NEWNET) || open_namespace(CLONE_NEWNET) < 0)
			break;
		__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int most, status, *count;
	pid_t pid;

	if (argc != 3)
		die("usage: limit CASE MOST");
	most = parse_count(argv[2]);
	bench_init();
	raise_file_limit(most + 100);
	raise_namespace_limits(most);
	write_text("/proc/self/oom_score_adj", "-1000");
	count = shared(sizeof(*count));
	pid = must(fork());
	if (!pid)
		fill(most, count);
	must(waitpid(pid, &status, 0));
	print_sample(argv[1], "count", *count);
	return 0;
}
