// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a pair is made as the request says, each end for itself: names,
 * addresses, MTUs, queues, groups, indexes, and the namespaces of both, which
 * need not be the caller's.
 */
#include "veth_ethtool.h"

static const unsigned char mac_near[ETH_ALEN] = { 2, 0, 0, 0, 0, 1 };
static const unsigned char mac_far[ETH_ALEN] = { 2, 0, 0, 0, 0, 2 };
static const unsigned char mac_none[ETH_ALEN];

FIXTURE(create)
{
	/* Two others than the caller's; a netlink socket in each. */
	int a, b;
	int nl, nl_a, nl_b;
	struct veth_req v;
	struct veth_link near, far;
};

FIXTURE_SETUP(create)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->nl = nl_open();
	ASSERT_LE(0, self->nl);
	ASSERT_EQ(0, new_netns_with_nl(&self->a, &self->nl_a));
	ASSERT_EQ(0, new_netns_with_nl(&self->b, &self->nl_b));
}

FIXTURE_TEARDOWN(create)
{
}

/* How many queues of a device of ours are in use. */
#define EXPECT_IN_USE(name, tx, rx)					\
do {									\
	struct ethtool_channels __ch;					\
									\
	EXPECT_EQ(0, veth_get_channels(self->nl, name, &__ch));		\
	EXPECT_EQ((__u32)(tx), __ch.tx_count);				\
	EXPECT_EQ((__u32)(rx), __ch.rx_count);				\
} while (0)

TEST_F(create, nothing_asked_for)
{
	veth_begin(&self->v);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	/* The far end is registered first. */
	ASSERT_EQ(0, veth_get(self->nl, "veth0", &self->far));
	ASSERT_EQ(0, veth_get(self->nl, "veth1", &self->near));
	EXPECT_LT(self->far.index, self->near.index);
	EXPECT_EQ(self->far.index, self->near.link);
	EXPECT_EQ(self->near.index, self->far.link);
	EXPECT_EQ(2, veth_count(self->nl));

	EXPECT_STREQ("veth", self->near.kind);
	EXPECT_STREQ("veth", self->far.kind);
	EXPECT_EQ(1500, self->near.mtu);
	EXPECT_EQ(1500, self->far.mtu);
	EXPECT_EQ(VETH_MIN_MTU, self->near.min_mtu);
	EXPECT_EQ(VETH_MAX_MTU, self->near.max_mtu);
	EXPECT_EQ(0, self->near.group);
	EXPECT_EQ(1000, self->near.txqlen);
	EXPECT_EQ(1000, self->far.txqlen);
	EXPECT_EQ(0U, self->near.flags & (IFF_UP | IFF_LOWER_UP));
	EXPECT_EQ(0U, self->far.flags & (IFF_UP | IFF_LOWER_UP));
	EXPECT_EQ(0, self->near.carrier);
	EXPECT_EQ(0, self->far.carrier);
	EXPECT_EQ(65536, self->near.gso_max_size);
	EXPECT_EQ(524280, self->near.tso_max_size);

	/* Random, local, and different. */
	EXPECT_EQ(2, self->near.addr[0] & 3);
	EXPECT_EQ(2, self->far.addr[0] & 3);
	EXPECT_NE(0, memcmp(self->near.addr, self->far.addr, ETH_ALEN));

	/* Room for a queue for each CPU, and one in use. */
	EXPECT_EQ(possible_cpus(), self->near.num_tx);
	EXPECT_EQ(possible_cpus(), self->near.num_rx);
	EXPECT_EQ(possible_cpus(), self->far.num_tx);
	EXPECT_EQ(possible_cpus(), self->far.num_rx);
	EXPECT_IN_USE("veth0", 1, 1);
	EXPECT_IN_USE("veth1", 1, 1);
}

