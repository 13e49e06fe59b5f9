// SPDX-License-Identifier: GPL-2.0
/*
 * Local sockets need little of a network namespace, and do not make it have
 * more. Whatever else it is used for does, and they do not notice.
 */
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "dormant_util.h"

#define NSID 7

/* A namespace that is used for local sockets, and for nothing else. */
FIXTURE(local)
{
	int home;
	int pair[2];
};

FIXTURE_SETUP(local)
{
	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET | CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	EXPECT_WAKES_PART(1, !socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
	/* On its way while the namespace changes. */
	ASSERT_EQ(1, write(self->pair[0], "x", 1));
}

FIXTURE_TEARDOWN(local)
{
	char c = 0;

	EXPECT_EQ(1, read(self->pair[1], &c, 1));
	EXPECT_EQ('x', c);
}

TEST_F(local, sockets_need_no_more)
{
	int server, client = -1, n = -1, off = 0;
	char buf[4];

	EXPECT_WAKES_PART(0, (server = listen_abstract()) >= 0);
	EXPECT_WAKES_PART(0, (client = connect_abstract()) >= 0);
	EXPECT_WAKES_PART(0, write(client, "abc", 3) == 3);
	EXPECT_WAKES_PART(0, (server = accept(server, NULL, NULL)) >= 0);
	EXPECT_WAKES_PART(0, !ioctl(server, FIONREAD, &n) && n == 3);
	EXPECT_WAKES_PART(0, read(server, buf, sizeof(buf)) == 3);
	EXPECT_WAKES_PART(0, !setsockopt(server, SOL_SOCKET, SO_PASSCRED, &off,
					 sizeof(off)));
	/* isatty(3) asks so. */
	EXPECT_WAKES_PART(0, ioctl(server, TCGETS, buf) == -1 && errno == ENOTTY);
	EXPECT_WAKES_PART(0, (n = ioctl(server, SIOCGSKNS)) >= 0);
	EXPECT_EQ(self_ino("net"), fd_ino(n));
	EXPECT_WAKES_PART(0, makes_socket(AF_UNIX, SOCK_DGRAM, 0));
	EXPECT_WAKES_PART(0, makes_socket(AF_UNIX, SOCK_SEQPACKET, 0));
}

TEST_F(local, another_family_wakes)
{
	EXPECT_WAKES(1, makes_socket(AF_INET, SOCK_STREAM, 0));
	EXPECT_EQ(1, own_link_index("lo"));
	EXPECT_WAKES_PART(0, makes_socket(AF_UNIX, SOCK_STREAM, 0));
}

/* Many a program asks for devices by whatever socket it has. */
TEST_F(local, ioctls_about_devices_wake)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	struct ifconf ifc = { .ifc_len = 0 };

	EXPECT_WAKES(1, !ioctl(self->pair[0], SIOCGIFINDEX, &ifr));
	EXPECT_EQ(1, ifr.ifr_ifindex);
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES_PART(1, !socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
	EXPECT_WAKES(1, !ioctl(self->pair[0], SIOCGIFCONF, &ifc));
	ASSERT_EQ(1, write(self->pair[0], "x", 1));
}

/* Of which some are handled by modules. */
TEST_F(local, ioctls_about_bridges_wake)
{
	if (system("modprobe -q bridge"))
		SKIP(return, "no bridges in this kernel");
	EXPECT_WAKES(1, !ioctl(self->pair[0], SIOCBRADDBR, "br0"));
	EXPECT_LT(1, own_link_index("br0"));
}

TEST_F(local, binding_to_a_device_wakes)
{
	int index = 1;

	EXPECT_WAKES(1, !setsockopt(self->pair[0], SOL_SOCKET, SO_BINDTODEVICE,
				    "lo", 2));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES_PART(1, !socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
	EXPECT_WAKES(1, !setsockopt(self->pair[0], SOL_SOCKET, SO_BINDTOIFINDEX,
				    &index, sizeof(index)));
	ASSERT_EQ(1, write(self->pair[0], "x", 1));
}

TEST_F(local, what_was_there_is_seen_later)
{
	char text[4096];
	int server;

	EXPECT_WAKES_PART(0, (server = listen_abstract()) >= 0);
	EXPECT_WAKES(1, read_file("/proc/self/net/unix", text, sizeof(text)) > 0);
	EXPECT_NE(NULL, strstr(text, "@dormant"));
	EXPECT_LE(0, connect_abstract());
	EXPECT_LT(0, read_file("/proc/sys/net/unix/max_dgram_qlen", text,
			       sizeof(text)));
	EXPECT_STREQ("10\n", text);
}

TEST_F(local, its_sysctls_wake)
{
	EXPECT_WAKES(1, !write_file("/proc/sys/net/unix/max_dgram_qlen", "20"));
}

/* Names are of one namespace, whether it has anything else or not. */
TEST_F(local, abstract_names_are_its_own)
{
	ASSERT_LE(0, listen_abstract());
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES_PART(1, connect_abstract() == -ECONNREFUSED);
	EXPECT_WAKES_PART(0, listen_abstract() >= 0);
}

/* A path leads to a socket of another one, which the new end belongs to. */
TEST_F(local, a_path_leads_out_of_it)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX,
				    .sun_path = "/mnt/socket" };
	int server, client;

	ASSERT_EQ(0, mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(server, (struct sockaddr *)&path, sizeof(path)));
	ASSERT_EQ(0, listen(server, 1));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_WAKES_PART(0, !connect(client, (struct sockaddr *)&path,
				      sizeof(path)));
	EXPECT_WAKES_PART(0, accept(server, NULL, NULL) >= 0);
}

/* The last close is the end: there is nobody to wait for. */
TEST(local_ends_at_once)
{
	int i;

	ASSERT_EQ(0, unshare_userns(0));
	ASSERT_EQ(0, write_file(MAX_NETNS_SYSCTL, "2"));
	for (i = 0; i < 100; i++) {
		/* The old one is still there while the new one is made. */
		EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
		EXPECT_WAKES_PART(1, makes_socket(AF_UNIX, SOCK_DGRAM, 0));
	}
}

TEST_F(local, its_id_ends_with_it)
{
	int nl = nl_open_in(self->home);

	ASSERT_LE(0, nl);
	EXPECT_WAKES(0, !nsid_set(nl, NSID, NETNSA_PID, getpid()));
	EXPECT_EQ(1, nsid_count(nl));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	/* It lives as long as they do. */
	EXPECT_EQ(1, nsid_count(nl));
	close(self->pair[0]);
	close(self->pair[1]);
	EXPECT_TRUE(wait_until(!nsid_count(nl)));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
	ASSERT_EQ(1, write(self->pair[0], "x", 1));
}

DORMANT_TEST_MAIN
