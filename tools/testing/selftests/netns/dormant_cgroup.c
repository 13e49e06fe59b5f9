// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own sockets in a network namespace are in the control groups of who
 * made it, whoever is the first to use it: so it is the maker's programs that see
 * what the kernel sends there, and the user's groups can be removed.
 */
#include "dormant_cgroup.h"
#include "netns_bpf.h"

#define DYING "nr_dying_descendants"

FIXTURE(cgroup)
{
	int maker_ran;
	int user_ran;
};

/* A program for all that @cgroup sends, which tells in a map that it has run. */
static int watch(const char *cgroup)
{
	int map = bpf_map(BPF_MAP_TYPE_ARRAY, sizeof(int), 1);
	int prog = bpf_prog_noting(BPF_PROG_TYPE_CGROUP_SKB,
				   BPF_CGROUP_INET_EGRESS, map);
	int dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = bpf_attach(dir, prog, BPF_CGROUP_INET_EGRESS);

	close(dir);
	close(prog);
	return err ? err : map;
}

static int ran(int map)
{
	int value = -1;

	bpf_map_get(map, 0, &value);
	return value;
}

static long dying(void)
{
	return read_key(PARENT "/cgroup.stat", DYING);
}

FIXTURE_SETUP(cgroup)
{
	ASSERT_EQ(0, make_cgroups());
	ASSERT_EQ(0, dying());
	self->maker_ran = watch(MAKER);
	ASSERT_LE(0, self->maker_ran);
	self->user_ran = watch(USER);
	ASSERT_LE(0, self->user_ran);
}

FIXTURE_TEARDOWN(cgroup)
{
	EXPECT_EQ(0, enter_cgroup(CGROUPS));
	rmdir(MAKER);
	rmdir(USER);
	rmdir(PARENT);
}

/* Has IPv6 say something in the namespace, where nobody has a socket. */
static int have_kernel_send(int home_nl, int nsfd)
{
	int nl;

	return veth_add(home_nl, "near", "far", nsfd) ?:
	       link_up(home_nl, "near") ?:
	       (nl = nl_open_in(nsfd)) < 0 ? nl : link_up(nl, "far");
}

TEST_F(cgroup, sockets_are_the_makers)
{
	int home_nl = nl_open(), nsfd = maker_netns();

	ASSERT_LE(0, nsfd);
	ASSERT_LE(0, home_nl);
	EXPECT_EQ(0, ran(self->maker_ran));
	EXPECT_WAKES(1, !have_kernel_send(home_nl, nsfd));
	EXPECT_TRUE(wait_until(ran(self->maker_ran) == 1));
	EXPECT_EQ(0, ran(self->user_ran));
	EXPECT_EQ(0, link_del(home_nl, "near"));
}

/* Neither sockets nor the namespace keep it; one of the test is where it was made. */
TEST_F(cgroup, user_can_go)
{
	int home_nl = nl_open(), nsfd = maker_netns();

	ASSERT_LE(0, home_nl);
	ASSERT_LE(0, nsfd);
	EXPECT_WAKES(1, veth_add(home_nl, "near", "far", nsfd) == 0);
	ASSERT_EQ(0, enter_cgroup(CGROUPS));
	ASSERT_EQ(0, rmdir(USER));
	EXPECT_TRUE(wait_until(dying() == 0));
	EXPECT_EQ(0, link_del(home_nl, "near"));
}

/* The maker's is there as long as sockets may come that belong to it, not longer. */
TEST_F(cgroup, maker_goes_with_the_namespace)
{
	int used = maker_netns(), unused = maker_netns(), sock;

	ASSERT_LE(0, used);
	ASSERT_LE(0, unused);
	ASSERT_EQ(0, enter_cgroup(CGROUPS));
	ASSERT_EQ(0, rmdir(MAKER));
	EXPECT_EQ(1, dying());
	EXPECT_WAKES(1, (sock = socket_in(used, AF_INET, SOCK_DGRAM, 0)) >= 0);
	close(sock);
	close(used);
	EXPECT_EQ(1, dying());
	close(unused);
	EXPECT_TRUE(wait_until(dying() == 0));
}

DORMANT_TEST_MAIN
