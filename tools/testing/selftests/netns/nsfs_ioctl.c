// SPDX-License-Identifier: GPL-2.0
/*
 * What tells network namespaces apart, and who may ask: the files of nsfs and
 * their ioctls, SIOCGSKNS, SO_NETNS_COOKIE and /proc/PID/net.
 */
#include <arpa/inet.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "netns_netlink.h"

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, __u64)
#endif
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(NSIO, 0x6, int)
#endif

#define NR_COOKIES 64

static int sys_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static int sys_readlink(const char *path, char *buf, size_t size)
{
	ssize_t len = readlink(path, buf, size - 1);

	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return 0;
}

TEST(type)
{
	int net = open_self_ns("net");
	int uts = open_self_ns("uts");

	ASSERT_LE(0, net);
	EXPECT_EQ(CLONE_NEWNET, sys_ioctl(net, NS_GET_NSTYPE, NULL));
	EXPECT_EQ(CLONE_NEWUTS, sys_ioctl(uts, NS_GET_NSTYPE, NULL));
	close(net);
	close(uts);
}

TEST(ioctls_of_other_types)
{
	int fd = open_self_ns("net");
	__u64 id;
	uid_t uid;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, sys_ioctl(fd, NS_GET_PARENT, NULL));
	EXPECT_EQ(-EINVAL, sys_ioctl(fd, NS_GET_OWNER_UID, &uid));
	EXPECT_EQ(-EINVAL, sys_ioctl(fd, NS_GET_MNTNS_ID, &id));
	EXPECT_EQ(-EINVAL, sys_ioctl(fd, NS_GET_PID_FROM_PIDNS, NULL));
	EXPECT_EQ(-ENOTTY, sys_ioctl(fd, SIOCGIFCONF, NULL));
	EXPECT_EQ(-ENOTTY, sys_ioctl(fd, SIOCGSKNS, NULL));
	close(fd);
}

TEST(owner)
{
	int fd, owner;

	fd = open_self_ns("net");
	ASSERT_LE(0, fd);
	owner = sys_ioctl(fd, NS_GET_USERNS, NULL);
	ASSERT_LE(0, owner);
	EXPECT_EQ(self_ino("user"), fd_ino(owner));
	EXPECT_EQ(CLONE_NEWUSER, sys_ioctl(owner, NS_GET_NSTYPE, NULL));
	EXPECT_EQ(FD_CLOEXEC, fcntl(owner, F_GETFD));
	close(owner);

	/* One's own is what owns it; the ancestor's is none of its business. */
	ASSERT_EQ(0, unshare_userns(0));
	EXPECT_EQ(-EPERM, sys_ioctl(fd, NS_GET_USERNS, NULL));
	close(fd);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	fd = open_self_ns("net");
	ASSERT_LE(0, fd);
	owner = sys_ioctl(fd, NS_GET_USERNS, NULL);
	ASSERT_LE(0, owner);
	EXPECT_EQ(self_ino("user"), fd_ino(owner));
}

TEST(owner_seen_from_the_parent)
{
	int fd, owner;
	pid_t pid;

	pid = park_child(CLONE_NEWUSER | CLONE_NEWNET);
	ASSERT_LT(0, pid);
	fd = open_pid_ns(pid, "net");
	ASSERT_LE(0, fd);
	owner = sys_ioctl(fd, NS_GET_USERNS, NULL);
	ASSERT_LE(0, owner);
	EXPECT_EQ(pid_ino(pid, "user"), fd_ino(owner));
	EXPECT_NE(self_ino("user"), fd_ino(owner));
	EXPECT_EQ(0, kill_child(pid));
	/* The descriptor outlives the process, and still knows. */
	EXPECT_LE(0, sys_ioctl(fd, NS_GET_USERNS, NULL));
}

TEST(namespace_of_a_socket)
{
	const int families[] = { AF_UNIX, AF_INET, AF_NETLINK, AF_PACKET };
	int nsfd, sock, fd;
	unsigned int i;

	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		sock = socket_in(nsfd, families[i], SOCK_DGRAM, 0);
		if (sock == -EAFNOSUPPORT && families[i] == AF_PACKET)
			continue;
		ASSERT_LE(0, sock);
		fd = sys_ioctl(sock, SIOCGSKNS, NULL);
		ASSERT_LE(0, fd);
		EXPECT_EQ(fd_ino(nsfd), fd_ino(fd));
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(CLONE_NEWNET, sys_ioctl(fd, NS_GET_NSTYPE, NULL));
		EXPECT_EQ(0, sys_setns(fd, CLONE_NEWNET));
		EXPECT_EQ(fd_ino(nsfd), self_ino("net"));
		close(fd);
		close(sock);
	}
}

