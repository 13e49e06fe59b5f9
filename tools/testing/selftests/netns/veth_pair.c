// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: two ends are one pair for their whole life: each names the other
 * wherever that is, has a carrier while both are up, and goes when the other
 * goes, for whatever reason.
 */
#include "veth_util.h"

FIXTURE(pair)
{
	int a, b;
	int nl_a, nl_b;
	struct veth_link near, far;
};

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, new_netns_with_nl(&self->a, &self->nl_a));
	ASSERT_EQ(0, new_netns_with_nl(&self->b, &self->nl_b));
	ASSERT_EQ(0, veth_add(self->nl_a, "near", "far", self->b));
}

FIXTURE_TEARDOWN(pair)
{
	close(self->nl_a);
	close(self->nl_b);
	close(self->a);
	close(self->b);
}

/* Takes the events about links that have come, and counts those of a type. */
static int count_events(int nl, int type, const char *name)
{
	union {
		struct nlmsghdr nlh;
		char data[32768];
	} buf;
	struct veth_link link;
	struct nlmsghdr *nlh;
	ssize_t len;
	size_t left;
	int n = 0;

	for (;;) {
		len = recv(nl, &buf, sizeof(buf), MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? n : -errno;
		left = len;
		for (nlh = &buf.nlh; NLMSG_OK(nlh, left);
		     nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type != type)
				continue;
			veth_parse_link(nlh, &link);
			n += !strcmp(link.name, name);
		}
	}
}

TEST_F(pair, near_end_deleted)
{
	int events_a = nl_open_in(self->a);
	int events_b = nl_open_in(self->b);

	ASSERT_EQ(0, nl_subscribe(events_a, RTNLGRP_LINK));
	ASSERT_EQ(0, nl_subscribe(events_b, RTNLGRP_LINK));
	EXPECT_EQ(0, link_del(self->nl_a, "near"));
	EXPECT_EQ(-ENODEV, link_index(self->nl_a, "near"));
	EXPECT_EQ(-ENODEV, link_index(self->nl_b, "far"));
	EXPECT_EQ(1, count_events(events_a, RTM_DELLINK, "near"));
	EXPECT_EQ(1, count_events(events_b, RTM_DELLINK, "far"));
	/* Their names are free at once. */
	EXPECT_EQ(0, veth_add(self->nl_a, "near", "far", self->b));
	close(events_a);
	close(events_b);
}

TEST_F(pair, far_end_deleted)
{
	EXPECT_EQ(0, link_del(self->nl_b, "far"));
	EXPECT_EQ(-ENODEV, link_index(self->nl_a, "near"));
	EXPECT_EQ(-ENODEV, link_index(self->nl_b, "far"));
	EXPECT_EQ(0, veth_count(self->nl_a));
	EXPECT_EQ(0, veth_count(self->nl_b));
}

TEST_F(pair, deleted_while_up)
{
	ASSERT_EQ(0, link_up(self->nl_a, "near"));
	ASSERT_EQ(0, link_up(self->nl_b, "far"));
	EXPECT_EQ(0, link_del(self->nl_b, "far"));
	EXPECT_EQ(-ENODEV, link_index(self->nl_a, "near"));
}

/* Both ends are of one group, and go in one request. */
TEST_F(pair, deleted_by_group)
{
	struct nl_req req;
	int i;

	ASSERT_EQ(0, link_move(self->nl_b, "far", IFLA_NET_NS_FD, self->a));
	ASSERT_EQ(0, veth_set(self->nl_a, "near", IFLA_GROUP, 77, NULL));
	ASSERT_EQ(0, veth_set(self->nl_a, "far", IFLA_GROUP, 77, NULL));
	for (i = 0; i < 5; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "n%d", i);
		ASSERT_EQ(0, veth_add(self->nl_a, name, name, self->b));
		ASSERT_EQ(0, veth_set(self->nl_a, name, IFLA_GROUP, 77, NULL));
	}
	nl_init(&req, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	nl_put_int(&req, IFLA_GROUP, 77);
	EXPECT_EQ(0, nl_talk(self->nl_a, &req, NULL, NULL, NULL));
	EXPECT_EQ(0, veth_count(self->nl_a));
	EXPECT_EQ(0, veth_count(self->nl_b));
}

TEST_F(pair, namespace_ends)
{
	close(self->nl_a);
	close(self->a);
	EXPECT_TRUE(wait_until(link_index(self->nl_b, "far") == -ENODEV));
	EXPECT_EQ(0, veth_count(self->nl_b));
	self->a = open("/dev/null", O_RDONLY);
	self->nl_a = open("/dev/null", O_RDONLY);
}

