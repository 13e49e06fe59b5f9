/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two control groups: of who makes a namespace, and of who is the first to use it.
 * They are in one of the test's own, which counts no others.
 */
#ifndef DORMANT_CGROUP_H
#define DORMANT_CGROUP_H

#include "dormant_util.h"

#define CGROUPS "/sys/fs/cgroup"
#define PARENT CGROUPS "/dormant"
#define MAKER PARENT "/maker"
#define USER PARENT "/user"

/* An earlier run may have left them. */
static inline int make_cgroups(void)
{
	rmdir(MAKER);
	rmdir(USER);
	rmdir(PARENT);
	return mkdir(PARENT, 0755) || mkdir(MAKER, 0755) || mkdir(USER, 0755) ?
	       -errno : 0;
}

static inline int enter_cgroup(const char *cgroup)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	return write_file(path, "0");
}

/* A namespace of the maker's, by a task that becomes the user then. */
static inline int maker_netns(void)
{
	int err, nsfd;

	err = enter_cgroup(MAKER);
	if (err)
		return err;
	nsfd = new_netns();
	err = enter_cgroup(USER);
	return err ? err : nsfd;
}

/* The number after @key in a file of such lines. */
static inline long read_key(const char *path, const char *key)
{
	char line[128], name[64];
	long value = -ENOENT, n;
	FILE *file;

	file = fopen(path, "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", name, &n) == 2 &&
		    !strcmp(name, key))
			value = n;
	fclose(file);
	return value;
}

#endif /* DORMANT_CGROUP_H */
