// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: /proc/net, /proc/PID/net, /proc/sys/net and /sys/class/net show a
 * namespace's own: the first ones that of the task that opens them, sysfs that
 * of its mount. Configuration belongs to the root of the user namespace that
 * owns the network namespace.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/un.h>

#include "isolation_util.h"

/* A big enough buffer for any of the files here. */
static char text[1 << 20];

FIXTURE(two)
{
	int a, b;
	int nl_a, nl_b;
};

FIXTURE_SETUP(two)
{
	ASSERT_EQ(0, new_netns_with_nl(&self->a, &self->nl_a));
	ASSERT_EQ(0, new_netns_with_nl(&self->b, &self->nl_b));
}

FIXTURE_TEARDOWN(two)
{
	close(self->nl_a);
	close(self->nl_b);
	close(self->a);
	close(self->b);
}

static int bind_port(int nsfd, int family, int type)
{
	struct sockaddr_in6 addr = { .sin6_family = family };
	int sock = socket_in(nsfd, family, type, 0);

	/* The port is at the same place in both families. */
	addr.sin6_port = htons(0x1267);
	if (sock < 0)
		return sock;
	if (bind(sock, (void *)&addr, sizeof(addr)) ||
	    (type == SOCK_STREAM && listen(sock, 1)))
		return -errno;
	return sock;
}

/* What is in a shows in the file of a, and in no other. */
static void expect_only_in_a(struct __test_metadata *_metadata,
			     int a, int b, const char *path,
			     const char *wanted)
{
	EXPECT_LE(0, read_in(a, path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, wanted)) {
		TH_LOG("%s lacks '%s'", path, wanted);
	}
	EXPECT_LE(0, read_in(b, path, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, wanted)) {
		TH_LOG("%s of another shows '%s'", path, wanted);
	}
	EXPECT_LE(0, read_file(path, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, wanted)) {
		TH_LOG("%s at home shows '%s'", path, wanted);
	}
}

TEST_F(two, proc_net_shows_own_devices)
{
	ASSERT_EQ(0, veth_add(self->nl_a, "inner0", "inner1", self->a));
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/dev", "inner0:");
	EXPECT_LT(0, read_in(self->a, "/proc/net/dev_snmp6/inner0", text, sizeof(text)));
	EXPECT_EQ(-ENOENT, read_in(self->b, "/proc/net/dev_snmp6/inner0", text, sizeof(text)));
}

TEST_F(two, proc_net_shows_own_addresses_and_routes)
{
	static const char loopback[] = "00000000000000000000000000000001";

	EXPECT_EQ(0, read_in(self->a, "/proc/net/if_inet6", text, sizeof(text)));
	ASSERT_EQ(0, link_up(self->nl_a, "lo"));
	EXPECT_LT(0, read_in(self->a, "/proc/net/if_inet6", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, loopback));
	EXPECT_LE(0, read_in(self->a, "/proc/net/fib_trie", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "127.0.0.1"));
	EXPECT_EQ(0, read_in(self->b, "/proc/net/if_inet6", text, sizeof(text)));
	EXPECT_LE(0, read_in(self->b, "/proc/net/fib_trie", text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "127.0.0.1"));
}

TEST_F(two, proc_net_shows_own_ports)
{
	int tcp4 = bind_port(self->a, AF_INET, SOCK_STREAM);
	int tcp6 = bind_port(self->a, AF_INET6, SOCK_STREAM);
	int udp4 = bind_port(self->a, AF_INET, SOCK_DGRAM);
	int udp6 = bind_port(self->a, AF_INET6, SOCK_DGRAM);

	ASSERT_LE(0, tcp4);
	ASSERT_LE(0, udp4);
	/* Both families share the port: the second of each is refused. */
	EXPECT_EQ(-EADDRINUSE, tcp6);
	EXPECT_EQ(-EADDRINUSE, udp6);
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/tcp", ":1267 ");
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/udp", ":1267 ");
	close(tcp4);
	close(udp4);

	tcp6 = bind_port(self->a, AF_INET6, SOCK_STREAM);
	udp6 = bind_port(self->a, AF_INET6, SOCK_DGRAM);
	ASSERT_LE(0, tcp6);
	ASSERT_LE(0, udp6);
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/tcp6", ":1267 ");
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/udp6", ":1267 ");
	close(tcp6);
	close(udp6);
}

