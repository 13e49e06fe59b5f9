// SPDX-License-Identifier: GPL-2.0
/*
 * Where devices and their events name other namespaces: the id of a veth's
 * other end, assigned when it is first needed, and one socket that hears what
 * happens in every namespace that its own has an id for.
 */
#include "netns_netlink.h"

#define NSID 7
#define NO_NSID (-1000)

struct heard {
	int nr;
	int nr_strange;
};

/* Takes all events about links that have come, which should carry @nsid. */
static int hear_links(int fd, int nsid, struct heard *heard)
{
	union {
		struct cmsghdr cmsg;
		char data[CMSG_SPACE(256)];
	} control;
	union {
		struct nlmsghdr nlh;
		char data[16384];
	} buf;
	struct iovec iov = { .iov_base = &buf, .iov_len = sizeof(buf) };
	struct cmsghdr *cmsg;
	struct msghdr msg;
	int seen;

	memset(heard, 0, sizeof(*heard));
	for (;;) {
		msg = (struct msghdr) {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		if (recvmsg(fd, &msg, MSG_DONTWAIT) < 0)
			return errno == EAGAIN ? 0 : -errno;

		seen = NO_NSID;
		for (cmsg = CMSG_FIRSTHDR(&msg); cmsg;
		     cmsg = CMSG_NXTHDR(&msg, cmsg))
			if (cmsg->cmsg_level == SOL_NETLINK &&
			    cmsg->cmsg_type == NETLINK_LISTEN_ALL_NSID)
				memcpy(&seen, CMSG_DATA(cmsg), sizeof(seen));
		if (buf.nlh.nlmsg_type != RTM_NEWLINK || seen != nsid)
			heard->nr_strange++;
		heard->nr++;
	}
}

static int listen_all(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one,
			  sizeof(one)) ? -errno : 0;
}

static void take_link_nsid(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta;

	rta = nl_find(nlh, sizeof(struct ifinfomsg), IFLA_LINK_NETNSID);
	if (rta)
		*(int *)arg = nl_get_int(rta);
}

/* The id that a device gives for its other end, or NO_NSID. */
static int link_nsid(int fd, const char *name, int *nsid)
{
	struct nl_req req;

	*nsid = NO_NSID;
	nl_init(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(fd, &req, take_link_nsid, nsid, NULL);
}

FIXTURE(links)
{
	int home;
	int peer;
	int other;
	/* Requests here, in the peer and in the other one; events here. */
	int fd;
	int peer_fd;
	int other_fd;
	int events;
};

FIXTURE_SETUP(links)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
	self->peer = new_netns();
	ASSERT_LE(0, self->peer);
	self->other = new_netns();
	ASSERT_LE(0, self->other);
	self->fd = nl_open();
	ASSERT_LE(0, self->fd);
	self->peer_fd = nl_open_in(self->peer);
	ASSERT_LE(0, self->peer_fd);
	self->other_fd = nl_open_in(self->other);
	ASSERT_LE(0, self->other_fd);
	self->events = nl_open();
	ASSERT_LE(0, self->events);
}

FIXTURE_TEARDOWN(links)
{
}

TEST_F(links, listen_to_all_that_have_an_id)
{
	struct heard heard;

	ASSERT_EQ(0, nl_subscribe(self->events, RTNLGRP_LINK));
	ASSERT_EQ(0, listen_all(self->events));
	ASSERT_EQ(0, nsid_set(self->fd, NSID, NETNSA_FD, self->peer));

	ASSERT_EQ(0, link_up(self->peer_fd, "lo"));
	EXPECT_EQ(0, hear_links(self->events, NSID, &heard));
	EXPECT_LT(0, heard.nr);
	EXPECT_EQ(0, heard.nr_strange);

	/* Nothing from where there is no id, until there is one. */
	ASSERT_EQ(0, link_up(self->other_fd, "lo"));
	EXPECT_EQ(0, hear_links(self->events, NSID, &heard));
	EXPECT_EQ(0, heard.nr);
	ASSERT_EQ(0, nsid_set(self->fd, 0, NETNSA_FD, self->other));
	ASSERT_EQ(0, veth_add(self->other_fd, "one", "two", self->other));
	EXPECT_EQ(0, hear_links(self->events, 0, &heard));
	EXPECT_LT(0, heard.nr);
	EXPECT_EQ(0, heard.nr_strange);

	/* What happens here needs no id. */
	ASSERT_EQ(0, link_up(self->fd, "lo"));
	EXPECT_EQ(0, hear_links(self->events, NO_NSID, &heard));
	EXPECT_LT(0, heard.nr);
	EXPECT_EQ(0, heard.nr_strange);
}

