// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever else is the first to use a network namespace at the same time, is
 * killed on the way, lets go of the last reference meanwhile, or registers an
 * operation: who uses it has one whole stack.
 */
#include <poll.h>
#include <pthread.h>

#include "dormant_util.h"

#define RACERS 200

static pthread_barrier_t start;

static void *race(void *arg)
{
	pthread_barrier_wait(&start);
	return (void *)(long)makes_socket((long)arg, SOCK_DGRAM, 0);
}

/* Every other one of them wants a socket of another family. */
static void race_all(struct __test_metadata *_metadata, long even, long odd)
{
	pthread_t threads[RACERS];
	void *made;
	int i;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, RACERS));
	for (i = 0; i < RACERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race,
					    (void *)(i % 2 ? odd : even)));
	for (i = 0; i < RACERS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &made));
		EXPECT_EQ(1, (long)made);
	}
}

TEST(whole)
{
	int before = activations();

	race_all(_metadata, AF_INET, AF_INET);
	EXPECT_EQ(1, activations() - before);
	EXPECT_EQ(1, own_link_index("lo"));
}

TEST(part)
{
	int before = activations();
	int before_part = partial_activations();

	race_all(_metadata, AF_UNIX, AF_UNIX);
	EXPECT_EQ(0, activations() - before);
	EXPECT_EQ(1, partial_activations() - before_part);
}

TEST(part_and_whole)
{
	int before = activations();

	race_all(_metadata, AF_UNIX, AF_INET);
	EXPECT_EQ(1, activations() - before);
	EXPECT_EQ(1, own_link_index("lo"));
}

/* Of a stack that is whole. */
static bool is_sound(int nsfd)
{
	char text[4096];
	int nl, index;

	nl = nl_open_in(nsfd);
	if (nl < 0)
		return false;
	index = link_index(nl, "lo");
	close(nl);
	return index == 1 &&
	       read_in(nsfd, "/proc/thread-self/net/dev", text,
		       sizeof(text)) > 0 && strstr(text, "lo:") &&
	       read_in(nsfd, "/proc/sys/net/ipv6/conf/lo/mtu", text,
		       sizeof(text)) > 0;
}

/* Moments spread over what an activation takes, on a slow machine too. */
#define ROUNDS 60

static void wait_a_moment(int round)
{
	usleep(round * round * 20);
}

TEST(with_the_killing_of_who_came_first)
{
	int round, nsfd;
	pid_t pid;

	for (round = 0; round < ROUNDS; round++) {
		nsfd = new_netns();
		ASSERT_LE(0, nsfd);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			socket_in(nsfd, AF_INET, SOCK_DGRAM, 0);
			pause();
		}
		wait_a_moment(round);
		EXPECT_EQ(0, kill_child(pid));
		EXPECT_TRUE(is_sound(nsfd));
		close(nsfd);
	}
}

/* It does not end while somebody activates it, nor is it there for nothing. */
TEST(with_the_last_close_of_another)
{
	int round, nsfd;
	pid_t pid;

	for (round = 0; round < ROUNDS; round++) {
		nsfd = new_netns();
		ASSERT_LE(0, nsfd);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(!is_sound(nsfd));
		wait_a_moment(round);
		close(nsfd);
		EXPECT_EQ(0, wait_exit(pid));
	}
}

/* An operation is initialized in it once, whichever comes first. */
TEST(with_operations_that_come_and_go)
{
	struct pollfd stop = { .events = POLLIN };
	int round, nsfd, nl, ends[2];
	pid_t pid;

	if (system("modprobe -qn ipip"))
		SKIP(return, "no modules in this kernel");
	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(ends[1]);
		stop.fd = ends[0];
		while (!poll(&stop, 1, 0))
			if (system("modprobe ipip && rmmod ipip"))
				_exit(1);
		_exit(0);
	}
	for (round = 0; round < ROUNDS; round++) {
		nsfd = new_netns();
		ASSERT_LE(0, nsfd);
		EXPECT_TRUE(is_sound(nsfd));
		close(nsfd);
	}
	close(ends[1]);
	EXPECT_EQ(0, wait_exit(pid));

	ASSERT_EQ(0, system("modprobe ipip"));
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	nl = nl_open_in(nsfd);
	ASSERT_LE(0, nl);
	EXPECT_LT(0, link_index(nl, "tunl0"));
	ASSERT_EQ(0, system("rmmod ipip"));
	EXPECT_EQ(-ENODEV, link_index(nl, "tunl0"));
}

#define VISITORS 8
#define VISITS 20

struct visit {
	int home;
	int nsfd;
	bool uses;
};

/* A thread that comes and goes; every other one of them uses what it finds. */
static void *come_and_go(void *arg)
{
	const struct visit *visit = arg;
	bool ok = true;
	int i;

	pthread_barrier_wait(&start);
	for (i = 0; i < VISITS; i++) {
		ok &= !sys_setns(visit->nsfd, CLONE_NEWNET);
		if (visit->uses)
			ok &= makes_socket(AF_INET, SOCK_DGRAM, 0);
		ok &= !sys_setns(visit->home, CLONE_NEWNET);
	}
	return (void *)(long)ok;
}

TEST(with_threads_that_come_and_go)
{
	int round, i, nsfd, before, home = open_self_ns("net");
	struct visit visits[VISITORS];
	pthread_t threads[VISITORS];
	void *ok;

	ASSERT_LE(0, home);
	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, VISITORS));
	for (round = 0; round < ROUNDS / 2; round++) {
		nsfd = new_netns();
		ASSERT_LE(0, nsfd);
		before = activations();
		for (i = 0; i < VISITORS; i++) {
			visits[i] = (struct visit) { home, nsfd, i % 2 };
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    come_and_go, &visits[i]));
		}
		for (i = 0; i < VISITORS; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], &ok));
			EXPECT_EQ(1, (long)ok);
		}
		EXPECT_EQ(1, activations() - before);
		EXPECT_TRUE(is_sound(nsfd));
		close(nsfd);
	}
}

#define MANY 100
#define MAKERS 4

/* A process that is the first and only user of some. */
static pid_t start_making(const int *ending)
{
	pid_t pid = fork();
	bool ok = true;
	int i, nsfd;

	if (pid)
		return pid;
	for (i = 0; i < MANY; i++)
		close(ending[i]);
	for (i = 0; i < MANY / MAKERS; i++) {
		nsfd = new_netns();
		ok &= nsfd >= 0 && is_sound(nsfd);
		close(nsfd);
	}
	_exit(!ok);
}

/* They have addresses, routes and timers to get rid of. */
TEST(with_the_end_of_many)
{
	int nsfds[MANY], i, nl, before;
	pid_t pids[MAKERS];

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, new_netns_with_nl(&nsfds[i], &nl));
		ASSERT_EQ(0, link_up(nl, "lo"));
		close(nl);
	}
	before = activations();
	for (i = 0; i < MAKERS; i++)
		pids[i] = start_making(nsfds);
	for (i = 0; i < MANY; i++)
		close(nsfds[i]);
	for (i = 0; i < MAKERS; i++)
		EXPECT_EQ(0, wait_exit(pids[i]));
	EXPECT_EQ(MANY, activations() - before);
}

DORMANT_TEST_MAIN
