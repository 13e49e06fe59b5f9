// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a new network namespace has its own loopback device and nothing
 * else, numbers its devices from 1, and inherits what it inherits from the
 * initial namespace or from its creator as of its creation: later changes do
 * not reach it.
 */
#include "isolation_util.h"

/* A number in a sysctl of @nsfd; none of those here is below -1000. */
#define NO_NUMBER (-1000000)

static int number_in(int nsfd, const char *path)
{
	char buf[64];

	if (read_in(nsfd, path, buf, sizeof(buf)) <= 0)
		return NO_NUMBER;
	return atoi(buf);
}

static int set_number_in(int nsfd, const char *path, int value)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%d", value);
	return write_in(nsfd, path, buf);
}

/* A new namespace whose creator lives in @nsfd. */
static int child_of(int nsfd)
{
	int home, fd, err;

	home = open_self_ns("net");
	if (home < 0)
		return home;
	fd = sys_setns(nsfd, CLONE_NEWNET);
	if (!fd) {
		fd = new_netns();
		err = sys_setns(home, CLONE_NEWNET);
		if (err)
			fd = err;
	}
	close(home);
	return fd;
}

struct links {
	int n, max_index;
	int lo_index, lo_flags;
	int others_up;
};

static void note_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	struct links *links = arg;
	const struct rtattr *rta;

	links->n++;
	if (ifi->ifi_index > links->max_index)
		links->max_index = ifi->ifi_index;
	rta = nl_find(nlh, sizeof(*ifi), IFLA_IFNAME);
	if (rta && !strcmp(RTA_DATA(rta), "lo")) {
		links->lo_index = ifi->ifi_index;
		links->lo_flags = ifi->ifi_flags;
	} else if (ifi->ifi_flags & IFF_UP) {
		links->others_up++;
	}
}

static int get_links(int nl, struct links *links)
{
	struct nl_req req;

	memset(links, 0, sizeof(*links));
	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	return nl_talk(nl, &req, note_link, links, NULL);
}

TEST(has_a_loopback_device_that_is_down)
{
	struct links links;
	int ns, nl;

	ns = new_netns();
	ASSERT_LE(0, ns);
	nl = nl_open_in(ns);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, get_links(nl, &links));
	EXPECT_EQ(1, links.lo_index);
	EXPECT_TRUE(links.lo_flags & IFF_LOOPBACK);
	EXPECT_FALSE(links.lo_flags & IFF_UP);
	/* There may be fallback devices of tunnels, but nothing is up. */
	EXPECT_EQ(0, links.others_up);
	EXPECT_EQ(links.n, links.max_index);
	close(nl);
	close(ns);
}

TEST(has_no_addresses_routes_or_neighbours)
{
	int ns, nl;

	ns = new_netns();
	ASSERT_LE(0, ns);
	nl = nl_open_in(ns);
	ASSERT_LE(0, nl);
	EXPECT_EQ(0, count_dump(nl, RTM_GETADDR, sizeof(struct ifaddrmsg)));
	EXPECT_EQ(0, count_dump(nl, RTM_GETROUTE, sizeof(struct rtmsg)));
	EXPECT_EQ(0, count_dump(nl, RTM_GETNEIGH, sizeof(struct ndmsg)));
	close(nl);
	close(ns);
}

/* Each namespace counts for itself, and goes on after what it was born with. */
TEST(numbers_its_own_devices)
{
	struct links links;
	int ns[2], nl;

	for (int i = 0; i < 2; i++) {
		ns[i] = new_netns();
		ASSERT_LE(0, ns[i]);
		nl = nl_open_in(ns[i]);
		ASSERT_LE(0, nl);
		ASSERT_EQ(0, get_links(nl, &links));
		/* The peer comes first. */
		ASSERT_EQ(0, veth_add(nl, "v0", "v1", ns[i]));
		EXPECT_EQ(links.n + 1, link_index(nl, "v1"));
		EXPECT_EQ(links.n + 2, link_index(nl, "v0"));
		close(nl);
	}
	close(ns[0]);
	close(ns[1]);
}

