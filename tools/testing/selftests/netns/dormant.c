// SPDX-License-Identifier: GPL-2.0
/*
 * A network namespace that nobody uses is dormant. Each way to use one works
 * as the first way, and activates it; nothing else does.
 */
#include <arpa/inet.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "dormant_util.h"
#include "netns_bpf.h"

#define NSID 7

FIXTURE(first)
{
	int home;
};

FIXTURE_SETUP(first)
{
	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
	/* Mounts of the test are its own. */
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(first)
{
}

TEST_F(first, making_and_leaving_one_wakes_nobody)
{
	EXPECT_WAKES(0, !wait_exit(sys_clone(CLONE_NEWNET) ?: (_exit(0), 0)));
	EXPECT_WAKES(0, !wait_exit(sys_clone3(CLONE_NEWNET | CLONE_NEWUSER) ?:
				   (_exit(0), 0)));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, !sys_setns(self->home, CLONE_NEWNET));
}

TEST_F(first, referring_to_one_wakes_nobody)
{
	struct stat st;
	int fd, pidfd;
	pid_t pid;

	fd = open_self_ns("net");
	ASSERT_LE(0, fd);
	EXPECT_WAKES(0, !fstat(fd, &st));
	EXPECT_WAKES(0, ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET);
	EXPECT_WAKES(0, ioctl(fd, NS_GET_USERNS) >= 0);
	ASSERT_EQ(0, mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mknod("/mnt/name", S_IFREG | 0600, 0));
	EXPECT_WAKES(0, !mount("/proc/self/ns/net", "/mnt/name", NULL,
			       MS_BIND, NULL));
	EXPECT_WAKES(0, opens("/mnt/name"));
	EXPECT_WAKES(0, !umount("/mnt/name"));

	pid = park_child(0);
	ASSERT_LT(0, pid);
	pidfd = sys_pidfd_open(pid);
	EXPECT_WAKES(0, !sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, !sys_setns(pidfd, CLONE_NEWNET));
	EXPECT_EQ(fd_ino(fd), self_ino("net"));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(first, ids_wake_nobody)
{
	int nl = nl_open_in(self->home);
	int fd = open_self_ns("net");
	int nsid;

	ASSERT_LE(0, nl);
	EXPECT_WAKES(0, !nsid_get(nl, NETNSA_FD, fd, &nsid));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, nsid);
	EXPECT_WAKES(0, !nsid_set(nl, NSID, NETNSA_FD, fd));
	EXPECT_WAKES(0, !nsid_get(nl, NETNSA_PID, getpid(), &nsid));
	EXPECT_EQ(NSID, nsid);
	EXPECT_EQ(1, nsid_count(nl));
	close(fd);
	/* Its end is told as that of any other. */
	EXPECT_WAKES(0, !sys_setns(self->home, CLONE_NEWNET));
	EXPECT_TRUE(wait_until(!nsid_count(nl)));
}

TEST_F(first, looking_around_wakes_nobody)
{
	struct stat st;
	char path[64];
	pid_t pid;

	pid = park_child(0);
	ASSERT_LT(0, pid);
	snprintf(path, sizeof(path), "/proc/%d/net", pid);
	EXPECT_WAKES(0, !stat(path, &st));
	EXPECT_WAKES(0, !lstat(path, &st));
	snprintf(path, sizeof(path), "/proc/%d", pid);
	EXPECT_WAKES(0, walks(path));
	EXPECT_WAKES(0, walks("/proc/sys"));
	EXPECT_WAKES(0, walks("/proc/sys/kernel"));
	EXPECT_WAKES(0, opens("/proc/sys/kernel/ostype"));
	EXPECT_WAKES(0, walks("/sys/class"));
	EXPECT_WAKES(0, !mount("sysfs", "/mnt", "sysfs", 0, NULL));
	EXPECT_WAKES(0, walks("/mnt/class"));
	EXPECT_WAKES(0, walks("/mnt/kernel"));
	EXPECT_WAKES(0, !mount("proc", "/mnt", "proc", 0, NULL));
	EXPECT_WAKES(0, !mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(first, what_is_not_there_wakes_nobody)
{
	EXPECT_WAKES(0, !opens("/proc/self/nothing"));
	EXPECT_WAKES(0, !opens("/proc/sys/nothing"));
}

TEST_F(first, proc_net_wakes)
{
	EXPECT_WAKES(1, lists("/proc/self/net", "dev"));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, opens("/proc/self/net/unix"));
}

TEST_F(first, proc_net_of_another_wakes)
{
	char path[64], text[4096];
	pid_t pid;

	pid = park_child(0);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	EXPECT_WAKES(1, read_file(path, text, sizeof(text)) > 0);
	EXPECT_NE(NULL, strstr(text, "lo:"));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(first, its_own_sysctls_wake)
{
	char text[16];

	EXPECT_WAKES(1, read_file("/proc/sys/net/ipv4/conf/lo/forwarding",
				  text, sizeof(text)) > 0);
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, lists("/proc/sys/net/ipv4/conf", "lo"));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, !write_file("/proc/sys/net/ipv4/ip_forward", "1"));
	EXPECT_LT(0, read_file("/proc/sys/net/ipv4/ip_forward", text,
			       sizeof(text)));
	EXPECT_STREQ("1\n", text);
}

