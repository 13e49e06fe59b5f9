// SPDX-License-Identifier: GPL-2.0
/*
 * The small things that all workloads need: output, children, namespaces.
 *
 * It must never print a value and fail afterwards without a reason on stderr.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void print_sample(const char *name, const char *metric, int64_t value)
{
	printf("sample\t%s\t%s\t%lld\n", name, metric, (long long)value);
}

void run_on(pid_t pid, int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	must(sched_setaffinity(pid, sizeof(cpus), &cpus));
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

void raise_namespace_limits(int most)
{
	char limit[16];

	snprintf(limit, sizeof(limit), "%d", most + 100);
	write_text("/proc/sys/user/max_net_namespaces", limit);
	write_text("/proc/sys/user/max_uts_namespaces", limit);
}

int parse_count(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value <= 0)
		die("%s is no positive number", text);
	return value;
}