TEST(namespace_of_a_socket_needs_privilege)
{
	int sock, other;

	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EPERM, sys_ioctl(sock, SIOCGSKNS, NULL));

	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	EXPECT_EQ(-EPERM, sys_ioctl(sock, SIOCGSKNS, NULL));
	other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, other);
	EXPECT_LE(0, sys_ioctl(other, SIOCGSKNS, NULL));
}

TEST(names)
{
	char expected[64], path[64], link[64];
	struct statfs fs;
	struct stat st;
	int fd;

	fd = open_self_ns("net");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	snprintf(expected, sizeof(expected), "net:[%lu]",
		 (unsigned long)st.st_ino);
	EXPECT_TRUE(S_ISREG(st.st_mode));
	EXPECT_EQ(0444U, st.st_mode & 07777);

	ASSERT_EQ(0, sys_readlink("/proc/self/ns/net", link, sizeof(link)));
	EXPECT_STREQ(expected, link);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, sys_readlink(path, link, sizeof(link)));
	EXPECT_STREQ(expected, link);

	ASSERT_EQ(0, fstatfs(fd, &fs));
	EXPECT_EQ(NSFS_MAGIC, fs.f_type);
	EXPECT_EQ(-1, read(fd, link, sizeof(link)));
	EXPECT_EQ(EINVAL, errno);
}

TEST(identity_is_the_same_everywhere)
{
	struct stat mine, theirs, again;
	int fd, other;
	pid_t pid;

	pid = park_child(0);
	ASSERT_LT(0, pid);
	fd = open_self_ns("net");
	ASSERT_LE(0, fd);
	other = open_pid_ns(pid, "net");
	ASSERT_LE(0, other);
	ASSERT_EQ(0, fstat(fd, &mine));
	ASSERT_EQ(0, fstat(other, &theirs));
	EXPECT_EQ(mine.st_ino, theirs.st_ino);
	EXPECT_EQ(mine.st_dev, theirs.st_dev);
	close(other);
	ASSERT_EQ(0, kill_child(pid));

	/* The same again after nobody had it open. */
	close(fd);
	ASSERT_EQ(0, stat("/proc/self/ns/net", &again));
	EXPECT_EQ(mine.st_ino, again.st_ino);
	EXPECT_EQ(mine.st_dev, again.st_dev);

	/* And another one where it is another one. */
	pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, pid);
	other = open_pid_ns(pid, "net");
	ASSERT_LE(0, other);
	ASSERT_EQ(0, fstat(other, &theirs));
	EXPECT_NE(mine.st_ino, theirs.st_ino);
	EXPECT_EQ(mine.st_dev, theirs.st_dev);
	ASSERT_EQ(0, kill_child(pid));
	ASSERT_EQ(0, fstat(other, &again));
	EXPECT_EQ(theirs.st_ino, again.st_ino);
}

TEST(bind_mount)
{
	char path[] = "/tmp/netns-nsfs-XXXXXX", name[64], line[512];
	bool found = false;
	FILE *mounts;
	ino_t ino;
	int fd;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS | CLONE_NEWNET));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", "/tmp", "tmpfs", 0, NULL));
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL));
	ino = self_ino("net");
	EXPECT_EQ(ino, path_ino(path));

	snprintf(name, sizeof(name), " net:[%lu] %s ", (unsigned long)ino,
		 path);
	mounts = fopen("/proc/self/mountinfo", "re");
	ASSERT_TRUE(!!mounts);
	while (fgets(line, sizeof(line), mounts))
		found |= strstr(line, name) && strstr(line, " - nsfs ");
	fclose(mounts);
	EXPECT_TRUE(found);

	/* The file is the namespace, not whichever the caller is in. */
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(ino, path_ino(path));
	EXPECT_NE(ino, self_ino("net"));
	EXPECT_EQ(0, umount(path));
	EXPECT_NE(ino, path_ino(path));
}

TEST(opening_needs_access_to_the_process)
{
	char path[64], link[64];
	struct stat st;
	pid_t pid;

	pid = park_child(0);
	ASSERT_LT(0, pid);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (!fork()) {
		EXPECT_EQ(0, become_user(NOBODY));
		EXPECT_EQ(-EACCES, open_pid_ns(pid, "net"));
		EXPECT_EQ(-EACCES, sys_readlink(path, link, sizeof(link)));
		EXPECT_EQ(-1, stat(path, &st));
		EXPECT_EQ(EACCES, errno);
		EXPECT_LE(0, open_self_ns("net"));
		_exit(_metadata->exit_code);
	}
	EXPECT_EQ(0, wait_exit(-1));
	EXPECT_EQ(0, kill_child(pid));
}