TEST_F(first, sysfs_of_its_own_wakes)
{
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	EXPECT_WAKES(1, lists("/mnt/class/net", "lo"));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	EXPECT_WAKES(1, opens("/mnt/class/net/lo/mtu"));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	EXPECT_WAKES(1, opens("/mnt/devices/virtual/net/lo"));
}

/* The namespace of the mount counts, not that of who looks. */
TEST_F(first, sysfs_of_another_wakes_that)
{
	int fd = open_self_ns("net");

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, lists("/mnt/class/net", "lo"));
	EXPECT_WAKES(1, makes_socket(AF_INET, SOCK_STREAM, 0));
	ASSERT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_WAKES(0, makes_socket(AF_INET, SOCK_STREAM, 0));
}

/* One that ended before anybody looked shows nothing, as any that ended. */
TEST_F(first, sysfs_of_a_dead_one)
{
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	EXPECT_WAKES(0, !lists("/mnt/class/net", "lo"));
	EXPECT_WAKES(0, walks("/mnt/class/net"));
}

/* Devices come from outside: by descriptor, by pid and by id. */
FIXTURE(outside)
{
	int nl;
	int nsfd;
	int inside;
};

FIXTURE_SETUP(outside)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->nl = nl_open();
	ASSERT_LE(0, self->nl);
	self->inside = open_self_ns("net");
	ASSERT_LE(0, self->inside);
	self->nsfd = new_netns();
	ASSERT_LE(0, self->nsfd);
}

FIXTURE_TEARDOWN(outside)
{
}

TEST_F(outside, veth_peer_wakes)
{
	int nl;

	EXPECT_WAKES(1, !veth_add(self->nl, "v0", "v1", self->nsfd));
	nl = nl_open_in(self->nsfd);
	/* It comes after what each namespace has. */
	EXPECT_EQ(count_dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg)),
		  link_index(nl, "v1"));
	EXPECT_EQ(1, link_index(nl, "lo"));
	EXPECT_LT(0, link_index(self->nl, "v0"));
}

TEST_F(outside, netkit_peer_wakes)
{
	int nl;

	EXPECT_WAKES(1, !pair_add(self->nl, "netkit", "k0", "k1", self->nsfd));
	nl = nl_open_in(self->nsfd);
	EXPECT_LT(0, link_index(nl, "k1"));
}

/* A peer goes only where one may create it, and who may not wakes nobody. */
TEST_F(outside, peer_where_one_may_not)
{
	static const char * const kinds[] = { "veth", "netkit", "vxcan" };
	int own, nl, i;

	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	nl = nl_open();
	ASSERT_LE(0, nl);
	for (i = 0; i < 3; i++) {
		TH_LOG("%s", kinds[i]);
		EXPECT_WAKES(0, pair_add(nl, kinds[i], "k0", "k1",
					 self->nsfd) == -EPERM);
		EXPECT_WAKES(0, pair_add(nl, kinds[i], "k0", "k1",
					 self->inside) == -EPERM);
		EXPECT_EQ(-ENODEV, link_index(nl, "k0"));
		EXPECT_EQ(-ENODEV, link_index(self->nl, "k1"));
		own = new_netns();
		ASSERT_LE(0, own);
		EXPECT_WAKES(1, !pair_add(nl, kinds[i], "k0", "k1", own));
		EXPECT_EQ(0, link_del(nl, "k0"));
	}
}

