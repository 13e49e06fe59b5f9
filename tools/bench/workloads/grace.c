// SPDX-License-Identifier: GPL-2.0
/*
 * Grace periods, counted in a trace buffer of their own.
 *
 * The buffer keeps one event a grace period, its beginning. It must never lose
 * one silently: what was overwritten makes the figure a lie.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "grace.h"

#define INSTANCE	"/sys/kernel/tracing/instances/bench"
#define NORMAL		INSTANCE "/events/rcu/rcu_grace_period"
#define EXPEDITED	INSTANCE "/events/rcu/rcu_exp_grace_period"

static bool make_instance(void)
{
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		return false;
	if (access(NORMAL, F_OK) || access(EXPEDITED, F_OK))
		return false;
	write_text(NORMAL "/filter", "gpevent == \"start\"");
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
		normal += !!strstr(line, " rcu_grace_period: ");
		expedited += !!strstr(line, " rcu_exp_grace_period: ");
	}
	fclose(file);
	print_sample(name, "grace_periods", normal + expedited);
	print_sample(name, "expedited", expedited);
}
