// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a request for a pair that cannot be fulfilled, or makes no sense, is
 * refused with the documented error, and leaves nothing behind in any
 * namespace: no end, no name, no index that is taken.
 */
#include "veth_util.h"

#define NO_MSG ""
#define POLICY "Attribute failed policy validation"

FIXTURE(refuse)
{
	/* Two others than the caller's; a netlink socket in each. */
	int a, b;
	int nl, nl_a, nl_b;
	struct veth_req v;
	struct nl_ack ack;
};

FIXTURE_SETUP(refuse)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->nl = nl_open();
	ASSERT_LE(0, self->nl);
	ASSERT_EQ(0, new_netns_with_nl(&self->a, &self->nl_a));
	ASSERT_EQ(0, new_netns_with_nl(&self->b, &self->nl_b));
	/* What others clash with. */
	veth_begin(&self->v)->ifi_index = 901;
	nl_put_str(&self->v.req, IFLA_IFNAME, "here");
	veth_peer(&self->v)->ifi_index = 902;
	nl_put_str(&self->v.req, IFLA_IFNAME, "there");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
}

FIXTURE_TEARDOWN(refuse)
{
}

/* Refused as told; and all is as it was, so that the next one gets in. */
#define EXPECT_REFUSED(err, text)					\
do {									\
	EXPECT_EQ(err, veth_send(self->nl, &self->v, &self->ack));	\
	EXPECT_STREQ(text, self->ack.msg);				\
	EXPECT_EQ(1, veth_count(self->nl));			\
	EXPECT_EQ(1, veth_count(self->nl_a));			\
	EXPECT_EQ(0, veth_count(self->nl_b));			\
	EXPECT_EQ(-ENODEV, link_index(self->nl, "near"));		\
	EXPECT_EQ(0, veth_add(self->nl, "near", "far", self->b));	\
	EXPECT_EQ(0, link_del(self->nl, "near"));			\
} while (0)

/* A request as good as any, to be completed by one bad attribute. */
static struct nl_req *near_end(struct veth_req *v)
{
	veth_begin(v);
	nl_put_str(&v->req, IFLA_IFNAME, "near");
	return &v->req;
}

static struct nl_req *far_end(struct veth_req *v, int nsfd)
{
	near_end(v);
	veth_peer(v);
	nl_put_str(&v->req, IFLA_IFNAME, "far");
	nl_put_int(&v->req, IFLA_NET_NS_FD, nsfd);
	return &v->req;
}

TEST_F(refuse, near_name_is_taken)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "here");
	EXPECT_REFUSED(-EEXIST, NO_MSG);
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "here");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	EXPECT_REFUSED(-EEXIST, NO_MSG);
}

/* There, what is taken is known only when the far end has been made. */
TEST_F(refuse, near_name_is_taken_elsewhere)
{
	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "there");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	EXPECT_REFUSED(-EEXIST, NO_MSG);
}

TEST_F(refuse, far_name_is_taken)
{
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "here");
	EXPECT_REFUSED(-EEXIST, NO_MSG);
}

TEST_F(refuse, far_name_is_taken_elsewhere)
{
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "there");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	EXPECT_REFUSED(-EEXIST, NO_MSG);
}

TEST_F(refuse, one_name_for_both)
{
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "near");
	EXPECT_REFUSED(-EEXIST, NO_MSG);
}

TEST_F(refuse, altname_is_taken)
{
	struct nl_req req;
	struct rtattr *nest;

	nl_init(&req, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL,
		sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, "there");
	nest = nl_put(&req, IFLA_PROP_LIST | NLA_F_NESTED, NULL, 0);
	nl_put_str(&req, IFLA_ALT_IFNAME, "other");
	nl_end_nest(&req, nest);
	ASSERT_EQ(0, nl_talk(self->nl_a, &req, NULL, NULL, NULL));
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "other");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	EXPECT_REFUSED(-EEXIST, NO_MSG);
}

TEST_F(refuse, bad_names)
{
	static const char * const bad[] = { "a/b", "a b", ".", "..", "a:b" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		TH_LOG("'%s'", bad[i]);
		veth_begin(&self->v);
		nl_put_str(&self->v.req, IFLA_IFNAME, bad[i]);
		EXPECT_REFUSED(-EINVAL, NO_MSG);
		near_end(&self->v);
		veth_peer(&self->v);
		nl_put_str(&self->v.req, IFLA_IFNAME, bad[i]);
		EXPECT_REFUSED(-EINVAL, NO_MSG);
	}
	/* An empty one is no name, and none is made up for it. */
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "");
	EXPECT_REFUSED(-EINVAL, NO_MSG);
}

