// SPDX-License-Identifier: GPL-2.0
/*
 * What a network namespace inherits is what counted at its birth, however much
 * later somebody first uses it, and whoever does. Where birth is the first use
 * the same holds.
 */
#include "dormant_util.h"

#define IPV4(name) "/proc/sys/net/ipv4/" name
#define IPV6(name) "/proc/sys/net/ipv6/" name
#define MODE "/proc/sys/net/core/devconf_inherit_init_net"
#define TUNNELS "/proc/sys/net/core/fb_tunnels_only_for_init_net"

#define V4 IPV4("conf/default/arp_ignore")
#define V4_ALL IPV4("conf/all/arp_announce")
#define V6 IPV6("conf/default/hop_limit")
#define V6_COMPILED "64"

/* A congestion control that a module has: test_modules/test_cc.c. */
#define MODULE "test_modules/test_cc.ko"

/* What the tests change at home is put back after each. */
FIXTURE(heir)
{
	char saved[8][64];
	int home;
	int stranger;	/* where everything is different */
};

FIXTURE_VARIANT(heir)
{
	bool eager;
	bool outside;	/* the first to use it does so from somewhere else */
};

FIXTURE_VARIANT_ADD(heir, lazy)
{
};

FIXTURE_VARIANT_ADD(heir, lazy_from_outside)
{
	.outside = true,
};

FIXTURE_VARIANT_ADD(heir, eager)
{
	.eager = true,
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
	self->stranger = new_netns();
	ASSERT_LE(0, self->stranger);
	ASSERT_EQ(0, write_in(self->stranger, V4, "7"));
	ASSERT_EQ(0, write_in(self->stranger, V4_ALL, "0"));
	ASSERT_EQ(0, write_in(self->stranger, V6, "33"));
	ASSERT_EQ(0, write_in(self->stranger, IPV4("tcp_rmem"), "4096 70000 80000"));
	ASSERT_EQ(0, write_in(self->stranger, IPV4("tcp_wmem"), "4096 71000 81000"));
	ASSERT_EQ(0, write_in(self->stranger, IPV4("tcp_child_ehash_entries"),
			      "1024"));
	ASSERT_EQ(0, write_in(self->stranger, IPV4("udp_child_hash_entries"),
			      "1024"));
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "%d", variant->eager));
}

FIXTURE_TEARDOWN(heir)
{
	unsigned int i;

	EXPECT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		EXPECT_EQ(0, write_file(knobs[i], "%s", self->saved[i]));
	EXPECT_EQ(0, write_file(EAGER_SYSCTL, "0"));
}

static bool use_inside(int nsfd)
{
	char text[4096];

	return read_in(nsfd, "/proc/thread-self/net/dev", text,
		       sizeof(text)) > 0;
}

/* A task of @from, which asks by a socket of that, makes a device in there. */
static bool use_from(int from, int nsfd)
{
	int back = open_self_ns("net");
	int nl = nl_open_in(from);
	struct rtattr *info;
	struct nl_req req;
	int err;

	err = sys_setns(from, CLONE_NEWNET);
	if (!err) {
		info = nl_init_link(&req, "dummy", "d0", IFLA_NET_NS_FD, nsfd);
		nl_end_nest(&req, info);
		err = nl_talk(nl, &req, NULL, NULL, NULL);
		err = sys_setns(back, CLONE_NEWNET) ?: err;
	}
	close(nl);
	close(back);
	errno = -err;
	return !err;
}

static bool first_use(bool outside, int stranger, int nsfd)
{
	return outside ? use_from(stranger, nsfd) : use_inside(nsfd);
}

/* The first use of a namespace. */
#define USE(nsfd)							\
	EXPECT_WAKES(!variant->eager,					\
		     first_use(variant->outside, self->stranger, nsfd))

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
	USE(nsfd);
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
	USE(nsfd);
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
	USE(nsfd);
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
	USE(nsfd);
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
	USE(nsfd);
	expect_all(_metadata, nsfd, "3", "2", "77");
	USE(creator);
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
	USE(nsfd);
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
	USE(nsfd);
	EXPECT_IN(nsfd, IPV4("tcp_congestion_control"), "reno");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	SET(IPV4("tcp_congestion_control"), "reno");
	USE(nsfd);
	EXPECT_IN(nsfd, IPV4("tcp_congestion_control"), other);
}

static bool unloads(void)
{
	return !system("rmmod test_cc 2> /dev/null");
}

