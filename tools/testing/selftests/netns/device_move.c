// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: moving a device to another namespace gives the documented errors:
 * which namespace, by descriptor and by pid, who may, what cannot move, and
 * what is in the way; and a move that is refused changes nothing.
 */
#include "isolation_util.h"

FIXTURE(two)
{
	int a, b;
	int nl_a, nl_b;
};

FIXTURE_SETUP(two)
{
	ASSERT_EQ(0, new_netns_with_nl(&self->a, &self->nl_a));
	ASSERT_EQ(0, new_netns_with_nl(&self->b, &self->nl_b));
	ASSERT_EQ(0, veth_add(self->nl_a, "v0", "v1", self->a));
}

FIXTURE_TEARDOWN(two)
{
	close(self->nl_a);
	close(self->nl_b);
	close(self->a);
	close(self->b);
}

/* Moves with a new index there. */
static int move_to_index(int nl, const char *name, int nsfd, int index)
{
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	nl_put_int(&req, IFLA_NET_NS_FD, nsfd);
	nl_put_int(&req, IFLA_NEW_IFINDEX, index);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

/* Moves one that is found by its index, with a new name there. */
static int move_to_name(int nl, int index, int nsfd, const char *name)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ifi = nl_init(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = index;
	nl_put_int(&req, IFLA_NET_NS_FD, nsfd);
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

TEST_F(two, moves_by_descriptor)
{
	int index = link_index(self->nl_a, "v0");

	ASSERT_LT(0, index);
	EXPECT_EQ(0, link_move(self->nl_a, "v0", IFLA_NET_NS_FD, self->b));
	EXPECT_EQ(-ENODEV, link_index(self->nl_a, "v0"));
	EXPECT_EQ(index, link_index(self->nl_b, "v0"));
}

TEST_F(two, moves_by_pid)
{
	pid_t pid = park_child(CLONE_NEWNET);
	int ns, nl;

	ASSERT_LT(0, pid);
	ns = open_pid_ns(pid, "net");
	ASSERT_LE(0, ns);
	nl = nl_open_in(ns);
	ASSERT_LE(0, nl);
	EXPECT_EQ(0, link_move(self->nl_a, "v0", IFLA_NET_NS_PID, pid));
	EXPECT_EQ(-ENODEV, link_index(self->nl_a, "v0"));
	EXPECT_LT(0, link_index(nl, "v0"));
	EXPECT_EQ(0, kill_child(pid));
	close(nl);
	close(ns);
}

TEST_F(two, stays_when_it_is_there_already)
{
	int index = link_index(self->nl_a, "v0");

	EXPECT_EQ(0, link_move(self->nl_a, "v0", IFLA_NET_NS_FD, self->a));
	EXPECT_EQ(index, link_index(self->nl_a, "v0"));
}

TEST_F(two, target_must_be_a_network_namespace)
{
	int pipefd[2], file, other;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipefd));
	file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	other = open_self_ns("user");
	ASSERT_LE(0, other);
	EXPECT_EQ(-EBADF, link_move(self->nl_a, "v0", IFLA_NET_NS_FD, 9999));
	EXPECT_EQ(-EINVAL, link_move(self->nl_a, "v0", IFLA_NET_NS_FD,
				     pipefd[0]));
	EXPECT_EQ(-EINVAL, link_move(self->nl_a, "v0", IFLA_NET_NS_FD, file));
	EXPECT_EQ(-EINVAL, link_move(self->nl_a, "v0", IFLA_NET_NS_FD, other));
	EXPECT_EQ(-EINVAL, link_move(self->nl_a, "v0", IFLA_TARGET_NETNSID,
				     4711));

	/* A zombie has no namespace; a pid that is free is nobody. */
	pid = park_child(0);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, wait_zombie(pid));
	EXPECT_EQ(-ESRCH, link_move(self->nl_a, "v0", IFLA_NET_NS_PID, pid));
	wait_exit(pid);
	EXPECT_EQ(-ESRCH, link_move(self->nl_a, "v0", IFLA_NET_NS_PID, pid));
	EXPECT_LT(0, link_index(self->nl_a, "v0"));
	close(pipefd[0]);
	close(pipefd[1]);
	close(file);
	close(other);
}

TEST_F(two, target_can_be_named_by_its_nsid)
{
	ASSERT_EQ(0, nsid_set(self->nl_a, 7, NETNSA_FD, self->b));
	EXPECT_EQ(0, link_move(self->nl_a, "v0", IFLA_TARGET_NETNSID, 7));
	EXPECT_LT(0, link_index(self->nl_b, "v0"));
}

TEST_F(two, loopback_cannot_move)
{
	EXPECT_EQ(-EINVAL, link_move(self->nl_a, "lo", IFLA_NET_NS_FD,
				     self->b));
	EXPECT_EQ(-EINVAL, move_to_name(self->nl_a, 1, self->b, "lo1"));
	EXPECT_EQ(1, link_index(self->nl_a, "lo"));
}