TEST_F(create, all_attributes_of_both)
{
	veth_begin(&self->v)->ifi_index = 1001;
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put(&self->v.req, IFLA_ADDRESS, mac_near, ETH_ALEN);
	nl_put_int(&self->v.req, IFLA_MTU, 1400);
	nl_put_int(&self->v.req, IFLA_GROUP, 11);
	nl_put_int(&self->v.req, IFLA_TXQLEN, 21);
	nl_put_int(&self->v.req, IFLA_NUM_TX_QUEUES, 3);
	nl_put_int(&self->v.req, IFLA_NUM_RX_QUEUES, 4);
	nl_put_int(&self->v.req, IFLA_GSO_MAX_SIZE, 30000);
	nl_put_int(&self->v.req, IFLA_GSO_MAX_SEGS, 30);
	veth_peer(&self->v)->ifi_index = 1002;
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put(&self->v.req, IFLA_ADDRESS, mac_far, ETH_ALEN);
	nl_put_int(&self->v.req, IFLA_MTU, 9000);
	nl_put_int(&self->v.req, IFLA_GROUP, 12);
	nl_put_int(&self->v.req, IFLA_TXQLEN, 22);
	nl_put_int(&self->v.req, IFLA_NUM_TX_QUEUES, 5);
	nl_put_int(&self->v.req, IFLA_NUM_RX_QUEUES, 6);
	nl_put_int(&self->v.req, IFLA_GSO_MAX_SIZE, 40000);
	nl_put_int(&self->v.req, IFLA_GSO_MAX_SEGS, 40);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));

	ASSERT_EQ(0, veth_get(self->nl, "near", &self->near));
	EXPECT_EQ(1001, self->near.index);
	EXPECT_EQ(0, memcmp(self->near.addr, mac_near, ETH_ALEN));
	EXPECT_EQ(1400, self->near.mtu);
	EXPECT_EQ(11, self->near.group);
	EXPECT_EQ(21, self->near.txqlen);
	EXPECT_EQ(3, self->near.num_tx);
	EXPECT_EQ(4, self->near.num_rx);
	EXPECT_EQ(30000, self->near.gso_max_size);
	EXPECT_EQ(30, self->near.gso_max_segs);
	EXPECT_EQ(1002, self->near.link);
	EXPECT_IN_USE("near", 3, 4);

	ASSERT_EQ(0, veth_get(self->nl, "far", &self->far));
	EXPECT_EQ(1002, self->far.index);
	EXPECT_EQ(0, memcmp(self->far.addr, mac_far, ETH_ALEN));
	EXPECT_EQ(9000, self->far.mtu);
	EXPECT_EQ(12, self->far.group);
	EXPECT_EQ(22, self->far.txqlen);
	EXPECT_EQ(5, self->far.num_tx);
	EXPECT_EQ(6, self->far.num_rx);
	EXPECT_EQ(40000, self->far.gso_max_size);
	EXPECT_EQ(40, self->far.gso_max_segs);
	EXPECT_EQ(1001, self->far.link);
	EXPECT_IN_USE("far", 5, 6);
}

/* What one end is told says nothing about the other. */
TEST_F(create, attributes_of_the_far_end_only)
{
	veth_begin(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put(&self->v.req, IFLA_ADDRESS, mac_far, ETH_ALEN);
	nl_put_int(&self->v.req, IFLA_MTU, 9000);
	nl_put_int(&self->v.req, IFLA_GROUP, 12);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));

	ASSERT_EQ(0, veth_get(self->nl, "veth0", &self->near));
	EXPECT_EQ(1500, self->near.mtu);
	EXPECT_EQ(0, self->near.group);
	EXPECT_NE(0, memcmp(self->near.addr, mac_far, ETH_ALEN));
	ASSERT_EQ(0, veth_get(self->nl, "far", &self->far));
	EXPECT_EQ(9000, self->far.mtu);
	EXPECT_EQ(12, self->far.group);
	EXPECT_EQ(0, memcmp(self->far.addr, mac_far, ETH_ALEN));
}

/* Without a nest, the far end gets what is not a name or an address, too. */
TEST_F(create, attributes_of_the_near_end_only)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put(&self->v.req, IFLA_ADDRESS, mac_near, ETH_ALEN);
	nl_put_int(&self->v.req, IFLA_MTU, 1400);
	nl_put_int(&self->v.req, IFLA_GROUP, 11);
	nl_put_int(&self->v.req, IFLA_NUM_TX_QUEUES, 3);
	nl_put_int(&self->v.req, IFLA_NUM_RX_QUEUES, 4);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));

	ASSERT_EQ(0, veth_get(self->nl, "near", &self->near));
	EXPECT_EQ(0, memcmp(self->near.addr, mac_near, ETH_ALEN));
	ASSERT_EQ(0, veth_get(self->nl, "veth0", &self->far));
	EXPECT_NE(0, memcmp(self->far.addr, mac_near, ETH_ALEN));
	EXPECT_NE(0, memcmp(self->far.addr, mac_none, ETH_ALEN));
	EXPECT_EQ(1400, self->far.mtu);
	EXPECT_EQ(11, self->far.group);
	EXPECT_EQ(3, self->far.num_tx);
	EXPECT_EQ(4, self->far.num_rx);
	EXPECT_IN_USE("veth0", 3, 4);
}

