// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of a shell, measured: measure CASE SAMPLES NUMBER COMMAND WITHOUT
 * or measure CASE SAMPLES NUMBER COMMAND WITHOUT CASE COMMAND WITHOUT
 *
 * Prints the work of COMMAND divided by NUMBER, raw and net of the command
 * WITHOUT. Of two, the second undoes what the first did, and only after it has
 * memory to be back. It must never measure a command that fails.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "bench.h"

static void shell(const char *command)
{
	pid_t pid = must(fork());

	if (!pid) {
		execlp("bash", "bash", "-c", command, NULL);
		die("bash: %m");
	}
	wait_for(pid);
}

static int64_t work_of(const char *command, const struct memory *before)
{
	int64_t start = work_begin();

	shell(command);
	return drained(before, NULL) - start;
}

int main(int argc, char **argv)
{
	int64_t raw[2], without[2];
	int samples, number_of, commands, i, c;
	const char *name;
	struct memory before;

	if (argc != 6 && argc != 9)
		die("usage: measure CASE SAMPLES NUMBER COMMAND WITHOUT [CASE COMMAND WITHOUT]");
	commands = argc == 9 ? 2 : 1;
	samples = parse_count(argv[2]);
	number_of = parse_count(argv[3]);
	bench_init();
	/* The first fills caches. */
	for (i = -1; i < samples; i++) {
		drained_before(&before);
		for (c = 0; c < commands; c++)
			raw[c] = work_of(argv[4 + 3 * c],
					 c == commands - 1 ? &before : NULL);
		for (c = 0; c < commands; c++)
			without[c] = work_of(argv[5 + 3 * c], NULL);
		for (c = 0; c < commands && i >= 0; c++) {
			name = argv[c ? 6 : 1];
			print_sample(name, "raw", raw[c] / number_of);
			print_sample(name, "net", (raw[c] - without[c]) / number_of);
		}
	}
	return 0;
}
