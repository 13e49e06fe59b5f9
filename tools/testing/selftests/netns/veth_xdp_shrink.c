// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a program may cut off whole buffers of a frame, and the frame goes
 * on without them.
 *
 * The package's driver calls its page pool's pages shared ones there, and the
 * core frees them behind the pool's back: the frames are well, and the kernel
 * warns of a reference count below zero. Ours tells the core what its pages
 * are.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

FIXTURE(shrink)
{
	struct veth_endpoint near, far;
};

FIXTURE_SETUP(shrink)
{
	int pass = xdp_constant(XDP_PASS, BPF_F_XDP_HAS_FRAGS);

	ASSERT_LE(0, pass);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU, VETH_MAX_MTU,
			      NULL));
	ASSERT_EQ(0, veth_set(self->far.nl, "far", IFLA_MTU, VETH_MAX_MTU,
			      NULL));
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", pass, NULL));
	close(pass);
}

FIXTURE_TEARDOWN(shrink)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

/* A program that changes the tail by @delta and gives its answer. */
static int xdp_change_tail(int delta, int verdict)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_2, delta),
		CALL(BPF_FUNC_xdp_adjust_tail),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, 2),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		EXIT,
		MOV_IMM(BPF_REG_0, verdict),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, BPF_F_XDP_HAS_FRAGS, insns,
			ARRAY_SIZE(insns));
}

static int attach(struct veth_endpoint *end, int prog)
{
	int err;

	if (prog < 0)
		return prog;
	err = xdp_attach(end->nl, end->name, prog, NULL);
	close(prog);
	return err;
}

static const int deltas[] = { -4096, -5000, -10000, -40000, -59900 };

TEST_F(shrink, pass)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deltas); i++) {
		ASSERT_EQ(0, attach(&self->far,
				    xdp_change_tail(deltas[i], XDP_PASS)));
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, 60000));
		EXPECT_EQ(0, frame_expect(self->far.sock, i,
					  60000 + deltas[i])) {
			TH_LOG("by %d bytes", deltas[i]);
		}
	}
}

TEST_F(shrink, tx)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deltas); i++) {
		ASSERT_EQ(0, attach(&self->far,
				    xdp_change_tail(deltas[i], XDP_TX)));
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, 60000));
		EXPECT_EQ(0, frame_expect(self->near.sock, i,
					  60000 + deltas[i])) {
			TH_LOG("by %d bytes", deltas[i]);
		}
	}
}

NETNS_TEST_MAIN
