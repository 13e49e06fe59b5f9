/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the network namespace selftests share: identities, credentials,
 * children and waiting.
 *
 * Functions return a negative errno on failure unless their comment says
 * otherwise, so that a failing EXPECT_EQ() prints the reason.
 */
#ifndef NETNS_UTIL_H
#define NETNS_UTIL_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"

/*
 * Namespaces die asynchronously and the guest may be an emulated debug
 * kernel: these bounds only turn a hang into a failure, and no result depends
 * on them otherwise.
 */
#define POLL_DEADLINE_S 120
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

/* The C library's headers may be older than the kernel's. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

#define NOBODY 65534

#define MAX_NETNS_SYSCTL "/proc/sys/user/max_net_namespaces"

static inline time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

#define wait_until(cond)					\
({								\
	time_t __end = now_s() + POLL_DEADLINE_S;		\
	bool __ok;						\
								\
	while (!(__ok = (cond)) && now_s() < __end)		\
		usleep(20000);					\
	__ok;							\
})

static inline int read_file(const char *path, char *buf, size_t size)
{
	ssize_t len, done = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		len = read(fd, buf + done, size - 1 - done);
		if (len > 0)
			done += len;
	} while (len > 0);
	if (len < 0)
		done = -errno;
	else
		buf[done] = '\0';
	close(fd);
	return done;
}

static inline int __printf(2, 3)
write_file(const char *path, const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int fd, len, err = 0;

	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, buf, len) != len)
		err = -errno;
	close(fd);
	return err;
}

/* Closes @dir, having read all of it: 0 if the name is there, or an errno. */
static inline int find_in(DIR *dir, const char *name)
{
	struct dirent *entry;
	bool found = false;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		found |= !strcmp(entry->d_name, name);
	closedir(dir);
	return found ? 0 : -ENOENT;
}

/* How many objects of a cache of the kernel are in use. */
static inline int read_slab_objects(const char *name, long *active)
{
	char line[512], path[64], format[64];
	int err;
	FILE *file;

	/* Free objects on the lists of a CPU count as used until then. */
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", name);
	err = write_file(path, "1");
	if (err)
		return err;

	file = fopen("/proc/slabinfo", "re");
	if (!file)
		return -errno;
	snprintf(format, sizeof(format), "%s %%ld ", name);
	err = -ENOENT;
	while (err && fgets(line, sizeof(line), file))
		if (sscanf(line, format, active) == 1)
			err = 0;
	fclose(file);
	return err;
}

/* Returns 0, which no namespace has, when there is no such file. */
static inline ino_t path_ino(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

static inline ino_t fd_ino(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

static inline ino_t self_ino(const char *type)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", type);
	return path_ino(path);
}

static inline ino_t pid_ino(pid_t pid, const char *type)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, type);
	return path_ino(path);
}

static inline int open_pid_ns(pid_t pid, const char *type)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, type);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline int open_self_ns(const char *type)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", type);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Returns 0, which no namespace has, on failure. */
static inline __u64 socket_cookie(int sock)
{
	__u64 cookie;
	socklen_t len = sizeof(cookie);

	if (getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		return 0;
	return cookie;
}

static inline __u64 self_cookie(void)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	__u64 cookie = socket_cookie(sock);

	close(sock);
	return cookie;
}

static inline int sys_setns(int fd, int flags)
{
	return setns(fd, flags) ? -errno : 0;
}

static inline int sys_unshare(unsigned long flags)
{
	return syscall(__NR_unshare, flags) ? -errno : 0;
}