TEST_F(links, others_hear_their_own_only)
{
	struct heard heard;

	ASSERT_EQ(0, nl_subscribe(self->events, RTNLGRP_LINK));
	ASSERT_EQ(0, nsid_set(self->fd, NSID, NETNSA_FD, self->peer));
	ASSERT_EQ(0, link_up(self->peer_fd, "lo"));
	EXPECT_EQ(0, hear_links(self->events, NO_NSID, &heard));
	EXPECT_EQ(0, heard.nr);
	ASSERT_EQ(0, link_up(self->fd, "lo"));
	EXPECT_EQ(0, hear_links(self->events, NO_NSID, &heard));
	EXPECT_LT(0, heard.nr);
	EXPECT_EQ(0, heard.nr_strange);
}

TEST_F(links, listening_to_all_needs_capability)
{
	int fd;

	ASSERT_EQ(0, become_user(NOBODY));
	fd = nl_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, listen_all(fd));

	/* In a namespace of its own it may, but hears no one above it. */
	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	fd = nl_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, listen_all(fd));
}

TEST_F(links, events_of_others_need_capability_there)
{
	int fd, events, ready[2], done[2];
	struct heard heard;
	pid_t pid;
	char c = 0;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(ready[0]);
		close(done[1]);
		EXPECT_EQ(0, unshare_userns(CLONE_NEWNET));
		fd = nl_open();
		events = nl_open();
		EXPECT_EQ(0, nl_subscribe(events, RTNLGRP_LINK));
		EXPECT_EQ(0, listen_all(events));
		EXPECT_EQ(0, nsid_set(fd, NSID, NETNSA_FD, self->peer));
		EXPECT_EQ(1, write(ready[1], &c, 1));
		EXPECT_EQ(1, read(done[0], &c, 1));
		EXPECT_EQ(0, hear_links(events, NSID, &heard));
		EXPECT_EQ(0, heard.nr);
		_exit(0);
	}
	close(ready[1]);
	close(done[0]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(0, link_up(self->peer_fd, "lo"));
	EXPECT_EQ(1, write(done[1], &c, 1));
	EXPECT_EQ(0, wait_exit(pid));
}

TEST_F(links, veth_assigns_ids)
{
	int nsid, shown;

	/* One of the two finds its lowest id in use. */
	ASSERT_EQ(0, nsid_set(self->peer_fd, 0, NETNSA_FD, self->other));
	ASSERT_EQ(0, veth_add(self->fd, "here", "there", self->peer));

	EXPECT_EQ(0, link_nsid(self->fd, "here", &shown));
	EXPECT_EQ(0, shown);
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, self->peer, &nsid));
	EXPECT_EQ(shown, nsid);

	EXPECT_EQ(0, link_nsid(self->peer_fd, "there", &shown));
	EXPECT_EQ(1, shown);
	EXPECT_EQ(0, nsid_get(self->peer_fd, NETNSA_FD, self->home, &nsid));
	EXPECT_EQ(shown, nsid);

	/* Whoever has no part in it has got none. */
	EXPECT_EQ(0, nsid_count(self->other_fd));
}

TEST_F(links, veth_uses_the_id_that_is_there)
{
	int shown;

	ASSERT_EQ(0, nsid_set(self->fd, NSID, NETNSA_FD, self->peer));
	ASSERT_EQ(0, veth_add(self->fd, "here", "there", self->peer));
	EXPECT_EQ(0, link_nsid(self->fd, "here", &shown));
	EXPECT_EQ(NSID, shown);
	EXPECT_EQ(1, nsid_count(self->fd));
}

TEST_F(links, veth_at_home_names_nobody)
{
	int shown;

	ASSERT_EQ(0, veth_add(self->fd, "one", "two", self->home));
	EXPECT_EQ(0, link_nsid(self->fd, "one", &shown));
	EXPECT_EQ(NO_NSID, shown);
	EXPECT_EQ(0, nsid_count(self->fd));

	/* It does once an end has left. */
	ASSERT_EQ(0, link_move(self->fd, "two", IFLA_NET_NS_FD, self->peer));
	EXPECT_EQ(0, link_nsid(self->fd, "one", &shown));
	EXPECT_EQ(0, shown);
}

TEST_F(links, automatic_id_is_an_event_of_nobody)
{
	union {
		struct nlmsghdr nlh;
		char data[4096];
	} buf;
	int shown, nsid = NSID_NO_REPLY;

	ASSERT_EQ(0, nl_subscribe(self->events, RTNLGRP_NSID));
	ASSERT_EQ(0, veth_add(self->fd, "here", "there", self->peer));
	EXPECT_EQ(0, link_nsid(self->fd, "here", &shown));
	ASSERT_LT(0, recv(self->events, &buf, sizeof(buf), 0));
	EXPECT_EQ(RTM_NEWNSID, buf.nlh.nlmsg_type);
	EXPECT_EQ(0U, buf.nlh.nlmsg_seq);
	EXPECT_EQ(0U, buf.nlh.nlmsg_pid);
	nsid_reply(&buf.nlh, &nsid);
	EXPECT_EQ(shown, nsid);
	EXPECT_EQ(-1, recv(self->events, &buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

NETNS_TEST_MAIN