TEST_F(pair, both_namespaces_end)
{
	int c, nl_c;

	ASSERT_EQ(0, new_netns_with_nl(&c, &nl_c));
	/* One that is told of both, and of a third that stays. */
	ASSERT_EQ(0, veth_add(nl_c, "a", "toc", self->a));
	ASSERT_EQ(0, veth_add(nl_c, "b", "toc", self->b));
	close(self->nl_a);
	close(self->a);
	close(self->nl_b);
	close(self->b);
	EXPECT_TRUE(wait_until(veth_count(nl_c) == 0));
	close(nl_c);
	close(c);
	self->a = open("/dev/null", O_RDONLY);
	self->nl_a = open("/dev/null", O_RDONLY);
	self->b = open("/dev/null", O_RDONLY);
	self->nl_b = open("/dev/null", O_RDONLY);
}

TEST_F(pair, each_names_the_other)
{
	int nsid;

	ASSERT_EQ(0, veth_get(self->nl_a, "near", &self->near));
	ASSERT_EQ(0, veth_get(self->nl_b, "far", &self->far));
	EXPECT_EQ(self->far.index, self->near.link);
	EXPECT_EQ(self->near.index, self->far.link);
	EXPECT_EQ(0, nsid_get(self->nl_a, NETNSA_FD, self->b, &nsid));
	EXPECT_EQ(nsid, self->near.nsid);
	EXPECT_EQ(0, nsid_get(self->nl_b, NETNSA_FD, self->a, &nsid));
	EXPECT_EQ(nsid, self->far.nsid);
}

/* The index there may be another one after the move. */
TEST_F(pair, each_names_the_other_after_a_move)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ASSERT_EQ(0, veth_get(self->nl_b, "far", &self->far));
	ifi = nl_init(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	nl_put_str(&req, IFLA_IFNAME, "far");
	nl_put_int(&req, IFLA_NET_NS_FD, self->a);
	nl_put_int(&req, IFLA_NEW_IFINDEX, 5000);
	ASSERT_EQ(0, nl_talk(self->nl_b, &req, NULL, NULL, NULL));

	ASSERT_EQ(0, veth_get(self->nl_a, "near", &self->near));
	ASSERT_EQ(0, veth_get(self->nl_a, "far", &self->far));
	EXPECT_EQ(5000, self->far.index);
	EXPECT_EQ(5000, self->near.link);
	EXPECT_EQ(self->near.index, self->far.link);
	EXPECT_EQ(NONE, self->near.nsid);
	EXPECT_EQ(NONE, self->far.nsid);

	/* They change places. */
	ASSERT_EQ(0, link_move(self->nl_a, "near", IFLA_NET_NS_FD, self->b));
	ASSERT_EQ(0, veth_get(self->nl_b, "near", &self->near));
	ASSERT_EQ(0, veth_get(self->nl_a, "far", &self->far));
	EXPECT_EQ(5000, self->near.link);
	EXPECT_EQ(self->near.index, self->far.link);
	EXPECT_LE(0, self->near.nsid);
	EXPECT_LE(0, self->far.nsid);
}

TEST_F(pair, index_of_the_other_in_sysfs)
{
	char text[32];
	pid_t pid;

	ASSERT_EQ(0, veth_get(self->nl_b, "far", &self->far));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (see_sysfs_of(self->a))
			_exit(1);
		if (read_file("/sys/class/net/near/iflink", text,
			      sizeof(text)) <= 0)
			_exit(2);
		_exit(atoi(text) == self->far.index ? 0 : 3);
	}
	EXPECT_EQ(0, wait_exit(pid));
}

#define EXPECT_STATE(nl, dev, up, lower_up, oper)			\
do {									\
	struct veth_link __link;					\
	int __carrier = lower_up;					\
									\
	EXPECT_EQ(0, veth_get(nl, dev, &__link));			\
	EXPECT_EQ(up, !!(__link.flags & IFF_UP));			\
	EXPECT_EQ(__carrier, !!(__link.flags & IFF_LOWER_UP));		\
	EXPECT_EQ(__carrier, __link.carrier);				\
	EXPECT_EQ(oper, __link.operstate);				\
} while (0)

#define OPER_DOWN 2
#define OPER_LOWERLAYERDOWN 3
#define OPER_UP 6

/* What the link watch tells comes later: carrier and flags do not. */
static bool operstate_is(int nl, const char *name, int state)
{
	struct veth_link link;

	return !veth_get(nl, name, &link) && link.operstate == state;
}

#define EXPECT_OPERSTATE(nl, dev, state) \
	EXPECT_TRUE(wait_until(operstate_is(nl, dev, state)))