TEST_F(refuse, names_that_are_too_long)
{
	static const char name[] = "sixteen-letters-";

	veth_begin(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, name);
	EXPECT_REFUSED(-ERANGE, POLICY);
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, name);
	EXPECT_REFUSED(-ERANGE, POLICY);
	/* The offending attribute is the one in the nest. */
	EXPECT_LT((char *)self->v.peer - (char *)&self->v.req,
		  (long)self->ack.offset);
}

TEST_F(refuse, addresses_of_a_wrong_length)
{
	unsigned char addr[ETH_ALEN + 1] = { 2, 0, 0, 0, 0, 1, 0 };
	int len;

	for (len = ETH_ALEN - 1; len <= ETH_ALEN + 1; len += 2) {
		nl_put(near_end(&self->v), IFLA_ADDRESS, addr, len);
		EXPECT_REFUSED(-EINVAL, NO_MSG);
		nl_put(far_end(&self->v, self->b), IFLA_ADDRESS, addr, len);
		EXPECT_REFUSED(-EINVAL, NO_MSG);
	}
}

TEST_F(refuse, addresses_that_are_none)
{
	static const unsigned char zero[ETH_ALEN];
	static const unsigned char group[ETH_ALEN] = { 1, 0, 0x5e, 0, 0, 1 };

	nl_put(near_end(&self->v), IFLA_ADDRESS, zero, ETH_ALEN);
	EXPECT_REFUSED(-EADDRNOTAVAIL, NO_MSG);
	nl_put(far_end(&self->v, self->b), IFLA_ADDRESS, zero, ETH_ALEN);
	EXPECT_REFUSED(-EADDRNOTAVAIL, NO_MSG);
	nl_put(near_end(&self->v), IFLA_ADDRESS, group, ETH_ALEN);
	EXPECT_REFUSED(-EADDRNOTAVAIL, NO_MSG);
	nl_put(far_end(&self->v, self->b), IFLA_ADDRESS, group, ETH_ALEN);
	EXPECT_REFUSED(-EADDRNOTAVAIL, NO_MSG);
}

TEST_F(refuse, mtu_out_of_range)
{
	static const int bad[] = { 0, 1, VETH_MIN_MTU - 1, VETH_MAX_MTU + 1,
				   -1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		TH_LOG("MTU %d", bad[i]);
		nl_put_int(near_end(&self->v), IFLA_MTU, bad[i]);
		EXPECT_REFUSED(-EINVAL, NO_MSG);
		nl_put_int(far_end(&self->v, self->b), IFLA_MTU, bad[i]);
		EXPECT_REFUSED(-EINVAL, NO_MSG);
	}
}

TEST_F(refuse, mtu_of_a_wrong_length)
{
	__u16 mtu = 1500;

	nl_put(near_end(&self->v), IFLA_MTU, &mtu, sizeof(mtu));
	EXPECT_REFUSED(-ERANGE, POLICY);
	nl_put(far_end(&self->v, self->b), IFLA_MTU, &mtu, sizeof(mtu));
	EXPECT_REFUSED(-ERANGE, POLICY);
}

TEST_F(refuse, numbers_of_a_wrong_length_in_the_nest)
{
	static const int attrs[] = {
		IFLA_NET_NS_FD, IFLA_NET_NS_PID, IFLA_TARGET_NETNSID,
		IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES, IFLA_GROUP,
		IFLA_TXQLEN,
	};
	struct veth_link link;
	unsigned int i;
	int len, value[] = { 2, 2 };

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		TH_LOG("attribute %d", attrs[i]);
		for (len = 0; len < 4; len++) {
			nl_put(far_end(&self->v, self->b), attrs[i], value,
			       len);
			EXPECT_REFUSED(-ERANGE, POLICY);
			EXPECT_LT((char *)self->v.peer - (char *)&self->v.req,
				  (long)self->ack.offset);
		}
	}
	/* What is too long is an old kernel's number and something else. */
	nl_put(far_end(&self->v, self->b), IFLA_NUM_TX_QUEUES, value,
	       sizeof(value));
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	ASSERT_EQ(0, veth_get(self->nl_b, "far", &link));
	EXPECT_EQ(2, link.num_tx);
}

