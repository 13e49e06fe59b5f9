// SPDX-License-Identifier: GPL-2.0
/*
 * What of a pair's memory is its driver's own: queues KIND QUEUES N SAMPLES
 *
 * Prints the bytes that a pair of devices with so many queues holds (KIND_pair_Qq),
 * net of two dummy devices with as many, whose driver has next to nothing of its
 * own. It must never measure with other devices in the namespace.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "netlink.h"
#include "uses.h"

static void make(int nl, const char *kind, int queues, int n, int ns)
{
	char name[16], peer[16];
	int i, err;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "near%d", i);
		snprintf(peer, sizeof(peer), "far%d", i);
		if (kind) {
			err = nl_pair_queues(nl, kind, name, ns, peer, ns, queues);
		} else {
			err = nl_dummy_queues(nl, name, queues);
			if (!err)
				err = nl_dummy_queues(nl, peer, queues);
		}
		if (err)
			die("%s %d: %s", kind ?: "dummy", i, strerror(-err));
	}
}

/* Bytes per pair, or per two dummies without a kind. */
static int64_t held(const char *kind, int queues, int n)
{
	int home = must(open_namespace(CLONE_NEWNET)), ns, nl;
	struct memory before, after;

	must(unshare(CLONE_NEWNET));
	use_by_name("lo_up")->run();
	ns = must(open_namespace(CLONE_NEWNET));
	nl = must(nl_open());
	memory_settled(&before);
	make(nl, kind, queues, n, ns);
	memory_settled(&after);
	must(setns(home, CLONE_NEWNET));
	close(nl);
	close(ns);
	close(home);
	drained(&before, &after);
	return (memory_total(&after) - memory_total(&before)) / n;
}

int main(int argc, char **argv)
{
	int queues, n, i;
	char name[32];

	if (argc != 5)
		die("usage: queues KIND QUEUES N SAMPLES");
	queues = parse_count(argv[2]);
	n = parse_count(argv[3]);
	snprintf(name, sizeof(name), "%s_pair_%dq", argv[1], queues);
	bench_init();
	/* Fills caches. */
	held(argv[1], queues, 10);
	held(NULL, queues, 10);
	for (i = 0; i < parse_count(argv[4]); i++)
		print_sample(name, "bytes_net",
			     held(argv[1], queues, n) - held(NULL, queues, n));
	return 0;
}