TEST(dead_process)
{
	char path[64], link[64];
	pid_t pid;
	int fd;

	pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, pid);
	fd = open_pid_ns(pid, "net");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, wait_zombie(pid));

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	EXPECT_EQ(-ENOENT, open_pid_ns(pid, "net"));
	EXPECT_EQ(-ENOENT, sys_readlink(path, link, sizeof(link)));
	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(CLONE_NEWNET, sys_ioctl(fd, NS_GET_NSTYPE, NULL));

	ASSERT_EQ(256 + SIGKILL, wait_exit(pid));
	EXPECT_EQ(-ENOENT, open_pid_ns(pid, "net"));
}

TEST(cookie)
{
	__u64 cookies[NR_COOKIES];
	__u32 half = 0;
	int fds[NR_COOKIES], sock, other;
	socklen_t len;
	cpu_set_t cpu;
	int i, j;

	/* Each CPU has its own range of numbers; within one they only grow. */
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu), &cpu));

	for (i = 0; i < NR_COOKIES; i++) {
		ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
		cookies[i] = self_cookie();
		ASSERT_NE(0U, cookies[i]);
		for (j = 0; j < i; j++)
			EXPECT_LT(cookies[j], cookies[i]);
		fds[i] = -1;
		/* Some live on, others die: no number comes back. */
		if (i % 8 == 0)
			fds[i] = open_self_ns("net");
	}
	for (i = 0; i < NR_COOKIES; i += 8) {
		ASSERT_EQ(0, sys_setns(fds[i], CLONE_NEWNET));
		EXPECT_EQ(cookies[i], self_cookie());
	}

	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	EXPECT_EQ(self_cookie(), socket_cookie(sock));
	EXPECT_EQ(self_cookie(), socket_cookie(other));

	len = sizeof(half);
	EXPECT_EQ(-1, getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &half,
				 &len));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, cookies,
				 sizeof(cookies[0])));
	EXPECT_EQ(ENOPROTOOPT, errno);
}

/* Whether @name is in the table of UNIX sockets in that directory. */
static int has_unix_name(const char *dir, const char *name)
{
	static char buf[1024 * 1024];
	char path[64];
	int len;

	snprintf(path, sizeof(path), "%s/unix", dir);
	len = read_file(path, buf, sizeof(buf));
	if (len < 0)
		return len;
	return !!strstr(buf, name);
}

static int bind_abstract(int sock, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	memcpy(addr.sun_path + 1, name, len);
	if (bind(sock, (struct sockaddr *)&addr,
		 offsetof(struct sockaddr_un, sun_path) + 1 + len))
		return -errno;
	return 0;
}

TEST(proc_net_is_the_process_own)
{
	char dir[64], name[32];
	int nsfd, sock;
	pid_t pid;

	nsfd = new_netns();
	ASSERT_LE(0, nsfd);
	sock = socket_in(nsfd, AF_UNIX, SOCK_DGRAM, 0);
	ASSERT_LE(0, sock);
	snprintf(name, sizeof(name), "netns-test-%d", getpid());
	ASSERT_EQ(0, bind_abstract(sock, name));

	/* A socket elsewhere does not show, even to its owner. */
	pid = park_child(0);
	ASSERT_LT(0, pid);
	snprintf(dir, sizeof(dir), "/proc/%d/net", pid);
	EXPECT_EQ(0, has_unix_name(dir, name));
	ASSERT_EQ(0, kill_child(pid));
	ASSERT_EQ(0, sys_setns(nsfd, CLONE_NEWNET));
	EXPECT_EQ(1, has_unix_name("/proc/net", name));
	EXPECT_EQ(1, has_unix_name("/proc/self/net", name));

	pid = park_child(0);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	snprintf(dir, sizeof(dir), "/proc/%d/net", pid);
	EXPECT_EQ(1, has_unix_name(dir, name));
	EXPECT_EQ(0, has_unix_name("/proc/net", name));
	EXPECT_EQ(0, has_unix_name("/proc/self/net", name));
	EXPECT_EQ(0, has_unix_name("/proc/thread-self/net", name));
	ASSERT_EQ(0, kill_child(pid));
}

NETNS_TEST_MAIN
