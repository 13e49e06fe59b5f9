// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace made, used in one way and dropped: firstuse CASE USE SAMPLES
 *
 * Prints the work from clone to done (raw), the same net of a child that does it
 * in the initial namespace (net; not for whole, of which there is more in there),
 * and the work until everything is gone (total).
 * It must never let one namespace live beside another.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "uses.h"

static int64_t *done;

static void once(const struct use *use, unsigned long flags, int64_t *raw,
		 int64_t *total)
{
	struct memory before;
	int64_t start;
	pid_t pid;

	drained_before(&before);
	start = work_begin();
	pid = must(fork_into(flags));
	if (!pid) {
		use->run();
		*done = work_now();
		_exit(0);
	}
	wait_for(pid);
	*total = drained(&before, NULL) - start;
	*raw = *done - start;
}

int main(int argc, char **argv)
{
	int64_t raw, total, raw0, total0;
	const struct use *use;
	int samples, i;

	if (argc != 4)
		die("usage: firstuse CASE USE SAMPLES");
	use = use_by_name(argv[2]);
	samples = parse_count(argv[3]);
	done = shared(sizeof(*done));
	bench_init();
	/* The first fills caches. */
	for (i = -1; i < samples; i++) {
		once(use, CLONE_NEWNET, &raw, &total);
		once(use, 0, &raw0, &total0);
		if (i < 0)
			continue;
		print_sample(argv[1], "raw", raw);
		if (strcmp(argv[2], "whole"))
			print_sample(argv[1], "net", raw - raw0);
		print_sample(argv[1], "total", total);
	}
	return 0;
}