/*
 * Three values for each knob: that of the initial namespace, that of the
 * creator, and the kernel's own. The directory comes from the knob
 * net.core.devconf_inherit_init_net, and differs between the families.
 */
#define INHERIT "/proc/sys/net/core/devconf_inherit_init_net"
#define CONF4 "/proc/sys/net/ipv4/conf/default/medium_id"
#define CONF6 "/proc/sys/net/ipv6/conf/default/hop_limit"
#define RMEM "/proc/sys/net/ipv4/tcp_rmem"

#define INITIAL 22
#define CREATORS 33
#define COMPILED4 0
#define COMPILED6 64

static const struct {
	const char *path;
	int value;
} initial_values[] = {
	{ INHERIT, 0 },
	{ CONF4, INITIAL },
	{ CONF6, INITIAL },
};

FIXTURE(heir)
{
	int saved[ARRAY_SIZE(initial_values)];
	char saved_rmem[64];
	int home;
	int creator;
};

FIXTURE_SETUP(heir)
{
	size_t i;

	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
	ASSERT_LT(0, read_file(RMEM, self->saved_rmem,
			       sizeof(self->saved_rmem)));
	for (i = 0; i < ARRAY_SIZE(initial_values); i++) {
		self->saved[i] = number_in(self->home, initial_values[i].path);
		ASSERT_NE(NO_NUMBER, self->saved[i]);
	}
	self->creator = new_netns();
	ASSERT_LE(0, self->creator);
	for (i = 0; i < ARRAY_SIZE(initial_values); i++)
		EXPECT_EQ(0, set_number_in(self->home, initial_values[i].path,
					   initial_values[i].value));
	EXPECT_EQ(0, set_number_in(self->creator, CONF4, CREATORS));
	EXPECT_EQ(0, set_number_in(self->creator, CONF6, CREATORS));
}

FIXTURE_TEARDOWN(heir)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(initial_values); i++)
		EXPECT_EQ(0, set_number_in(self->home, initial_values[i].path,
					   self->saved[i]));
	EXPECT_EQ(0, write_file(RMEM, "%s", self->saved_rmem));
	close(self->creator);
	close(self->home);
}

static const struct {
	int inherit, conf4, conf6;
} modes[] = {
	{ 0, INITIAL, COMPILED6 },
	{ 1, INITIAL, INITIAL },
	{ 2, COMPILED4, COMPILED6 },
	{ 3, CREATORS, CREATORS },
};

TEST_F(heir, device_defaults_come_as_devconf_inherit_init_net_says)
{
	int ns;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, set_number_in(self->home, INHERIT, modes[i].inherit));
		ns = child_of(self->creator);
		ASSERT_LE(0, ns);
		EXPECT_EQ(modes[i].conf4, number_in(ns, CONF4)) {
			TH_LOG("IPv4, mode %d", modes[i].inherit);
		}
		EXPECT_EQ(modes[i].conf6, number_in(ns, CONF6)) {
			TH_LOG("IPv6, mode %d", modes[i].inherit);
		}
		close(ns);
	}
}

/* Its devices start with its own defaults, lo among them. */
TEST_F(heir, devices_start_with_the_inherited_defaults)
{
	int ns, nl;

	ASSERT_EQ(0, set_number_in(self->home, INHERIT, 3));
	ns = child_of(self->creator);
	ASSERT_LE(0, ns);
	EXPECT_EQ(CREATORS,
		  number_in(ns, "/proc/sys/net/ipv4/conf/lo/medium_id"));
	nl = nl_open_in(ns);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, veth_add(nl, "v0", "v1", ns));
	EXPECT_EQ(CREATORS,
		  number_in(ns, "/proc/sys/net/ipv4/conf/v0/medium_id"));
	EXPECT_EQ(CREATORS,
		  number_in(ns, "/proc/sys/net/ipv6/conf/v0/hop_limit"));
	close(nl);
	close(ns);
}