TEST_F(two, proc_net_shows_own_unix_sockets)
{
	struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = "\0netns selftest views",
	};
	int sock = socket_in(self->a, AF_UNIX, SOCK_DGRAM, 0);

	ASSERT_LE(0, sock);
	ASSERT_EQ(0, bind(sock, (void *)&addr, sizeof(addr)));
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/unix", "@netns selftest views");
	close(sock);
}

TEST_F(two, proc_net_shows_own_raw_and_netlink_sockets)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_pid = 1904711,
	};
	int raw, netlink;

	/* Protocol 253 is for experiments: nobody else has it. */
	raw = socket_in(self->a, AF_INET, SOCK_RAW, 253);
	ASSERT_LE(0, raw);
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/raw", ":00FD ");
	close(raw);

	netlink = socket_in(self->a, AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	ASSERT_LE(0, netlink);
	ASSERT_EQ(0, bind(netlink, (void *)&addr, sizeof(addr)));
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/netlink", " 1904711 ");
	close(netlink);
}

TEST_F(two, proc_net_shows_own_packet_sockets)
{
	/* An experimental type of Ethernet frames. */
	int sock = socket_in(self->a, AF_PACKET, SOCK_DGRAM, htons(0x88b5));

	ASSERT_LE(0, sock);
	expect_only_in_a(_metadata, self->a, self->b,
			 "/proc/net/packet", " 88b5 ");
	close(sock);
}

/* Whoever opens /proc/PID/net sees that task's; an open file stays. */
TEST_F(two, proc_pid_net_is_that_tasks)
{
	char path[64];
	int fd, nl, ns;
	ssize_t len;
	pid_t pid;

	pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, pid);
	ns = open_pid_ns(pid, "net");
	ASSERT_LE(0, ns);
	nl = nl_open_in(ns);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, veth_add(nl, "inner0", "inner1", ns));
	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	EXPECT_LT(0, read_in(self->a, path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "inner0:"));

	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kill_child(pid));
	len = read(fd, text, sizeof(text) - 1);
	ASSERT_LT(0, len);
	text[len] = '\0';
	EXPECT_NE(NULL, strstr(text, "inner0:"));
	close(fd);
	close(nl);
	close(ns);
}

/* Values that nobody has by default. */
static const struct {
	const char *path, *value;
} knobs[] = {
	{ "/proc/sys/net/core/somaxconn", "3333\n" },
	{ "/proc/sys/net/core/optmem_max", "33333\n" },
	{ "/proc/sys/net/unix/max_dgram_qlen", "333\n" },
	{ "/proc/sys/net/ipv4/ip_default_ttl", "33\n" },
	{ "/proc/sys/net/ipv4/ip_local_port_range", "33333\t33399\n" },
	{ "/proc/sys/net/ipv4/tcp_rmem", "5555\t55555\t555555\n" },
	{ "/proc/sys/net/ipv4/tcp_fin_timeout", "33\n" },
	{ "/proc/sys/net/ipv4/tcp_max_syn_backlog", "333\n" },
	{ "/proc/sys/net/ipv4/ping_group_range", "333\t3333\n" },
	{ "/proc/sys/net/ipv4/conf/all/medium_id", "33\n" },
	{ "/proc/sys/net/ipv4/conf/default/medium_id", "33\n" },
	{ "/proc/sys/net/ipv4/conf/lo/medium_id", "33\n" },
	{ "/proc/sys/net/ipv4/neigh/lo/ucast_solicit", "33\n" },
	{ "/proc/sys/net/ipv6/conf/default/hop_limit", "33\n" },
	{ "/proc/sys/net/ipv6/conf/lo/hop_limit", "33\n" },
	{ "/proc/sys/net/ipv6/neigh/lo/ucast_solicit", "33\n" },
	{ "/proc/sys/net/ipv6/auto_flowlabels", "3\n" },
};

TEST_F(two, sysctl_values_are_per_namespace)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		const char *path = knobs[i].path, *value = knobs[i].value;

		EXPECT_EQ(0, write_in(self->a, path, value)) {
			TH_LOG("%s", path);
		}
		EXPECT_LT(0, read_in(self->a, path, text, sizeof(text)));
		EXPECT_STREQ(value, text);
		EXPECT_LT(0, read_in(self->b, path, text, sizeof(text)));
		EXPECT_STRNE(value, text) {
			TH_LOG("%s of another has changed", path);
		}
		EXPECT_LT(0, read_file(path, text, sizeof(text)));
		EXPECT_STRNE(value, text) {
			TH_LOG("%s at home has changed", path);
		}
	}
}