TEST_F(refuse, queues_out_of_range)
{
	static const int bad[] = { 0, 4097, -1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		TH_LOG("%d queues", bad[i]);
		nl_put_int(near_end(&self->v), IFLA_NUM_TX_QUEUES, bad[i]);
		EXPECT_REFUSED(-EINVAL, "Invalid number of transmit queues");
		nl_put_int(near_end(&self->v), IFLA_NUM_RX_QUEUES, bad[i]);
		EXPECT_REFUSED(-EINVAL, "Invalid number of receive queues");
		nl_put_int(far_end(&self->v, self->b), IFLA_NUM_TX_QUEUES,
			   bad[i]);
		EXPECT_REFUSED(-EINVAL, "Invalid number of transmit queues");
		nl_put_int(far_end(&self->v, self->b), IFLA_NUM_RX_QUEUES,
			   bad[i]);
		EXPECT_REFUSED(-EINVAL, "Invalid number of receive queues");
	}
}

TEST_F(refuse, indexes_that_are_taken)
{
	near_end(&self->v);
	((struct ifinfomsg *)NLMSG_DATA(&self->v.req))->ifi_index = 901;
	EXPECT_REFUSED(-EEXIST, NO_MSG);
	/* There, it is not a link that the request could mean. */
	far_end(&self->v, self->a);
	((struct ifinfomsg *)NLMSG_DATA(&self->v.req))->ifi_index = 1000;
	((struct ifinfomsg *)RTA_DATA(self->v.peer))->ifi_index = 902;
	EXPECT_REFUSED(-EBUSY, NO_MSG);
	/* One for both in one namespace. */
	near_end(&self->v);
	((struct ifinfomsg *)NLMSG_DATA(&self->v.req))->ifi_index = 1000;
	veth_peer(&self->v)->ifi_index = 1000;
	EXPECT_REFUSED(-EBUSY, NO_MSG);
	/* The near end's is taken where it is going to be. */
	near_end(&self->v);
	((struct ifinfomsg *)NLMSG_DATA(&self->v.req))->ifi_index = 902;
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	veth_peer(&self->v);
	EXPECT_REFUSED(-EBUSY, NO_MSG);
}

TEST_F(refuse, negative_indexes)
{
	near_end(&self->v);
	((struct ifinfomsg *)NLMSG_DATA(&self->v.req))->ifi_index = -1;
	EXPECT_REFUSED(-EINVAL, "ifindex can't be negative");
	near_end(&self->v);
	veth_peer(&self->v)->ifi_index = -1;
	EXPECT_REFUSED(-EINVAL, "ifindex can't be negative");
	EXPECT_EQ((char *)self->v.peer - (char *)&self->v.req,
		  (long)self->ack.offset);
}

TEST_F(refuse, header_of_the_nest_is_short)
{
	size_t len;

	for (len = 0; len < sizeof(struct ifinfomsg); len += RTA_ALIGNTO) {
		near_end(&self->v);
		veth_peer_len(&self->v, len);
		EXPECT_REFUSED(-ERANGE, POLICY);
		EXPECT_EQ((char *)self->v.peer - (char *)&self->v.req,
			  (long)self->ack.offset);
	}
}

TEST_F(refuse, attribute_past_the_end_of_the_nest)
{
	struct rtattr *rta;

	/* It is as if it were not there: the far end has no name, no MTU. */
	near_end(&self->v);
	veth_peer(&self->v);
	rta = nl_put(&self->v.req, IFLA_MTU, NULL, 0);
	rta->rta_len = 400;
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "near"));
	EXPECT_LT(0, link_index(self->nl, "veth0"));
}

/* What is too short to be an attribute, likewise. */
TEST_F(refuse, bytes_after_the_last_attribute)
{
	int n;

	for (n = 1; n <= 4; n++) {
		TH_LOG("%d bytes", n);
		far_end(&self->v, self->b);
		self->v.req.nlh.nlmsg_len += 4;
		veth_end(&self->v);
		self->v.peer->rta_len -= 4 - n;
		ASSERT_EQ(0, nl_talk(self->nl, &self->v.req, NULL, NULL,
				     NULL));
		EXPECT_LT(0, link_index(self->nl_b, "far"));
		EXPECT_EQ(0, link_del(self->nl, "near"));
	}
}

