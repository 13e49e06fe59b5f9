// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: what one end has sent the other has received, to the packet and to
 * the byte, and what got lost is counted on both sides, whatever queues, GRO
 * and programs there were in between.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define NR 100
#define LEN 500

FIXTURE(stats)
{
	struct veth_endpoint near, far;
};

FIXTURE_SETUP(stats)
{
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
}

FIXTURE_TEARDOWN(stats)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

#define NEAR(field) veth_counter(self->near.nl, "near", field)
#define FAR(field) veth_counter(self->far.nl, "far", field)

#define EXPECT_CLEAN(to_far, to_near)					\
do {									\
	long long far_packets = (to_far), near_packets = (to_near);	\
									\
	EXPECT_EQ(far_packets, NEAR(tx_packets));			\
	EXPECT_EQ(far_packets, FAR(rx_packets));			\
	EXPECT_EQ(near_packets, FAR(tx_packets));			\
	EXPECT_EQ(near_packets, NEAR(rx_packets));			\
	EXPECT_EQ(0, NEAR(tx_dropped) + NEAR(rx_dropped));		\
	EXPECT_EQ(0, FAR(tx_dropped) + FAR(rx_dropped));		\
	EXPECT_EQ(0, NEAR(tx_errors) + NEAR(rx_errors));		\
	EXPECT_EQ(0, FAR(tx_errors) + FAR(rx_errors));			\
} while (0)

TEST_F(stats, of_a_new_pair)
{
	EXPECT_CLEAN(0, 0);
	EXPECT_EQ(0, NEAR(tx_bytes) + NEAR(rx_bytes));
	EXPECT_EQ(0, FAR(tx_bytes) + FAR(rx_bytes));
}

TEST_F(stats, both_ways)
{
	int i;

	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, LEN + i));
	for (i = 0; i < NR / 2; i++)
		ASSERT_EQ(0, frame_send(self->far.sock, 0, i, LEN));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, frame_expect(self->far.sock, i, LEN + i));
	for (i = 0; i < NR / 2; i++)
		EXPECT_EQ(0, frame_expect(self->near.sock, i, LEN));
	EXPECT_CLEAN(NR, NR / 2);
	/* With their headers. */
	EXPECT_EQ(NR * LEN + NR * (NR - 1) / 2, NEAR(tx_bytes));
	EXPECT_EQ(NR * LEN + NR * (NR - 1) / 2, FAR(rx_bytes));
	EXPECT_EQ(NR / 2 * LEN, FAR(tx_bytes));
	EXPECT_EQ(NR / 2 * LEN, NEAR(rx_bytes));
}

TEST_F(stats, stay_over_down_and_up)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	ASSERT_EQ(0, veth_up_again(&self->far, &self->near));
	EXPECT_CLEAN(NR, 0);
}

/* Each keeps its own when it moves. */
TEST_F(stats, stay_over_a_move)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	ASSERT_EQ(0, link_move(self->far.nl, "far", IFLA_NET_NS_FD,
			       self->near.ns));
	EXPECT_EQ(NR, NEAR(tx_packets));
	EXPECT_EQ(NR, veth_counter(self->near.nl, "far", rx_packets));
}

/* What the other end takes is its MTU, with its header and a VLAN tag. */
TEST_F(stats, longer_than_the_other_end_takes)
{
	size_t max = 500 + ETH_HLEN + 4;
	int i;

	ASSERT_EQ(0, veth_set(self->far.nl, "far", IFLA_MTU, 500, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 0, max));
	EXPECT_EQ(0, frame_expect(self->far.sock, 0, max));
	EXPECT_CLEAN(1, 0);
	/* The sender is told. */
	for (i = 0; i < NR; i++)
		EXPECT_EQ(-ENOBUFS, frame_send(self->near.sock, 0, 1, max + 1));
	EXPECT_EQ(NR, NEAR(tx_dropped));
	EXPECT_EQ(NR, FAR(rx_dropped));
	EXPECT_EQ(1, NEAR(tx_packets));
	EXPECT_EQ(1, FAR(rx_packets));
	EXPECT_TRUE(frame_none(self->far.sock));
}

/* No queue of a discipline hides it: the packets go to the device at once. */
TEST_F(stats, other_end_is_down)
{
	int one = 1, i;

	ASSERT_EQ(0, setsockopt(self->near.sock, SOL_PACKET,
				PACKET_QDISC_BYPASS, &one, sizeof(one)));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(-ENOBUFS, frame_send(self->near.sock, 0, i,
					       FRAME_MIN));
	EXPECT_EQ(NR, NEAR(tx_packets));
	EXPECT_EQ(NR, NEAR(tx_dropped));
	EXPECT_EQ(NR, FAR(rx_packets));
	ASSERT_EQ(0, veth_up_again(&self->far, &self->near));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_EQ(2 * NR, NEAR(tx_packets));
	EXPECT_EQ(NR, NEAR(tx_dropped));
}

#define EXPECT_ARRIVED(n)						\
do {									\
	long long __n = (n);						\
									\
	EXPECT_TRUE(wait_until(FAR(rx_packets) == __n));		\
	EXPECT_CLEAN(__n, 0);						\
} while (0)

/* Packets are counted once whatever way they go. */
TEST_F(stats, sum_over_all_ways)
{
	int prog = xdp_constant(XDP_PASS, 0);

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_ARRIVED(NR);
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_ARRIVED(2 * NR);
	/* GRO is for a sender that does not segment itself. */
	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_ARRIVED(3 * NR);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_ARRIVED(4 * NR);
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 0));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_ARRIVED(5 * NR);
	close(prog);
}

/* A queue that is no more has counted for ever. */
TEST_F(stats, sum_over_queues_that_were)
{
	struct veth_endpoint one, two;
	int prog = xdp_constant(XDP_PASS, 0);
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, veth_pair_queues(&one, &two, possible_cpus()));
	ASSERT_EQ(0, xdp_attach(two.nl, "far", prog, NULL));
	ASSERT_EQ(0, see_sysfs_of(one.ns));
	ASSERT_EQ(0, veth_queue_per_cpu("near", cpus));
	for (cpu = 0; cpu < cpus; cpu++) {
		ASSERT_EQ(0, run_on_cpu(cpu));
		ASSERT_EQ(0, frame_send_many(one.sock, 0, 0, NR));
		EXPECT_EQ(0, frame_expect_many(two.sock, 0, NR));
	}
	EXPECT_STAT(NR * cpus, &two, "rx", "xdp_packets");
	EXPECT_EQ(NR * cpus, veth_counter(two.nl, "far", rx_packets));

	ASSERT_EQ(0, veth_set_channels(one.nl, "near", possible_cpus(), 1));
	ASSERT_EQ(0, veth_set_channels(two.nl, "far", 1, possible_cpus()));
	EXPECT_EQ(NR * cpus, veth_counter(two.nl, "far", rx_packets));
	EXPECT_EQ(NR * cpus, veth_counter(one.nl, "near", tx_packets));
	veth_release(&one);
	veth_release(&two);
	close(prog);
}

NETNS_TEST_MAIN