static inline int sys_pidfd_open(pid_t pid)
{
	int fd = syscall(__NR_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/* Both clones behave as fork() does: the child returns on its parent's stack */
static inline pid_t sys_clone(unsigned long flags)
{
	pid_t pid = syscall(__NR_clone, flags | SIGCHLD, 0, 0, 0, 0);

	return pid < 0 ? -errno : pid;
}

static inline pid_t sys_clone3(__u64 flags)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = syscall(__NR_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : pid;
}

/* A child in these new namespaces that does nothing until it is killed. */
static inline pid_t park_child(__u64 flags)
{
	pid_t pid = sys_clone3(flags);

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* Returns the exit status, or 256 plus the signal. */
static inline int wait_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   256 + WTERMSIG(status);
}

static inline int kill_child(pid_t pid)
{
	int status;

	if (kill(pid, SIGKILL))
		return -errno;
	status = wait_exit(pid);
	return status == 256 + SIGKILL ? 0 : status;
}

/* Waits for the exit of a child and leaves it a zombie. */
static inline int wait_zombie(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, pid, &info, WEXITED | WNOWAIT) ? -errno : 0;
}

/* The descriptor of a new namespace; the caller stays where it was. */
static inline int new_netns(void)
{
	int home, fd, err;

	home = open_self_ns("net");
	if (home < 0)
		return home;
	fd = sys_unshare(CLONE_NEWNET);
	if (!fd) {
		fd = open_self_ns("net");
		err = sys_setns(home, CLONE_NEWNET);
		if (err && fd >= 0) {
			close(fd);
			fd = err;
		}
	}
	close(home);
	return fd;
}

/* A socket made in the namespace of @nsfd; the caller stays where it was. */
static inline int socket_in(int nsfd, int family, int type, int protocol)
{
	int home, sock, err;

	home = open_self_ns("net");
	if (home < 0)
		return home;
	sock = sys_setns(nsfd, CLONE_NEWNET);
	if (!sock) {
		sock = socket(family, type | SOCK_CLOEXEC, protocol);
		if (sock < 0)
			sock = -errno;
		err = sys_setns(home, CLONE_NEWNET);
		if (err && sock >= 0) {
			close(sock);
			sock = err;
		}
	}
	close(home);
	return sock;
}

/*
 * Changing from uid 0 drops every capability. It also makes /proc/self root's,
 * which would keep an ordinary user from writing its own uid_map.
 */
static inline int become_user(uid_t id)
{
	if (setgroups(0, NULL) || setresgid(id, id, id) ||
	    setresuid(id, id, id) || prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return 0;
}

/* Takes all capabilities but these away. */
static inline int limit_caps(__u64 keep)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	unsigned int i;

	if (syscall(__NR_capget, &hdr, data))
		return -errno;
	for (i = 0; i < 2; i++) {
		data[i].permitted &= keep >> (32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(__NR_capset, &hdr, data) ? -errno : 0;
}

/* Enters a new user namespace, as its root, with the other new namespaces. */
static inline int unshare_userns(unsigned long flags)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int err;

	err = sys_unshare(flags | CLONE_NEWUSER);
	if (!err)
		err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", "0 %u 1", uid);
	if (!err)
		err = write_file("/proc/self/gid_map", "0 %u 1", gid);
	return err;
}

static struct {
	char path[128];
	char value[64];
} saved_sysctl[4];
static unsigned int nr_saved_sysctl;
static pid_t saved_sysctl_owner;

static inline void restore_sysctls(void)
{
	/* Children inherit the exit handler. */
	if (getpid() != saved_sysctl_owner)
		return;
	while (nr_saved_sysctl--)
		write_file(saved_sysctl[nr_saved_sysctl].path, "%s",
			   saved_sysctl[nr_saved_sysctl].value);
}

/*
 * Changes a global knob until the end of the program, whatever becomes of its
 * tests. For main() only; -ENOENT when this kernel does not have the knob.
 */
static inline int set_sysctl(const char *path, const char *value)
{
	unsigned int n = nr_saved_sysctl;
	int len;

	if (n == ARRAY_SIZE(saved_sysctl))
		return -ENOSPC;
	len = read_file(path, saved_sysctl[n].value,
			sizeof(saved_sysctl[n].value));
	if (len < 0)
		return len;
	snprintf(saved_sysctl[n].path, sizeof(saved_sysctl[n].path), "%s",
		 path);
	if (!n) {
		saved_sysctl_owner = getpid();
		atexit(restore_sysctls);
	}
	nr_saved_sysctl++;
	return write_file(path, "%s", value);
}

static inline void netns_test_init(void)
{
	int err;

	if (geteuid())
		ksft_exit_skip("needs root\n");
	/* Debian's kernels can refuse user namespaces to ordinary users. */
	err = set_sysctl("/proc/sys/kernel/unprivileged_userns_clone", "1");
	if (err && err != -ENOENT)
		ksft_exit_fail_msg("unprivileged_userns_clone: %s\n",
				   strerror(-err));
}

#define NETNS_TEST_MAIN						\
int main(int argc, char **argv)					\
{								\
	netns_test_init();					\
	exit(test_harness_run(argc, argv));			\
}

/* The three ways to ask for new namespaces, to be called alike. */
static inline pid_t unshare_here(__u64 flags)
{
	return sys_unshare(flags);
}

static inline pid_t clone_child(__u64 flags)
{
	return sys_clone(flags);
}

static inline pid_t clone3_child(__u64 flags)
{
	return sys_clone3(flags);
}

#endif /* NETNS_UTIL_H */
