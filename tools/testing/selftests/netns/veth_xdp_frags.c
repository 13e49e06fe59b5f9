// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program that can do with frames of several buffers gets any that
 * the peer can send, whatever the MTU, unharmed, and can send them on.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define BIG 65000

FIXTURE(frags)
{
	struct veth_endpoint near, far;
	int pass;
};

FIXTURE_SETUP(frags)
{
	self->pass = xdp_constant(XDP_PASS, BPF_F_XDP_HAS_FRAGS);
	ASSERT_LE(0, self->pass);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, veth_largest_mtu(&self->near, &self->far));
}

FIXTURE_TEARDOWN(frags)
{
	close(self->pass);
	veth_release(&self->near);
	veth_release(&self->far);
}

/* Around what a buffer holds, and everywhere else. */
static const size_t lengths[] = {
	FRAME_MIN, 100, 1514, 3000, 3500, 3504, 3518, 3519, 3520, 4000, 4096,
	4097, 7000, 7614, 7615, 8192, 9014, 16384, 30000, 40000, 60000, BIG,
};

/* A program that takes only frames that are as long as their number. */
static int xdp_want_length(void)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		CALL(BPF_FUNC_xdp_get_buff_len),
		MOV_REG(BPF_REG_7, BPF_REG_0),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_6,
		     offsetof(struct xdp_md, data)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_6,
		     offsetof(struct xdp_md, data_end)),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, sizeof(struct frame)),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		JUMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 3),
		LOAD(BPF_W, BPF_REG_5, BPF_REG_2, offsetof(struct frame, seq)),
		JUMP_REG(BPF_JNE, BPF_REG_5, BPF_REG_7, 1),
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, BPF_F_XDP_HAS_FRAGS, insns,
			ARRAY_SIZE(insns));
}

TEST_F(frags, no_limit_of_the_peer)
{
	struct veth_link link;
	struct nl_ack ack;
	int single = xdp_constant(XDP_PASS, 0);

	ASSERT_LE(0, single);
	EXPECT_EQ(-ERANGE, xdp_attach(self->far.nl, "far", single, &ack));
	EXPECT_STREQ("veth: Peer MTU is too large to set XDP", ack.msg);
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->pass, NULL));
	ASSERT_EQ(0, veth_get(self->near.nl, "near", &link));
	EXPECT_LE(VETH_MAX_MTU, link.max_mtu);
	EXPECT_EQ(VETH_MAX_MTU, link.mtu);
	close(single);
}

TEST_F(frags, pass)
{
	unsigned int i;

	ASSERT_EQ(0, attach(&self->far, xdp_want_length()));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, frame_send(self->near.sock, 0, lengths[i],
					lengths[i]));
		EXPECT_EQ(0, frame_expect(self->far.sock, lengths[i],
					  lengths[i])) {
			TH_LOG("%zu bytes", lengths[i]);
		}
	}
	EXPECT_STAT(ARRAY_SIZE(lengths), &self->far, "rx", "xdp_packets");
	EXPECT_STAT(0, &self->far, "rx", "xdp_drops");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	/* And what is not as long as it says is not taken. */
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 9000, 9001));
	EXPECT_STAT(1, &self->far, "rx", "xdp_drops");
}

TEST_F(frags, tx)
{
	unsigned int i;

	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", self->pass, NULL));
	ASSERT_EQ(0, attach(&self->far,
			    xdp_constant(XDP_TX, BPF_F_XDP_HAS_FRAGS)));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, lengths[i]));
		EXPECT_EQ(0, frame_expect(self->near.sock, i, lengths[i])) {
			TH_LOG("%zu bytes", lengths[i]);
		}
	}
	EXPECT_STAT(ARRAY_SIZE(lengths), &self->far, "rx", "xdp_tx");
	EXPECT_STAT(0, &self->far, "rx", "drops");
}

TEST_F(frags, redirect)
{
	struct veth_endpoint out, sink;
	unsigned int i;
	int map;

	ASSERT_EQ(0, veth_pair_behind(&self->far, &out, &sink));
	ASSERT_EQ(0, veth_largest_mtu(&out, &sink));
	ASSERT_EQ(0, xdp_attach(sink.nl, "sink", self->pass, NULL));
	map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(__u32), 1);
	ASSERT_LE(0, map);
	ASSERT_EQ(0, bpf_map_set_in(out.ns, map, 0, &out.index));
	ASSERT_EQ(0, attach(&self->far,
			    xdp_redirect(map, 0, BPF_F_XDP_HAS_FRAGS)));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, lengths[i]));
		EXPECT_EQ(0, frame_expect(sink.sock, i, lengths[i])) {
			TH_LOG("%zu bytes", lengths[i]);
		}
	}
	EXPECT_STAT(ARRAY_SIZE(lengths), &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	close(out.sock);
	veth_release(&sink);
	close(map);
}

/* Within the last buffer: see veth_xdp_shrink for the others. */
TEST_F(frags, tail_shrinks)
{
	static const int deltas[] = { -1, -100, -2000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deltas); i++) {
		ASSERT_EQ(0, attach(&self->far,
				    xdp_adjust(BPF_FUNC_xdp_adjust_tail,
					       deltas[i], XDP_PASS,
					       BPF_F_XDP_HAS_FRAGS)));
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, 60000));
		EXPECT_EQ(0, frame_expect(self->far.sock, i,
					  60000 + deltas[i])) {
			TH_LOG("by %d bytes", deltas[i]);
		}
	}
}

NETNS_TEST_MAIN
