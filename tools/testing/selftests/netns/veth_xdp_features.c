// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: what a device tells through the netdev family about XDP is what can
 * be done with it at that time: redirecting into it needs an other end that
 * polls, and a program needs a queue for each of the peer's. So is what it tells
 * about the polls of its queues and about their pools of pages.
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

/* Whether there is a poll of its own for each of the first @n queues, of two. */
static int queues_polled(int genl, int index, int n)
{
	int i, napi, last = 0;

	for (i = 0; i < n; i++) {
		napi = netdev_queue_napi(genl, index, i);
		if (napi <= 0 || napi == last)
			return i + 1;
		last = napi;
	}
	for (; i < 2; i++) {
		napi = netdev_queue_napi(genl, index, i);
		/* There is no such queue, or nothing polls it. */
		if (napi && napi != -ENOENT && napi != -EINVAL)
			return i + 1;
	}
	return 0;
}

#define EXPECT_POLLED(n) \
	EXPECT_EQ(0, queues_polled(self->genl_far, self->far.index, n))

TEST_F(features, poll_of_a_queue)
{
	EXPECT_POLLED(0);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_POLLED(2);
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	EXPECT_POLLED(0);
	ASSERT_EQ(0, link_up(self->far.nl, "far"));
	EXPECT_POLLED(2);
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_POLLED(0);
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	EXPECT_POLLED(2);
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 1, 2));
	EXPECT_POLLED(1);
	ASSERT_EQ(0, veth_set_channels(self->far.nl, "far", 2, 2));
	EXPECT_POLLED(2);
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 0));
	EXPECT_POLLED(0);
	/* None of that is the other end's. */
	EXPECT_EQ(0, netdev_count_napis(self->genl_near, self->near.index));
}

/* A program has a pool for each queue, which is of that queue's poll. */
TEST_F(features, pools)
{
	struct netdev_pools pools;
	int i, napi;

	EXPECT_EQ(0, netdev_count_pools(self->genl_far, self->far.index));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	ASSERT_EQ(0, netdev_get_pools(self->genl_far, self->far.index, &pools));
	ASSERT_EQ(2, pools.nr);
	EXPECT_NE(pools.napis[0], pools.napis[1]);
	for (i = 0; i < 2; i++) {
		napi = netdev_queue_napi(self->genl_far, self->far.index, i);
		EXPECT_LT(0, napi);
		EXPECT_TRUE(napi == pools.napis[0] || napi == pools.napis[1]);
	}
	/* None of their pages is in use. */
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	EXPECT_EQ(0, netdev_count_pools(self->genl_far, self->far.index));
	ASSERT_EQ(0, link_up(self->far.nl, "far"));
	EXPECT_EQ(2, netdev_count_pools(self->genl_far, self->far.index));
	ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_EQ(0, netdev_count_pools(self->genl_far, self->far.index));
	EXPECT_EQ(0, netdev_count_pools(self->genl_near, self->near.index));
}

static int add_address(const struct veth_endpoint *end, const char *text)
{
	struct ifaddrmsg *ifa;
	struct in_addr addr;
	struct nl_req req;

	if (inet_pton(AF_INET, text, &addr) != 1)
		return -EINVAL;
	ifa = nl_init(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifa));
	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 24;
	ifa->ifa_index = end->index;
	nl_put(&req, IFA_LOCAL, &addr, sizeof(addr));
	return nl_talk(end->nl, &req, NULL, NULL, NULL);
}

/* A socket, too, knows by which poll it got what it has, and can poll itself. */
TEST_F(features, poll_of_a_socket)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(5000) };
	struct timeval tv = { .tv_sec = POLL_DEADLINE_S };
	int sender, receiver, napi, busy = 1000;
	socklen_t len = sizeof(napi);
	char c = 'x';

	ASSERT_EQ(0, add_address(&self->near, "192.0.2.1"));
	ASSERT_EQ(0, add_address(&self->far, "192.0.2.2"));
	/* One queue, else it is not known by which of them it comes. */
	ASSERT_EQ(0, veth_set_channels(self->near.nl, "near", 2, 1));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	sender = socket_in(self->near.ns, AF_INET, SOCK_DGRAM, 0);
	receiver = socket_in(self->far.ns, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, sender);
	ASSERT_LE(0, receiver);
	inet_pton(AF_INET, "192.0.2.2", &to.sin_addr);
	ASSERT_EQ(0, bind(receiver, (struct sockaddr *)&to, sizeof(to)));
	ASSERT_EQ(0, setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));

	ASSERT_EQ(1, sendto(sender, &c, 1, 0, (struct sockaddr *)&to, sizeof(to)));
	ASSERT_EQ(1, recv(receiver, &c, 1, 0));
	ASSERT_EQ(0, getsockopt(receiver, SOL_SOCKET, SO_INCOMING_NAPI_ID, &napi,
				&len));
	EXPECT_LT(0, napi);
	EXPECT_EQ(netdev_queue_napi(self->genl_far, self->far.index, 0), napi);

	ASSERT_EQ(0, setsockopt(receiver, SOL_SOCKET, SO_BUSY_POLL, &busy,
				sizeof(busy)));
	ASSERT_EQ(1, sendto(sender, &c, 1, 0, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(1, recv(receiver, &c, 1, 0));
	close(sender);
	close(receiver);
}

NETNS_TEST_MAIN
