// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of an activation is made to fail once: the caller gets an
 * errno, the namespace is as it was before, and its next use works.
 */
#include <sys/ioctl.h>

#include "dormant_util.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
/* More than an activation has on any configuration. */
#define MOST 20000

/* The @nth allocation of this task fails from here on; 0 for none. */
static int fail_nth(int nth)
{
	return write_file("/proc/thread-self/fail-nth", "%d", nth);
}

/* Has it come to that? */
static bool has_failed(void)
{
	char text[16];

	return read_file("/proc/thread-self/fail-nth", text,
			 sizeof(text)) > 0 && !atoi(text);
}

static int count_slab(void)
{
	char line[256];
	int active = -1;
	FILE *file;

	file = fopen("/proc/slabinfo", "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "net_namespace %d", &active) == 1)
			break;
	fclose(file);
	return active;
}

/*
 * A first use, in which the @nth allocation fails. Returns 1 when there are
 * not so many, 0 when all was well, and a number that tells the step if not.
 */
static int use_with_failure(int nth)
{
	int sock, err;
	bool failed;

	if (sys_unshare(CLONE_NEWNET) || fail_nth(nth))
		return 2;
	sock = socket(AF_INET6, SOCK_DGRAM, 0);
	err = sock < 0 ? errno : 0;
	failed = has_failed();
	if (fail_nth(0))
		return 3;
	/* What can do without it goes on. */
	if (sock < 0 && err != ENOMEM && err != ENOBUFS && err != ENFILE)
		return 4;
	if (sock < 0 && !failed)
		return 5;
	if (sock < 0) {
		sock = socket(AF_INET6, SOCK_DGRAM, 0);
		if (sock < 0)
			return 6;
	}
	close(sock);
	/* As good as new. */
	if (own_link_index("lo") != 1)
		return 7;
	if (access("/proc/self/net/dev", R_OK) ||
	    access("/proc/sys/net/ipv6/conf/lo", R_OK))
		return 8;
	return failed ? 0 : 1;
}

TEST(each_allocation_once)
{
	int nth, status = 0;
	pid_t pid;

	if (access(FAILSLAB "ignore-gfp-wait", W_OK))
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, write_file(FAILSLAB "ignore-gfp-wait", "N"));
	ASSERT_EQ(0, write_file(FAILSLAB "verbose", "0"));
	for (nth = 1; nth < MOST; nth++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(use_with_failure(nth));
		status = wait_exit(pid);
		if (status)
			break;
	}
	EXPECT_EQ(1, status) {
		TH_LOG("allocation %d", nth);
	}
	EXPECT_LT(50, nth);
	TH_LOG("%d allocations", nth - 1);
	/* The home of this test, and none of those. */
	EXPECT_TRUE(wait_until(count_slab() < 100));
}

DORMANT_TEST_MAIN