TEST_F(outside, move_by_descriptor_wakes)
{
	int nl;

	ASSERT_EQ(0, veth_add(self->nl, "v0", "v1", self->inside));
	EXPECT_WAKES(1, !link_move(self->nl, "v1", IFLA_NET_NS_FD, self->nsfd));
	EXPECT_EQ(-ENODEV, link_index(self->nl, "v1"));
	nl = nl_open_in(self->nsfd);
	EXPECT_LT(0, link_index(nl, "v1"));
}

TEST_F(outside, move_by_pid_wakes)
{
	pid_t pid = park_child(CLONE_NEWNET);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, veth_add(self->nl, "v0", "v1", self->inside));
	EXPECT_WAKES(1, !link_move(self->nl, "v1", IFLA_NET_NS_PID, pid));
	EXPECT_EQ(-ENODEV, link_index(self->nl, "v1"));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(outside, move_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	ASSERT_EQ(0, veth_add(self->nl, "v0", "v1", self->inside));
	EXPECT_WAKES(1, !link_move(self->nl, "v1", IFLA_TARGET_NETNSID, NSID));
	EXPECT_EQ(-ENODEV, link_index(self->nl, "v1"));
}

TEST_F(outside, a_move_that_fails_wakes_nobody)
{
	EXPECT_WAKES(0, link_move(self->nl, "none", IFLA_NET_NS_FD,
				  self->nsfd) == -ENODEV);
}

static int query_by_id(int nl, int type, int flags, int attr)
{
	struct nl_req req;
	int n = 0, err;

	nl_init(&req, type, flags, sizeof(struct ifinfomsg));
	nl_put_int(&req, attr, NSID);
	if (!(flags & NLM_F_DUMP))
		nl_put_str(&req, IFLA_IFNAME, "lo");
	err = nl_talk(nl, &req, count_reply, &n, NULL);
	return err ? err : n;
}

TEST_F(outside, asking_for_a_link_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, query_by_id(self->nl, RTM_GETLINK, 0,
				    IFLA_TARGET_NETNSID) == 1);
}

TEST_F(outside, a_dump_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, query_by_id(self->nl, RTM_GETLINK, NLM_F_DUMP,
				    IFLA_TARGET_NETNSID) >= 1);
}

/* There is none of that kind, and nothing to remark on. */
TEST_F(outside, a_dump_by_id_and_kind_wakes)
{
	struct nl_ack ack = {};
	struct rtattr *info;
	struct nl_req req;

	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	nl_put_int(&req, IFLA_TARGET_NETNSID, NSID);
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put_str(&req, IFLA_INFO_KIND, "dummy");
	nl_end_nest(&req, info);
	EXPECT_WAKES(1, !nl_talk(self->nl, &req, NULL, NULL, &ack));
	EXPECT_STREQ("", ack.msg);
}

/* Nobody has an address yet. A dump of all families comes with RTNL held. */
static bool addresses_by_id(int nl, int family)
{
	struct nl_ack ack = {};
	struct ifaddrmsg *ifa;
	struct nl_req req;
	int n = 0, one = 1;

	ifa = nl_init(&req, RTM_GETADDR, NLM_F_DUMP, sizeof(*ifa));
	ifa->ifa_family = family;
	nl_put_int(&req, IFA_TARGET_NETNSID, NSID);
	return !setsockopt(nl, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) &&
	       !nl_talk(nl, &req, count_reply, &n, &ack) && !n && !ack.msg[0];
}

TEST_F(outside, asking_for_addresses_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, addresses_by_id(self->nl, AF_INET));
}

TEST_F(outside, asking_for_addresses_of_ipv6_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, addresses_by_id(self->nl, AF_INET6));
}

TEST_F(outside, asking_for_all_addresses_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, addresses_by_id(self->nl, AF_UNSPEC));
}

/* What is said of the address ::1 in the namespace of an id. */
static int address_by_id(int nl, int nsid, int attr, int index)
{
	struct in6_addr address = IN6ADDR_LOOPBACK_INIT;
	struct ifaddrmsg *ifa;
	struct nl_req req;
	int n = 0, err;

	ifa = nl_init(&req, RTM_GETADDR, 0, sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	ifa->ifa_index = index;
	nl_put(&req, attr, &address, sizeof(address));
	nl_put_int(&req, IFA_TARGET_NETNSID, nsid);
	err = nl_talk(nl, &req, count_reply, &n, NULL);
	return err ? err : n;
}

FIXTURE(address)
{
	int nl;
	int nsfd;
};

FIXTURE_VARIANT(address)
{
	bool eager;
};

FIXTURE_VARIANT_ADD(address, lazy)
{
};

FIXTURE_VARIANT_ADD(address, eager)
{
	.eager = true,
};

FIXTURE_SETUP(address)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->nl = nl_open();
	ASSERT_LE(0, self->nl);
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "%d", variant->eager));
	self->nsfd = new_netns();
	ASSERT_LE(0, self->nsfd);
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
}

