// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that live in a network namespace each: processes SAMPLES N...
 *
 * Prints, as cases held_processes_N, how many of them there were when next to no
 * memory was left; and per process the work of starting it and the bytes that it
 * holds, raw and net of the same with UTS namespaces. After the last of several N,
 * prints as bytes_per_ns_unused_no_fd the bytes net of as many processes that share
 * the initial namespaces: what a namespace costs that no descriptor holds. It must
 * never let one of the processes do anything.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define MOST	30000
/* What is left must do for the end of all processes, too. */
#define RESERVE_MIB	192
/* As often as it is read how much that is. */
#define STRIDE		256

/* Returns how many fitted. */
static int hold(unsigned long flags, int most, int64_t *work, int64_t *bytes)
{
	struct memory before, peak;
	int64_t start;
	int ends[2], n, i;
	char c;

	memory_settled(&before);
	expect_background(most);
	must(pipe(ends));
	start = work_begin();
	for (n = 0; n < most; n++) {
		if (n % STRIDE == 0 && memory_scarce(RESERVE_MIB))
			break;
		if (must(fork_into(flags)))
			continue;
		close(ends[1]);
		/* Until the parent closes its end. */
		_exit(read(ends[0], &c, 1) != 0);
	}
	/* Many of them have yet to run. */
	*work = (drained(NULL, NULL) - start) / n;
	memory_settled(&peak);
	*bytes = (memory_total(&peak) - memory_total(&before)) / n;
	close(ends[0]);
	close(ends[1]);
	for (i = 0; i < n; i++)
		wait_for(-1);
	drained(&before, &peak);
	return n;
}

static void hold_each(char **numbers)
{
	int64_t work, bytes = 0, uts_work, uts_bytes, plain_work, plain_bytes;
	int n = 0, fitted, i;
	char name[32];

	for (i = 0; numbers[i]; i++) {
		n = parse_count(numbers[i]);
		fitted = hold(CLONE_NEWNET, n, &work, &bytes);
		hold(CLONE_NEWUTS, n, &uts_work, &uts_bytes);
		snprintf(name, sizeof(name), "held_processes_%d", n);
		print_sample(name, "processes", fitted);
		print_sample(name, "raw", work);
		print_sample(name, "net", work - uts_work);
		print_sample(name, "bytes", bytes);
		print_sample(name, "bytes_net", bytes - uts_bytes);
	}
	if (i == 1)
		return;
	hold(0, n, &plain_work, &plain_bytes);
	print_sample("bytes_per_ns_unused_no_fd", "bytes", bytes - plain_bytes);
}

int main(int argc, char **argv)
{
	int64_t work, bytes;
	int i;

	if (argc < 3)
		die("usage: processes SAMPLES N...");
	raise_namespace_limits(MOST);
	bench_init();
	/* Fills caches. */
	hold(CLONE_NEWNET, 100, &work, &bytes);
	for (i = 0; i < parse_count(argv[1]); i++)
		hold_each(argv + 2);
	return 0;
}
