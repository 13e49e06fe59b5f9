// SPDX-License-Identifier: GPL-2.0
/*
 * A network namespace lives as long as one process, descriptor, socket or
 * mount refers to it, and dies after the last of them has gone, whatever knows
 * it by an id or is connected to it by a device.
 */
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/un.h>

#include "netns_netlink.h"

#define NSID 5
#define RACES 20

/*
 * The test runs in a namespace of its own, which knows the one under test by
 * an id. Looking that up fails at once when the last reference is dropped; the
 * RTM_DELNSID that follows shows that the kernel has begun to take it down.
 */
struct life {
	int query;
	int events;
};

FIXTURE(life)
{
	struct life life;
	ino_t ino;
	int nsfd;
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->life.query = nl_open();
	ASSERT_LE(0, self->life.query);
	self->life.events = nl_open();
	ASSERT_LE(0, self->life.events);
	ASSERT_EQ(0, nl_subscribe(self->life.events, RTNLGRP_NSID));

	self->nsfd = new_netns();
	ASSERT_LE(0, self->nsfd);
	self->ino = fd_ino(self->nsfd);
	ASSERT_EQ(0, nsid_set(self->life.query, NSID, NETNSA_FD, self->nsfd));
}

FIXTURE_TEARDOWN(life)
{
}

/* Waits for the event; the receive timeout of the socket is the deadline. */
static int wait_delnsid(int events, int nsid)
{
	union {
		struct nlmsghdr nlh;
		char data[8192];
	} buf;
	const struct rtattr *rta;
	struct nlmsghdr *nlh;
	ssize_t len;
	size_t left;

	for (;;) {
		len = recv(events, &buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		left = len;
		for (nlh = &buf.nlh; NLMSG_OK(nlh, left);
		     nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type != RTM_DELNSID)
				continue;
			rta = nl_find(nlh, sizeof(struct rtgenmsg),
				      NETNSA_NSID);
			if (rta && nl_get_int(rta) == nsid)
				return 0;
		}
	}
}

/*
 * Another namespace is created and dies first: whatever else was on its way
 * out has had every chance to go with it.
 */
static int check_alive(const struct life *life)
{
	int other, nsid, err;

	other = new_netns();
	if (other < 0)
		return other;
	err = nsid_set(life->query, NSID + 1, NETNSA_FD, other);
	close(other);
	if (!err)
		err = wait_delnsid(life->events, NSID + 1);
	if (!err)
		err = nsid_get(life->query, NETNSA_NSID, NSID, &nsid);
	if (!err && nsid != NSID)
		err = -EBADMSG;
	return err;
}

static int check_dead(const struct life *life)
{
	int nsid, err;

	err = wait_delnsid(life->events, NSID);
	if (err)
		return err;
	err = nsid_get(life->query, NETNSA_NSID, NSID, &nsid);
	return err == -ENOENT ? 0 : err ? err : -EEXIST;
}

