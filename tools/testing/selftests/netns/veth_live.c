// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a pair can be changed while it is in use. Replacing a program, and
 * every change that is refused or fails, loses no packet; what takes queues down and up
 * loses those in flight at most, and traffic goes on.
 */
#include <poll.h>
#include <pthread.h>

#include "fail_nth.h"
#include "veth_bpf.h"
#include "veth_frames.h"

#define CHANGES 20
/* Fewer than a ring, so that none is lost for want of room. */
#define BURST 64
/* After so long without an answer, a frame is sent again. */
#define PATIENCE_MS 200

struct traffic {
	int tx;
	int rx;
	bool may_lose;
	bool stop;
	unsigned int rounds;
	int err;
};

FIXTURE(live)
{
	struct veth_endpoint near, far;
	struct traffic traffic;
	pthread_t thread;
	int one, two;
};

FIXTURE_SETUP(live)
{
	self->one = xdp_constant(XDP_PASS, 0);
	self->two = xdp_constant(XDP_PASS, 0);
	ASSERT_LE(0, self->one);
	ASSERT_LE(0, self->two);
	ASSERT_EQ(0, veth_pair_queues(&self->near, &self->far, 2));
	/*
	 * Somewhere else, they are attached for good: what is under test is
	 * the driver, and not how the kernel patches its calls of programs.
	 */
	ASSERT_EQ(0, veth_add(self->near.nl, "keep1", "keep2", self->near.ns));
	ASSERT_EQ(0, xdp_attach(self->near.nl, "keep1", self->one, NULL));
	ASSERT_EQ(0, xdp_attach(self->near.nl, "keep2", self->two, NULL));
}

FIXTURE_TEARDOWN(live)
{
	close(self->one);
	close(self->two);
	veth_release(&self->near);
	veth_release(&self->far);
}

/* A burst of which every frame arrives, in order. */
static int burst(struct traffic *t)
{
	__u32 seq = t->rounds * BURST;
	int err;

	err = frame_send_many(t->tx, 0, seq, BURST);
	return err ? err : frame_expect_many(t->rx, seq, BURST);
}

/* One frame, again and again until it arrives; older ones may come late. */
static int until_it_arrives(struct traffic *t)
{
	struct pollfd pfd = { .fd = t->rx, .events = POLLIN };
	time_t end = now_s() + POLL_DEADLINE_S;
	struct frame frame;

	while (now_s() < end) {
		/* A device without a carrier may refuse it. */
		frame_send(t->tx, 0, t->rounds, FRAME_MIN);
		while (poll(&pfd, 1, PATIENCE_MS) == 1)
			if (recv(t->rx, &frame, sizeof(frame),
				 MSG_DONTWAIT) > 0 &&
			    frame.seq == t->rounds)
				return 0;
	}
	return -ETIMEDOUT;
}

static void *run_traffic(void *arg)
{
	struct traffic *t = arg;

	while (!t->err && !__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		t->err = t->may_lose ? until_it_arrives(t) : burst(t);
		__atomic_add_fetch(&t->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Waits for what began after the call to have ended. */
static bool goes_on(struct traffic *t)
{
	unsigned int now = __atomic_load_n(&t->rounds, __ATOMIC_ACQUIRE);

	return wait_until(t->err ||
			  __atomic_load_n(&t->rounds, __ATOMIC_ACQUIRE) >=
				  now + 2) &&
	       !t->err;
}

#define START(lose)							\
do {									\
	self->traffic = (struct traffic) {				\
		.tx = self->near.sock,					\
		.rx = self->far.sock,					\
		.may_lose = lose,					\
	};								\
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, run_traffic,	\
				    &self->traffic));			\
	ASSERT_TRUE(goes_on(&self->traffic));				\
} while (0)

#define STOP()								\
do {									\
	__atomic_store_n(&self->traffic.stop, true, __ATOMIC_RELAXED);	\
	EXPECT_EQ(0, pthread_join(self->thread, NULL));			\
	EXPECT_EQ(0, self->traffic.err);				\
} while (0)

#define KEEPS_GOING() EXPECT_TRUE(goes_on(&self->traffic))

TEST_F(live, replacing_a_program_loses_nothing)
{
	int i;

	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	START(false);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, xdp_attach(self->far.nl, "far",
					i % 2 ? self->one : self->two, NULL));
		KEEPS_GOING();
	}
	STOP();
}