TEST_F(heir, inherits_as_of_its_creation)
{
	int ns;

	/* Nothing has asked the newborn for anything before the change. */
	ASSERT_EQ(0, set_number_in(self->home, INHERIT, 3));
	ASSERT_EQ(0, write_file(RMEM, "4444 44444 444444"));
	ns = child_of(self->creator);
	ASSERT_LE(0, ns);
	EXPECT_EQ(0, set_number_in(self->home, INHERIT, 1));
	EXPECT_EQ(0, set_number_in(self->home, CONF4, 55));
	EXPECT_EQ(0, set_number_in(self->home, CONF6, 55));
	EXPECT_EQ(0, set_number_in(self->creator, CONF4, 66));
	EXPECT_EQ(0, set_number_in(self->creator, CONF6, 66));
	EXPECT_EQ(0, write_file(RMEM, "5555 55555 555555"));

	EXPECT_EQ(CREATORS, number_in(ns, CONF4));
	EXPECT_EQ(CREATORS, number_in(ns, CONF6));
	EXPECT_EQ(4444, number_in(ns, RMEM));
	close(ns);
}

/* Not from the creator, which may have other values. */
TEST_F(heir, tcp_memory_comes_from_the_initial_namespace)
{
	int ns;

	ASSERT_EQ(0, write_file(RMEM, "4444 44444 444444"));
	ns = child_of(self->creator);
	ASSERT_LE(0, ns);
	EXPECT_NE(4444, number_in(self->creator, RMEM));
	EXPECT_EQ(4444, number_in(ns, RMEM));
	close(ns);
}

TEST_F(heir, congestion_control_comes_from_the_initial_namespace)
{
	static const char path[] = "/proc/sys/net/ipv4/tcp_congestion_control";
	char ours[64], theirs[64];
	int ns;

	/* Reno is always there, whatever the kernel's default is. */
	ASSERT_LT(0, read_file(path, ours, sizeof(ours)));
	ASSERT_EQ(0, sys_setns(self->creator, CLONE_NEWNET));
	ASSERT_EQ(0, write_file(path, "reno"));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	ns = child_of(self->creator);
	ASSERT_LE(0, ns);
	EXPECT_LT(0, read_in(ns, path, theirs, sizeof(theirs)));
	EXPECT_STREQ(ours, theirs);
	close(ns);
}

#define TCP_ENTRIES "/proc/sys/net/ipv4/tcp_ehash_entries"
#define UDP_ENTRIES "/proc/sys/net/ipv4/udp_hash_entries"
#define TCP_CHILDREN "/proc/sys/net/ipv4/tcp_child_ehash_entries"
#define UDP_CHILDREN "/proc/sys/net/ipv4/udp_child_hash_entries"

/*
 * Hash tables of its own if its creator wants so. A negative size is that of
 * the table which it shares.
 */
TEST_F(heir, hash_tables_come_as_the_creator_wants)
{
	int ns;

	ns = child_of(self->creator);
	ASSERT_LE(0, ns);
	EXPECT_GT(0, number_in(ns, TCP_ENTRIES));
	EXPECT_GT(0, number_in(ns, UDP_ENTRIES));
	close(ns);

	ASSERT_EQ(0, set_number_in(self->creator, TCP_CHILDREN, 256));
	ASSERT_EQ(0, set_number_in(self->creator, UDP_CHILDREN, 256));
	ns = child_of(self->creator);
	ASSERT_LE(0, ns);
	/* Too late for that one. */
	EXPECT_EQ(0, set_number_in(self->creator, TCP_CHILDREN, 512));
	EXPECT_EQ(256, number_in(ns, TCP_ENTRIES));
	EXPECT_EQ(256, number_in(ns, UDP_ENTRIES));
	/* The wish itself is not inherited. */
	EXPECT_EQ(0, number_in(ns, TCP_CHILDREN));
	close(ns);
}

NETNS_TEST_MAIN
