// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program can send a frame on to another veth or to another CPU,
 * whose receiver may have a program that decides about it again; what cannot
 * be sent on is counted where it got lost.
 *
 *   near ---> far = the program = out ---> sink
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define NR 100

FIXTURE(redirect)
{
	struct veth_endpoint near, far, out, sink;
	int map;
	int ask;
};

FIXTURE_SETUP(redirect)
{
	int prog;

	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, veth_pair_behind(&self->far, &self->out, &self->sink));

	self->map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(__u32), 4);
	ASSERT_LE(0, self->map);
	ASSERT_EQ(0, bpf_map_set_in(self->out.ns, self->map, 0,
				    &self->out.index));
	prog = xdp_redirect(self->map, 0, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	close(prog);
	self->ask = xdp_ask_packet(offsetof(struct frame, verdict), 0);
	ASSERT_LE(0, self->ask);
}

FIXTURE_TEARDOWN(redirect)
{
	close(self->ask);
	close(self->map);
	close(self->out.sock);
	veth_release(&self->near);
	veth_release(&self->far);
	veth_release(&self->sink);
}

TEST_F(redirect, to_a_device_with_a_program)
{
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_TRUE(frame_none(self->far.sock));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	EXPECT_STAT(NR, &self->out, "tx", "xdp_xmit");
	EXPECT_STAT(0, &self->out, "tx", "xdp_xmit_errors");
	EXPECT_STAT(NR, &self->sink, "rx", "xdp_packets");
	EXPECT_STAT(NR * FRAME_MIN, &self->sink, "rx", "xdp_bytes");
	EXPECT_EQ(NR, veth_counter(self->out.nl, "out", tx_packets));
	EXPECT_EQ(NR, veth_counter(self->sink.nl, "sink", rx_packets));
}

TEST_F(redirect, to_a_device_that_polls)
{
	ASSERT_EQ(0, veth_set_feature(self->sink.nl, "sink", ETHTOOL_SGRO, 1));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(NR, &self->out, "tx", "xdp_xmit");
	EXPECT_STAT(NR, &self->sink, "rx", "xdp_packets");
}

/* As for packets: a timer polls, and who sends leaves it to that. */
TEST_F(redirect, to_a_device_that_defers_polls)
{
	ASSERT_EQ(0, see_sysfs_of(self->sink.ns));
	ASSERT_EQ(0, veth_set_feature(self->sink.nl, "sink", ETHTOOL_SGRO, 1));
	ASSERT_EQ(0, veth_defer_polls(&self->sink, "600000000000"));
	/* The first poll is at once, the next one in ten minutes. */
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, 1));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, 1));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, NR));
	EXPECT_STAT(NR + 1, &self->out, "tx", "xdp_xmit");
	EXPECT_TRUE(frame_none(self->sink.sock));
	EXPECT_STAT(1, &self->sink, "rx", "xdp_packets");
}

/* Each CPU's frames go to another receive queue, and all count for the only sender's. */
TEST_F(redirect, to_a_device_with_more_queues)
{
	int cpu;

	ASSERT_EQ(0, veth_set_channels(self->out.nl, "out", 1, 1));
	ASSERT_EQ(0, veth_set_channels(self->sink.nl, "sink", 2, 1));
	ASSERT_EQ(0, veth_set_feature(self->sink.nl, "sink", ETHTOOL_SGRO, 1));
	for (cpu = 0; cpu < 2; cpu++) {
		ASSERT_EQ(0, run_on_cpu(cpu));
		ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, NR));
		ASSERT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	}
	EXPECT_EQ(NR, veth_stat(self->sink.nl, "sink", "rx_queue_1_xdp_packets"));
	EXPECT_STAT(2 * NR, &self->sink, "rx", "xdp_packets");
	EXPECT_STAT(2 * NR, &self->out, "tx", "xdp_xmit");
}

/* Frames of all sizes arrive as they were sent. */
TEST_F(redirect, content)
{
	size_t len;

	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	for (len = FRAME_MIN; len <= 1500 + ETH_HLEN; len += 99) {
		ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, len, len));
		EXPECT_EQ(0, frame_expect(self->sink.sock, len, len));
	}
	len = 1500 + ETH_HLEN;
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 7, len));
	EXPECT_EQ(0, frame_expect(self->sink.sock, 7, len));
}

/* The receiver's answers are the same for what was redirected to it. */
TEST_F(redirect, receiver_decides_again)
{
	static const int verdicts[] = {
		XDP_PASS, XDP_DROP, XDP_TX, XDP_ABORTED,
	};
	int pass = xdp_constant(XDP_PASS, 0);
	int i;

	ASSERT_LE(0, pass);
	ASSERT_EQ(0, xdp_attach(self->out.nl, "out", pass, NULL));
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, frame_send(self->near.sock, verdicts[i % 4], i,
					FRAME_MIN));
	for (i = 0; i < NR; i += 4) {
		EXPECT_EQ(0, frame_expect(self->sink.sock, i, FRAME_MIN));
		EXPECT_EQ(0, frame_expect(self->out.sock, i + 2, FRAME_MIN));
	}
	EXPECT_STAT(NR, &self->sink, "rx", "xdp_packets");
	EXPECT_STAT(NR / 2, &self->sink, "rx", "xdp_drops");
	EXPECT_STAT(NR / 4, &self->sink, "rx", "xdp_tx");
	EXPECT_STAT(NR / 4, &self->out, "rx", "xdp_packets");
	EXPECT_TRUE(frame_none(self->sink.sock));
	EXPECT_TRUE(frame_none(self->out.sock));
	close(pass);
}

