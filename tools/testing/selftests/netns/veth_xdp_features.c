// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: what a device tells through the netdev family about XDP is what can
 * be done with it at that time: redirecting into it needs an other end that
 * polls, and a program needs a queue for each of the peer's.
 */
#include "veth_bpf.h"
#include "veth_frames.h"
#include "veth_netdev.h"

#define RECEIVES (NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT | \
		  NETDEV_XDP_ACT_RX_SG)
#define TAKES_REDIRECTED (NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_NDO_XMIT_SG)

FIXTURE(features)
{
	struct veth_endpoint near, far;
	int genl_near, genl_far;
	int prog;
};

FIXTURE_SETUP(features)
{
	self->prog = xdp_constant(XDP_PASS, 0);
	ASSERT_LE(0, self->prog);
	ASSERT_EQ(0, veth_pair_queues(&self->near, &self->far, 2));
	self->genl_near = genl_open_in(self->near.ns);
	self->genl_far = genl_open_in(self->far.ns);
	ASSERT_LE(0, self->genl_near);
	ASSERT_LE(0, self->genl_far);
}

FIXTURE_TEARDOWN(features)
{
	close(self->prog);
	close(self->genl_near);
	close(self->genl_far);
	veth_release(&self->near);
	veth_release(&self->far);
}

static long long features_of(int genl, const struct veth_endpoint *end)
{
	struct netdev_said said;
	int err = netdev_get(genl, end->index, &said);

	return err ? err : (long long)said.xdp;
}

#define EXPECT_NEAR(what) \
	EXPECT_EQ(what, features_of(self->genl_near, &self->near))
#define EXPECT_FAR(what) \
	EXPECT_EQ(what, features_of(self->genl_far, &self->far))

TEST_F(features, of_a_new_pair)
{
	EXPECT_NEAR(RECEIVES);
	EXPECT_FAR(RECEIVES);
}

TEST_F(features, of_a_pair_that_is_down)
{
	ASSERT_EQ(0, veth_add(self->near.nl, "n", "f", self->far.ns));
	self->near.index = link_index(self->near.nl, "n");
	self->far.index = link_index(self->far.nl, "f");
	EXPECT_NEAR(RECEIVES);
	EXPECT_FAR(RECEIVES);
}

TEST_F(features, metadata)
{
	__u64 all = NETDEV_XDP_RX_METADATA_TIMESTAMP |
		    NETDEV_XDP_RX_METADATA_HASH |
		    NETDEV_XDP_RX_METADATA_VLAN_TAG;
	struct netdev_said said;

	EXPECT_EQ(0, netdev_get(self->genl_near, self->near.index, &said));
	EXPECT_EQ(all, said.metadata);
}

TEST_F(features, other_end_has_a_program)
{
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_NEAR(RECEIVES | TAKES_REDIRECTED);
	EXPECT_FAR(RECEIVES);
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", self->prog, NULL));
	EXPECT_FAR(RECEIVES | TAKES_REDIRECTED);
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_NEAR(RECEIVES);
	EXPECT_FAR(RECEIVES | TAKES_REDIRECTED);
}

TEST_F(features, other_end_has_gro)
{
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	EXPECT_NEAR(RECEIVES | TAKES_REDIRECTED);
	EXPECT_FAR(RECEIVES);
	/* A program that comes and goes leaves it that. */
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_NEAR(RECEIVES | TAKES_REDIRECTED);
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_NEAR(RECEIVES | TAKES_REDIRECTED);
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 0));
	EXPECT_NEAR(RECEIVES);
}

TEST_F(features, fewer_queues_than_the_other_end_sends_on)
{
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 1, 2));
	EXPECT_FAR(0);
	EXPECT_NEAR(RECEIVES);
	ASSERT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 1));
	EXPECT_FAR(RECEIVES);
	ASSERT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 2));
	EXPECT_FAR(0);
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 2, 2));
	EXPECT_FAR(RECEIVES);
}

#define EXPECT_POLLS(n)	\
	EXPECT_EQ(n, netdev_count_napis(self->genl_far, self->far.index))

/* One for each receive queue, while somebody needs them. */
TEST_F(features, polls)
{
	EXPECT_POLLS(0);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_POLLS(2);
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	EXPECT_POLLS(0);
	ASSERT_EQ(0, link_up(self->far.nl, "far"));
	EXPECT_POLLS(2);
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_POLLS(0);
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	EXPECT_POLLS(2);
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 1, 2));
	EXPECT_POLLS(1);
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 0));
	EXPECT_POLLS(0);
}

NETNS_TEST_MAIN
