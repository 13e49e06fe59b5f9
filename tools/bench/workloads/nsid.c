// SPDX-License-Identifier: GPL-2.0
/*
 * Peer ids: nsid SAMPLES N...
 *
 * For each N holds N namespaces and gives each an id in the initial one. Prints
 * per id the work of assigning it (assign), and that and of dropping the namespaces
 * with their ids until their memory is back (raw); and the slope of the latter
 * between the least and the largest N. It must never let the kernel choose ids:
 * that would be another search.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "netlink.h"

#define MOST	100000

static int fds[MOST];

/* Returns the work of all but making the namespaces. */
static int64_t hold_and_drop(int n, int nl, int64_t *assigned)
{
	struct memory before, peak;
	int64_t start;
	int i, err;

	memory_settled(&before);
	expect_background(n);
	for (i = 0; i < n; i++)
		fds[i] = new_namespace(CLONE_NEWNET);
	memory_settled(&peak);
	drained(NULL, NULL);
	start = work_begin();
	for (i = 0; i < n; i++) {
		err = nl_nsid(nl, fds[i], i);
		if (err)
			die("id %d: %s", i, strerror(-err));
	}
	*assigned = work_now() - start;
	for (i = 0; i < n; i++)
		close(fds[i]);
	return drained(&before, &peak) - start;
}

static void assign_each(int nl, char **numbers)
{
	int64_t work = 0, assigned, first = 0;
	int n = 0, least = 0;
	char name[32];

	for (; *numbers; numbers++) {
		n = parse_count(*numbers);
		if (n > MOST)
			die("%d are too many", n);
		work = hold_and_drop(n, nl, &assigned);
		snprintf(name, sizeof(name), "nsid_%d", n);
		print_sample(name, "raw", work / n);
		print_sample(name, "assign", assigned / n);
		if (!least) {
			least = n;
			first = work;
		}
	}
	if (n > least)
		print_sample("nsid_slope", "raw", (work - first) / (n - least));
}

int main(int argc, char **argv)
{
	int64_t assigned;
	int i, nl;

	if (argc < 3)
		die("usage: nsid SAMPLES N...");
	raise_file_limit(MOST + 100);
	bench_init();
	nl = must(nl_open());
	/* Fills caches. */
	hold_and_drop(10, nl, &assigned);
	for (i = 0; i < parse_count(argv[1]); i++)
		assign_each(nl, argv + 2);
	return 0;
}