TEST_F(two, name_must_be_free)
{
	int index = link_index(self->nl_a, "v0");

	ASSERT_EQ(0, veth_add(self->nl_b, "v0", "w1", self->b));
	EXPECT_EQ(-EEXIST, link_move(self->nl_a, "v0", IFLA_NET_NS_FD,
				     self->b));
	EXPECT_EQ(-EEXIST, move_to_name(self->nl_a, index, self->b, "w1"));
	EXPECT_EQ(index, link_index(self->nl_a, "v0"));
	EXPECT_EQ(0, move_to_name(self->nl_a, index, self->b, "w2"));
	EXPECT_LT(0, link_index(self->nl_b, "w2"));
}

TEST_F(two, index_is_kept_replaced_or_as_asked_for)
{
	int index = link_index(self->nl_a, "v0"), there;

	EXPECT_EQ(0, move_to_index(self->nl_a, "v0", self->b, 4711));
	EXPECT_EQ(4711, link_index(self->nl_b, "v0"));
	EXPECT_EQ(-EBUSY, move_to_index(self->nl_a, "v1", self->b, 4711));
	EXPECT_LT(0, link_index(self->nl_a, "v1"));

	/* Its index is free at a again, but by then another has it. */
	EXPECT_EQ(0, link_move(self->nl_b, "v0", IFLA_NET_NS_FD, self->a));
	EXPECT_EQ(4711, link_index(self->nl_a, "v0"));
	ASSERT_EQ(0, veth_add(self->nl_b, "x0", "x1", self->b));
	EXPECT_EQ(0, move_to_index(self->nl_b, "x0", self->a, index));
	EXPECT_EQ(0, move_to_index(self->nl_a, "x0", self->b, 4711));
	EXPECT_EQ(0, link_move(self->nl_a, "v0", IFLA_NET_NS_FD, self->b));
	there = link_index(self->nl_b, "v0");
	EXPECT_LT(0, there);
	EXPECT_NE(4711, there);
	EXPECT_EQ(4711, link_index(self->nl_b, "x0"));
}

/*
 * It takes rights over both namespaces: the child has them in its own user
 * namespace only, where its network namespaces can exchange devices.
 */
TEST_F(two, needs_rights_at_both_ends)
{
	int own, other, nl, status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (become_user(NOBODY) || unshare_userns(CLONE_NEWNET))
			_exit(1);
		own = open_self_ns("net");
		other = new_netns();
		nl = nl_open();
		if (own < 0 || other < 0 || nl < 0 ||
		    veth_add(nl, "mine0", "mine1", own))
			_exit(2);
		if (link_move(nl, "mine0", IFLA_NET_NS_FD, self->b) != -EPERM ||
		    link_move(nl, "mine0", IFLA_NET_NS_PID, 1) != -EPERM)
			_exit(3);
		if (link_move(self->nl_a, "v0", IFLA_NET_NS_FD, own) != -EPERM)
			_exit(4);
		if (link_move(nl, "mine0", IFLA_NET_NS_FD, other))
			_exit(5);
		_exit(0);
	}
	status = wait_exit(pid);
	EXPECT_EQ(0, status);
	EXPECT_LT(0, link_index(self->nl_a, "v0"));
	EXPECT_EQ(-ENODEV, link_index(self->nl_b, "mine0"));
}

/* Both ends see each other through the id of the peer's namespace. */
static void note_link_nsid(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta;

	rta = nl_find(nlh, sizeof(struct ifinfomsg), IFLA_LINK_NETNSID);
	*(int *)arg = rta ? nl_get_int(rta) : -1;
}

static int link_nsid(int nl, const char *name)
{
	struct nl_req req;
	int nsid = -1, err;

	nl_init(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	err = nl_talk(nl, &req, note_link_nsid, &nsid, NULL);
	return err ? err - 1000 : nsid;
}

TEST_F(two, peers_know_where_the_other_has_gone)
{
	int nsid, seen;

	EXPECT_EQ(-1, link_nsid(self->nl_a, "v0"));
	ASSERT_EQ(0, link_move(self->nl_a, "v1", IFLA_NET_NS_FD, self->b));
	nsid = link_nsid(self->nl_a, "v0");
	EXPECT_LE(0, nsid);
	EXPECT_EQ(0, nsid_get(self->nl_a, NETNSA_FD, self->b, &seen));
	EXPECT_EQ(nsid, seen);
	nsid = link_nsid(self->nl_b, "v1");
	EXPECT_LE(0, nsid);
	EXPECT_EQ(0, nsid_get(self->nl_b, NETNSA_FD, self->a, &seen));
	EXPECT_EQ(nsid, seen);
}

NETNS_TEST_MAIN