FIXTURE_TEARDOWN(address)
{
	write_file(EAGER_SYSCTL, "0");
}

/* It has none before lo is up. */
TEST_F(address, of_ipv6_by_id)
{
	EXPECT_WAKES(0, address_by_id(self->nl, NSID + 1, IFA_ADDRESS, 0) ==
			-EINVAL);
	EXPECT_WAKES(!variant->eager,
		     address_by_id(self->nl, NSID, IFA_ADDRESS, 0) ==
		     -EADDRNOTAVAIL);
	EXPECT_WAKES(0, address_by_id(self->nl, NSID, IFA_LOCAL, 1) ==
			-EADDRNOTAVAIL);
}

/* Not even which device is meant can be known before. */
TEST_F(address, of_ipv6_by_id_and_device)
{
	EXPECT_WAKES(!variant->eager,
		     address_by_id(self->nl, NSID, IFA_ADDRESS, 1) ==
		     -EADDRNOTAVAIL);
	EXPECT_WAKES(0, address_by_id(self->nl, NSID, IFA_ADDRESS, 77) ==
			-EADDRNOTAVAIL);
}

/* A request that is wrong wakes nobody, whomever it names. */
TEST_F(address, of_ipv6_by_id_but_none)
{
	struct ifaddrmsg *ifa;
	struct nl_req req;

	ifa = nl_init(&req, RTM_GETADDR, 0, sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	nl_put_int(&req, IFA_TARGET_NETNSID, NSID);
	EXPECT_WAKES(0, nl_talk(self->nl, &req, NULL, NULL, NULL) == -EINVAL);
}

static int create_in(int nl, const char *kind, const char *name, int attr,
		     int value)
{
	struct rtattr *info;
	struct nl_req req;

	info = nl_init_link(&req, kind, name, attr, value);
	nl_end_nest(&req, info);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

TEST_F(outside, creating_there_wakes)
{
	int nl;

	EXPECT_WAKES(1, !create_in(self->nl, "dummy", "d0", IFLA_NET_NS_FD,
				   self->nsfd));
	EXPECT_EQ(-ENODEV, link_index(self->nl, "d0"));
	nl = nl_open_in(self->nsfd);
	/* It comes after what each namespace has. */
	EXPECT_EQ(count_dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg)),
		  link_index(nl, "d0"));
}

TEST_F(outside, creating_there_by_pid_wakes)
{
	pid_t pid = park_child(CLONE_NEWNET);

	ASSERT_LT(0, pid);
	EXPECT_WAKES(1, !create_in(self->nl, "dummy", "d0", IFLA_NET_NS_PID,
				   pid));
	EXPECT_LT(0, link_index(nl_open_in(open_pid_ns(pid, "net")), "d0"));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(outside, creating_there_by_id_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, !create_in(self->nl, "dummy", "d0", IFLA_TARGET_NETNSID,
				   NSID));
	EXPECT_LT(0, link_index(nl_open_in(self->nsfd), "d0"));
}

TEST_F(outside, deleting_there_by_id_wakes)
{
	struct nl_req req;

	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	nl_init(&req, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	nl_put_int(&req, IFLA_TARGET_NETNSID, NSID);
	nl_put_str(&req, IFLA_IFNAME, "d0");
	EXPECT_WAKES(1, nl_talk(self->nl, &req, NULL, NULL, NULL) == -ENODEV);
}

/* Whatever it is that is wrong with it. */
TEST_F(outside, what_is_not_allowed_wakes_nobody)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(0, create_in(self->nl, "nothing", "d0", IFLA_NET_NS_FD,
				  self->nsfd) == -EOPNOTSUPP);
	EXPECT_WAKES(0, create_in(self->nl, "dummy", "d0", IFLA_TARGET_NETNSID,
				  NSID + 1) == -EINVAL);
	EXPECT_WAKES(0, create_in(self->nl, "dummy", "d0", IFLA_LINK_NETNSID,
				  NSID + 1) == -EINVAL);
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_WAKES(0, create_in(self->nl, "dummy", "d0", IFLA_NET_NS_FD,
				  self->nsfd) == -EPERM);
}

