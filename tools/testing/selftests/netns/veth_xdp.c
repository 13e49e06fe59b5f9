// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program in driver mode decides on each frame that comes in, with
 * each of the answers that it can give, and ethtool's and the link's
 * statistics tell what became of the frames.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

/* More than a batch and a NAPI budget, fewer than a ring. */
#define NR 100
#define NO_SUCH_VERDICT 77

FIXTURE(xdp)
{
	struct veth_endpoint near, far;
};

FIXTURE_SETUP(xdp)
{
	int prog = xdp_ask_packet(offsetof(struct frame, verdict), 0);

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	close(prog);
}

FIXTURE_TEARDOWN(xdp)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

TEST_F(xdp, pass)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(0, &self->far, "rx", "xdp_drops");
	EXPECT_STAT(0, &self->far, "rx", "drops");

	EXPECT_EQ(NR, veth_counter(self->far.nl, "far", rx_packets));
	EXPECT_EQ(0, veth_counter(self->far.nl, "far", rx_dropped));
	EXPECT_EQ(NR, veth_counter(self->near.nl, "near", tx_packets));
	EXPECT_EQ(0, veth_counter(self->near.nl, "near", tx_dropped));
}

TEST_F(xdp, drop)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_drops");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	EXPECT_TRUE(frame_none(self->far.sock));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, NR, FRAME_MIN));
	EXPECT_EQ(0, frame_expect(self->far.sock, NR, FRAME_MIN));

	/* A drop on purpose is none of the device's. */
	EXPECT_EQ(NR + 1, veth_counter(self->far.nl, "far", rx_packets));
	EXPECT_EQ(0, veth_counter(self->far.nl, "far", rx_dropped));
}

TEST_F(xdp, aborted_is_a_drop)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_ABORTED, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_drops");
	EXPECT_TRUE(frame_none(self->far.sock));
}

TEST_F(xdp, unknown_answer_is_a_drop)
{
	ASSERT_EQ(0, frame_send(self->near.sock, NO_SUCH_VERDICT, 0,
				FRAME_MIN));
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(1, &self->far, "rx", "xdp_drops");
	EXPECT_TRUE(frame_none(self->far.sock));
}

/* What is sent back needs a poll to receive it on the other side. */
TEST_F(xdp, tx_to_where_nobody_polls)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_TX, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_tx_errors");
	EXPECT_STAT(0, &self->far, "rx", "xdp_tx");
	EXPECT_TRUE(frame_none(self->near.sock));
	EXPECT_TRUE(frame_none(self->far.sock));

	EXPECT_EQ(NR, veth_counter(self->far.nl, "far", tx_dropped));
}

TEST_F(xdp, tx)
{
	int pass = xdp_constant(XDP_PASS, 0);

	ASSERT_LE(0, pass);
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", pass, NULL));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_TX, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->near.sock, 0, NR));
	EXPECT_TRUE(frame_none(self->far.sock));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_tx");
	EXPECT_STAT(0, &self->far, "rx", "xdp_tx_errors");
	EXPECT_STAT(NR, &self->near, "rx", "xdp_packets");
	/* That is for what is redirected into it. */
	EXPECT_STAT(0, &self->far, "tx", "xdp_xmit");

	EXPECT_EQ(NR, veth_counter(self->near.nl, "near", tx_packets));
	EXPECT_EQ(NR, veth_counter(self->near.nl, "near", rx_packets));
	EXPECT_EQ(NR, veth_counter(self->far.nl, "far", tx_packets));
	EXPECT_EQ(NR, veth_counter(self->far.nl, "far", rx_packets));
	close(pass);
}

/* All answers in one burst: each frame gets its own. */
TEST_F(xdp, mixed)
{
	static const int verdicts[] = {
		XDP_PASS, XDP_DROP, XDP_TX, XDP_ABORTED,
	};
	int pass = xdp_constant(XDP_PASS, 0);
	int i;

	ASSERT_LE(0, pass);
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", pass, NULL));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, frame_send(self->near.sock, verdicts[i % 4], i,
					FRAME_MIN));
	for (i = 0; i < NR; i += 4) {
		EXPECT_EQ(0, frame_expect(self->far.sock, i, FRAME_MIN));
		EXPECT_EQ(0, frame_expect(self->near.sock, i + 2, FRAME_MIN));
	}
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR / 2, &self->far, "rx", "xdp_drops");
	EXPECT_STAT(NR / 4, &self->far, "rx", "xdp_tx");
	EXPECT_TRUE(frame_none(self->far.sock));
	EXPECT_TRUE(frame_none(self->near.sock));
	close(pass);
}

/* What an end sends is not its own program's business. */
TEST_F(xdp, sending_asks_nobody)
{
	ASSERT_EQ(0, frame_send_many(self->far.sock, XDP_DROP, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->near.sock, 0, NR));
	EXPECT_STAT(0, &self->far, "rx", "xdp_packets");
}

TEST_F(xdp, bytes_are_counted_on_both_sides)
{
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, 100));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 1, 1000));
	EXPECT_EQ(0, frame_expect(self->far.sock, 0, 100));
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, 1000));
	/* Less the Ethernet header, which has been pulled by then. */
	EXPECT_STAT(1100 - 2 * ETH_HLEN, &self->far, "rx", "xdp_bytes");
	EXPECT_EQ(1100 - 2 * ETH_HLEN, veth_counter(self->far.nl, "far", rx_bytes));
	EXPECT_EQ(1100 - 2 * ETH_HLEN, veth_counter(self->near.nl, "near", tx_bytes));
}

TEST_F(xdp, without_a_program_again)
{
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_STAT(0, &self->far, "rx", "xdp_packets");
	EXPECT_EQ(NR, veth_counter(self->near.nl, "near", tx_packets));
}

/* A ring and a program for each queue: each counts its own. */
TEST_F(xdp, several_queues)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int prog = xdp_ask_packet(offsetof(struct frame, verdict), 0);
	struct veth_endpoint one, two;
	char name[32];

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, veth_pair_queues(&one, &two, cpus));
	ASSERT_EQ(0, xdp_attach(two.nl, "far", prog, NULL));
	ASSERT_EQ(0, see_sysfs_of(one.ns));
	ASSERT_EQ(0, veth_queue_per_cpu("near", cpus));
	for (cpu = 0; cpu < cpus; cpu++) {
		ASSERT_EQ(0, run_on_cpu(cpu));
		ASSERT_EQ(0, frame_send_many(one.sock, XDP_PASS, 0, NR + cpu));
		EXPECT_EQ(0, frame_expect_many(two.sock, 0, NR + cpu));
	}
	EXPECT_STAT(NR * cpus + cpus * (cpus - 1) / 2, &two, "rx",
		    "xdp_packets");
	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(name, sizeof(name), "rx_queue_%d_xdp_packets", cpu);
		EXPECT_EQ(NR + cpu, veth_stat(two.nl, "far", name));
	}
	veth_release(&one);
	veth_release(&two);
	close(prog);
}

NETNS_TEST_MAIN
