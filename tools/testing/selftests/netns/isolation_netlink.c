// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: netlink shows and tells what happens in the socket's namespace
 * only: dumps, multicast groups, uevents of network devices, and the port ids
 * by which netlink sockets are addressed.
 */
#include "isolation_util.h"

FIXTURE(two)
{
	int a, b;
	int nl_a, nl_b, nl_home;
};

FIXTURE_SETUP(two)
{
	ASSERT_EQ(0, new_netns_with_nl(&self->a, &self->nl_a));
	ASSERT_EQ(0, new_netns_with_nl(&self->b, &self->nl_b));
	self->nl_home = nl_open();
	ASSERT_LE(0, self->nl_home);
}

FIXTURE_TEARDOWN(two)
{
	close(self->nl_a);
	close(self->nl_b);
	close(self->nl_home);
	close(self->a);
	close(self->b);
}

struct name_count {
	const char *name;
	int n;
};

static void count_name(const struct nlmsghdr *nlh, void *arg)
{
	struct name_count *count = arg;
	const struct rtattr *rta;

	rta = nl_find(nlh, sizeof(struct ifinfomsg), IFLA_IFNAME);
	if (rta && !strcmp(RTA_DATA(rta), count->name))
		count->n++;
}

/* How many devices have this name in the namespace of the socket. */
static int count_links(int nl, const char *name)
{
	struct name_count count = { .name = name };
	struct nl_req req;
	int err;

	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	err = nl_talk(nl, &req, count_name, &count, NULL);
	return err ? err : count.n;
}

TEST_F(two, link_dump_shows_own_devices)
{
	ASSERT_EQ(0, veth_add(self->nl_a, "inner0", "inner1", self->a));
	EXPECT_EQ(1, count_links(self->nl_a, "inner0"));
	EXPECT_EQ(1, count_links(self->nl_a, "inner1"));
	EXPECT_EQ(0, count_links(self->nl_b, "inner0"));
	EXPECT_EQ(0, count_links(self->nl_home, "inner0"));
	EXPECT_EQ(1, count_links(self->nl_b, "lo"));

	/* The socket's namespace counts, not its user's. */
	ASSERT_EQ(0, sys_setns(self->b, CLONE_NEWNET));
	EXPECT_EQ(1, count_links(self->nl_a, "inner0"));
	EXPECT_EQ(0, count_links(self->nl_b, "inner0"));
}

/* A loopback device that is up has addresses and routes of both families. */
TEST_F(two, address_and_route_dumps_show_own)
{
	EXPECT_EQ(0, count_dump(self->nl_a, RTM_GETADDR,
				sizeof(struct ifaddrmsg)));
	ASSERT_EQ(0, link_up(self->nl_a, "lo"));
	EXPECT_LE(2, count_dump(self->nl_a, RTM_GETADDR,
				sizeof(struct ifaddrmsg)));
	EXPECT_LE(2, count_dump(self->nl_a, RTM_GETROUTE,
				sizeof(struct rtmsg)));
	EXPECT_EQ(0, count_dump(self->nl_b, RTM_GETADDR,
				sizeof(struct ifaddrmsg)));
	EXPECT_EQ(0, count_dump(self->nl_b, RTM_GETROUTE,
				sizeof(struct rtmsg)));
}

/* A listener for one multicast group in @nsfd. */
static int listen_in(int nsfd, int group)
{
	int fd = nl_open_in(nsfd);
	int err;

	if (fd < 0)
		return fd;
	err = nl_subscribe(fd, group);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static const int groups[] = {
	RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE,
};

TEST_F(two, events_stay_in_their_namespace)
{
	int a[ARRAY_SIZE(groups)], b[ARRAY_SIZE(groups)];
	char buf[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		a[i] = listen_in(self->a, groups[i]);
		ASSERT_LE(0, a[i]);
		b[i] = listen_in(self->b, groups[i]);
		ASSERT_LE(0, b[i]);
	}
	ASSERT_EQ(0, link_up(self->nl_a, "lo"));

	/* All have come in a before b is looked at. */
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		EXPECT_LT(0, recv(a[i], buf, sizeof(buf), 0)) {
			TH_LOG("no event of group %d", groups[i]);
		}
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		EXPECT_EQ(-1, recv(b[i], buf, sizeof(buf), MSG_DONTWAIT)) {
			TH_LOG("an event of group %d", groups[i]);
		}
		EXPECT_EQ(EAGAIN, errno);
		close(a[i]);
		close(b[i]);
	}
}

