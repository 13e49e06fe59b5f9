// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs of devices between two namespaces: pairs KIND N SAMPLES
 *
 * Prints the work of making a pair (KIND_pair_create), the bytes that one holds
 * (KIND_pair_bytes), and the work and the grace periods of N pairs that end with
 * one of the namespaces, until their memory is back (KIND_pair_destroy_N). It
 * must never count what the namespaces themselves take.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "grace.h"
#include "netlink.h"
#include "path.h"

struct names {
	char create[32];
	char bytes[32];
	char destroy[48];
};

static void make_pairs(int nl, const char *kind, int n, int near, int far)
{
	char name[16], peer[16];
	int i, err;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "near%d", i);
		snprintf(peer, sizeof(peer), "far%d", i);
		err = nl_pair(nl, kind, name, near, peer, far);
		if (err)
			die("%s pair %d: %s", kind, i, strerror(-err));
	}
}

static void once(int nl, const char *kind, int n, const struct names *names)
{
	int near = used_namespace(), far = used_namespace();
	struct memory before, peak;
	int64_t start;
	bool counted;

	memory_settled(&before);
	drained(NULL, NULL);
	start = work_now();
	make_pairs(nl, kind, n, near, far);
	if (names)
		print_sample(names->create, "raw", (drained(NULL, NULL) - start) / n);
	memory_settled(&peak);
	if (names)
		print_sample(names->bytes, "bytes",
			     (memory_total(&peak) - memory_total(&before)) / n);

	counted = names && grace_begin();
	start = work_now();
	close(far);
	start = drained(&before, &peak) - start;
	if (names)
		print_sample(names->destroy, "raw", start);
	if (counted)
		grace_end(names->destroy);
	close(near);
	drained(NULL, NULL);
}

int main(int argc, char **argv)
{
	int n, samples, i, nl;
	struct names names;

	if (argc != 4)
		die("usage: pairs KIND N SAMPLES");
	n = parse_count(argv[2]);
	samples = parse_count(argv[3]);
	snprintf(names.create, sizeof(names.create), "%s_pair_create", argv[1]);
	snprintf(names.bytes, sizeof(names.bytes), "%s_pair_bytes", argv[1]);
	snprintf(names.destroy, sizeof(names.destroy), "%s_pair_destroy_%d", argv[1], n);
	bench_init();
	nl = must(nl_open());
	/* Fills caches. */
	once(nl, argv[1], 10, NULL);
	for (i = 0; i < samples; i++)
		once(nl, argv[1], n, &names);
	return 0;
}
