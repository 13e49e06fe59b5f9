// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a CPU can go while it has packets of a pair in hand, and come back:
 * others take these over, none is lost, and the CPU can be used again.
 *
 * Programs at both ends send back whatever comes, so that frames go to and fro
 * on the CPU where they started, in its softirqs only: whenever it goes, all of
 * them are in its hands.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define CPU 1
#define ONLINE "/sys/devices/system/cpu/cpu1/online"
#define ROUNDS 5
/* Fewer than a ring or a backlog takes. */
#define BALLS 20

FIXTURE(hotplug)
{
	struct veth_endpoint near, far;
	int serves, returns;
};

FIXTURE_VARIANT(hotplug)
{
	int gro_near;
	int gro_far;
};

FIXTURE_VARIANT_ADD(hotplug, without_napi)
{
};

FIXTURE_VARIANT_ADD(hotplug, with_napi_at_one_end)
{
	.gro_far = 1,
};

FIXTURE_VARIANT_ADD(hotplug, with_napi)
{
	.gro_near = 1,
	.gro_far = 1,
};

static int cpu_online(bool on)
{
	return write_file(ONLINE, "%d", on);
}

/* Sends back what comes to an end, until the descriptor is closed. */
static int send_back(const struct veth_endpoint *end)
{
	return tc_redirect(end, BPF_FUNC_redirect, end->index, 0);
}

FIXTURE_SETUP(hotplug)
{
	if (access(ONLINE, W_OK))
		SKIP(return, "no second CPU that can go");
	/* What failed before may have left it so. */
	cpu_online(true);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	if (variant->gro_near || variant->gro_far) {
		ASSERT_EQ(0, veth_set_feature(self->near.nl, "near",
					      ETHTOOL_STSO, 0));
		ASSERT_EQ(0, veth_set_feature(self->far.nl, "far",
					      ETHTOOL_STSO, 0));
	}
	if (variant->gro_near)
		ASSERT_EQ(0, veth_set_feature(self->near.nl, "near",
					      ETHTOOL_SGRO, 1));
	if (variant->gro_far)
		ASSERT_EQ(0, veth_set_feature(self->far.nl, "far",
					      ETHTOOL_SGRO, 1));
	self->serves = -1;
	self->returns = -1;
}

FIXTURE_TEARDOWN(hotplug)
{
	cpu_online(true);
	close(self->serves);
	close(self->returns);
	veth_release(&self->near);
	veth_release(&self->far);
}

static long long received(const struct veth_endpoint *end)
{
	return veth_counter(end->nl, end->name, rx_packets);
}

static bool they_move(const struct veth_endpoint *end)
{
	long long now = received(end);

	return wait_until(received(end) > now + 2 * BALLS);
}

static bool all_have_come(const bool *came)
{
	int i;

	for (i = 0; i < BALLS; i++)
		if (!came[i])
			return false;
	return true;
}

/* Each of the frames @seq, @seq + 1, ... once, in whatever order. */
static int catch_all(int sock, __u32 seq)
{
	bool came[BALLS] = {};
	struct frame frame;

	while (!all_have_come(came)) {
		if (recv(sock, &frame, sizeof(frame), 0) < 0)
			return -errno;
		if (frame.seq - seq >= BALLS || came[frame.seq - seq])
			return -EPROTO;
		came[frame.seq - seq] = true;
	}
	return frame_none(sock) ? 0 : -EEXIST;
}

/* Sends them from the CPU that is to go, and stays on another one. */
static int serve(const struct veth_endpoint *near, __u32 seq)
{
	int err = run_on_cpu(CPU);

	if (!err)
		err = frame_send_many(near->sock, 0, seq, BALLS);
	return err ? err : run_on_cpu(0);
}

static long long dropped(const struct veth_endpoint *end)
{
	return veth_counter(end->nl, end->name, rx_dropped) +
	       veth_counter(end->nl, end->name, tx_dropped);
}

TEST_F(hotplug, what_it_had_goes_on_elsewhere)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		self->serves = send_back(&self->near);
		ASSERT_LE(0, self->serves);
		self->returns = send_back(&self->far);
		ASSERT_LE(0, self->returns);
		ASSERT_EQ(0, serve(&self->near, i * BALLS));
		ASSERT_TRUE(they_move(&self->far));
		ASSERT_EQ(0, cpu_online(false));
		EXPECT_TRUE(they_move(&self->far));
		/* The second time, it comes back while they move. */
		if (i % 2)
			ASSERT_EQ(0, cpu_online(true));
		close(self->returns);
		self->returns = -1;
		EXPECT_EQ(0, catch_all(self->far.sock, i * BALLS));
		close(self->serves);
		self->serves = -1;
		ASSERT_EQ(0, cpu_online(true));
	}
	EXPECT_EQ(0, dropped(&self->near));
	EXPECT_EQ(0, dropped(&self->far));
}

/* Also when it had nothing in hand as it went. */
TEST_F(hotplug, it_can_be_used_again)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, run_on_cpu(CPU));
		ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, BALLS));
		EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, BALLS));
		ASSERT_EQ(0, frame_send_many(self->far.sock, 0, 0, BALLS));
		EXPECT_EQ(0, frame_expect_many(self->near.sock, 0, BALLS));
		ASSERT_EQ(0, run_on_cpu(0));
		ASSERT_EQ(0, cpu_online(false));
		ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, BALLS));
		EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, BALLS));
		ASSERT_EQ(0, cpu_online(true));
	}
	EXPECT_EQ(0, dropped(&self->near));
	EXPECT_EQ(0, dropped(&self->far));
}

/* Its end waits for packets of the device, but not for a CPU. */
TEST_F(hotplug, a_device_can_go_meanwhile)
{
	self->serves = send_back(&self->near);
	ASSERT_LE(0, self->serves);
	self->returns = send_back(&self->far);
	ASSERT_LE(0, self->returns);
	ASSERT_EQ(0, serve(&self->near, 0));
	ASSERT_TRUE(they_move(&self->far));
	ASSERT_EQ(0, cpu_online(false));
	ASSERT_EQ(0, link_del(self->near.nl, "near"));
	ASSERT_EQ(0, cpu_online(true));
	EXPECT_EQ(-ENODEV, link_index(self->far.nl, "far"));
}

#define DEBUGFS "/sys/kernel/debug"

int main(int argc, char **argv)
{
	int err;

	netns_test_init();
	if (access(DEBUGFS "/sched", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	/*
	 * The scheduler's deadline server for fair tasks, when it was needed just
	 * before, is taken for a task that did not leave the CPU, with a warning.
	 */
	err = set_sysctl(DEBUGFS "/sched/fair_server/cpu1/runtime", "0");
	if (err && err != -ENOENT)
		ksft_exit_fail_msg("fair server: %s\n", strerror(-err));
	exit(test_harness_run(argc, argv));
}
