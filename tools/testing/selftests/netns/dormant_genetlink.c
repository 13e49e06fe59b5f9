// SPDX-License-Identifier: GPL-2.0
/*
 * A device that is reloaded into a network namespace, or is looked for there,
 * by generic netlink may be the first use of that.
 */
#include "dormant_util.h"
#include "netns_genetlink.h"

#include <arpa/inet.h>
#include <linux/devlink.h>
#include <linux/gtp.h>

#define NSID 7

/* A device that is moved by reloading it, and where it comes from. */
#define BUS "/sys/bus/netdevsim/"
#define DEVICE 77

FIXTURE(devlink)
{
	int nl;
	int genl;
	int family;
	int nsfd;
};

FIXTURE_SETUP(devlink)
{
	int here;

	if (system("modprobe -q netdevsim"))
		SKIP(return, "no netdevsim in this kernel");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->nsfd = new_netns();
	ASSERT_LE(0, self->nsfd);
	EXPECT_WAKES(1, !write_file(BUS "new_device", "%d 1", DEVICE));
	here = open_self_ns("net");
	ASSERT_LE(0, here);
	self->genl = genl_open_in(here);
	ASSERT_LE(0, self->genl);
	self->nl = nl_open();
	ASSERT_LE(0, self->nl);
	self->family = genl_family(self->genl, DEVLINK_GENL_NAME);
	ASSERT_LT(0, self->family);
}

FIXTURE_TEARDOWN(devlink)
{
	EXPECT_EQ(0, write_file(BUS "del_device", "%d", DEVICE));
}

static int devlink_do(int genl, int family, int cmd, int attr, int value)
{
	struct nl_req req;
	char name[32];

	genl_init(&req, family, cmd, 0);
	snprintf(name, sizeof(name), "netdevsim%d", DEVICE);
	nl_put_str(&req, DEVLINK_ATTR_BUS_NAME, "netdevsim");
	nl_put_str(&req, DEVLINK_ATTR_DEV_NAME, name);
	if (attr)
		nl_put_int(&req, attr, value);
	return nl_talk(genl, &req, NULL, NULL, NULL);
}

#define RELOAD(attr, value)						\
	devlink_do(self->genl, self->family, DEVLINK_CMD_RELOAD, attr, value)
#define IS_IN(genl) devlink_do(genl, self->family, DEVLINK_CMD_GET, 0, 0)

TEST_F(devlink, reload_by_descriptor_wakes)
{
	EXPECT_WAKES(1, !RELOAD(DEVLINK_ATTR_NETNS_FD, self->nsfd));
	EXPECT_EQ(-ENODEV, IS_IN(self->genl));
	EXPECT_EQ(0, IS_IN(genl_open_in(self->nsfd)));
	EXPECT_EQ(1, link_index(nl_open_in(self->nsfd), "lo"));
}

TEST_F(devlink, reload_by_pid_wakes)
{
	pid_t pid = park_child(CLONE_NEWNET);

	ASSERT_LT(0, pid);
	EXPECT_WAKES(1, !RELOAD(DEVLINK_ATTR_NETNS_PID, pid));
	EXPECT_EQ(0, IS_IN(genl_open_in(open_pid_ns(pid, "net"))));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(devlink, reload_by_id_wakes)
{
	EXPECT_WAKES(0, !nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, !RELOAD(DEVLINK_ATTR_NETNS_ID, NSID));
	EXPECT_EQ(0, IS_IN(genl_open_in(self->nsfd)));
}

TEST_F(devlink, what_is_not_allowed_wakes_nobody)
{
	EXPECT_WAKES(0, RELOAD(DEVLINK_ATTR_NETNS_FD, -1) == -EINVAL);
	EXPECT_WAKES(0, RELOAD(DEVLINK_ATTR_NETNS_ID, NSID) == -EINVAL);
	EXPECT_EQ(0, IS_IN(self->genl));
}

/* They are no devices of netdevsim, but that is known only then. */
TEST_F(devlink, linking_by_descriptor_wakes)
{
	int other = new_netns();

	ASSERT_LE(0, other);
	EXPECT_WAKES(2, write_file(BUS "link_device", "%d:1 %d:1", self->nsfd,
				   other) == -EINVAL);
	other = new_netns();
	ASSERT_LE(0, other);
	EXPECT_WAKES(1, write_file(BUS "unlink_device", "%d:1", other) ==
		     -EINVAL);
}

static int gtp_new_pdp(int genl, int nsfd, int index)
{
	int family = genl_family(genl, "gtp");
	struct nl_req req;

	genl_init(&req, family, GTP_CMD_NEWPDP, 0);
	nl_put_int(&req, GTPA_LINK, index);
	nl_put_int(&req, GTPA_NET_NS_FD, nsfd);
	nl_put_int(&req, GTPA_VERSION, GTP_V1);
	nl_put_int(&req, GTPA_I_TEI, 1);
	nl_put_int(&req, GTPA_O_TEI, 2);
	nl_put_int(&req, GTPA_PEER_ADDRESS, htonl(INADDR_LOOPBACK));
	nl_put_int(&req, GTPA_MS_ADDRESS, htonl(INADDR_LOOPBACK));
	return nl_talk(genl, &req, NULL, NULL, NULL);
}

/* The sockets stay here, which may be given at once or later. */
static int gtp_create(int nl, const char *name, int attr, int value)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct rtattr *info, *data;
	struct nl_req req;

	info = nl_init_link(&req, "gtp", name, attr, value);
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	nl_put_int(&req, IFLA_GTP_FD1, sock);
	nl_end_nest(&req, data);
	nl_end_nest(&req, info);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

TEST(gtp)
{
	int here, nl, genl, nsfd = new_netns();

	if (system("modprobe -q gtp"))
		SKIP(return, "no gtp in this kernel");
	ASSERT_LE(0, nsfd);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	here = open_self_ns("net");
	nl = nl_open();
	genl = genl_open_in(here);
	ASSERT_LE(0, genl);
	/* There is none, and it does not take an activation to know. */
	EXPECT_WAKES(0, gtp_new_pdp(genl, nsfd, 2) == -ENODEV);
	EXPECT_WAKES(1, !gtp_create(nl, "gtp0", IFLA_NET_NS_FD, nsfd));
	EXPECT_WAKES(0, !gtp_new_pdp(genl, nsfd,
				     link_index(nl_open_in(nsfd), "gtp0")));
	EXPECT_EQ(1, link_index(nl_open_in(nsfd), "lo"));
}

DORMANT_TEST_MAIN
