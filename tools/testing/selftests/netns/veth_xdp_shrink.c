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
	ASSERT_EQ(0, veth_largest_mtu(&self->near, &self->far));
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", pass, NULL));
	close(pass);
}

FIXTURE_TEARDOWN(shrink)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

static const int deltas[] = { -4096, -5000, -10000, -40000, -59900 };

TEST_F(shrink, pass)
{
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

TEST_F(shrink, tx)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deltas); i++) {
		ASSERT_EQ(0, attach(&self->far,
				    xdp_adjust(BPF_FUNC_xdp_adjust_tail,
					       deltas[i], XDP_TX,
					       BPF_F_XDP_HAS_FRAGS)));
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, 60000));
		EXPECT_EQ(0, frame_expect(self->near.sock, i,
					  60000 + deltas[i])) {
			TH_LOG("by %d bytes", deltas[i]);
		}
	}
}

NETNS_TEST_MAIN