/* GRO has started the poll already: the program only joins. */
TEST_F(live, program_beside_gro_loses_nothing)
{
	int i;

	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	START(false);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
		KEEPS_GOING();
		EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
		KEEPS_GOING();
	}
	STOP();
}

TEST_F(live, refused_program_loses_nothing)
{
	int i;

	ASSERT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU, 9000, NULL));
	START(false);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(-ERANGE, xdp_attach(self->far.nl, "far", self->one,
					      NULL));
		KEEPS_GOING();
	}
	STOP();
}

TEST_F(live, refused_channels_lose_nothing)
{
	int i;

	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	START(false);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(-EINVAL, veth_set_channels(self->far.nl, "far", 1,
						     2));
		EXPECT_EQ(-EINVAL, veth_set_channels(self->far.nl, "far", 0,
						     2));
		EXPECT_EQ(-EINVAL, veth_set_channels(self->far.nl, "far", 3,
						     2));
		KEEPS_GOING();
	}
	STOP();
}

/*
 * Evaluates @act with its first allocation failing, its second, and so on until
 * all that it has were tried, and @undo after each success. Traffic has other
 * tasks.
 */
#define FAIL_EACH(least, act, undo)					\
do {									\
	int nth, err, failures = 0;					\
	bool failed = true;						\
									\
	if (!can_fail())						\
		SKIP(break, "no fault injection in this kernel");	\
	ASSERT_EQ(0, let_fail());					\
	for (nth = 1; failed; nth++) {					\
		ASSERT_EQ(0, fail_nth(nth));				\
		err = act;						\
		failed = has_failed();					\
		ASSERT_EQ(0, fail_nth(0));				\
		EXPECT_TRUE(is_expected(err));				\
		failures += !!err;					\
		/* It was told, once, that an event is lost. */		\
		frame_forget_down(self->far.nl);			\
		KEEPS_GOING();						\
		EXPECT_EQ(0, undo);					\
	}								\
	EXPECT_LE(least, failures);					\
	TH_LOG("%d of %d failed", failures, nth - 1);			\
} while (0)

TEST_F(live, failing_program_beside_gro_loses_nothing)
{
	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	START(false);
	FAIL_EACH(5, xdp_attach(self->far.nl, "far", self->one, NULL),
		  xdp_detach(self->far.nl, "far"));
	STOP();
}

/* The first queue, which is the only one that is used, is there all the time. */
TEST_F(live, failing_channels_lose_nothing)
{
	ASSERT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 1));
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 1, 1));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	START(false);
	FAIL_EACH(5, veth_set_channels(self->far.nl, "far", 2, 1),
		  veth_set_channels(self->far.nl, "far", 1, 1));
	STOP();
}

/* It has polls for a moment, which lose what is in flight at most. */
TEST_F(live, programs_fail)
{
	START(true);
	FAIL_EACH(5, xdp_attach(self->far.nl, "far", self->one, NULL),
		  xdp_detach(self->far.nl, "far"));
	STOP();
}

TEST_F(live, channels_fail_with_gro)
{
	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 1, 1));
	START(true);
	FAIL_EACH(5, veth_set_channels(self->far.nl, "far", 2, 2),
		  veth_set_channels(self->far.nl, "far", 1, 1));
	STOP();
}

TEST_F(live, mtu_changes_lose_nothing)
{
	int i;

	START(false);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, veth_set(self->far.nl, "far", IFLA_MTU, 1000 + i,
				      NULL));
		EXPECT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU,
				      1000 + i, NULL));
		KEEPS_GOING();
	}
	STOP();
}