/* Back over the first pair: each hop is one of a frame, not of a packet. */
TEST_F(redirect, receiver_sends_on)
{
	int map, prog, pass = xdp_constant(XDP_PASS, 0);
	struct veth_endpoint third, last;

	third = self->sink;
	veth_name(&third, "third");
	veth_name(&last, "last");
	ASSERT_EQ(0, silent_netns(&last.ns, &last.nl));
	ASSERT_EQ(0, veth_connect(&third, &last, 0));
	ASSERT_EQ(0, xdp_attach(last.nl, "last", pass, NULL));
	map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(__u32), 1);
	ASSERT_LE(0, map);
	ASSERT_EQ(0, bpf_map_set_in(third.ns, map, 0, &third.index));
	prog = xdp_redirect(map, 0, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", prog, NULL));

	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_EQ(0, frame_expect_many(last.sock, 0, NR));
	EXPECT_STAT(NR, &self->sink, "rx", "xdp_redirect");
	EXPECT_STAT(NR, &third, "tx", "xdp_xmit");
	close(third.sock);
	veth_release(&last);
	close(prog);
	close(pass);
	close(map);
}

/* Receiving what is redirected takes a poll: a program, or GRO. */
TEST_F(redirect, to_a_device_that_does_not_poll)
{
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(NR, &self->far, "rx", "drops");
	EXPECT_STAT(0, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(0, &self->out, "tx", "xdp_xmit");
	EXPECT_EQ(NR, veth_counter(self->far.nl, "far", rx_dropped));
	EXPECT_EQ(0, veth_counter(self->out.nl, "out", tx_dropped));
	EXPECT_TRUE(frame_none(self->sink.sock));

	/* It does from now on, and then no more. */
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, FRAME_MIN));
	EXPECT_EQ(0, frame_expect(self->sink.sock, 0, FRAME_MIN));
	ASSERT_EQ(0, xdp_detach(self->sink.nl, "sink"));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, FRAME_MIN));
	EXPECT_STAT(NR + 1, &self->far, "rx", "drops");
	EXPECT_TRUE(frame_none(self->sink.sock));
}

TEST_F(redirect, to_a_device_that_is_down)
{
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, veth_down(self->out.nl, "out"));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "drops");
	EXPECT_STAT(0, &self->far, "rx", "xdp_redirect");
	EXPECT_TRUE(frame_none(self->sink.sock));
}

TEST_F(redirect, to_a_device_whose_other_end_is_down)
{
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, veth_down(self->sink.nl, "sink"));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_TRUE(wait_until(veth_counter(self->out.nl, "out",
					    tx_dropped) == NR));
	EXPECT_STAT(0, &self->out, "tx", "xdp_xmit");

	ASSERT_EQ(0, veth_up_again(&self->sink, &self->out));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, FRAME_MIN));
	EXPECT_EQ(0, frame_expect(self->sink.sock, 0, FRAME_MIN));
}

/* The limit is the receiver's MTU, with its header and a VLAN tag. */
TEST_F(redirect, longer_than_the_receiver_takes)
{
	size_t max = 500 + ETH_HLEN + 4;

	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, veth_set(self->sink.nl, "sink", IFLA_MTU, 500, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, max));
	EXPECT_EQ(0, frame_expect(self->sink.sock, 0, max));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 1, max + 1));
	EXPECT_STAT(2, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(1, &self->out, "tx", "xdp_xmit_errors");
	EXPECT_STAT(1, &self->out, "tx", "xdp_xmit");
	EXPECT_EQ(1, veth_counter(self->out.nl, "out", tx_dropped));
	EXPECT_EQ(1, veth_counter(self->sink.nl, "sink", rx_dropped));
	EXPECT_TRUE(frame_none(self->sink.sock));
}

TEST_F(redirect, longer_than_the_sender_takes)
{
	size_t max = 500 + ETH_HLEN + 4;

	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, veth_set(self->out.nl, "out", IFLA_MTU, 500, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, max + 1));
	EXPECT_STAT(1, &self->far, "rx", "drops");
	EXPECT_STAT(0, &self->far, "rx", "xdp_redirect");
}

TEST_F(redirect, to_nowhere)
{
	int prog = xdp_redirect(self->map, 3, 0);

	/* An entry that is empty: the helper's answer is to abort. */
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_PASS, 0, FRAME_MIN));
	EXPECT_STAT(1, &self->far, "rx", "xdp_drops");
	EXPECT_STAT(0, &self->far, "rx", "drops");

	/* An answer that says so without saying where. */
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->ask, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, XDP_REDIRECT, 0, FRAME_MIN));
	EXPECT_STAT(1, &self->far, "rx", "drops");
	EXPECT_STAT(0, &self->far, "rx", "xdp_redirect");
	close(prog);
}

/* The entry goes with its device. */
TEST_F(redirect, to_a_device_that_is_gone)
{
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->ask, NULL));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	ASSERT_EQ(0, link_del(self->sink.nl, "sink"));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_drops");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
}

TEST_F(redirect, to_another_cpu)
{
	int map = bpf_map(BPF_MAP_TYPE_CPUMAP, sizeof(__u32), possible_cpus());
	__u32 room = 2 * NR;
	int cpu, prog;

	ASSERT_LE(0, map);
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		ASSERT_EQ(0, bpf_map_set(map, cpu, &room));
		prog = xdp_redirect(map, cpu, 0);
		ASSERT_LE(0, prog);
		ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
		ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
		EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
		EXPECT_STAT((cpu + 1) * NR, &self->far, "rx", "xdp_redirect");
		close(prog);
	}
	EXPECT_STAT(0, &self->far, "rx", "drops");
	close(map);
}

NETNS_TEST_MAIN