/* A second nest for the far end, of any length: its attributes come next. */
static void another_peer(struct veth_req *v, size_t len)
{
	static const struct ifinfomsg none;

	nl_end_nest(&v->req, v->peer);
	v->peer = nl_put(&v->req, VETH_INFO_PEER, &none, len);
}

TEST_F(refuse, the_last_of_two_nests_counts)
{
	struct veth_link link;

	far_end(&self->v, self->a);
	nl_put_int(&self->v.req, IFLA_MTU, 1300);
	another_peer(&self->v, sizeof(struct ifinfomsg));
	nl_put_str(&self->v.req, IFLA_IFNAME, "other");
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_EQ(-ENODEV, link_index(self->nl_a, "far"));
	ASSERT_EQ(0, veth_get(self->nl_b, "other", &link));
	EXPECT_EQ(1500, link.mtu);
	EXPECT_EQ(0, link_del(self->nl, "near"));

	/* What is wrong in another one than the last does not count. */
	far_end(&self->v, -1);
	nl_put_int(&self->v.req, IFLA_MTU, 1);
	another_peer(&self->v, sizeof(struct ifinfomsg));
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_EQ(1, veth_count(self->nl_b));
	EXPECT_EQ(0, link_del(self->nl, "near"));
	/* But all must be long enough. */
	near_end(&self->v);
	veth_peer_len(&self->v, sizeof(struct ifinfomsg) - RTA_ALIGNTO);
	another_peer(&self->v, sizeof(struct ifinfomsg));
	EXPECT_REFUSED(-ERANGE, POLICY);
	far_end(&self->v, self->b);
	another_peer(&self->v, 0);
	EXPECT_REFUSED(-ERANGE, POLICY);
}

/* Whose namespace comes first; the core refuses both of the near end. */
TEST_F(refuse, namespace_by_pid_and_descriptor)
{
	pid_t pid = park_child(CLONE_NEWNET);
	int nl;

	ASSERT_LT(0, pid);
	nl = nl_open_in(open_pid_ns(pid, "net"));
	ASSERT_LE(0, nl);
	far_end(&self->v, self->b);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, pid);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(nl, "far"));
	EXPECT_EQ(0, veth_count(self->nl_b));
	EXPECT_EQ(0, link_del(self->nl, "near"));

	near_end(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->b);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, pid);
	EXPECT_REFUSED(-EINVAL,
		       "multiple netns identifying attributes specified");
	EXPECT_EQ(0, kill_child(pid));
}

/* Ids name the namespace of the near end only. */
TEST_F(refuse, ids_in_the_nest_are_ignored)
{
	ASSERT_EQ(0, nsid_set(self->nl, 7, NETNSA_FD, self->b));
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_TARGET_NETNSID, 7);
	nl_put_int(&self->v.req, IFLA_LINK_NETNSID, 4711);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl, "far"));
	EXPECT_EQ(0, veth_count(self->nl_b));
	EXPECT_EQ(0, link_del(self->nl, "near"));

	far_end(&self->v, self->a);
	nl_put_int(&self->v.req, IFLA_TARGET_NETNSID, 7);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_LT(0, link_index(self->nl_a, "far"));
	EXPECT_EQ(0, veth_count(self->nl_b));
}

TEST_F(refuse, unknown_attributes_are_ignored)
{
	struct veth_link link;

	near_end(&self->v);
	veth_kind(&self->v);
	self->v.data = nl_put(&self->v.req, IFLA_INFO_DATA, NULL, 0);
	nl_put_int(&self->v.req, VETH_INFO_MAX + 7, 1);
	self->v.peer = nl_put(&self->v.req, VETH_INFO_PEER,
			      &(struct ifinfomsg){}, sizeof(struct ifinfomsg));
	nl_put_int(&self->v.req, 3000, 1);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	nl_put_int(&self->v.req, IFLA_MTU, 1300);
	ASSERT_EQ(0, veth_send(self->nl, &self->v, NULL));
	EXPECT_EQ(0, veth_get(self->nl, "far", &link));
	EXPECT_EQ(1300, link.mtu);
}