TEST_F(life, descriptor)
{
	int copy;

	copy = dup(self->nsfd);
	ASSERT_LE(0, copy);
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	EXPECT_EQ(self->ino, fd_ino(copy));
	close(copy);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, socket)
{
	int sock;

	sock = socket_in(self->nsfd, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, sock);
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	close(sock);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, netlink_socket)
{
	int sock;

	sock = nl_open_in(self->nsfd);
	ASSERT_LE(0, sock);
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	EXPECT_EQ(0, link_up(sock, "lo"));
	close(sock);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, descriptor_from_a_socket)
{
	int sock, fd;

	sock = socket_in(self->nsfd, AF_UNIX, SOCK_DGRAM, 0);
	ASSERT_LE(0, sock);
	close(self->nsfd);
	fd = ioctl(sock, SIOCGSKNS);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->ino, fd_ino(fd));
	close(sock);
	EXPECT_EQ(0, check_alive(&self->life));
	close(fd);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, process)
{
	pid_t pid;

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	pid = park_child(0);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	EXPECT_EQ(self->ino, pid_ino(pid, "net"));

	/* A zombie, and a descriptor of it, hold nothing any more. */
	ASSERT_LE(0, sys_pidfd_open(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, wait_zombie(pid));
	EXPECT_EQ(0, check_dead(&self->life));
	EXPECT_EQ(256 + SIGKILL, wait_exit(pid));
}

TEST_F(life, bind_mount)
{
	char path[] = "/tmp/netns-lifetime-XXXXXX";
	char proc[64];
	int fd;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", "/tmp", "tmpfs", 0, NULL));
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	close(fd);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", self->nsfd);
	ASSERT_EQ(0, mount(proc, path, NULL, MS_BIND, NULL));
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	EXPECT_EQ(self->ino, path_ino(path));

	/* Open: it holds as a descriptor when the mount has gone. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, umount2(path, MNT_DETACH));
	EXPECT_EQ(0, check_alive(&self->life));
	close(fd);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, mount_namespace_that_ends)
{
	char proc[64], c = 0;
	int sync[2];
	pid_t pid;

	ASSERT_EQ(0, pipe2(sync, O_CLOEXEC));
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", self->nsfd);
	pid = sys_clone3(CLONE_NEWNS);
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", "/tmp", "tmpfs", 0, NULL))
			_exit(1);
		close(open("/tmp/ns", O_CREAT | O_WRONLY, 0600));
		if (mount(proc, "/tmp/ns", NULL, MS_BIND, NULL))
			_exit(2);
		close(self->nsfd);
		if (write(sync[1], &c, 1) != 1)
			_exit(3);
		for (;;)
			pause();
	}
	close(sync[1]);
	ASSERT_EQ(1, read(sync[0], &c, 1));
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	ASSERT_EQ(0, kill_child(pid));
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, abstract_name)
{
	struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = "\0netns-lifetime",
	};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) +
			sizeof("\0netns-lifetime") - 1;
	int sock, here;

	sock = socket_in(self->nsfd, AF_UNIX, SOCK_DGRAM, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&addr, len));
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));

	/* The name is taken there, and free here. */
	here = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, here);
	EXPECT_EQ(-1, connect(here, (struct sockaddr *)&addr, len));
	EXPECT_EQ(ECONNREFUSED, errno);
	EXPECT_EQ(0, bind(here, (struct sockaddr *)&addr, len));
	close(here);
	close(sock);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, tcp_connection)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int nl, listener, client, server;
	char c = 0;

	nl = nl_open_in(self->nsfd);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, link_up(nl, "lo"));
	close(nl);
	listener = socket_in(self->nsfd, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, listener);
	client = socket_in(self->nsfd, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, client);
	close(self->nsfd);

	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&addr, len));
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	close(listener);
	close(client);
	EXPECT_EQ(0, check_alive(&self->life));
	EXPECT_EQ(0, read(server, &c, 1));

	/* The other end is closed, and nobody is left to wait for. */
	close(server);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, tcp_data_flows_when_only_sockets_are_left)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int nl, listener, client, server;
	char c = 0;

	nl = nl_open_in(self->nsfd);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, link_up(nl, "lo"));
	listener = socket_in(self->nsfd, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, listener);
	client = socket_in(self->nsfd, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, client);
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&addr, len));
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	close(nl);
	close(listener);
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));

	EXPECT_EQ(1, write(client, "x", 1));
	EXPECT_EQ(1, read(server, &c, 1));
	EXPECT_EQ('x', c);
	EXPECT_EQ(1, write(server, "y", 1));
	EXPECT_EQ(1, read(client, &c, 1));
	EXPECT_EQ('y', c);
	close(client);
	close(server);
	EXPECT_EQ(0, check_dead(&self->life));
}

static int send_fd(int sock, int fd)
{
	char c = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, 0) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