/* An empty nest has told the far end to be as devices are by default. */
TEST_F(create, empty_nest)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_MTU, 1400);
	veth_peer(&self->v);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	ASSERT_EQ(0, veth_get(self->nl, "veth0", &self->far));
	EXPECT_EQ(1500, self->far.mtu);
}

TEST_F(create, names_by_pattern)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "n%d");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "f%d");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "n0"));
	EXPECT_LT(0, link_index(self->nl, "f0"));

	/* Both from one pattern, and past a number that is taken. */
	ASSERT_EQ(0, veth_add(self->nl, "p1", "q", self->a));
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "p%d");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "p%d");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "p0"));
	EXPECT_LT(0, link_index(self->nl, "p2"));
}

/* The far end's name is made where the far end is. */
TEST_F(create, automatic_name_elsewhere)
{
	veth_begin(&self->v);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	veth_begin(&self->v);
	veth_peer(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "veth2"));
	EXPECT_LT(0, link_index(self->nl_a, "veth0"));
}

/* Queues in use are as many as were asked for, by the near end's request. */
TEST_F(create, queues_of_the_near_end_only)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_NUM_TX_QUEUES, 3);
	nl_put_int(&self->v.req, IFLA_NUM_RX_QUEUES, 4);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_IN_USE("near", 3, 4);
	EXPECT_IN_USE("far", possible_cpus(), possible_cpus());
}

TEST_F(create, queues_of_the_far_end_only)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NUM_TX_QUEUES, 3);
	nl_put_int(&self->v.req, IFLA_NUM_RX_QUEUES, 4);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	ASSERT_EQ(0, veth_get(self->nl, "far", &self->far));
	EXPECT_EQ(3, self->far.num_tx);
	EXPECT_EQ(4, self->far.num_rx);
	EXPECT_IN_USE("near", 1, 1);
	EXPECT_IN_USE("far", 1, 1);
}

/* The far end's index counts when the near end's is given as well. */
TEST_F(create, index_of_the_far_end_only)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	veth_peer(&self->v)->ifi_index = 1002;
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "far"));
	EXPECT_NE(1002, link_index(self->nl, "far"));
}

TEST_F(create, index_of_the_near_end_only)
{
	veth_begin(&self->v)->ifi_index = 1001;
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_EQ(1001, link_index(self->nl, "near"));
	EXPECT_LT(0, link_index(self->nl, "far"));
	EXPECT_NE(1001, link_index(self->nl, "far"));
}

/* One index in two namespaces is no clash. */
TEST_F(create, same_index_in_two_namespaces)
{
	veth_begin(&self->v)->ifi_index = 1001;
	nl_put_str(&self->v.req, IFLA_IFNAME, "same");
	veth_peer(&self->v)->ifi_index = 1001;
	nl_put_str(&self->v.req, IFLA_IFNAME, "same");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_EQ(1001, link_index(self->nl, "same"));
	EXPECT_EQ(1001, link_index(self->nl_a, "same"));
}

TEST_F(create, near_end_up_at_once)
{
	struct ifinfomsg *ifi = veth_begin(&self->v);

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	ASSERT_EQ(0, veth_get(self->nl, "near", &self->near));
	EXPECT_EQ(1U * IFF_UP, self->near.flags & (IFF_UP | IFF_LOWER_UP));
}

TEST_F(create, far_end_with_flags)
{
	struct ifinfomsg *ifi;

	veth_begin(&self->v);
	ifi = veth_peer(&self->v);
	ifi->ifi_flags = IFF_NOARP;
	ifi->ifi_change = IFF_NOARP;
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	ASSERT_EQ(0, veth_get(self->nl, "far", &self->far));
	EXPECT_NE(0U, self->far.flags & IFF_NOARP);
	ASSERT_EQ(0, veth_get(self->nl, "veth0", &self->near));
	EXPECT_EQ(0U, self->near.flags & IFF_NOARP);
}

