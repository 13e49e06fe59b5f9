// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of an activation is made to fail once: the caller gets an
 * errno, the namespace is as it was before, and its next use works.
 */
#include "dormant_util.h"
#include "fail_nth.h"

/* More than an activation has on any configuration. */
#define MOST 20000

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

/* How a namespace comes to be used. */
FIXTURE(use)
{
};

FIXTURE_VARIANT(use)
{
	bool local_before;	/* there is a local socket, which must not mind */
	int family;
	int least;		/* allocations that there are at least */
};

FIXTURE_VARIANT_ADD(use, whole)
{
	.family = AF_INET6,
	.least = 50,
};

FIXTURE_VARIANT_ADD(use, local)
{
	.family = AF_UNIX,
	.least = 4,
};

FIXTURE_VARIANT_ADD(use, whole_after_local)
{
	.local_before = true,
	.family = AF_INET6,
	.least = 50,
};

FIXTURE_SETUP(use)
{
	if (!can_fail())
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, let_fail());
}

FIXTURE_TEARDOWN(use)
{
}

static bool passes_a_byte(const int *pair)
{
	char c;

	return write(pair[0], "x", 1) == 1 && read(pair[1], &c, 1) == 1;
}

/*
 * A first use, in which the @nth allocation fails. Returns 1 when there are
 * not so many, 0 when all was well, and a number that tells the step if not.
 */
static int use_with_failure(bool local_before, int family, int nth)
{
	int sock, err, pair[2];
	bool failed;

	if (sys_unshare(CLONE_NEWNET))
		return 2;
	if (local_before && socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 2;
	if (fail_nth(nth))
		return 2;
	sock = socket(family, SOCK_DGRAM, 0);
	err = sock < 0 ? errno : 0;
	failed = has_failed();
	if (fail_nth(0))
		return 3;
	/* What can do without it goes on. */
	if (sock < 0 && err != ENOMEM && err != ENOBUFS && err != ENFILE)
		return 4;
	if (sock < 0 && !failed)
		return 5;
	if (local_before && !passes_a_byte(pair))
		return 6;
	if (sock < 0) {
		sock = socket(family, SOCK_DGRAM, 0);
		if (sock < 0)
			return 7;
	}
	close(sock);
	/* As good as new. */
	if (own_link_index("lo") != 1)
		return 8;
	if (access("/proc/self/net/dev", R_OK) ||
	    access("/proc/sys/net/ipv6/conf/lo", R_OK))
		return 9;
	if (local_before && !passes_a_byte(pair))
		return 10;
	return failed ? 0 : 1;
}

TEST_F(use, each_allocation_fails_once)
{
	EACH_ALLOCATION(variant->least, MOST,
			use_with_failure(variant->local_before,
					 variant->family, nth));
	/* The home of this test, and none of those. */
	EXPECT_TRUE(wait_until(count_slab() < 100));
}

DORMANT_TEST_MAIN