TEST_F(life, socket_in_flight)
{
	int sock, sv[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv));
	sock = socket_in(self->nsfd, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, send_fd(sv[0], sock));
	close(sock);
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	sock = receive_fd(sv[1]);
	ASSERT_LE(0, sock);
	EXPECT_EQ(0, check_alive(&self->life));

	/* And again, but this time nobody receives it. */
	ASSERT_EQ(0, send_fd(sv[0], sock));
	close(sock);
	EXPECT_EQ(0, check_alive(&self->life));
	close(sv[0]);
	close(sv[1]);
	EXPECT_EQ(0, check_dead(&self->life));
}

TEST_F(life, open_file_of_proc_net)
{
	static char buf[65536];
	int fd;

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	fd = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	close(self->nsfd);
	EXPECT_EQ(0, check_alive(&self->life));
	EXPECT_LT(0, read(fd, buf, sizeof(buf) - 1));
	EXPECT_TRUE(!!strstr(buf, "lo:"));
	close(fd);
	EXPECT_EQ(0, check_dead(&self->life));
}

/* A directory follows its process, and so holds nothing. */
TEST_F(life, directory_of_proc_net_does_not_hold)
{
	int fd;

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	fd = open("/proc/thread-self/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	close(self->nsfd);
	EXPECT_EQ(0, check_dead(&self->life));
	EXPECT_EQ(0, faccessat(fd, "dev", R_OK, 0));
	close(fd);
}

TEST_F(life, id_does_not_hold)
{
	close(self->nsfd);
	EXPECT_EQ(0, check_dead(&self->life));
	EXPECT_EQ(0, nsid_count(self->life.query));
}

TEST_F(life, device_pair_does_not_hold)
{
	ASSERT_EQ(0, veth_add(self->life.query, "here", "there", self->nsfd));
	ASSERT_NE(0U, if_nametoindex("here"));
	EXPECT_EQ(0, check_alive(&self->life));
	close(self->nsfd);
	EXPECT_EQ(0, check_dead(&self->life));
	EXPECT_TRUE(wait_until(!if_nametoindex("here")));
}

TEST_F(life, device_that_moved_in_does_not_hold)
{
	int home;

	home = open_self_ns("net");
	ASSERT_LE(0, home);
	ASSERT_EQ(0, veth_add(self->life.query, "stays", "goes", home));
	ASSERT_EQ(0, link_move(self->life.query, "goes", IFLA_NET_NS_FD,
			       self->nsfd));
	EXPECT_EQ(0U, if_nametoindex("goes"));
	close(self->nsfd);
	EXPECT_EQ(0, check_dead(&self->life));
	EXPECT_TRUE(wait_until(!if_nametoindex("stays")));
}

/*
 * The last process leaves while a device is on its way to it: the device
 * arrives, and dies there with its peer, or it stays at home.
 */
TEST_F(life, device_in_transit)
{
	int home, err, i;
	pid_t pid;

	home = open_self_ns("net");
	ASSERT_LE(0, home);
	for (i = 0; i < RACES; i++) {
		pid = park_child(CLONE_NEWNET);
		ASSERT_LT(0, pid);
		ASSERT_EQ(0, veth_add(self->life.query, "stays", "goes", home));
		/* Sooner or later within the move, as it happens. */
		if (i % 2)
			ASSERT_EQ(0, kill(pid, SIGKILL));
		err = link_move(self->life.query, "goes", IFLA_NET_NS_PID, pid);
		if (err) {
			EXPECT_EQ(-ESRCH, err);
			EXPECT_EQ(0, link_del(self->life.query, "goes"));
		}
		if (!(i % 2))
			ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(256 + SIGKILL, wait_exit(pid));
		EXPECT_TRUE(wait_until(!if_nametoindex("stays")));
		EXPECT_EQ(0U, if_nametoindex("goes"));
	}
}

NETNS_TEST_MAIN
