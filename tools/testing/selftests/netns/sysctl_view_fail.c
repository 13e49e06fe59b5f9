// SPDX-License-Identifier: GPL-2.0
/*
 * The first look into /proc/sys/net of a namespace is made to fail, at each of
 * its allocations, or coincides with others, with devices that come and go and
 * with the end of a namespace: the next look finds all there is.
 */
#include <pthread.h>

#include "fail_nth.h"
#include "sysctl_view.h"

/* More than a first look makes on any configuration. */
#define MOST 5000

/* What it takes to have a pair would only take longer. */
static int add_dummy(int nl)
{
	return dummy_add(nl, "d0");
}

/*
 * A first look in which the @nth allocation fails. Returns 1 when there are not
 * so many, 0 when all was well, and a number that tells the step if not.
 */
static int look_with_failure(int nth, const char *all)
{
	bool failed;
	char *late;
	int err;

	/* What the caller himself takes is there, then. */
	if (!opens(entry("ipv4/conf/lo/medium_id")) || enter_with(add_dummy) < 0)
		return 2;
	if (fail_nth(nth))
		return 3;
	err = number(entry("ipv4/conf/lo/medium_id"));
	failed = has_failed();
	if (fail_nth(0))
		return 4;
	if (err && (err != -ENOMEM || !failed)) {
		ksft_print_msg("allocation %d: %s\n", nth, strerror(-err));
		return 5;
	}
	/* Some of it ends as it is then. */
	if (err && nth % 3 == 0)
		return 0;
	if (shown("d0") != EVERYWHERE || !is_whole())
		return 6;
	/* That takes its time. */
	if (nth % 3 == 1) {
		late = list_all();
		if (!late || strcmp(all, late))
			return 7;
	}
	return failed ? 0 : 1;
}

TEST(every_allocation_fails_once)
{
	char *all;

	if (!can_fail())
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, let_fail());
	ASSERT_LE(0, enter_with(add_dummy));
	all = list_all();
	ASSERT_NE(NULL, all);
	EACH_ALLOCATION(4, MOST, look_with_failure(nth, all));
	free(all);
}

#define ROUNDS 40

static pthread_barrier_t start;

static void *look(void *arg)
{
	pthread_barrier_wait(&start);
	return (void *)(long)(opens(NET "/ipv6/conf/lo/mtu") &&
			      lists(NET "/ipv4/neigh", "lo"));
}

static bool churn(int nl)
{
	return !dummy_add(nl, "c0") && !rename_to(nl, "c0", "c1") &&
	       !link_del(nl, "c1") && !dummy_add(nl, "c2") &&
	       !rename_to(nl, "c2", "c3");
}

TEST(two_look_while_devices_come_and_go)
{
	pthread_t looking[2];
	int round, i, nl;
	void *ok;

	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, 3));
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
		nl = nl_open();
		ASSERT_LE(0, nl);
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_create(&looking[i], NULL, look,
						    NULL));
		pthread_barrier_wait(&start);
		EXPECT_TRUE(churn(nl));
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_join(looking[i], &ok));
			EXPECT_EQ(1, (long)ok);
		}
		EXPECT_EQ(EVERYWHERE, shown("c3"));
		EXPECT_FALSE(lists(NET "/ipv4/conf", "c0"));
		EXPECT_FALSE(lists(NET "/ipv6/neigh", "c1"));
		EXPECT_FALSE(lists(NET "/ipv6/conf", "c2"));
		close(nl);
	}
}

/* Moments spread over what a look takes, on a slow machine too. */
static void wait_a_moment(int round)
{
	usleep(round * round * 12);
}

/* Who looks into what ends, does so first in his own as well. */
TEST(looks_while_another_ends)
{
	int round, dir, nsfd;
	pid_t pid;
	char c;
	int go[2];

	ASSERT_EQ(0, pipe(go));
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
		dir = open(NET "/ipv4", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, dir);
		nsfd = new_netns();
		ASSERT_LE(0, nsfd);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (sys_setns(nsfd, CLONE_NEWNET) ||
			    read(go[0], &c, 1) != 1)
				_exit(1);
			/* It is there, or it has gone. */
			lists_at(dir, "conf");
			has_entry_at(dir, "conf/lo");
			_exit(!opens(NET "/ipv4/conf/lo/forwarding"));
		}
		ASSERT_EQ(1, write(go[1], "x", 1));
		wait_a_moment(round);
		ASSERT_EQ(0, sys_setns(nsfd, CLONE_NEWNET));
		close(nsfd);
		close(dir);
		EXPECT_EQ(0, wait_exit(pid));
	}
}

/* The last reference to it is the looker's, who is killed. */
TEST(ends_with_who_looks_first)
{
	int round, ready[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	for (round = 0; round < ROUNDS; round++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (enter_with(add_dummy) < 0 || write(ready[1], "x", 1) != 1)
				_exit(1);
			lists(NET "/ipv6/conf", "d0");
			pause();
		}
		ASSERT_EQ(1, read(ready[0], &c, 1));
		wait_a_moment(round);
		EXPECT_EQ(0, kill_child(pid));
	}
	ASSERT_LE(0, enter_unseen());
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_TRUE(is_whole());
}

DORMANT_TEST_MAIN
