// SPDX-License-Identifier: GPL-2.0
/*
 * Unused namespaces made and dropped on all CPUs at once:
 * scaling CASE net|uts ITERATIONS BATCHES
 *
 * Prints for each batch the time of one with all CPUs at it, until all memory is
 * back (raw); the rate of all CPUs in per cent of that of one alone (speedup: 200
 * on two is perfect); and how often somebody waited for a lock, of whatever kind,
 * per thousand namespaces (contended). It must never leave the CPUs to the
 * scheduler's choice.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define EVENT	"/sys/kernel/tracing/events/lock/contention_begin/id"
#define MOST	256

static int counters[MOST];

/* Of all that wait for locks, on all CPUs; false without such an event. */
static bool count_contentions(int cpus)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
	};
	FILE *file = fopen(EVENT, "r");
	unsigned long id;
	int i;

	if (!file || fscanf(file, "%lu", &id) != 1)
		return false;
	fclose(file);
	attr.config = id;
	for (i = 0; i < cpus; i++)
		counters[i] = must(syscall(SYS_perf_event_open, &attr, -1, i, -1,
					   PERF_FLAG_FD_CLOEXEC));
	return true;
}

static int64_t contentions(int cpus)
{
	uint64_t count;
	int64_t sum = 0;
	int i;

	for (i = 0; i < cpus; i++) {
		must(read(counters[i], &count, sizeof(count)));
		sum += count;
	}
	return sum;
}

static void work_on(int cpu, unsigned long flag, int iterations)
{
	pid_t pid;
	int i;

	run_on(0, cpu);
	for (i = 0; i < iterations; i++) {
		pid = must(fork());
		if (!pid) {
			must(unshare(flag));
			_exit(0);
		}
		wait_for(pid);
	}
	_exit(0);
}

/* The time that this many CPUs take for as many iterations each. */
static int64_t time_of(int cpus, unsigned long flag, int iterations)
{
	struct memory before;
	int64_t start;
	int i;

	drained_before(&before);
	start = clock_now();
	for (i = 0; i < cpus; i++)
		if (!must(fork()))
			work_on(i, flag, iterations);
	for (i = 0; i < cpus; i++)
		wait_for(-1);
	return drained(&before, NULL) - start;
}

int main(int argc, char **argv)
{
	int64_t one, all, before = 0;
	int iterations, batches, cpus, i;
	unsigned long flag;
	bool counted;

	if (argc != 5)
		die("usage: scaling CASE net|uts ITERATIONS BATCHES");
	flag = strcmp(argv[2], "uts") ? CLONE_NEWNET : CLONE_NEWUTS;
	iterations = parse_count(argv[3]);
	batches = parse_count(argv[4]);
	bench_init();
	if (counts_instructions())
		die("instructions are counted on one CPU only");
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus > MOST)
		cpus = MOST;
	counted = count_contentions(cpus);
	/* The first fills caches. */
	time_of(cpus, flag, iterations);
	for (i = 0; i < batches; i++) {
		one = time_of(1, flag, iterations);
		if (counted)
			before = contentions(cpus);
		all = time_of(cpus, flag, iterations);
		print_sample(argv[1], "raw", all / iterations / cpus);
		print_sample(argv[1], "speedup", 100 * cpus * one / all);
		if (counted)
			print_sample(argv[1], "contended", 1000 *
				     (contentions(cpus) - before) / iterations / cpus);
	}
	return 0;
}
