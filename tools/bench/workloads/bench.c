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
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

/* Instructions in a turn of the spinner's loop. */
#define TURN		2

/*
 * The background is quiet when it does next to nothing in WINDOWS windows in a
 * row: together longer than a grace period, which a tick or more of this
 * configuration separates from the work that it holds up.
 */
#define WINDOW_NS	(20 * NSEC_PER_MSEC)
#define WINDOWS		5
#define QUIET_WORK	60000
#define PATIENCE_NS	(600 * NSEC_PER_SEC)

/* Freed memory is back when at most a tenth is not; caches keep a little. */
#define REST_SHARE	10
#define REST_LEAST	(2 << 20)

static volatile uint64_t *turns;
/* Elapsed time per nanosecond of spinning in a calm guest: ticks take a bit. */
static double idle_factor = 1.0;

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

bool counts_instructions(void)
{
	return turns;
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
	return clock_now() - (int64_t)(idle_factor * TURN * *turns);
}

static void sleep_ns(int64_t ns)
{
	struct timespec ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	nanosleep(&ts, NULL);
}

static void spin(void)
{
	struct sched_param param = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(sched_setscheduler(0, SCHED_IDLE, &param));
	asm volatile("1: incq %0; jmp 1b" : "+m"(*turns));
	__builtin_unreachable();
}

static void calibrate(void)
{
	double least = 0, factor;
	uint64_t turns0;
	int64_t start;
	int i;

	for (i = 0; i < 10; i++) {
		start = clock_now();
		turns0 = *turns;
		sleep_ns(WINDOW_NS * 2);
		factor = (double)(clock_now() - start) / TURN / (*turns - turns0);
		if (!i || factor < least)
			least = factor;
	}
	idle_factor = least;
	if (least < 1 || least > 1.02)
		die("a nanosecond is no instruction: idle takes %.4f", least);
}

void bench_init(void)
{
	const char *clock = getenv("BENCH_CLOCK");
	uint64_t *page;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!clock || strcmp(clock, "instructions"))
		return;
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		die("instructions are counted on one CPU only");
	page = shared(sizeof(*page));
	turns = page;
	if (!must(fork()))
		spin();
	calibrate();
}

int64_t slab_objects(void)
{
	long active, size;
	char line[512];
	int64_t sum = 0;
	FILE *file;

	file = fopen("/proc/slabinfo", "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %ld %*d %ld", &active, &size) == 2)
			sum += active * size;
	fclose(file);
	return sum;
}

void memory_read(struct memory *mem)
{
	const struct {
		const char *name;
		int64_t *value;
	} fields[] = {
		{ "Slab: %ld kB", &mem->slab },
		{ "Percpu: %ld kB", &mem->percpu },
		{ "VmallocUsed: %ld kB", &mem->vmalloc },
		{ "PageTables: %ld kB", &mem->page_tables },
	};
	char line[128];
	FILE *file;
	unsigned long i;
	long kib;

	file = fopen("/proc/meminfo", "r");
	if (!file)
		die("/proc/meminfo: %m");
	while (fgets(line, sizeof(line), file))
		for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (sscanf(line, fields[i].name, &kib) == 1)
				*fields[i].value = kib * 1024;
	fclose(file);
}

/* VmallocUsed has what kernel stacks are made of. */
int64_t memory_total(const struct memory *mem)
{
	return mem->slab + mem->percpu + mem->vmalloc + mem->page_tables;
}

void memory_settled(struct memory *mem)
{
	int64_t end = clock_now() + PATIENCE_NS;
	int64_t total, last = 0;
	int stable = 0;

	while (stable < 3) {
		if (clock_now() > end)
			die("memory does not settle");
		write_text("/proc/sys/vm/drop_caches", "3");
		sleep_ns(100 * NSEC_PER_MSEC);
		memory_read(mem);
		total = memory_total(mem);
		stable = llabs(total - last) <= 64 * 1024 ? stable + 1 : 0;
		last = total;
	}
}

/* The beginning of the first of the quiet windows. */
static int64_t quiet(void)
{
	int64_t end = clock_now() + PATIENCE_NS;
	int64_t since = work_now(), last = since, now;
	int calm = 0;

	while (calm < WINDOWS) {
		if (clock_now() > end)
			die("the background does not become quiet");
		sleep_ns(WINDOW_NS);
		now = work_now();
		if (now - last < QUIET_WORK) {
			calm++;
		} else {
			calm = 0;
			since = now;
		}
		last = now;
	}
	return since;
}

int64_t drained(const struct memory *before, const struct memory *peak)
{
	int64_t end = clock_now() + PATIENCE_NS;
	int64_t base, rest = 0, done;
	struct memory mem;

	if (!before)
		return turns ? quiet() : clock_now();
	base = before->slab + before->percpu;
	if (peak)
		rest = (peak->slab + peak->percpu - base) / REST_SHARE;
	if (rest < REST_LEAST)
		rest = REST_LEAST;
	for (;;) {
		done = turns ? quiet() : clock_now();
		memory_read(&mem);
		if (mem.slab + mem.percpu <= base + rest)
			return done;
		if (clock_now() > end)
			die("memory does not come back: %ld KiB more than before",
			    (long)(mem.slab + mem.percpu - base) / 1024);
		sleep_ns(NSEC_PER_MSEC);
	}
}

void sample(const char *name, const char *metric, int64_t value)
{
	printf("sample\t%s\t%s\t%lld\n", name, metric, (long long)value);
}

pid_t fork_into(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

void wait_for(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0));
	if (status)
		die("a child failed, status %#x", status);
}

void *shared(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (mem == MAP_FAILED)
		die("mmap: %m");
	return mem;
}

int open_namespace(unsigned long flag)
{
	return open(flag == CLONE_NEWUTS ? "/proc/self/ns/uts" :
					   "/proc/self/ns/net",
		    O_RDONLY | O_CLOEXEC);
}

int new_namespace(unsigned long flag)
{
	int home = must(open_namespace(flag)), fd;

	must(unshare(flag));
	fd = must(open_namespace(flag));
	must(setns(home, flag));
	close(home);
	return fd;
}

void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		die("%s: %m", path);
}

void raise_file_limit(unsigned long files)
{
	struct rlimit limit = { files, files };

	must(setrlimit(RLIMIT_NOFILE, &limit));
}

int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value <= 0)
		die("%s is no positive number", text);
	return value;
}
