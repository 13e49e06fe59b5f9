// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces that nobody uses, made and dropped, and the controls beside them:
 * unused CASE ITERATIONS BATCHES
 *
 * Prints per iteration, for each batch, the work until everything is gone, and
 * that net of the same loop without a new namespace. It must never touch the
 * namespaces that it makes.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

enum how { UNSHARE, CLONE, SYSCALL };

static const struct {
	const char *name;
	enum how how;
	unsigned long flags;
} cases[] = {
	{ "unshare_net", UNSHARE, CLONE_NEWNET },
	{ "unshare_net_no_fb_tunnels", UNSHARE, CLONE_NEWNET },
	{ "unshare_uts", UNSHARE, CLONE_NEWUTS },
	{ "clone_net", CLONE, CLONE_NEWNET },
	{ "clone_newuser_net", CLONE, CLONE_NEWUSER | CLONE_NEWNET },
	{ "fork_exit", CLONE, 0 },
	{ "getpid", SYSCALL, 0 },
};

static void once(enum how how, unsigned long flags)
{
	pid_t pid;

	if (how == SYSCALL) {
		syscall(SYS_getpid);
		return;
	}
	pid = must(fork_into(how == CLONE ? flags : 0));
	if (!pid) {
		if (how == UNSHARE && unshare(flags))
			die("unshare: %m");
		_exit(0);
	}
	wait_for(pid);
}

static int64_t batch(enum how how, unsigned long flags, int iterations)
{
	struct memory before;
	int64_t start;
	int i;

	drained_before(&before);
	start = work_begin();
	for (i = 0; i < iterations; i++)
		once(how, flags);
	return (drained(&before, NULL) - start) / iterations;
}

/*
 * Where in its slab an object lies differs between two boots and costs a fork up to
 * a hundredth. With another process beside it, each batch has slabs of its own.
 */
static void park(void)
{
	if (must(fork()))
		return;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	pause();
	_exit(0);
}

int main(int argc, char **argv)
{
	int iterations, batches, i;
	int64_t raw, without;
	unsigned long c;

	if (argc != 4)
		die("usage: unused CASE ITERATIONS BATCHES");
	for (c = 0; strcmp(cases[c].name, argv[1]); c++)
		if (c + 1 == sizeof(cases) / sizeof(*cases))
			die("no case %s", argv[1]);
	iterations = parse_count(argv[2]);
	batches = parse_count(argv[3]);
	bench_init();
	/* The first batches fill caches. */
	for (i = -2; i < batches; i++) {
		park();
		raw = batch(cases[c].how, cases[c].flags, iterations);
		if (i >= 0)
			print_sample(argv[1], "raw", raw);
		if (!cases[c].flags)
			continue;
		without = batch(cases[c].how, 0, iterations);
		if (i >= 0)
			print_sample(argv[1], "net", raw - without);
	}
	return 0;
}