TEST_F(refuse, namespaces_that_are_none)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, file);
	far_end(&self->v, -1);
	EXPECT_REFUSED(-EBADF, NO_MSG);
	far_end(&self->v, file);
	EXPECT_REFUSED(-EINVAL, NO_MSG);
	near_end(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, -1);
	EXPECT_REFUSED(-EBADF, NO_MSG);

	/* Another kind of namespace. */
	close(file);
	file = open_self_ns("mnt");
	ASSERT_LE(0, file);
	far_end(&self->v, file);
	EXPECT_REFUSED(-EINVAL, NO_MSG);

	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, 0);
	EXPECT_REFUSED(-ESRCH, NO_MSG);
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, -1);
	EXPECT_REFUSED(-ESRCH, NO_MSG);
	near_end(&self->v);
	nl_put_int(&self->v.req, IFLA_TARGET_NETNSID, 4711);
	EXPECT_REFUSED(-EINVAL, NO_MSG);
	near_end(&self->v);
	nl_put_int(&self->v.req, IFLA_LINK_NETNSID, 4711);
	EXPECT_REFUSED(-EINVAL, "Unknown network namespace id");
}

TEST_F(refuse, namespace_that_is_gone)
{
	pid_t pid = park_child(CLONE_NEWNET);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, nsid_set(self->nl, 7, NETNSA_PID, pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, wait_zombie(pid));
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, pid);
	EXPECT_REFUSED(-ESRCH, NO_MSG);
	wait_exit(pid);
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, pid);
	EXPECT_REFUSED(-ESRCH, NO_MSG);
	near_end(&self->v);
	nl_put_int(&self->v.req, IFLA_LINK_NETNSID, 7);
	EXPECT_REFUSED(-EINVAL, "Unknown network namespace id");
}

/* An end that is up needs another one, which is not there yet. */
TEST_F(refuse, far_end_up_at_once)
{
	struct ifinfomsg *ifi;

	near_end(&self->v);
	ifi = veth_peer(&self->v);
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	EXPECT_REFUSED(-ENOTCONN, NO_MSG);
}

/* A pair is made once, and cannot be changed into another one. */
TEST_F(refuse, change_of_a_pair)
{
	veth_begin(&self->v);
	self->v.req.nlh.nlmsg_flags = NLM_F_REQUEST;
	nl_put_str(&self->v.req, IFLA_IFNAME, "here");
	veth_peer(&self->v);
	nl_put_str(&self->v.req, IFLA_IFNAME, "far");
	EXPECT_REFUSED(-EOPNOTSUPP, NO_MSG);
	/* Without anything about the other end there is nothing to change. */
	veth_begin(&self->v);
	self->v.req.nlh.nlmsg_flags = NLM_F_REQUEST;
	nl_put_str(&self->v.req, IFLA_IFNAME, "here");
	EXPECT_EQ(0, veth_send(self->nl, &self->v, &self->ack));
}

TEST_F(refuse, who_may_not)
{
	ASSERT_EQ(0, limit_caps(0));
	near_end(&self->v);
	EXPECT_EQ(-EPERM, veth_send(self->nl, &self->v, &self->ack));
	EXPECT_EQ(1, veth_count(self->nl));
}

/* Rights at home are none over a namespace above it. */
TEST_F(refuse, near_end_where_one_may_not)
{
	int nl;

	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	nl = nl_open();
	ASSERT_LE(0, nl);
	near_end(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_FD, self->a);
	EXPECT_EQ(-EPERM, veth_send(nl, &self->v, &self->ack));
	EXPECT_EQ(0, veth_count(nl));
	EXPECT_EQ(1, veth_count(self->nl_a));
}

TEST_F(refuse, far_end_where_one_may_not)
{
	int nl;

	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	nl = nl_open();
	ASSERT_LE(0, nl);
	far_end(&self->v, self->a);
	EXPECT_EQ(-EPERM, veth_send(nl, &self->v, &self->ack));
	EXPECT_EQ(1, veth_count(self->nl_a));
	near_end(&self->v);
	veth_peer(&self->v);
	nl_put_int(&self->v.req, IFLA_NET_NS_PID, 1);
	EXPECT_EQ(-EPERM, veth_send(nl, &self->v, &self->ack));
	EXPECT_EQ(0, veth_count(nl));
	far_end(&self->v, new_netns());
	EXPECT_EQ(0, veth_send(nl, &self->v, &self->ack));
	EXPECT_EQ(1, veth_count(nl));
}

NETNS_TEST_MAIN