TEST_F(two, sysctl_directories_are_those_of_own_devices)
{
	static const char path[] = "/proc/sys/net/ipv4/conf/inner0/medium_id";

	ASSERT_EQ(0, veth_add(self->nl_a, "inner0", "inner1", self->a));
	EXPECT_LT(0, read_in(self->a, path, text, sizeof(text)));
	EXPECT_EQ(-ENOENT, read_in(self->b, path, text, sizeof(text)));
	EXPECT_EQ(-ENOENT, read_file(path, text, sizeof(text)));

	ASSERT_EQ(0, link_move(self->nl_a, "inner0", IFLA_NET_NS_FD, self->b));
	EXPECT_EQ(-ENOENT, read_in(self->a, path, text, sizeof(text)));
	EXPECT_LT(0, read_in(self->b, path, text, sizeof(text)));
}

/* A descriptor shows the namespace of its opener, whoever reads it. */
TEST_F(two, sysctl_descriptor_stays_with_its_namespace)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_default_ttl";
	char buf[16] = "";
	int fd, home;

	ASSERT_EQ(0, write_in(self->a, path, "33"));
	home = open_self_ns("net");
	ASSERT_LE(0, home);
	ASSERT_EQ(0, sys_setns(self->a, CLONE_NEWNET));
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sys_setns(self->b, CLONE_NEWNET));
	EXPECT_EQ(3, read(fd, buf, sizeof(buf) - 1));
	EXPECT_STREQ("33\n", buf);
	EXPECT_EQ(2, pwrite(fd, "44", 2, 0));
	close(fd);
	ASSERT_EQ(0, sys_setns(home, CLONE_NEWNET));
	close(home);

	EXPECT_LT(0, read_in(self->a, path, text, sizeof(text)));
	EXPECT_STREQ("44\n", text);
	EXPECT_LT(0, read_in(self->b, path, text, sizeof(text)));
	EXPECT_STRNE("44\n", text);
}

TEST_F(two, global_sysctls_are_the_initial_namespaces)
{
	static const char *const global[] = {
		"/proc/sys/net/core/netdev_max_backlog",
		"/proc/sys/net/core/devconf_inherit_init_net",
		"/proc/sys/net/core/fb_tunnels_only_for_init_net",
		"/proc/sys/net/ipv4/tcp_mem",
		"/proc/sys/net/ipv4/udp_mem",
	};

	for (size_t i = 0; i < ARRAY_SIZE(global); i++) {
		EXPECT_LT(0, read_file(global[i], text, sizeof(text))) {
			TH_LOG("%s is missing", global[i]);
		}
		EXPECT_EQ(-ENOENT, read_in(self->a, global[i], text, sizeof(text))) {
			TH_LOG("%s is everywhere", global[i]);
		}
	}
}

TEST(sysctls_belong_to_the_root_of_the_owner)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_default_ttl";
	struct stat st;
	pid_t pid;
	int ns;

	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ((uid_t)0, st.st_uid);
	EXPECT_EQ((gid_t)0, st.st_gid);

	ns = owned_netns(&pid);
	ASSERT_LE(0, ns);
	/* Only the owner and those above him may write. */
	EXPECT_EQ(0, write_as(ns, OWNER, path, "33"));
	EXPECT_EQ(-EACCES, write_as(ns, STRANGER, path, "44"));
	EXPECT_EQ(0, write_as(ns, 0, path, "55"));

	ASSERT_EQ(0, sys_setns(ns, CLONE_NEWNET));
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ((uid_t)OWNER, st.st_uid);
	EXPECT_EQ((gid_t)OWNER, st.st_gid);
	EXPECT_EQ(0, kill_child(pid));
	close(ns);
}

/* The owner is no more than anybody else in namespaces that he does not own. */
TEST(sysctls_of_others_are_read_only)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_default_ttl";
	int ns = new_netns();

	ASSERT_LE(0, ns);
	EXPECT_EQ(-EACCES, write_as(ns, OWNER, path, "33"));
	EXPECT_EQ(0, write_as(ns, 0, path, "33"));
	close(ns);
}

