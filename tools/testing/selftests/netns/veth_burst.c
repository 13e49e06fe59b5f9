// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: packets that reach the driver one right after another, as pieces of a
 * larger one, arrive all, once, unharmed and in order; those that do not fit are
 * dropped and counted, and the others arrive. Each stays charged to who sent it.
 */
#include <linux/sockios.h>

#include "veth_bpf.h"
#include "veth_burst.h"

/* More than a poll takes at once, fewer than a ring holds. */
#define PIECES 100
#define SIZE 500

FIXTURE(burst)
{
	struct veth_endpoint near, far;
	int socks[2];
};

FIXTURE_VARIANT(burst)
{
	/* Through a ring, with NAPI of the device. */
	bool ring;
};

FIXTURE_VARIANT_ADD(burst, backlog)
{
	.ring = false,
};

FIXTURE_VARIANT_ADD(burst, ring)
{
	.ring = true,
};

FIXTURE_SETUP(burst)
{
	int prog;

	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, burst_open(&self->near, &self->far, self->socks));
	if (variant->ring) {
		prog = xdp_constant(XDP_PASS, 0);
		ASSERT_LE(0, prog);
		ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
		close(prog);
	}
}

FIXTURE_TEARDOWN(burst)
{
	close(self->socks[0]);
	close(self->socks[1]);
	veth_release(&self->near);
	veth_release(&self->far);
}

TEST_F(burst, arrives_whole_and_in_order)
{
	/* With NAPI, a packet's length is counted without its Ethernet header. */
	int len = BURST_DATA + SIZE - (variant->ring ? ETH_HLEN : 0);
	int i, n = 20;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, burst_send(self->socks[0], i, PIECES * SIZE, SIZE));
		ASSERT_EQ(0, burst_expect_many(self->socks[1], i, SIZE, PIECES));
	}
	EXPECT_TRUE(frame_none(self->socks[1]));
	EXPECT_EQ(n * PIECES, veth_counter(self->near.nl, "near", tx_packets));
	EXPECT_EQ(0, veth_counter(self->near.nl, "near", tx_dropped));
	EXPECT_EQ(n * PIECES, veth_counter(self->far.nl, "far", rx_packets));
	EXPECT_EQ(n * PIECES * len, veth_counter(self->near.nl, "near", tx_bytes));
}

/* Two pieces, then a packet alone, over and over. */
TEST_F(burst, mixes_with_single_packets)
{
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, burst_send(self->socks[0], i, 2 * SIZE, SIZE));
		ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, i, FRAME_MIN));
	}
	for (i = 0; i < 200; i++) {
		EXPECT_EQ(0, burst_expect_many(self->socks[1], i, SIZE, 2));
		EXPECT_EQ(0, frame_expect(self->far.sock, i, FRAME_MIN));
	}
	EXPECT_EQ(600, veth_counter(self->near.nl, "near", tx_packets));
}

TEST_F(burst, drops_only_pieces_that_are_too_long)
{
	long long dropped;

	/* Not below what a program needs; the last piece is short. */
	ASSERT_EQ(0, veth_set(self->far.nl, "far", IFLA_MTU, 1000, NULL));
	dropped = veth_counter(self->far.nl, "far", rx_dropped);
	EXPECT_EQ(0, burst_send(self->socks[0], 7, 9 * 1200 + 100, 1200));
	EXPECT_EQ(0, burst_expect(self->socks[1], 7, 9 * 1200, 100));
	EXPECT_TRUE(frame_none(self->socks[1]));
	EXPECT_EQ(9, veth_counter(self->near.nl, "near", tx_dropped));
	EXPECT_EQ(9, veth_counter(self->far.nl, "far", rx_dropped) - dropped);
	EXPECT_EQ(1, veth_counter(self->near.nl, "near", tx_packets));
}

TEST_F(burst, is_lost_as_a_whole_where_nobody_receives)
{
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	burst_send(self->socks[0], 0, PIECES * SIZE, SIZE);
	EXPECT_EQ(0, veth_counter(self->near.nl, "near", tx_packets));
	ASSERT_EQ(0, veth_up_again(&self->far, &self->near));
	ASSERT_EQ(0, burst_send(self->socks[0], 1, PIECES * SIZE, SIZE));
	frame_forget_down(self->socks[1]);
	EXPECT_EQ(0, burst_expect_many(self->socks[1], 1, SIZE, PIECES));
}

static bool outq_empties(int sock)
{
	time_t end = now_s() + POLL_DEADLINE_S;
	int left;

	while (!ioctl(sock, SIOCOUTQ, &left) && left && now_s() < end)
		usleep(10000);
	return !left;
}

/* Two senders' segments of what looks like one stream, which GRO holds for a while. */
TEST(gro_leaves_senders_what_they_are_charged_for)
{
	struct veth_endpoint near, far;
	int i, a[2], b[2];

	ASSERT_EQ(0, veth_pair(&near, &far));
	ASSERT_EQ(0, veth_set_feature(near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, veth_set_feature(far.nl, "far", ETHTOOL_SGRO, 1));
	ASSERT_EQ(0, burst_open(&near, &far, a));
	ASSERT_EQ(0, burst_open(&near, &far, b));
	ASSERT_EQ(0, see_sysfs_of(far.ns));
	ASSERT_EQ(0, write_file("/sys/class/net/far/gro_flush_timeout", "1000000000"));
	for (i = 0; i < 500; i++)
		ASSERT_EQ(0, burst_send(i % 2 ? a[0] : b[0], i * SIZE, SIZE, SIZE));
	EXPECT_TRUE(outq_empties(a[0]));
	EXPECT_TRUE(outq_empties(b[0]));
	veth_release(&near);
	veth_release(&far);
}

NETNS_TEST_MAIN