/* Who has inherited it keeps it, used or not, and nobody else does. */
TEST_F(heir, congestion_control_of_a_module)
{
	int first, second, without;

	if (access(MODULE, R_OK))
		SKIP(return, "no modules for this kernel");
	ASSERT_EQ(0, system("insmod " MODULE));
	SET(IPV4("tcp_congestion_control"), "test_cc");
	first = new_netns();
	ASSERT_LE(0, first);
	second = new_netns();
	ASSERT_LE(0, second);
	EXPECT_WAKES(0, !unloads());
	SET(IPV4("tcp_congestion_control"), self->saved[6]);
	without = new_netns();
	ASSERT_LE(0, without);
	EXPECT_WAKES(0, !unloads());

	USE(first);
	EXPECT_IN(first, IPV4("tcp_congestion_control"), "test_cc");
	EXPECT_WAKES(0, !unloads());
	close(first);
	/* The other one still has it. */
	EXPECT_WAKES(0, !unloads());
	USE(without);
	EXPECT_EQ(0, write_in(second, IPV4("tcp_congestion_control"), "reno"));
	EXPECT_TRUE(wait_until(unloads()));
}

/* Nothing that was born while it was the default is left. */
TEST_F(heir, congestion_control_that_has_been_unloaded)
{
	int before, nsfd;

	if (access(MODULE, R_OK))
		SKIP(return, "no modules for this kernel");
	ASSERT_EQ(0, system("insmod " MODULE));
	before = new_netns();
	ASSERT_LE(0, before);
	SET(IPV4("tcp_congestion_control"), "test_cc");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	close(nsfd);
	SET(IPV4("tcp_congestion_control"), "reno");
	/* At once, if it was never used. */
	EXPECT_TRUE(variant->eager ? wait_until(unloads()) : unloads());
	SET(IPV4("tcp_congestion_control"), self->saved[6]);
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	USE(before);
	EXPECT_LE(0, socket_in(before, AF_INET, SOCK_STREAM, 0));
	USE(nsfd);
	EXPECT_LE(0, socket_in(nsfd, AF_INET, SOCK_STREAM, 0));
}

TEST_F(heir, hash_tables_from_the_creator)
{
	int nsfd, without, grandchild;
	char text[32];

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	SET(IPV4("tcp_child_ehash_entries"), "512");
	SET(IPV4("udp_child_hash_entries"), "256");
	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	SET(IPV4("tcp_child_ehash_entries"), "0");
	SET(IPV4("udp_child_hash_entries"), "0");
	without = new_netns();
	ASSERT_LE(0, without);
	ASSERT_EQ(0, sys_setns(nsfd, CLONE_NEWNET));
	grandchild = new_netns();
	ASSERT_LE(0, grandchild);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	USE(nsfd);
	EXPECT_IN(nsfd, IPV4("tcp_ehash_entries"), "512");
	EXPECT_IN(nsfd, IPV4("udp_hash_entries"), "256");
	/* It does not go on to who is born there. */
	EXPECT_IN(nsfd, IPV4("tcp_child_ehash_entries"), "0");
	/* These use those of the initial one, which the sign tells. */
	USE(grandchild);
	EXPECT_LT(0, read_in(grandchild, IPV4("tcp_ehash_entries"), text,
			     sizeof(text)));
	EXPECT_EQ('-', *text);
	EXPECT_LT(0, read_in(grandchild, IPV4("udp_hash_entries"), text,
			     sizeof(text)));
	EXPECT_EQ('-', *text);
	USE(without);
	EXPECT_LT(0, read_in(without, IPV4("tcp_ehash_entries"), text,
			     sizeof(text)));
	EXPECT_EQ('-', *text);
	EXPECT_LT(0, read_in(without, IPV4("udp_hash_entries"), text,
			     sizeof(text)));
	EXPECT_EQ('-', *text);
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
	USE(without);
	nl = nl_open_in(without);
	ASSERT_LE(0, nl);
	/* There is lo, and what somebody has made from outside. */
	EXPECT_EQ(1 + variant->outside,
		  count_dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg)));
	close(nl);
	/* As many as at home, where each driver has made its own. */
	nl = nl_open_in(self->home);
	ASSERT_LE(0, nl);
	if (link_index(nl, "tunl0") > 0) {
		int nl_with;

		SET(TUNNELS, "2");
		USE(with);
		nl_with = nl_open_in(with);
		EXPECT_LT(0, link_index(nl_with, "tunl0"));
		close(nl_with);
	}
	close(nl);
}

DORMANT_TEST_MAIN