#define TEMPLATE "/tmp/netns-sysfs-XXXXXX"

/* Mounts sysfs on a new directory, whose name comes from TEMPLATE in @dir. */
static int mount_sysfs(char *dir)
{
	if (!mkdtemp(dir) || mount("sysfs", dir, "sysfs", 0, NULL))
		return -errno;
	return 0;
}

static bool sysfs_has(const char *dir, const char *device)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/class/net/%s", dir, device);
	return !access(path, F_OK);
}

static int count_entries(const char *dir)
{
	char path[128];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/class/net", dir);
	d = opendir(path);
	if (!d)
		return -errno;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int enter_with_private_mounts(int nsfd)
{
	int err = sys_setns(nsfd, CLONE_NEWNET);

	if (!err)
		err = sys_unshare(CLONE_NEWNS);
	if (!err && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		err = -errno;
	return err;
}

TEST_F(two, sysfs_shows_the_devices_of_its_mount)
{
	char of_a[] = TEMPLATE, of_b[] = TEMPLATE;
	int n;

	ASSERT_EQ(0, veth_add(self->nl_a, "inner0", "inner1", self->a));
	ASSERT_EQ(0, enter_with_private_mounts(self->a));
	ASSERT_EQ(0, mount_sysfs(of_a));
	n = count_entries(of_a);
	EXPECT_TRUE(sysfs_has(of_a, "lo"));
	EXPECT_TRUE(sysfs_has(of_a, "inner0"));

	/* A mount shows what it has always shown, wherever we are. */
	ASSERT_EQ(0, sys_setns(self->b, CLONE_NEWNET));
	EXPECT_TRUE(sysfs_has(of_a, "inner0"));
	ASSERT_EQ(0, mount_sysfs(of_b));
	EXPECT_TRUE(sysfs_has(of_b, "lo"));
	EXPECT_FALSE(sysfs_has(of_b, "inner0"));
	EXPECT_FALSE(sysfs_has("/sys", "inner0"));
	EXPECT_EQ(n - 2, count_entries(of_b));

	ASSERT_EQ(0, link_move(self->nl_a, "inner0", IFLA_NET_NS_FD, self->b));
	EXPECT_FALSE(sysfs_has(of_a, "inner0"));
	EXPECT_TRUE(sysfs_has(of_b, "inner0"));
	umount(of_a);
	umount(of_b);
	rmdir(of_a);
	rmdir(of_b);
}

/* Two mounts in one namespace are two views of one tree. */
TEST_F(two, sysfs_is_the_same_for_mounts_of_one_namespace)
{
	char one[] = TEMPLATE, two[] = TEMPLATE;
	struct stat st1, st2;

	ASSERT_EQ(0, enter_with_private_mounts(self->a));
	ASSERT_EQ(0, mount_sysfs(one));
	ASSERT_EQ(0, mount_sysfs(two));
	EXPECT_EQ(0, stat(one, &st1));
	EXPECT_EQ(0, stat(two, &st2));
	EXPECT_EQ(st1.st_dev, st2.st_dev);
	EXPECT_EQ(0, stat("/sys", &st2));
	EXPECT_NE(st1.st_dev, st2.st_dev);
	umount(one);
	umount(two);
	rmdir(one);
	rmdir(two);
}

TEST(sysfs_attributes_belong_to_the_root_of_the_owner)
{
	char dir[] = TEMPLATE, path[128];
	struct stat st;
	pid_t pid;
	int ns;

	ns = owned_netns(&pid);
	ASSERT_LE(0, ns);
	ASSERT_EQ(0, enter_with_private_mounts(ns));
	ASSERT_EQ(0, mount_sysfs(dir));
	snprintf(path, sizeof(path), "%s/class/net/lo/netdev_group", dir);
	EXPECT_EQ(0, stat(path, &st));
	EXPECT_EQ((uid_t)OWNER, st.st_uid);
	EXPECT_EQ((gid_t)OWNER, st.st_gid);
	EXPECT_EQ(0, write_as(ns, OWNER, path, "33"));
	EXPECT_EQ(-EACCES, write_as(ns, STRANGER, path, "44"));
	umount(dir);
	rmdir(dir);
	EXPECT_EQ(0, kill_child(pid));
	close(ns);
}

NETNS_TEST_MAIN
