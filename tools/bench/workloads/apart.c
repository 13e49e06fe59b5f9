// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs of which each has an end in a namespace of its own, as a host's containers
 * have: apart KIND N SAMPLES
 *
 * Prints the work of making a pair and moving the end (KIND_pair_apart_N), and the
 * work and the grace periods of all namespaces ending at once, with their pairs
 * (KIND_destroy_apart_N), until their memory is back. It must never count what
 * making the namespaces takes.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "grace.h"
#include "netlink.h"
#include "path.h"

static void make_apart(int nl, const char *kind, int n, int host, const int *fds)
{
	char name[16], peer[16];
	int i, err;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "near%d", i);
		snprintf(peer, sizeof(peer), "far%d", i);
		err = nl_pair(nl, kind, name, host, peer, host);
		if (!err)
			err = nl_move(nl, peer, fds[i]);
		if (err)
			die("%s pair %d: %s", kind, i, strerror(-err));
	}
}

static void once(const char *kind, int n, int *fds, bool print)
{
	int host = used_namespace(), home = must(open_namespace(CLONE_NEWNET)), nl, i;
	char make[32], destroy[32];
	struct memory before, peak;
	int64_t start;
	bool counted;

	snprintf(make, sizeof(make), "%s_pair_apart_%d", kind, n);
	snprintf(destroy, sizeof(destroy), "%s_destroy_apart_%d", kind, n);
	must(setns(host, CLONE_NEWNET));
	nl = must(nl_open());
	must(setns(home, CLONE_NEWNET));
	close(home);

	memory_settled(&before);
	expect_background(n);
	for (i = 0; i < n; i++)
		fds[i] = used_namespace();
	drained(NULL, NULL);
	start = work_now();
	make_apart(nl, kind, n, host, fds);
	if (print)
		print_sample(make, "raw", (drained(NULL, NULL) - start) / n);

	memory_settled(&peak);
	counted = print && grace_begin();
	start = work_now();
	for (i = 0; i < n; i++)
		close(fds[i]);
	start = drained(&before, &peak) - start;
	if (print)
		print_sample(destroy, "raw", start / n);
	if (counted)
		grace_end(destroy);
	close(nl);
	close(host);
	drained(NULL, NULL);
}

int main(int argc, char **argv)
{
	int n, samples, i, *fds;

	if (argc != 4)
		die("usage: apart KIND N SAMPLES");
	n = parse_count(argv[2]);
	samples = parse_count(argv[3]);
	raise_file_limit(n + 100);
	fds = calloc(n, sizeof(*fds));
	if (!fds)
		die("no memory");
	bench_init();
	/* Fills caches. */
	once(argv[1], 10, fds, false);
	for (i = 0; i < samples; i++)
		once(argv[1], n, fds, true);
	return 0;
}
