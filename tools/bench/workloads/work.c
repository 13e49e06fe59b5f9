// SPDX-License-Identifier: GPL-2.0
/*
 * The clock that counts work.
 *
 * With -icount shift=0 a nanosecond of guest time is an instruction, but for an
 * idle CPU, whose time passes for nothing. So a SCHED_IDLE process takes all
 * idle time and counts the turns of a loop whose length is known exactly: what
 * remains of the elapsed time is work, including that of interrupts, softirqs
 * and kernel threads, whoever they interrupt.
 *
 * It must never run beside a second CPU: the turns of the loop would then say
 * nothing about the first.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/*
 * Instructions in a turn of the spinner's loop, most of them no-ops: the emulator
 * has nothing to do for these, so that idle time passes faster than real time.
 */
#define TURN		128

/*
 * The background is quiet when it does next to nothing in WINDOWS windows in a
 * row: together longer than a grace period, which a tick or more of this
 * configuration separates from the work that it holds up.
 */
#define WINDOW_NS	(20 * NSEC_PER_MSEC)
#define WINDOWS		5
#define QUIET_WORK	20000
/* What one of many namespaces that live does in a window, at most. */
#define QUIET_EACH	75

/*
 * What elapsed time per instruction of the spinner's must not exceed. It is taken
 * from windows so long that a tick more or less in one is nothing: idle time that
 * is part of what is measured, seconds of it, goes wrong by as much.
 */
#define MOST_TICKS	1.02
#define TICKS_NS	(2 * NSEC_PER_SEC)
#define TICKS_WINDOWS	3

/* Freed memory is back when at most a tenth is not; caches keep a little. */
#define REST_SHARE	10
#define REST_LEAST	(4 << 20)

static uint64_t *turns;
static pid_t spinner;
static int64_t quiet_work = QUIET_WORK;
/* Elapsed time per nanosecond of spinning in a calm guest: ticks take a bit. */
static double idle_factor = 1.0;

bool counts_instructions(void)
{
	return turns;
}

static uint64_t turned(void)
{
	return __atomic_load_n(turns, __ATOMIC_RELAXED);
}

int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t work_now(void)
{
	if (!turns)
		return clock_now();
	return clock_now() - (int64_t)(idle_factor * TURN * turned());
}

static int64_t last_tick(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t work_begin(void)
{
	int64_t tick;

	if (!turns)
		return clock_now();
	tick = last_tick();
	while (last_tick() == tick)
		;
	return work_now();
}

void sleep_ns(int64_t ns)
{
	struct timespec ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	nanosleep(&ts, NULL);
}

static void spin(void)
{
	struct sched_param param = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(sched_setscheduler(0, SCHED_IDLE, &param));
	asm volatile("1: incq %0\n\t"
		     ".rept %c1 - 2\n\tnop\n\t.endr\n\t"
		     "jmp 1b" : "+m"(*turns) : "i"(TURN));
	__builtin_unreachable();
}

void sleep_uncounted(int64_t ns)
{
	if (turns)
		must(kill(spinner, SIGSTOP));
	sleep_ns(ns);
	if (turns)
		must(kill(spinner, SIGCONT));
}

static void calibrate(void)
{
	int64_t end = clock_now() + PATIENCE_NS, start;
	double least = 0, factor;
	uint64_t turns0;
	int i;

	/* The first windows may be full of what an earlier workload left to do. */
	for (i = 0; i < TICKS_WINDOWS || (least > MOST_TICKS && clock_now() < end); i++) {
		start = clock_now();
		turns0 = turned();
		sleep_ns(TICKS_NS);
		factor = (double)(clock_now() - start) / TURN / (turned() - turns0);
		if (!i || factor < least)
			least = factor;
	}
	idle_factor = least;
	if (least < 1 || least > MOST_TICKS)
		die("a nanosecond is no instruction: idle takes %.4f", least);
}

void bench_init(void)
{
	const char *clock = getenv("BENCH_CLOCK");
	int64_t start;
	uint64_t *page;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!clock || strcmp(clock, "instructions"))
		return;
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		die("instructions are counted on one CPU only");
	page = shared(sizeof(*page));
	turns = page;
	spinner = must(fork());
	if (!spinner)
		spin();
	start = clock_now();
	if (clock_now() == start)
		die("the clock does not see every instruction");
	calibrate();
}

void expect_background(int namespaces)
{
	quiet_work = QUIET_WORK + (int64_t)QUIET_EACH * namespaces;
}

/* The beginning of the first of the quiet windows. */
static int64_t calm_since(void)
{
	int64_t end = clock_now() + PATIENCE_NS;
	int64_t since = work_now(), last = since, now;
	int calm = 0;

	while (calm < WINDOWS) {
		if (clock_now() > end)
			die("the background does not become quiet");
		sleep_ns(WINDOW_NS);
		now = work_now();
		if (now - last < quiet_work) {
			calm++;
		} else {
			calm = 0;
			since = now;
		}
		last = now;
	}
	return since;
}

void drained_before(struct memory *before)
{
	drained(NULL, NULL);
	memory_read(before);
}

static bool is_back(int64_t limit)
{
	struct memory mem;

	memory_read(&mem);
	return mem.slab + mem.percpu <= limit;
}

int64_t drained(const struct memory *before, const struct memory *peak)
{
	int64_t end = clock_now() + PATIENCE_NS;
	int64_t base, rest = 0, done;

	if (!before)
		return turns ? calm_since() : clock_now();
	base = before->slab + before->percpu;
	if (peak)
		rest = (peak->slab + peak->percpu - base) / REST_SHARE;
	if (rest < REST_LEAST)
		rest = REST_LEAST;
	for (;;) {
		done = turns ? calm_since() : clock_now();
		if (is_back(base + rest))
			return done;
		/* What is kept in slabs without objects is not held. */
		if (turns)
			shrink_slabs();
		if (turns && is_back(base + rest))
			return done;
		if (clock_now() > end)
			die("memory does not come back: more than %lld KiB are missing",
			    (long long)rest / 1024);
		sleep_ns(NSEC_PER_MSEC);
	}
}
