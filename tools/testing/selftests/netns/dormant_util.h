/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of dormant namespaces share: seeing whether one has been
 * activated, and being the first to use one.
 */
#ifndef DORMANT_UTIL_H
#define DORMANT_UTIL_H

#include <dirent.h>
#include <sys/mount.h>
#include <sys/un.h>

#include "isolation_util.h"

#define EAGER_SYSCTL "/proc/sys/net/core/netns_eager"
#define DEBUGFS "/sys/kernel/debug"
#define ACTIVATIONS DEBUGFS "/netns/activations"
#define PARTIAL_ACTIVATIONS DEBUGFS "/netns/partial_activations"

static inline int read_counter(const char *path)
{
	char text[32];

	if (read_file(path, text, sizeof(text)) <= 0)
		ksft_exit_fail_msg("cannot read %s\n", path);
	return atoi(text);
}

/* How many namespaces have been activated since boot. */
static inline int activations(void)
{
	return read_counter(ACTIVATIONS);
}

/* And for local sockets only. */
static inline int partial_activations(void)
{
	return read_counter(PARTIAL_ACTIVATIONS);
}

/*
 * Runs a program in which births are lazy, and whose own namespace and mounts
 * are in use before its first test.
 */
#define DORMANT_TEST_MAIN						\
int main(int argc, char **argv)						\
{									\
	int err;							\
									\
	netns_test_init();						\
	err = set_sysctl(EAGER_SYSCTL, "0");				\
	if (err)							\
		ksft_exit_fail_msg(EAGER_SYSCTL ": %s\n", strerror(-err)); \
	if (access(ACTIVATIONS, R_OK) &&				\
	    mount("debugfs", DEBUGFS, "debugfs", 0, NULL))		\
		ksft_exit_fail_msg("no debugfs\n");			\
	/* The counters are read by ordinary users, too. */		\
	if (chmod(DEBUGFS, 0755))					\
		ksft_exit_fail_msg("cannot open debugfs to all\n");	\
	exit(test_harness_run(argc, argv));				\
}

/* What follows is done in a namespace in which nothing has been done yet. */
#define EXPECT_WAKES(n, cond)						\
do {									\
	int __before = activations();					\
									\
	EXPECT_TRUE(cond) {						\
		TH_LOG("errno %d: %s", errno, #cond);			\
	}								\
	EXPECT_EQ(n, activations() - __before) {			\
		TH_LOG("after %s", #cond);				\
	}								\
} while (0)

/* Likewise, with those for local sockets only counted as well. */
#define EXPECT_WAKES_BOTH(whole, part, cond)				\
do {									\
	int __before_part = partial_activations();			\
									\
	EXPECT_WAKES(whole, cond);					\
	EXPECT_EQ(part, partial_activations() - __before_part) {	\
		TH_LOG("part, after %s", #cond);			\
	}								\
} while (0)

/* What it takes to have local sockets is enough. */
#define EXPECT_WAKES_PART(n, cond) EXPECT_WAKES_BOTH(0, n, cond)

static inline bool walks(const char *path)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		;
	closedir(dir);
	return true;
}

static inline bool lists(const char *path, const char *name)
{
	return !find_in(opendir(path), name);
}

/* The number of the system call in which it sleeps, or -1. */
static inline long call_of(pid_t pid)
{
	char path[64], text[256];
	long nr;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	if (read_file(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%ld", &nr) != 1)
		return -1;
	return nr;
}

/* Uses that are over at once, and return 0 or a negative errno. */
static inline int use_path(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static inline int use_socket(int family, int type, int protocol)
{
	int sock = socket(family, type | SOCK_CLOEXEC, protocol);

	if (sock < 0)
		return -errno;
	close(sock);
	return 0;
}

static inline bool opens(const char *path)
{
	return !use_path(AT_FDCWD, path);
}

static inline bool makes_socket(int family, int type, int protocol)
{
	return !use_socket(family, type, protocol);
}

static inline bool reads(const char *path, char *text, size_t size)
{
	return read_file(path, text, size) > 0;
}

static inline int owner(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -errno : (int)st.st_uid;
}

/* The index of a device of the caller's namespace, or a negative errno. */
static inline int own_link_index(const char *name)
{
	int nl = nl_open();
	int index;

	if (nl < 0)
		return nl;
	index = link_index(nl, name);
	close(nl);
	return index;
}

#define ABSTRACT_NAME "\0dormant"

/* Does to a local socket what is done with an address: bind() or connect(). */
static inline int
local_socket(int (*apply)(int sock, const struct sockaddr *addr, socklen_t len))
{
	static const struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = ABSTRACT_NAME,
	};
	int sock;

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
	    apply(sock, (const struct sockaddr *)&addr,
		  offsetof(struct sockaddr_un, sun_path) +
		  sizeof(ABSTRACT_NAME) - 1))
		return -errno;
	return sock;
}

static inline int listen_abstract(void)
{
	int sock = local_socket(bind);

	return sock < 0 || !listen(sock, 1) ? sock : -errno;
}

static inline int connect_abstract(void)
{
	return local_socket(connect);
}

/*
 * A child that does @become, if any, and stays until the caller is gone, who
 * may have lost the right to kill it by then.
 */
static inline pid_t stay(int (*become)(void))
{
	int gate[2], ready[2];
	pid_t pid;
	char c;

	if (pipe(gate) || pipe(ready))
		return -errno;
	pid = fork();
	if (!pid) {
		close(gate[1]);
		if ((become && become()) || write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(gate[0], &c, 1));
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &c, 1) != 1)
		return -ECHILD;
	return pid;
}

#endif /* DORMANT_UTIL_H */
