// SPDX-License-Identifier: GPL-2.0
/*
 * What a network namespace inherits is what counted at its birth, however much
 * later somebody first uses it, and whoever does. On a kernel where birth is
 * the first use the same holds, so the test passes there as well.
 */
#include "isolation_util.h"

#define IPV4(name) "/proc/sys/net/ipv4/" name
#define IPV6(name) "/proc/sys/net/ipv6/" name
#define MODE "/proc/sys/net/core/devconf_inherit_init_net"
#define TUNNELS "/proc/sys/net/core/fb_tunnels_only_for_init_net"

#define V4 IPV4("conf/default/arp_ignore")
#define V4_ALL IPV4("conf/all/arp_announce")
#define V6 IPV6("conf/default/hop_limit")
#define V6_COMPILED "64"

/* What the tests change at home is put back after each. */
FIXTURE(heir)
{
	char saved[8][64];
	int home;
};

static const char * const knobs[] = {
	MODE, V4, V4_ALL, V6, IPV4("tcp_rmem"), IPV4("tcp_wmem"),
	IPV4("tcp_congestion_control"), TUNNELS,
};

FIXTURE_SETUP(heir)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		ASSERT_LT(0, read_file(knobs[i], self->saved[i],
				       sizeof(self->saved[i])));
	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
}

FIXTURE_TEARDOWN(heir)
{
	unsigned int i;

	EXPECT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		EXPECT_EQ(0, write_file(knobs[i], "%s", self->saved[i]));
}

#define SET(path, value) ASSERT_EQ(0, write_file(path, "%s", value))

/* What stands in a file when a task of @nsfd reads it. */
#define EXPECT_IN(nsfd, path, value)					\
do {									\
	char __text[128];						\
									\
	EXPECT_LT(0, read_in(nsfd, path, __text, sizeof(__text)));	\
	__text[strcspn(__text, "\n")] = '\0';				\
	EXPECT_STREQ(value, __text) {					\
		TH_LOG("%s", path);					\
	}								\
} while (0)

static void set_all(struct __test_metadata *_metadata, const char *v4,
		    const char *v4_all, const char *v6)
{
	SET(V4, v4);
	SET(V4_ALL, v4_all);
	SET(V6, v6);
}

static void expect_all(struct __test_metadata *_metadata, int nsfd,
		       const char *v4, const char *v4_all, const char *v6)
{
	EXPECT_IN(nsfd, V4, v4);
	EXPECT_IN(nsfd, V4_ALL, v4_all);
	EXPECT_IN(nsfd, V6, v6);
}

TEST_F(heir, ipv4_from_home)
{
	int nsfd;

	SET(MODE, "0");
	set_all(_metadata, "3", "2", "77");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	set_all(_metadata, "1", "1", "99");
	expect_all(_metadata, nsfd, "3", "2", V6_COMPILED);
}

TEST_F(heir, both_from_home)
{
	int nsfd;

	SET(MODE, "1");
	set_all(_metadata, "3", "2", "77");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	/* The mode counts as it was, too. */
	SET(MODE, "2");
	set_all(_metadata, "1", "1", "99");
	expect_all(_metadata, nsfd, "3", "2", "77");
}

TEST_F(heir, compiled_in)
{
	int nsfd;

	SET(MODE, "2");
	set_all(_metadata, "3", "2", "77");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	SET(MODE, "1");
	expect_all(_metadata, nsfd, "0", "0", V6_COMPILED);
}

TEST_F(heir, from_the_creator)
{
	int creator, nsfd;

	SET(MODE, "3");
	set_all(_metadata, "1", "1", "99");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	set_all(_metadata, "3", "2", "77");
	creator = open_self_ns("net");
	ASSERT_LE(0, creator);
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	set_all(_metadata, "0", "0", "55");

	/* The first user is of another namespace. */
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	expect_all(_metadata, nsfd, "3", "2", "77");
	EXPECT_IN(creator, V4, "0");
}

/* Nobody has used the creator, nor will its child's first use be one. */
TEST_F(heir, from_a_creator_that_nobody_used)
{
	int creator, nsfd;

	SET(MODE, "3");
	set_all(_metadata, "3", "2", "77");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	creator = open_self_ns("net");
	ASSERT_LE(0, creator);
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	set_all(_metadata, "1", "1", "99");
	expect_all(_metadata, nsfd, "3", "2", "77");
	EXPECT_IN(creator, V4, "3");
	EXPECT_IN(creator, V6, "77");
}

TEST_F(heir, tcp_buffers_from_home)
{
	int nsfd;

	SET(IPV4("tcp_rmem"), "5000\t90000\t700000");
	SET(IPV4("tcp_wmem"), "5001\t20000\t800000");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	SET(IPV4("tcp_rmem"), self->saved[4]);
	SET(IPV4("tcp_wmem"), self->saved[5]);
	EXPECT_IN(nsfd, IPV4("tcp_rmem"), "5000\t90000\t700000");
	EXPECT_IN(nsfd, IPV4("tcp_wmem"), "5001\t20000\t800000");
}

TEST_F(heir, congestion_control_from_home)
{
	char other[64];
	int nsfd;

	snprintf(other, sizeof(other), "%s", self->saved[6]);
	other[strcspn(other, "\n")] = '\0';
	if (!strcmp(other, "reno"))
		SKIP(return, "only one congestion control here");
	SET(IPV4("tcp_congestion_control"), "reno");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	SET(IPV4("tcp_congestion_control"), other);
	EXPECT_IN(nsfd, IPV4("tcp_congestion_control"), "reno");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	SET(IPV4("tcp_congestion_control"), "reno");
	EXPECT_IN(nsfd, IPV4("tcp_congestion_control"), other);
}

TEST_F(heir, hash_tables_from_the_creator)
{
	int nsfd, grandchild;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	SET(IPV4("tcp_child_ehash_entries"), "512");
	SET(IPV4("udp_child_hash_entries"), "256");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	SET(IPV4("tcp_child_ehash_entries"), "0");
	SET(IPV4("udp_child_hash_entries"), "0");
	ASSERT_EQ(0, sys_setns(nsfd, CLONE_NEWNET));
	grandchild = new_netns();
	ASSERT_LE(0, grandchild);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_IN(nsfd, IPV4("tcp_ehash_entries"), "512");
	EXPECT_IN(nsfd, IPV4("udp_hash_entries"), "256");
	/* It does not go on to who is born there. */
	EXPECT_IN(nsfd, IPV4("tcp_child_ehash_entries"), "0");
	ASSERT_EQ(0, sys_setns(grandchild, CLONE_NEWNET));
	EXPECT_NE(0, write_file(IPV4("tcp_ehash_entries"), "1"));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
}

TEST_F(heir, fallback_tunnels)
{
	int with, without, nl;

	SET(TUNNELS, "0");
	with = new_netns();
	ASSERT_LE(0, with);
	SET(TUNNELS, "2");
	without = new_netns();
	ASSERT_LE(0, without);
	SET(TUNNELS, "0");
	nl = nl_open_in(without);
	ASSERT_LE(0, nl);
	EXPECT_EQ(1, count_dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg)));
	close(nl);
	/* As many as at home, where each driver has made its own. */
	nl = nl_open_in(self->home);
	ASSERT_LE(0, nl);
	if (link_index(nl, "tunl0") > 0) {
		int nl_with = nl_open_in(with);

		SET(TUNNELS, "2");
		EXPECT_LT(0, link_index(nl_with, "tunl0"));
		close(nl_with);
	}
	close(nl);
}

NETNS_TEST_MAIN
