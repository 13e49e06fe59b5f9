// SPDX-License-Identifier: GPL-2.0
/*
 * Debuggers, checkpointers and whoever else looks at a task from outside see of
 * a dormant network namespace what there is of any, and do not activate it.
 */
#include "dormant_util.h"

#include <limits.h>
#include <linux/kcmp.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>

/* linux/pidfd.h does not go together with fcntl.h. */
#define PIDFD_GET_NET_NAMESPACE _IO(0xff, 4)

FIXTURE(look)
{
	pid_t pid;
	char dir[32];
};

FIXTURE_SETUP(look)
{
	self->pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, self->pid);
	snprintf(self->dir, sizeof(self->dir), "/proc/%d", self->pid);
}

FIXTURE_TEARDOWN(look)
{
	EXPECT_EQ(0, kill_child(self->pid));
}

/* A namespace's descriptor is all that one needs to know it again. */
TEST_F(look, pidfd)
{
	int pidfd, nsfd = -1, home = open_self_ns("net");

	EXPECT_WAKES(0, (pidfd = sys_pidfd_open(self->pid)) >= 0);
	EXPECT_WAKES(0, (nsfd = ioctl(pidfd, PIDFD_GET_NET_NAMESPACE, 0)) >= 0);
	EXPECT_WAKES(0, fd_ino(nsfd) == pid_ino(self->pid, "net"));
	EXPECT_WAKES(0, !sys_setns(nsfd, CLONE_NEWNET));
	EXPECT_EQ(fd_ino(nsfd), self_ino("net"));
	EXPECT_WAKES(0, !sys_setns(home, CLONE_NEWNET));
	EXPECT_WAKES(0, !sys_setns(pidfd, CLONE_NEWNET | CLONE_NEWUTS));
	EXPECT_EQ(fd_ino(nsfd), self_ino("net"));
	/* Who got there in such a way finds it ready. */
	EXPECT_WAKES(1, makes_socket(AF_INET, SOCK_DGRAM, 0));
	EXPECT_EQ(1, own_link_index("lo"));
}

TEST_F(look, ptrace)
{
	long word;

	EXPECT_WAKES(0, !ptrace(PTRACE_SEIZE, self->pid, NULL, NULL));
	EXPECT_WAKES(0, !ptrace(PTRACE_INTERRUPT, self->pid, NULL, NULL));
	EXPECT_EQ(self->pid, waitpid(self->pid, NULL, __WALL));
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, self->pid, self->dir, NULL);
	EXPECT_EQ(0, errno);
	/* It has been copied before the name was written there. */
	EXPECT_NE('/', (char)word);
	EXPECT_WAKES(0, syscall(__NR_kcmp, getpid(), self->pid, KCMP_FS, 0,
				0) >= 0);
	EXPECT_WAKES(0, !ptrace(PTRACE_DETACH, self->pid, NULL, NULL));
}

static bool is_network(const char *name)
{
	return !strcmp(name, "net");
}

/*
 * Looks at all that is in a directory, and below it but for directories of the
 * network: lstat(2), stat(2) and readlink(2). Returns how much there was.
 */
static int list_tree(const char *dir)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	int n = 0;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (lstat(path, &st))
			continue;
		n++;
		if (S_ISLNK(st.st_mode) &&
		    (readlink(path, target, sizeof(target)) < 0 ||
		     stat(path, &st)))
			continue;
		if (S_ISDIR(st.st_mode) && entry->d_type == DT_DIR &&
		    !is_network(entry->d_name))
			n += list_tree(path);
	}
	closedir(d);
	return n;
}

TEST_F(look, listing)
{
	EXPECT_WAKES(0, list_tree(self->dir) > 50);
	EXPECT_WAKES(0, list_tree("/proc/sys") > 50);
	EXPECT_WAKES(0, list_tree("/sys/class") > 5);
}

/* What is told of a task; its page map would not come to an end. */
static int read_all(const char *dir)
{
	char path[PATH_MAX], buf[4096];
	struct dirent *entry;
	int n = 0, fd, i;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_REG || !strcmp(entry->d_name, "mem"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			continue;
		for (i = 0; i < 16 && read(fd, buf, sizeof(buf)) > 0; i++)
			;
		close(fd);
		n++;
	}
	closedir(d);
	return n;
}

/* The task itself has a mount and a descriptor of its namespace, too. */
TEST(reading)
{
	char path[64], text[8192];
	int nsfd;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS | CLONE_NEWNET));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mknod("/mnt/name", S_IFREG | 0600, 0));
	EXPECT_WAKES(0, !mount("/proc/self/ns/net", "/mnt/name", NULL, MS_BIND,
			       NULL));
	nsfd = open("/mnt/name", O_RDONLY);
	ASSERT_LE(0, nsfd);
	EXPECT_WAKES(0, read_all("/proc/self") > 20);
	EXPECT_WAKES(0, read_all("/proc/self/fdinfo") > 2);
	EXPECT_WAKES(0, read_all("/proc/thread-self") > 20);
	EXPECT_WAKES(0, read_file("/proc/self/mountinfo", text,
				  sizeof(text)) > 0);
	snprintf(path, sizeof(path), "net:[%lu] /mnt/name", self_ino("net"));
	EXPECT_NE(NULL, strstr(text, path));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", nsfd);
	EXPECT_WAKES(0, read_file(path, text, sizeof(text)) > 0);
}

static int links(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return stat(path, &st) ? -errno : (int)st.st_nlink;
}

/* By its links find(1) tells how many directories there are in one. */
TEST_F(look, links_are_those_of_one_in_use)
{
	pid_t eager;
	int n = -1;

	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "1"));
	eager = park_child(CLONE_NEWNET);
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "0"));
	EXPECT_WAKES(0, (n = links(self->pid, "net")) > 2);
	EXPECT_EQ(links(eager, "net"), n);
	EXPECT_EQ(links(eager, ""), links(self->pid, ""));
	EXPECT_EQ(links(eager, "task"), links(self->pid, "task"));
	EXPECT_WAKES(1, socket_in(open_pid_ns(self->pid, "net"), AF_INET,
				  SOCK_DGRAM, 0) >= 0);
	EXPECT_EQ(n, links(self->pid, "net"));
	EXPECT_EQ(0, kill_child(eager));
}

DORMANT_TEST_MAIN