TEST_F(outside, creating_here_with_a_link_there_wakes)
{
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	EXPECT_WAKES(1, !create_in(self->nl, "dummy", "d0", IFLA_LINK_NETNSID,
				   NSID));
	EXPECT_LT(0, link_index(self->nl, "d0"));
}

/* Who listens to all that have an id hears nothing of an activation. */
TEST_F(outside, init_operations_are_not_heard)
{
	int one = 1, events = nl_open();
	char buf[4096];

	ASSERT_LE(0, events);
	ASSERT_EQ(0, setsockopt(events, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID,
				&one, sizeof(one)));
	ASSERT_EQ(0, nsid_set(self->nl, NSID, NETNSA_FD, self->nsfd));
	ASSERT_EQ(0, nl_subscribe(events, RTNLGRP_LINK));
	EXPECT_WAKES(1, socket_in(self->nsfd, AF_INET, SOCK_DGRAM, 0) >= 0);
	EXPECT_EQ(-1, recv(events, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

static bool have_bpf(void)
{
	return !access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK);
}

TEST_F(first, devmap_update_wakes)
{
	__u32 index = 1;
	int map;

	if (!have_bpf())
		SKIP(return, "no bpf(2) in this kernel");
	map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(index), 1);
	ASSERT_LE(0, map);
	EXPECT_WAKES(1, !bpf_map_set(map, 0, &index));
}

/* A program that returns 0. */
static int bpf_zero(enum bpf_prog_type type)
{
	const struct bpf_insn insns[] = { MOV_IMM(BPF_REG_0, 0), EXIT };

	return bpf_load(type, 0, insns, ARRAY_SIZE(insns));
}

static int bpf_run(enum bpf_prog_type type)
{
	char packet[64] = "";
	union bpf_attr attr = {
		.test.prog_fd = bpf_zero(type),
		.test.data_in = (unsigned long)packet,
		.test.data_size_in = sizeof(packet),
	};

	return sys_bpf(BPF_PROG_TEST_RUN, &attr);
}

/* They run on the namespace's lo. */
TEST_F(first, test_runs_wake)
{
	if (!have_bpf())
		SKIP(return, "no bpf(2) in this kernel");
	EXPECT_WAKES(1, !bpf_run(BPF_PROG_TYPE_XDP));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, !bpf_run(BPF_PROG_TYPE_SCHED_CLS));
}

/* There is nothing to detach in one that nobody has used. */
TEST_F(first, detaching_nothing_wakes_nobody)
{
	union bpf_attr attr = { .attach_type = BPF_FLOW_DISSECTOR };

	if (!have_bpf())
		SKIP(return, "no bpf(2) in this kernel");
	attr.attach_bpf_fd = bpf_zero(BPF_PROG_TYPE_FLOW_DISSECTOR);
	ASSERT_LE(0, (int)attr.attach_bpf_fd);
	EXPECT_WAKES(0, sys_bpf(BPF_PROG_DETACH, &attr) == -ENOENT);
}

/*
 * When both are made by one call, the user namespace has no root yet. That
 * counts, not that it has one when the files are made.
 */
TEST(files_belong_to_whom_they_did_at_birth)
{
	/* Whom global root is not. */
	ASSERT_EQ(0, become_user(1234));
	ASSERT_EQ(0, unshare_userns(CLONE_NEWNS | CLONE_NEWNET));
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	EXPECT_EQ(NOBODY, owner("/mnt/class/net/lo/mtu"));
	EXPECT_EQ(NOBODY, owner("/proc/thread-self/net/dev"));

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(0, mount("sysfs", "/mnt", "sysfs", 0, NULL));
	EXPECT_EQ(0, owner("/mnt/class/net/lo/mtu"));
	EXPECT_EQ(0, owner("/proc/thread-self/net/dev"));
}

TEST(eager_wakes_at_birth)
{
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "1"));
	EXPECT_WAKES(1, !sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, makes_socket(AF_UNIX, SOCK_STREAM, 0));
}

/* The sysctl is global, and the harness runs tests one after the other. */
TEST(eager_is_off_again)
{
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "0"));
	EXPECT_WAKES(0, !sys_unshare(CLONE_NEWNET));
}

DORMANT_TEST_MAIN