/* How many messages that are waiting name this device. */
static int drain_links(int fd, const char *name, int type)
{
	struct name_count count = { .name = name };
	union {
		struct nlmsghdr nlh;
		char space[16384];
	} buf;
	struct nlmsghdr *nlh;
	ssize_t len;

	while ((len = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		for (nlh = &buf.nlh; NLMSG_OK(nlh, len);
		     nlh = NLMSG_NEXT(nlh, len))
			if (nlh->nlmsg_type == type)
				count_name(nlh, &count);
	return errno == EAGAIN ? count.n : -errno;
}

TEST_F(two, move_is_an_end_here_and_a_birth_there)
{
	int a, b, home, home_ns;

	home_ns = open_self_ns("net");
	ASSERT_LE(0, home_ns);
	a = listen_in(self->a, RTNLGRP_LINK);
	b = listen_in(self->b, RTNLGRP_LINK);
	home = listen_in(home_ns, RTNLGRP_LINK);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, home);

	/* They have been sent by the time that the request is answered. */
	ASSERT_EQ(0, veth_add(self->nl_a, "inner0", "inner1", self->a));
	EXPECT_LT(0, drain_links(a, "inner0", RTM_NEWLINK));
	EXPECT_EQ(0, drain_links(b, "inner0", RTM_NEWLINK));

	ASSERT_EQ(0, link_move(self->nl_a, "inner0", IFLA_NET_NS_FD, self->b));
	EXPECT_EQ(1, drain_links(a, "inner0", RTM_DELLINK));
	EXPECT_LT(0, drain_links(b, "inner0", RTM_NEWLINK));
	EXPECT_EQ(0, drain_links(home, "inner0", RTM_NEWLINK));

	ASSERT_EQ(0, link_del(self->nl_b, "inner0"));
	EXPECT_EQ(1, drain_links(a, "inner1", RTM_DELLINK));
	EXPECT_EQ(1, drain_links(b, "inner0", RTM_DELLINK));
	EXPECT_EQ(0, drain_links(home, "inner0", RTM_DELLINK));
	close(a);
	close(b);
	close(home);
	close(home_ns);
}

static int listen_uevents(int nsfd)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1,
	};
	int fd = socket_in(nsfd, AF_NETLINK, SOCK_DGRAM,
			   NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return fd;
	if (bind(fd, (void *)&addr, sizeof(addr))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* How many uevents are waiting that do this to this network device. */
static int drain_uevents(int fd, const char *action, const char *name)
{
	char buf[8192], wanted[128];
	ssize_t len;
	int n = 0;

	snprintf(wanted, sizeof(wanted), "%s@/devices/virtual/net/%s", action,
		 name);
	while ((len = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT)) > 0) {
		buf[len] = '\0';
		n += !strcmp(buf, wanted);
	}
	return errno == EAGAIN ? n : -errno;
}

TEST_F(two, uevents_of_devices_stay_in_their_namespace)
{
	int a, b, home, home_ns;

	home_ns = open_self_ns("net");
	ASSERT_LE(0, home_ns);
	a = listen_uevents(self->a);
	b = listen_uevents(self->b);
	home = listen_uevents(home_ns);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, home);

	ASSERT_EQ(0, veth_add(self->nl_a, "inner0", "inner1", self->b));
	EXPECT_EQ(1, drain_uevents(a, "add", "inner0"));
	EXPECT_EQ(1, drain_uevents(b, "add", "inner1"));
	EXPECT_EQ(0, drain_uevents(home, "add", "inner0"));

	/* Moving is removal and addition, each where it happens. */
	ASSERT_EQ(0, link_move(self->nl_a, "inner0", IFLA_NET_NS_FD, self->b));
	EXPECT_EQ(1, drain_uevents(a, "remove", "inner0"));
	EXPECT_EQ(1, drain_uevents(b, "add", "inner0"));
	EXPECT_EQ(0, drain_uevents(home, "add", "inner0"));

	ASSERT_EQ(0, link_del(self->nl_b, "inner0"));
	EXPECT_EQ(0, drain_uevents(a, "remove", "inner0"));
	EXPECT_EQ(1, drain_uevents(b, "remove", "inner0"));
	EXPECT_EQ(0, drain_uevents(home, "remove", "inner0"));
	close(a);
	close(b);
	close(home);
	close(home_ns);
}

/* No process has that number, by which the kernel names sockets of its own accord. */
#define PORTID 5004711

static int bind_portid(int nsfd)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_pid = PORTID,
	};
	int fd = socket_in(nsfd, AF_NETLINK, SOCK_DGRAM, NETLINK_USERSOCK);

	if (fd < 0)
		return fd;
	if (bind(fd, (void *)&addr, sizeof(addr))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int send_to_portid(int nsfd)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_pid = PORTID,
	};
	struct nlmsghdr nlh = {
		.nlmsg_len = sizeof(nlh),
		.nlmsg_type = NLMSG_MIN_TYPE,
	};
	int fd = socket_in(nsfd, AF_NETLINK, SOCK_DGRAM, NETLINK_USERSOCK);
	int err = 0;

	if (fd < 0)
		return fd;
	if (sendto(fd, &nlh, sizeof(nlh), 0, (void *)&addr, sizeof(addr)) < 0)
		err = -errno;
	close(fd);
	return err;
}

TEST_F(two, port_ids_belong_to_a_namespace)
{
	char buf[64];
	int a, b;

	a = bind_portid(self->a);
	ASSERT_LE(0, a);
	EXPECT_EQ(-EADDRINUSE, bind_portid(self->a));
	EXPECT_EQ(-ECONNREFUSED, send_to_portid(self->b));
	EXPECT_EQ(0, send_to_portid(self->a));
	EXPECT_LT(0, recv(a, buf, sizeof(buf), MSG_DONTWAIT));

	b = bind_portid(self->b);
	ASSERT_LE(0, b);
	EXPECT_EQ(0, send_to_portid(self->b));
	EXPECT_LT(0, recv(b, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(-1, recv(a, buf, sizeof(buf), MSG_DONTWAIT));
	close(a);
	close(b);
}

NETNS_TEST_MAIN