TEST_F(live, programs_come_and_go)
{
	int i;

	START(true);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
		KEEPS_GOING();
		EXPECT_EQ(0, xdp_attach(self->near.nl, "near", self->two,
					NULL));
		KEEPS_GOING();
		EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
		KEEPS_GOING();
		EXPECT_EQ(0, xdp_detach(self->near.nl, "near"));
		KEEPS_GOING();
	}
	STOP();
}

TEST_F(live, gro_comes_and_goes)
{
	int i;

	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	START(true);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, veth_set_feature(self->far.nl, "far",
					      ETHTOOL_SGRO, 1));
		KEEPS_GOING();
		EXPECT_EQ(0, veth_set_feature(self->far.nl, "far",
					      ETHTOOL_SGRO, 0));
		KEEPS_GOING();
	}
	STOP();
}

static const int ways[][4] = {
	/* far rx, far tx, near rx, near tx */
	{ 2, 1, 2, 1 },
	{ 1, 2, 2, 1 },
	{ 1, 1, 1, 1 },
	{ 2, 2, 1, 1 },
	{ 2, 2, 2, 2 },
};

TEST_F(live, channels_change)
{
	unsigned int i, way;

	START(true);
	for (i = 0; i < 3; i++)
		for (way = 0; way < ARRAY_SIZE(ways); way++) {
			EXPECT_EQ(0, veth_set_channels(self->far.nl, "far",
						       ways[way][0],
						       ways[way][1]));
			KEEPS_GOING();
			EXPECT_EQ(0, veth_set_channels(self->near.nl, "near",
						       ways[way][2],
						       ways[way][3]));
			KEEPS_GOING();
		}
	STOP();
}

/* The queues that come and go have a program, which limits their number. */
TEST_F(live, channels_change_under_a_program)
{
	int i;

	ASSERT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 1));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	START(true);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, veth_set_channels(self->far.nl, "far", 1, 2));
		KEEPS_GOING();
		EXPECT_EQ(0, veth_set_channels(self->far.nl, "far", 2, 2));
		KEEPS_GOING();
		EXPECT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 2));
		KEEPS_GOING();
		EXPECT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 1));
		KEEPS_GOING();
	}
	STOP();
}

TEST_F(live, threads_come_and_go)
{
	static const char path[] = "/sys/class/net/far/threaded";
	char text[16];
	int i;

	ASSERT_EQ(0, see_sysfs_of(self->far.ns));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	START(true);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, write_file(path, "1"));
		ASSERT_LT(0, read_file(path, text, sizeof(text)));
		EXPECT_EQ(1, atoi(text));
		KEEPS_GOING();
		EXPECT_EQ(0, write_file(path, "0"));
		KEEPS_GOING();
	}
	STOP();
}

/* The wish for threads stays, and they come with each poll. */
TEST_F(live, programs_come_and_go_with_threads)
{
	static const char path[] = "/sys/class/net/far/threaded";
	char text[16];
	int i;

	ASSERT_EQ(0, see_sysfs_of(self->far.ns));
	/* There is nothing that could have one yet. */
	EXPECT_EQ(-EOPNOTSUPP, write_file(path, "1"));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	ASSERT_EQ(0, write_file(path, "1"));
	START(true);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
		KEEPS_GOING();
		EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
		KEEPS_GOING();
	}
	STOP();
	ASSERT_LT(0, read_file(path, text, sizeof(text)));
	EXPECT_EQ(1, atoi(text));
}

TEST_F(live, down_and_up)
{
	int i;

	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->one, NULL));
	START(true);
	for (i = 0; i < CHANGES; i++) {
		EXPECT_EQ(0, veth_down(self->far.nl, "far"));
		EXPECT_EQ(0, link_up(self->far.nl, "far"));
		KEEPS_GOING();
		EXPECT_EQ(0, veth_down(self->near.nl, "near"));
		EXPECT_EQ(0, link_up(self->near.nl, "near"));
		KEEPS_GOING();
	}
	STOP();
}

NETNS_TEST_MAIN
