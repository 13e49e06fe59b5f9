/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of dormant namespaces share: seeing whether one has been
 * activated, and being the first to use one.
 */
#ifndef DORMANT_UTIL_H
#define DORMANT_UTIL_H

#include <sys/mount.h>

#include "isolation_util.h"

#define EAGER_SYSCTL "/proc/sys/net/core/netns_eager"
#define ACTIVATIONS "/sys/kernel/debug/netns/activations"

/* How many namespaces have been activated since boot. */
static inline int activations(void)
{
	char text[32];
	int len;

	len = read_file(ACTIVATIONS, text, sizeof(text));
	return len < 0 ? len : atoi(text);
}

/*
 * Runs a program in which births are lazy, and whose own namespace and mounts
 * are in use before its first test.
 */
#define DORMANT_TEST_MAIN						\
int main(int argc, char **argv)						\
{									\
	int err;							\
									\
	netns_test_init();						\
	err = set_sysctl(EAGER_SYSCTL, "0");				\
	if (err)							\
		ksft_exit_fail_msg(EAGER_SYSCTL ": %s\n", strerror(-err)); \
	if (activations() < 0 &&					\
	    mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL))	\
		ksft_exit_fail_msg("no debugfs\n");			\
	if (activations() < 0)						\
		ksft_exit_fail_msg("no " ACTIVATIONS "\n");		\
	exit(test_harness_run(argc, argv));				\
}

/* The index of a device of the caller's namespace, or a negative errno. */
static inline int own_link_index(const char *name)
{
	int nl = nl_open();
	int index;

	if (nl < 0)
		return nl;
	index = link_index(nl, name);
	close(nl);
	return index;
}

#endif /* DORMANT_UTIL_H */
