// SPDX-License-Identifier: GPL-2.0
/*
 * Grace periods, counted in a trace buffer of their own.
 *
 * The buffer keeps one event a grace period. Of ordinary ones, that is a probe at
 * their end: RCU's own event comes with every callback that is queued, and to sort
 * those out took a tenth of what ending a namespace takes. It must never lose an
 * event silently: what was overwritten makes the figure a lie.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "grace.h"

#define PROBES		"/sys/kernel/tracing/kprobe_events"
#define PROBE		"p:bench/bench_grace_period rcu_gp_cleanup"
#define PROBED		"/sys/kernel/tracing/events/bench/bench_grace_period"
#define INSTANCE	"/sys/kernel/tracing/instances/bench"
#define NORMAL		INSTANCE "/events/bench/bench_grace_period"
#define EXPEDITED	INSTANCE "/events/rcu/rcu_exp_grace_period"

/* Beside those of others. Not by stdio, which would look for the file's end. */
static bool add_probe(void)
{
	int fd = open(PROBES, O_WRONLY | O_APPEND);
	bool added;

	if (fd < 0)
		return false;
	added = write(fd, PROBE, strlen(PROBE)) == strlen(PROBE);
	close(fd);
	return added;
}

static bool make_instance(void)
{
	/* A program before may have added it. */
	if (access(PROBED, F_OK) && !add_probe())
		return false;
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		return false;
	if (access(NORMAL, F_OK) || access(EXPEDITED, F_OK))
		return false;
	write_text(EXPEDITED "/filter", "gpevent == \"start\"");
	return true;
}

bool grace_begin(void)
{
	static bool made;

	if (!made && !make_instance())
		return false;
	made = true;
	write_text(INSTANCE "/trace", "");
	write_text(NORMAL "/enable", "1");
	write_text(EXPEDITED "/enable", "1");
	return true;
}

void grace_end(const char *name)
{
	long kept, written, normal = 0, expedited = 0;
	char line[512];
	FILE *file;

	write_text(NORMAL "/enable", "0");
	write_text(EXPEDITED "/enable", "0");
	file = fopen(INSTANCE "/trace", "r");
	if (!file)
		die("%s: %m", INSTANCE "/trace");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "# entries-in-buffer/entries-written: %ld/%ld",
			   &kept, &written) == 2 && kept != written)
			die("%ld events were lost", written - kept);
		normal += !!strstr(line, " bench_grace_period: ");
		expedited += !!strstr(line, " rcu_exp_grace_period: ");
	}
	fclose(file);
	print_sample(name, "grace_periods", normal + expedited);
	print_sample(name, "expedited", expedited);
}
