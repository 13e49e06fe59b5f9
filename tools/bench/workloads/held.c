// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces held by a descriptor each: held SAMPLES USE MAKE BYTES DROP N...
 *
 * For each N makes N of them, uses each in one way, and drops them all at once.
 * Prints, as cases MAKE_N, BYTES_N and DROP_N, the work of making one, the bytes
 * that one holds, the work (and the grace periods) of dropping all until their
 * memory is back; and as MAKE_slope and BYTES what one more costs between the
 * least and the largest N.
 * A case called - is not wanted. USE may be uts: UTS namespaces, to compare.
 * It must never count what the descriptors' table takes.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "grace.h"
#include "uses.h"

#define MOST	100000

static int fds[MOST];

struct result {
	int n;
	int64_t work;
	int64_t bytes;
};

static void make(const struct use *use, int n)
{
	unsigned long flag = use ? CLONE_NEWNET : CLONE_NEWUTS;
	int home = must(open_namespace(flag));
	int i;

	for (i = 0; i < n; i++) {
		if (unshare(flag))
			die("unshare number %d: %m", i);
		if (use)
			use->run();
		fds[i] = must(open_namespace(flag));
	}
	must(setns(home, flag));
	close(home);
}

static void drop(int n)
{
	int i;

	for (i = 0; i < n; i++)
		close(fds[i]);
}

static void print_n(const char *name, int n, const char *metric, int64_t value)
{
	char full[64];

	if (!strcmp(name, "-"))
		return;
	snprintf(full, sizeof(full), "%s_%d", name, n);
	print_sample(full, metric, value);
}

static void drop_and_print(const char *name, int n, const struct memory *before,
			   const struct memory *peak)
{
	bool counted = grace_begin();
	int64_t start = work_begin();
	char full[64];

	drop(n);
	print_n(name, n, "raw", drained(before, peak) - start);
	snprintf(full, sizeof(full), "%s_%d", name, n);
	if (counted)
		grace_end(full);
}

static void hold(const struct use *use, char **cases, int n,
		 struct result *result)
{
	struct memory before, peak;
	int64_t start, objects;
	int i;

	/* The table of descriptors grows now. */
	for (i = 0; i < n; i++)
		fds[i] = must(dup(STDIN_FILENO));
	drop(n);
	memory_settled(&before);
	objects = slab_objects();
	expect_background(n);

	start = work_begin();
	make(use, n);
	result->n = n;
	if (counts_instructions() && use && use->links)
		sleep_ns(LINKWATCH_NS);
	result->work = drained(NULL, NULL) - start;
	memory_settled(&peak);
	result->bytes = memory_total(&peak) - memory_total(&before);

	print_n(cases[0], n, "raw", result->work / n);
	print_n(cases[1], n, "bytes", result->bytes / n);
	if (objects >= 0)
		print_n(cases[1], n, "objects", (slab_objects() - objects) / n);

	if (strcmp(cases[2], "-")) {
		drop_and_print(cases[2], n, &before, &peak);
	} else {
		drop(n);
		drained(&before, &peak);
	}
}

static int parse_number(const char *text)
{
	int n = parse_count(text);

	if (n > MOST)
		die("%d are too many", n);
	return n;
}

/* One sample of everything. */
static void hold_each(const struct use *use, char **cases, char **numbers)
{
	struct result first = { 0 }, last = { 0 };
	char slope[64];
	int range;

	for (; *numbers; numbers++) {
		hold(use, cases, parse_number(*numbers), &last);
		if (!first.n)
			first = last;
	}
	range = last.n - first.n;
	if (range <= 0)
		return;
	snprintf(slope, sizeof(slope), "%s_slope", cases[0]);
	if (strcmp(cases[0], "-"))
		print_sample(slope, "raw", (last.work - first.work) / range);
	if (strcmp(cases[1], "-"))
		print_sample(cases[1], "bytes", (last.bytes - first.bytes) / range);
}

int main(int argc, char **argv)
{
	const struct use *use = NULL;
	int samples, first, i;

	if (argc < 7)
		die("usage: held SAMPLES USE MAKE BYTES DROP N...");
	samples = parse_count(argv[1]);
	if (strcmp(argv[2], "uts"))
		use = use_by_name(argv[2]);
	raise_file_limit(MOST + 100);
	bench_init();
	/* Fills caches. */
	first = parse_number(argv[6]);
	make(use, first);
	drop(first);
	for (i = 0; i < samples; i++)
		hold_each(use, argv + 3, argv + 6);
	return 0;
}