/* The ends of a pair are where the request has put them, and nowhere else. */
#define EXPECT_PAIR(nl_near, nl_far)					\
do {									\
	EXPECT_LT(0, link_index(nl_near, "near"));			\
	EXPECT_LT(0, link_index(nl_far, "far"));			\
	EXPECT_EQ(2, veth_count(self->nl) + veth_count(self->nl_a) +	\
		     veth_count(self->nl_b));				\
} while (0)

TEST_F(create, far_end_by_descriptor)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_PAIR(self->nl, self->nl_a);
}

TEST_F(create, far_end_by_pid)
{
	pid_t pid = park_child(CLONE_NEWNET);
	int ns, nl;

	ASSERT_LT(0, pid);
	ns = open_pid_ns(pid, "net");
	nl = nl_open_in(ns);
	ASSERT_LE(0, nl);
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, pid);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "near"));
	EXPECT_LT(0, link_index(nl, "far"));
	EXPECT_EQ(1, veth_count(self->nl));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(create, near_end_by_pid)
{
	pid_t pid = park_child(CLONE_NEWNET);
	int nl;

	ASSERT_LT(0, pid);
	nl = nl_open_in(open_pid_ns(pid, "net"));
	ASSERT_LE(0, nl);
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, pid);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(nl, "near"));
	EXPECT_LT(0, link_index(self->nl, "far"));
	EXPECT_EQ(1, veth_count(self->nl));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(create, near_end_elsewhere)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	/* The other stays with the caller. */
	EXPECT_PAIR(self->nl_a, self->nl);
}

TEST_F(create, both_elsewhere_without_a_nest)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl_a, "near"));
	EXPECT_LT(0, link_index(self->nl_a, "veth0"));
	EXPECT_EQ(0, veth_count(self->nl));
}

TEST_F(create, three_namespaces)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_PAIR(self->nl_a, self->nl_b);
}

TEST_F(create, three_namespaces_by_nsid)
{
	/* The near end's is one of the caller's, the other one of that. */
	ASSERT_EQ(0, nsid_set(self->nl, 7, NETNSA_FD, self->a));
	ASSERT_EQ(0, nsid_set(self->nl_a, 9, NETNSA_FD, self->b));
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_TARGET_NETNSID, 7);
	nl_put_int(&self->v.req, IFLA_LINK_NETNSID, 9);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_PAIR(self->nl_a, self->nl_b);

	ASSERT_EQ(0, veth_get(self->nl_a, "near", &self->near));
	ASSERT_EQ(0, veth_get(self->nl_b, "far", &self->far));
	EXPECT_EQ(9, self->near.nsid);
	EXPECT_EQ(self->far.index, self->near.link);
	EXPECT_EQ(self->near.index, self->far.link);
}

TEST_F(create, near_end_by_nsid_far_by_descriptor)
{
	ASSERT_EQ(0, nsid_set(self->nl, 7, NETNSA_FD, self->a));
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_TARGET_NETNSID, 7);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_PAIR(self->nl_a, self->nl_b);
}

/* In three namespaces, what is made elsewhere is made as told there. */
TEST_F(create, attributes_reach_both_elsewhere)
{
	veth_begin(&self->v)->ifi_index = 1001;
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	nl_put_int(&self->v.req, IFLA_MTU, 1400);
	nl_put_int(&self->v.req, IFLA_GROUP, 11);
	nl_put(&self->v.req, IFLA_ADDRESS, mac_near, ETH_ALEN);
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	veth_peer(&self->v)->ifi_index = 1001;
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_MTU, 9000);
	nl_put_int(&self->v.req, IFLA_GROUP, 12);
	nl_put(&self->v.req, IFLA_ADDRESS, mac_far, ETH_ALEN);
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));

	ASSERT_EQ(0, veth_get(self->nl_a, "near", &self->near));
	EXPECT_EQ(1001, self->near.index);
	EXPECT_EQ(1400, self->near.mtu);
	EXPECT_EQ(11, self->near.group);
	EXPECT_EQ(0, memcmp(self->near.addr, mac_near, ETH_ALEN));
	ASSERT_EQ(0, veth_get(self->nl_b, "far", &self->far));
	EXPECT_EQ(1001, self->far.index);
	EXPECT_EQ(9000, self->far.mtu);
	EXPECT_EQ(12, self->far.group);
	EXPECT_EQ(0, memcmp(self->far.addr, mac_far, ETH_ALEN));
}

NETNS_TEST_MAIN
