// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory the kernel holds, by what it says in /proc.
 *
 * It must never be read while something is still on its way back: see
 * memory_settled().
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

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

bool memory_scarce(long reserve_mib)
{
	long kib = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib < reserve_mib * 1024;
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

/*
 * Slabs without objects are given back: how many are kept depends on what ran
 * before, which need not have cost both kernels the same.
 */
void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[320];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		/* Others are names of the same caches. */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		write_text(path, "1");
	}
	closedir(dir);
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
		shrink_slabs();
		sleep_uncounted(100 * NSEC_PER_MSEC);
		memory_read(mem);
		total = memory_total(mem);
		stable = llabs(total - last) <= 64 * 1024 ? stable + 1 : 0;
		last = total;
	}
}
