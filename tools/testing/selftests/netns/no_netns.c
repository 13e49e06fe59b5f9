// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel without CONFIG_NET_NS says so, with EINVAL to whoever would be
 * allowed and EPERM to the others, and its one network namespace works.
 * On any other kernel this program fails.
 */
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "netns_netlink.h"

FIXTURE(call)
{
};

FIXTURE_VARIANT(call)
{
	pid_t (*enter)(__u64 flags);
};

FIXTURE_VARIANT_ADD(call, clone)
{
	.enter = clone_child,
};

FIXTURE_VARIANT_ADD(call, clone3)
{
	.enter = clone3_child,
};

FIXTURE_VARIANT_ADD(call, unshare)
{
	.enter = unshare_here,
};

FIXTURE_SETUP(call)
{
}

FIXTURE_TEARDOWN(call)
{
}

TEST_F(call, einval_for_root)
{
	EXPECT_EQ(-EINVAL, variant->enter(CLONE_NEWNET));
	EXPECT_EQ(-EINVAL, variant->enter(CLONE_NEWNET | CLONE_NEWNS));
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
}

TEST_F(call, eperm_before_einval)
{
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EPERM, variant->enter(CLONE_NEWNET));
	EXPECT_EQ(-EPERM, variant->enter(CLONE_NEWNET | CLONE_NEWNS));
}

TEST_F(call, other_namespaces_still_work)
{
	pid_t pid;

	if (!self_ino("uts"))
		SKIP(return, "no UTS namespaces either");
	pid = variant->enter(CLONE_NEWUTS);
	ASSERT_LE(0, pid);
	if (pid)
		EXPECT_EQ(0, wait_exit(pid));
}

TEST(setns_by_pidfd)
{
	int pidfd = sys_pidfd_open(getpid());

	ASSERT_LE(0, pidfd);
	EXPECT_EQ(-EINVAL, sys_setns(pidfd, CLONE_NEWNET));
	EXPECT_EQ(-EINVAL, sys_setns(pidfd, CLONE_NEWNET | CLONE_NEWNS));
	close(pidfd);
}

TEST(no_nsfs_file)
{
	ASSERT_EQ(0, access("/proc/self/ns", F_OK));
	EXPECT_EQ(-1, access("/proc/self/ns/net", F_OK));
	EXPECT_EQ(ENOENT, errno);
}

TEST(no_descriptor_of_the_namespace)
{
	int sock, nsid, fd;

	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, sock);
	EXPECT_EQ(-1, ioctl(sock, SIOCGSKNS));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_NE(0U, socket_cookie(sock));
	close(sock);

	fd = nl_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, nsid_set(fd, 0, NETNSA_FD, fd));
	EXPECT_EQ(0, nsid_get(fd, NETNSA_PID, getpid(), &nsid));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, nsid);
	close(fd);
}

static void find_lo(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *name;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return;
	name = nl_find(nlh, sizeof(struct ifinfomsg), IFLA_IFNAME);
	if (!strcmp(RTA_DATA(name), "lo"))
		++*(int *)arg;
}

TEST(links)
{
	struct nl_req req;
	int fd, found = 0;

	fd = nl_open();
	ASSERT_LE(0, fd);
	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	EXPECT_EQ(0, nl_talk(fd, &req, find_lo, &found, NULL));
	EXPECT_EQ(1, found);
	close(fd);
}

TEST(unix_sockets)
{
	char c = 0;
	int sv[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	EXPECT_EQ(1, write(sv[0], "x", 1));
	EXPECT_EQ(1, read(sv[1], &c, 1));
	EXPECT_EQ('x', c);
	close(sv[0]);
	close(sv[1]);
}

TEST(udp_over_loopback)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	struct ifreq ifr = {};
	int rx, tx;
	char c = 0;

	rx = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, rx);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "lo");
	ASSERT_EQ(0, ioctl(rx, SIOCGIFFLAGS, &ifr));
	if (!(ifr.ifr_flags & IFF_UP))
		SKIP(return, "lo is down");

	tx = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, tx);
	ASSERT_EQ(0, bind(rx, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, getsockname(rx, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(1, sendto(tx, "x", 1, 0, (struct sockaddr *)&addr, len));
	EXPECT_EQ(1, recv(rx, &c, 1, 0));
	EXPECT_EQ('x', c);
	close(tx);
	close(rx);
}

TEST(proc_net)
{
	static char buf[65536];

	EXPECT_LT(0, read_file("/proc/net/dev", buf, sizeof(buf)));
	EXPECT_TRUE(!!strstr(buf, "lo:"));
	EXPECT_LT(0, read_file("/proc/self/net/unix", buf, sizeof(buf)));
}

NETNS_TEST_MAIN
