/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the workloads share: the clock that counts work, memory, children.
 *
 * Whatever fails ends the program with a reason on stderr: a figure from a
 * workload that went wrong must never be printed.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define __noreturn	__attribute__((noreturn))
#define __printf(a, b)	__attribute__((format(printf, a, b)))

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

/* Notifications of the state of links follow within a second. */
#define LINKWATCH_NS	(1200 * NSEC_PER_MSEC)

/* How long to wait for what must end: emulated, on a loaded machine. */
#define PATIENCE_NS	(600 * NSEC_PER_SEC)

/* Held memory, in bytes, as /proc/meminfo has it. */
struct memory {
	int64_t slab;
	int64_t percpu;
	int64_t vmalloc;
	int64_t page_tables;
};

void bench_init(void);

/* Whether the work clock counts instructions; else it is the wall's. */
bool counts_instructions(void);

/*
 * The work clock: what the machine did so far, foreground and background. In
 * units of instructions when QEMU runs with -icount shift=0, else nanoseconds.
 */
int64_t work_now(void);

/*
 * The same where a figure begins, and then just after a tick: RCU and the scheduler
 * wait for ticks, and how often they do meanwhile must not be drawn by lot.
 */
int64_t work_begin(void);

/* Virtual nanoseconds, waiting included. */
int64_t clock_now(void);
void sleep_ns(int64_t ns);
/* An idle CPU, which costs an emulator nothing: the work clock goes wrong. */
void sleep_uncounted(int64_t ns);

void memory_read(struct memory *mem);
void shrink_slabs(void);
/* Exact, as long as nothing is on its way; what the work clock said is void. */
void memory_settled(struct memory *mem);
int64_t memory_total(const struct memory *mem);
/* Objects in use times their size, of all slab caches; -1 without slabinfo. */
int64_t slab_objects(void);
/* Whether next to no memory is left: a kernel that runs out kills, or panics. */
bool memory_scarce(long reserve_mib);

/*
 * Waits until background work has ended and memory is back, all but a tenth of
 * what it was more at @peak than @before and all but a little without @peak, and
 * returns when that was on the work clock. Without @before, memory may stay.
 */
int64_t drained(const struct memory *before, const struct memory *peak);

/* How many namespaces live meanwhile: their own timers are no work to wait for. */
void expect_background(int namespaces);

/* What to give to drained(), when nothing is to be known about the bytes. */
void drained_before(struct memory *before);

/* One measured value on stdout. */
void print_sample(const char *name, const char *metric, int64_t value);

void __noreturn __printf(1, 2) die(const char *fmt, ...);

#define must(call)							\
({									\
	__typeof__(call) __ret = (call);				\
									\
	if (__ret < 0)							\
		die("%s:%d: %s: %m", __FILE__, __LINE__, #call);	\
	__ret;								\
})

/* Behaves as fork() does, with these clone flags. */
pid_t fork_into(unsigned long flags);
/* Dies unless the child exits with status 0. */
void wait_for(pid_t pid);
/* A task, or the caller if it is 0, on this CPU only. */
void run_on(pid_t pid, int cpu);

/* Memory that children share with their parent. */
void *shared(size_t size);
/* A descriptor of the caller's own namespace of this kind. */
int open_namespace(unsigned long flag);
/* A namespace of this kind, held by the descriptor only. */
int new_namespace(unsigned long flag);
void write_text(const char *path, const char *text);
void raise_file_limit(unsigned long files);
/* Of namespaces of each kind that a user may have. */
void raise_namespace_limits(int most);
int parse_count(const char *text);

#endif /* BENCH_H */
