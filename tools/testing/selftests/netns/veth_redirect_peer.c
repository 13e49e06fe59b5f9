// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program of tc can hand a packet straight to the other end of a
 * veth, in whatever namespace that is, and the receiver counts it; or send it
 * through the veth as anyone does.
 *
 *   near ---> far = the program = out ---> sink
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define NR 100

FIXTURE(peer)
{
	struct veth_endpoint near, far, out, sink;
	int link;
};

FIXTURE_SETUP(peer)
{
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, veth_pair_behind(&self->far, &self->out, &self->sink));
	self->link = -1;
}

FIXTURE_TEARDOWN(peer)
{
	close(self->link);
	close(self->out.sock);
	veth_release(&self->near);
	veth_release(&self->far);
	veth_release(&self->sink);
}

#define SINK(field) veth_counter(self->sink.nl, "sink", field)
#define OUT(field) veth_counter(self->out.nl, "out", field)
#define FAR(field) veth_counter(self->far.nl, "far", field)

TEST_F(peer, straight_to_the_other_end)
{
	self->link = tc_redirect(&self->far, BPF_FUNC_redirect_peer,
				 self->out.index, 0);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_TRUE(frame_none(self->far.sock));
	EXPECT_EQ(NR, SINK(rx_packets));
	EXPECT_EQ(NR, FAR(rx_packets));
	/* It was not sent. */
	EXPECT_EQ(0, OUT(tx_packets));
	EXPECT_EQ(0, OUT(tx_dropped) + SINK(rx_dropped));
}

TEST_F(peer, every_size)
{
	size_t len;

	self->link = tc_redirect(&self->far, BPF_FUNC_redirect_peer,
				 self->out.index, 0);
	ASSERT_LE(0, self->link);
	for (len = FRAME_MIN; len <= 1500 + ETH_HLEN; len += 99) {
		ASSERT_EQ(0, frame_send(self->near.sock, 0, len, len));
		EXPECT_EQ(0, frame_expect(self->sink.sock, len, len));
	}
}

TEST_F(peer, after_it_has_moved)
{
	self->link = tc_redirect(&self->far, BPF_FUNC_redirect_peer,
				 self->out.index, 0);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, link_move(self->sink.nl, "sink", IFLA_NET_NS_FD,
			       self->near.ns));
	ASSERT_EQ(0, link_up(self->near.nl, "sink"));
	close(self->sink.sock);
	self->sink.sock = frame_open(self->near.ns,
				     link_index(self->near.nl, "sink"));
	ASSERT_LE(0, self->sink.sock);
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
}

/* Packets that go nowhere; those that come next are well. */
TEST_F(peer, other_end_is_down)
{
	self->link = tc_redirect(&self->far, BPF_FUNC_redirect_peer,
				 self->out.index, 0);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, veth_down(self->sink.nl, "sink"));
	ASSERT_EQ(ENETDOWN, frame_forget_down(self->sink.sock));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_TRUE(wait_until(FAR(rx_packets) == NR));
	ASSERT_EQ(0, link_up(self->sink.nl, "sink"));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, NR, FRAME_MIN));
	EXPECT_EQ(0, frame_expect(self->sink.sock, NR, FRAME_MIN));
	EXPECT_EQ(1, SINK(rx_packets));
}

/* It is for crossing between namespaces only. */
TEST_F(peer, other_end_is_here)
{
	self->link = tc_redirect(&self->far, BPF_FUNC_redirect_peer,
				 self->out.index, 0);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, link_move(self->sink.nl, "sink", IFLA_NET_NS_FD,
			       self->far.ns));
	ASSERT_EQ(0, link_up(self->far.nl, "sink"));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_TRUE(wait_until(FAR(rx_packets) == NR));
	EXPECT_EQ(0, veth_counter(self->far.nl, "sink", rx_packets));
}

TEST_F(peer, sent_as_by_anyone)
{
	self->link = tc_redirect(&self->far, BPF_FUNC_redirect, self->out.index,
				 0);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_EQ(NR, OUT(tx_packets));
	EXPECT_EQ(NR, SINK(rx_packets));
}

TEST_F(peer, received_again_here)
{
	self->link = tc_redirect(&self->far, BPF_FUNC_redirect, self->out.index,
				 BPF_F_INGRESS);
	ASSERT_LE(0, self->link);
	/* What is received again waits in a queue of this CPU's. */
	ASSERT_EQ(0, run_on_cpu(0));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->out.sock, 0, NR));
	EXPECT_TRUE(frame_none(self->sink.sock));
}

NETNS_TEST_MAIN