/* An end elsewhere is no lower layer of this one, says operstate. */
TEST_F(pair, carrier_while_both_are_up)
{
	EXPECT_STATE(self->nl_a, "near", 0, 0, OPER_DOWN);
	EXPECT_STATE(self->nl_b, "far", 0, 0, OPER_DOWN);

	ASSERT_EQ(0, link_up(self->nl_a, "near"));
	EXPECT_OPERSTATE(self->nl_a, "near", OPER_DOWN);
	EXPECT_STATE(self->nl_a, "near", 1, 0, OPER_DOWN);
	EXPECT_STATE(self->nl_b, "far", 0, 0, OPER_DOWN);

	ASSERT_EQ(0, link_up(self->nl_b, "far"));
	EXPECT_OPERSTATE(self->nl_a, "near", OPER_UP);
	EXPECT_OPERSTATE(self->nl_b, "far", OPER_UP);
	EXPECT_STATE(self->nl_a, "near", 1, 1, OPER_UP);
	EXPECT_STATE(self->nl_b, "far", 1, 1, OPER_UP);

	ASSERT_EQ(0, veth_down(self->nl_b, "far"));
	EXPECT_OPERSTATE(self->nl_a, "near", OPER_DOWN);
	EXPECT_STATE(self->nl_a, "near", 1, 0, OPER_DOWN);
	EXPECT_STATE(self->nl_b, "far", 0, 0, OPER_DOWN);

	/* And the other way round. */
	ASSERT_EQ(0, link_up(self->nl_b, "far"));
	EXPECT_OPERSTATE(self->nl_b, "far", OPER_UP);
	ASSERT_EQ(0, veth_down(self->nl_a, "near"));
	EXPECT_OPERSTATE(self->nl_b, "far", OPER_DOWN);
	EXPECT_STATE(self->nl_a, "near", 0, 0, OPER_DOWN);
	EXPECT_STATE(self->nl_b, "far", 1, 0, OPER_DOWN);
}

/* A move takes an end down, and what comes up there is a carrier again. */
TEST_F(pair, carrier_across_a_move)
{
	ASSERT_EQ(0, link_up(self->nl_a, "near"));
	ASSERT_EQ(0, link_up(self->nl_b, "far"));
	ASSERT_EQ(0, link_move(self->nl_b, "far", IFLA_NET_NS_FD, self->a));
	EXPECT_OPERSTATE(self->nl_a, "near", OPER_LOWERLAYERDOWN);
	EXPECT_STATE(self->nl_a, "far", 0, 0, OPER_DOWN);
	ASSERT_EQ(0, link_up(self->nl_a, "far"));
	EXPECT_OPERSTATE(self->nl_a, "near", OPER_UP);
	EXPECT_OPERSTATE(self->nl_a, "far", OPER_UP);
}

/* Each end has an MTU of its own. */
TEST_F(pair, mtu_limits)
{
	struct nl_ack ack;

	EXPECT_EQ(0, veth_set(self->nl_a, "near", IFLA_MTU, VETH_MIN_MTU,
			      NULL));
	EXPECT_EQ(0, veth_set(self->nl_b, "far", IFLA_MTU, VETH_MAX_MTU,
			      NULL));
	EXPECT_EQ(-EINVAL, veth_set(self->nl_a, "near", IFLA_MTU,
				    VETH_MIN_MTU - 1, &ack));
	EXPECT_STREQ("mtu less than device minimum", ack.msg);
	EXPECT_EQ(-EINVAL, veth_set(self->nl_b, "far", IFLA_MTU,
				    VETH_MAX_MTU + 1, &ack));
	EXPECT_STREQ("mtu greater than device maximum", ack.msg);
	ASSERT_EQ(0, veth_get(self->nl_a, "near", &self->near));
	ASSERT_EQ(0, veth_get(self->nl_b, "far", &self->far));
	EXPECT_EQ(VETH_MIN_MTU, self->near.mtu);
	EXPECT_EQ(VETH_MAX_MTU, self->far.mtu);
}

static int set_addr(int nl, const char *name, const unsigned char *addr)
{
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	nl_put(&req, IFLA_ADDRESS, addr, ETH_ALEN);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

TEST_F(pair, address_changes_while_up)
{
	static const unsigned char addr[ETH_ALEN] = { 2, 0, 0, 0, 0, 5 };
	static const unsigned char group[ETH_ALEN] = { 1, 0, 0, 0, 0, 5 };

	ASSERT_EQ(0, link_up(self->nl_a, "near"));
	EXPECT_EQ(0, set_addr(self->nl_a, "near", addr));
	EXPECT_EQ(-EADDRNOTAVAIL, set_addr(self->nl_a, "near", group));
	ASSERT_EQ(0, veth_get(self->nl_a, "near", &self->near));
	EXPECT_EQ(0, memcmp(self->near.addr, addr, ETH_ALEN));
	EXPECT_NE(0U, self->near.flags & IFF_UP);
}

NETNS_TEST_MAIN
