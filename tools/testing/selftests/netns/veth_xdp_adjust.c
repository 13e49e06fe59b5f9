// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program can change the size of a frame at both ends and put
 * metadata before it, which whoever comes next sees: the stack, the other end,
 * and the programs of tc.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define SOME 10
#define META 0x600df00d

FIXTURE(adjust)
{
	struct veth_endpoint near, far;
	unsigned char buf[2048];
};

FIXTURE_SETUP(adjust)
{
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
}

FIXTURE_TEARDOWN(adjust)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

/* A program that puts a copy of the Ethernet header before the frame. */
static int xdp_push_header(int verdict)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		MOV_IMM(BPF_REG_2, -16),
		CALL(BPF_FUNC_xdp_adjust_head),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_6,
		     offsetof(struct xdp_md, data)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_6,
		     offsetof(struct xdp_md, data_end)),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, 32),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		JUMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 5),
		LOAD(BPF_DW, BPF_REG_5, BPF_REG_2, 16),
		STORE(BPF_DW, BPF_REG_2, 0, BPF_REG_5),
		LOAD(BPF_DW, BPF_REG_5, BPF_REG_2, 24),
		STORE(BPF_DW, BPF_REG_2, 8, BPF_REG_5),
		MOV_IMM(BPF_REG_0, verdict),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, 0, insns, ARRAY_SIZE(insns));
}

TEST_F(adjust, head_shrinks)
{
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_head,
						   SOME, XDP_PASS, 0)));
	/* A good frame behind what is to be taken away. */
	memset(self->buf, 0xff, SOME);
	frame_fill(self->buf + SOME, 0, 1, 100);
	ASSERT_EQ(100 + SOME, send(self->near.sock, self->buf, 100 + SOME, 0));
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, 100));
}

TEST_F(adjust, head_grows)
{
	ssize_t len;

	ASSERT_EQ(0, attach(&self->far, xdp_push_header(XDP_PASS)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	len = recv(self->far.sock, self->buf, sizeof(self->buf), 0);
	EXPECT_EQ(116, len);
	EXPECT_EQ(0, memcmp(self->buf, self->buf + 16, 16));
	EXPECT_EQ(frame_byte(1, 99), self->buf[115]);
}

TEST_F(adjust, head_grows_on_the_way_back)
{
	ssize_t len;

	ASSERT_EQ(0, attach(&self->near, xdp_constant(XDP_PASS, 0)));
	ASSERT_EQ(0, attach(&self->far, xdp_push_header(XDP_TX)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	len = recv(self->near.sock, self->buf, sizeof(self->buf), 0);
	EXPECT_EQ(116, len);
	EXPECT_EQ(0, memcmp(self->buf, self->buf + 16, 16));
	EXPECT_EQ(frame_byte(1, 99), self->buf[115]);
}

TEST_F(adjust, head_has_limits)
{
	/* More room than there is before a frame, and less than a header. */
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_head,
						   -4096, XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_STAT(1, &self->far, "rx", "xdp_drops");
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_head,
						   100, XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_STAT(2, &self->far, "rx", "xdp_drops");
	/* A program may count on this much. */
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_head,
						   -192, XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_STAT(3, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(2, &self->far, "rx", "xdp_drops");
}

TEST_F(adjust, tail_shrinks)
{
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_tail,
						   -SOME, XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, 100 - SOME));
	/* No shorter than a header. */
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_tail,
						   -90, XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 2, 100));
	EXPECT_STAT(1, &self->far, "rx", "xdp_drops");
}

TEST_F(adjust, tail_grows)
{
	static const unsigned char zeros[SOME];
	ssize_t len;

	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_tail,
						   SOME, XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	len = recv(self->far.sock, self->buf, sizeof(self->buf), 0);
	EXPECT_EQ(100 + SOME, len);
	EXPECT_EQ(frame_byte(1, 99), self->buf[99]);
	EXPECT_EQ(0, memcmp(self->buf + 100, zeros, SOME));
}

TEST_F(adjust, tail_shrinks_on_the_way_back)
{
	ASSERT_EQ(0, attach(&self->near, xdp_constant(XDP_PASS, 0)));
	ASSERT_EQ(0, attach(&self->far, xdp_adjust(BPF_FUNC_xdp_adjust_tail,
						   -SOME, XDP_TX, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_EQ(0, frame_expect(self->near.sock, 1, 100 - SOME));
}

/* A clone is somebody else's as well: what the program does hurts no one. */
TEST_F(adjust, others_keep_their_copy)
{
	int tap = frame_open(self->near.ns, self->near.index);
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = self->near.index,
	};

	/* This one sees what is sent. */
	ASSERT_LE(0, tap);
	ASSERT_EQ(0, bind(tap, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, attach(&self->far, xdp_push_header(XDP_PASS)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_EQ(116, recv(self->far.sock, self->buf, sizeof(self->buf), 0));
	EXPECT_EQ(0, frame_expect(tap, 1, 100));
	close(tap);
}

/* A program of XDP that leaves a word for those of tc. */
static int xdp_leave_word(void)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		MOV_IMM(BPF_REG_2, -4),
		CALL(BPF_FUNC_xdp_adjust_meta),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_6,
		     offsetof(struct xdp_md, data_meta)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_6,
		     offsetof(struct xdp_md, data)),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, 4),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		JUMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 2),
		STORE_IMM(BPF_W, BPF_REG_2, 0, META),
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, 0, insns, ARRAY_SIZE(insns));
}

/* A program of tc that lets nothing pass without that word. */
static int tc_want_word(void)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1,
		     offsetof(struct __sk_buff, data_meta)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1,
		     offsetof(struct __sk_buff, data)),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, 4),
		MOV_IMM(BPF_REG_0, TCX_DROP),
		JUMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 3),
		LOAD(BPF_W, BPF_REG_5, BPF_REG_2, 0),
		JUMP_IMM(BPF_JNE, BPF_REG_5, META, 1),
		MOV_IMM(BPF_REG_0, TCX_PASS),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_SCHED_CLS, 0, insns, ARRAY_SIZE(insns));
}

TEST_F(adjust, metadata)
{
	int tc = tc_want_word();
	int link;

	ASSERT_LE(0, tc);
	link = bpf_link_in(self->far.ns, tc, self->far.index, BPF_TCX_INGRESS,
			   0);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, attach(&self->far, xdp_leave_word()));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, 100));

	/* Without it, nothing: until the second program lets it pass. */
	ASSERT_EQ(0, attach(&self->far, xdp_constant(XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 2, 100));
	EXPECT_STAT(2, &self->far, "rx", "xdp_packets");
	close(link);
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 3, 100));
	EXPECT_EQ(0, frame_expect(self->far.sock, 3, 100));
	close(tc);
}

NETNS_TEST_MAIN
