// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers and files that use the network namespace of whoever opens them, or
 * speaks to them, may be the first to use it.
 */
#include "dormant_util.h"

#include <linux/ppp-ioctl.h>
#include <sys/ioctl.h>

/* Whatever has to be there is made before; then there is a new one. */
FIXTURE(opener)
{
};

FIXTURE_SETUP(opener)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(opener)
{
}

TEST_F(opener, tun)
{
	/* It may be a module, for whose device nobody has made a node. */
	if (access("/dev/net/tun", F_OK) && system("modprobe -q tun"))
		SKIP(return, "no tun in this kernel");
	EXPECT_WAKES(1, opens("/dev/net/tun"));
}

TEST_F(opener, tap)
{
	char path[32];
	int index, home;

	if (system("modprobe -q macvtap"))
		SKIP(return, "no macvtap in this kernel");
	ASSERT_EQ(0, system("ip link add d0 up type dummy"));
	ASSERT_EQ(0, system("ip link add link d0 m0 up type macvtap"));
	index = own_link_index("m0");
	ASSERT_LT(0, index);
	snprintf(path, sizeof(path), "/dev/tap%d", index);
	/* The device is where it was, and nobody else would keep that. */
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, home);
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, opens(path));
	close(home);
}

TEST_F(opener, ppp)
{
	int fd = -1, unit = -1;

	if (system("modprobe -q ppp_generic"))
		SKIP(return, "no ppp in this kernel");
	EXPECT_WAKES(0, (fd = open("/dev/ppp", O_RDWR)) >= 0);
	EXPECT_WAKES(1, !ioctl(fd, PPPIOCNEWUNIT, &unit));
	EXPECT_EQ(0, unit);
	EXPECT_LT(1, own_link_index("ppp0"));
}

/* Nothing generates packets where there is no device. */
TEST_F(opener, pktgen)
{
	int fd;

	if (system("modprobe -q pktgen"))
		SKIP(return, "no pktgen in this kernel");
	fd = open("/proc/self/net/pktgen/pgctrl", O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, write(fd, "stop\n", 5) == 5);
	EXPECT_WAKES(0, write(fd, "reset\n", 6) == 6);
	EXPECT_WAKES(0, write(fd, "nothing\n", 8) == -1 && errno == EINVAL);
}

TEST_F(opener, l2tp)
{
	if (system("modprobe -q l2tp_debugfs"))
		SKIP(return, "no l2tp in this kernel");
	EXPECT_WAKES(1, opens(DEBUGFS "/l2tp/tunnels"));
}

DORMANT_TEST_MAIN
