// SPDX-License-Identifier: GPL-2.0
/*
 * setns(2) joins a network namespace through a file of nsfs, wherever that
 * file came from, or through a pidfd, alone or together with others of the
 * process; a call that fails changes none of them and says why.
 *
 * Time namespaces are here because a task enters one at its next execve(2),
 * which replaces all of its namespaces and must carry over the others.
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mount.h>

#include "netns_util.h"

static const char * const types[] = {
	"net", "uts", "ipc", "mnt", "cgroup", "time", "time_for_children",
	"pid_for_children", "user",
};

#define NR_TYPES ARRAY_SIZE(types)

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | \
		   CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWPID | \
		   CLONE_NEWTIME)

#define PROBE "exec-probe"
#define TIME_OFFSET 1000000

static void all_inos(ino_t *inos)
{
	unsigned int i;

	for (i = 0; i < NR_TYPES; i++)
		inos[i] = self_ino(types[i]);
}

TEST(nsfs_descriptor)
{
	ino_t home = self_ino("net");
	int fd, back;

	back = open_self_ns("net");
	ASSERT_LE(0, back);
	fd = new_netns();
	ASSERT_LE(0, fd);
	ASSERT_NE(home, fd_ino(fd));
	EXPECT_EQ(home, self_ino("net"));

	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(fd_ino(fd), self_ino("net"));
	EXPECT_EQ(0, sys_setns(back, 0));
	EXPECT_EQ(home, self_ino("net"));
	EXPECT_EQ(0, sys_setns(fd, 0));
	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(fd_ino(fd), self_ino("net"));
}

TEST(socket_stays_where_it_was_made)
{
	__u64 home = self_cookie();
	int fd, sock;

	fd = new_netns();
	ASSERT_LE(0, fd);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(home, socket_cookie(sock));
	EXPECT_NE(home, self_cookie());
}

TEST(descriptor_of_a_dead_process)
{
	pid_t pid;
	ino_t ino;
	int fd;

	pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, pid);
	fd = open_pid_ns(pid, "net");
	ASSERT_LE(0, fd);
	ino = fd_ino(fd);
	ASSERT_EQ(0, kill_child(pid));
	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(ino, self_ino("net"));
}

TEST(bind_mount)
{
	char path[] = "/tmp/netns-setns-XXXXXX";
	ino_t ino;
	int fd;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", "/tmp", "tmpfs", 0, NULL));
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	close(fd);

	/* An ordinary file first: the same path, not yet a namespace. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, sys_setns(fd, CLONE_NEWNET));
	close(fd);

	fd = new_netns();
	ASSERT_LE(0, fd);
	ino = fd_ino(fd);
	ASSERT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	ASSERT_EQ(0, mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL));
	close(fd);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	ASSERT_NE(ino, self_ino("net"));

	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(ino, self_ino("net"));
	close(fd);
	EXPECT_EQ(0, umount(path));
}

TEST(wrong_flags_for_nsfs_descriptor)
{
	ino_t home = self_ino("net");
	int fd;

	fd = new_netns();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, sys_setns(fd, CLONE_NEWUTS));
	EXPECT_EQ(-EINVAL, sys_setns(fd, CLONE_NEWNET | CLONE_NEWUTS));
	EXPECT_EQ(-EINVAL, sys_setns(fd, CLONE_NEWNET | CLONE_VM));
	EXPECT_EQ(-EINVAL, sys_setns(fd, -1));
	EXPECT_EQ(home, self_ino("net"));

	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EINVAL, sys_setns(fd, CLONE_NEWUTS));
	EXPECT_EQ(-EPERM, sys_setns(fd, CLONE_NEWNET));
}

TEST(not_a_descriptor)
{
	int fd = open("/proc/self/ns/net", O_PATH | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, sys_setns(-1, CLONE_NEWNET));
	EXPECT_EQ(-EBADF, sys_setns(fd, CLONE_NEWNET));
	close(fd);
	EXPECT_EQ(-EBADF, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(-EBADF, sys_setns(fd, 0));
	/* Whoever may not do it learns no less. */
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EBADF, sys_setns(-1, CLONE_NEWNET));
}

TEST(descriptor_of_something_else)
{
	int fds[] = {
		open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
		open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		open("/proc/self/net/dev", O_RDONLY | O_CLOEXEC),
		open("/dev/null", O_RDWR | O_CLOEXEC),
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		eventfd(0, EFD_CLOEXEC),
		open_self_ns("uts"),
		open_self_ns("user"),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(-EINVAL, sys_setns(fds[i], CLONE_NEWNET));
	}
	EXPECT_EQ(-EINVAL, sys_setns(fds[0], 0));
	EXPECT_EQ(-EINVAL, sys_setns(fds[4], 0));
}

FIXTURE(pidfd)
{
	ino_t before[NR_TYPES];
	ino_t after[NR_TYPES];
	pid_t pid;
	int fd;
};

FIXTURE_SETUP(pidfd)
{
	all_inos(self->before);
	self->pid = park_child(ALL_TYPES);
	ASSERT_LT(0, self->pid);
	self->fd = sys_pidfd_open(self->pid);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(pidfd)
{
	EXPECT_EQ(0, kill_child(self->pid));
	close(self->fd);
}

TEST_F(pidfd, one)
{
	unsigned int i;

	EXPECT_EQ(0, sys_setns(self->fd, CLONE_NEWNET));
	all_inos(self->after);
	EXPECT_NE(self->before[0], self->after[0]);
	EXPECT_EQ(pid_ino(self->pid, "net"), self->after[0]);
	for (i = 1; i < NR_TYPES; i++)
		EXPECT_EQ(self->before[i], self->after[i]);
}

TEST_F(pidfd, network_among_two)
{
	EXPECT_EQ(0, sys_setns(self->fd, CLONE_NEWNET | CLONE_NEWUTS));
	all_inos(self->after);
	EXPECT_EQ(pid_ino(self->pid, "net"), self->after[0]);
	EXPECT_EQ(pid_ino(self->pid, "uts"), self->after[1]);
	EXPECT_EQ(self->before[2], self->after[2]);
}

TEST_F(pidfd, all)
{
	unsigned int i;

	EXPECT_EQ(0, sys_setns(self->fd, ALL_TYPES));
	all_inos(self->after);
	for (i = 0; i < NR_TYPES; i++) {
		if (!strcmp(types[i], "user")) {
			EXPECT_EQ(self->before[i], self->after[i]);
			continue;
		}
		EXPECT_NE(self->before[i], self->after[i]);
		EXPECT_EQ(pid_ino(self->pid, types[i]), self->after[i]);
	}
}

TEST_F(pidfd, wrong_flags)
{
	EXPECT_EQ(-EINVAL, sys_setns(self->fd, 0));
	EXPECT_EQ(-EINVAL, sys_setns(self->fd, CLONE_VM));
	EXPECT_EQ(-EINVAL, sys_setns(self->fd, CLONE_NEWNET | CLONE_VM));
	EXPECT_EQ(-EINVAL, sys_setns(self->fd, -1));
	all_inos(self->after);
	EXPECT_EQ(0, memcmp(self->before, self->after, sizeof(self->before)));
}

TEST_F(pidfd, no_permission)
{
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		EXPECT_EQ(0, become_user(NOBODY));
		EXPECT_EQ(-EPERM, sys_setns(self->fd, CLONE_NEWNET));
		EXPECT_EQ(-EPERM, sys_setns(self->fd, ALL_TYPES));
		/* Flags are looked at first. */
		EXPECT_EQ(-EINVAL, sys_setns(self->fd, 0));
		EXPECT_EQ(-EINVAL, sys_setns(self->fd,
					     CLONE_NEWNET | CLONE_VM));
		_exit(0);
	}
	EXPECT_EQ(0, wait_exit(pid));
}

/* With directories of its own: sharing them forbids a mount namespace. */
static void *stand_by(void *arg)
{
	sys_unshare(CLONE_FS);
	pthread_barrier_wait(arg);
	pthread_barrier_wait(arg);
	return NULL;
}

/*
 * A process of two threads cannot join a time namespace, which is the last
 * that the kernel tries: it has prepared all the others by then.
 */
TEST_F(pidfd, failure_at_the_last_changes_nothing)
{
	pthread_barrier_t barrier;
	pthread_t thread;
	char cwd[2][256];

	ASSERT_EQ(0, chdir("/proc"));
	ASSERT_TRUE(!!getcwd(cwd[0], sizeof(cwd[0])));
	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, stand_by, &barrier));
	pthread_barrier_wait(&barrier);

	EXPECT_EQ(-EUSERS, sys_setns(self->fd, ALL_TYPES));
	all_inos(self->after);
	EXPECT_EQ(0, memcmp(self->before, self->after, sizeof(self->before)));
	ASSERT_TRUE(!!getcwd(cwd[1], sizeof(cwd[1])));
	EXPECT_STREQ(cwd[0], cwd[1]);

	/* Without the one that cannot be, the same call succeeds. */
	EXPECT_EQ(0, sys_setns(self->fd,
			       CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC));
	EXPECT_EQ(pid_ino(self->pid, "net"), self_ino("net"));

	pthread_barrier_wait(&barrier);
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

/* Allowed to join two of the three, the network being the last of them. */
TEST(refusal_of_one_changes_nothing)
{
	ino_t before[NR_TYPES], after[NR_TYPES];
	pid_t pid;
	int fd;

	ASSERT_EQ(0, unshare_userns(0));
	pid = park_child(CLONE_NEWUTS | CLONE_NEWIPC);
	ASSERT_LT(0, pid);
	fd = sys_pidfd_open(pid);
	ASSERT_LE(0, fd);
	all_inos(before);
	EXPECT_EQ(-EPERM, sys_setns(fd, CLONE_NEWUTS | CLONE_NEWIPC |
					CLONE_NEWNET));
	all_inos(after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));

	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWUTS | CLONE_NEWIPC));
	EXPECT_EQ(pid_ino(pid, "uts"), self_ino("uts"));
	EXPECT_EQ(pid_ino(pid, "ipc"), self_ino("ipc"));
	EXPECT_EQ(0, kill_child(pid));
}

TEST(pidfd_with_its_user_namespace)
{
	ino_t before[NR_TYPES], after[NR_TYPES];
	pid_t pid;
	int fd;

	all_inos(before);
	pid = park_child(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWUTS);
	ASSERT_LT(0, pid);
	fd = sys_pidfd_open(pid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWUSER | CLONE_NEWNET |
				   CLONE_NEWUTS));
	all_inos(after);
	EXPECT_EQ(pid_ino(pid, "net"), after[0]);
	EXPECT_EQ(pid_ino(pid, "uts"), after[1]);
	EXPECT_EQ(before[2], after[2]);
	EXPECT_NE(before[NR_TYPES - 1], after[NR_TYPES - 1]);
	close(fd);
	EXPECT_EQ(0, kill_child(pid));
}

TEST(pidfd_of_the_dead)
{
	ino_t home = self_ino("net");
	pid_t pid;
	int fd;

	pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, pid);
	fd = sys_pidfd_open(pid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, wait_zombie(pid));
	EXPECT_EQ(-ESRCH, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(-ESRCH, sys_setns(fd, CLONE_NEWNET | CLONE_NEWUTS));
	/* Flags are looked at first. */
	EXPECT_EQ(-EINVAL, sys_setns(fd, 0));
	ASSERT_EQ(256 + SIGKILL, wait_exit(pid));
	EXPECT_EQ(-ESRCH, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(home, self_ino("net"));
}

/* Capable where it lives, but not where the namespace belongs. */
TEST(no_capability_in_the_owner)
{
	int fd;

	fd = open_self_ns("net");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EPERM, sys_setns(fd, CLONE_NEWNET));
	ASSERT_EQ(0, unshare_userns(0));
	/* It may leave for a new one, but never come back. */
	EXPECT_EQ(-EPERM, sys_setns(fd, CLONE_NEWNET));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(-EPERM, sys_setns(fd, CLONE_NEWNET));
	EXPECT_NE(fd_ino(fd), self_ino("net"));
}

/*
 * Whoever made a user namespace has all capabilities in it from outside, but
 * needs one in his own as well.
 */
TEST(no_capability_at_home)
{
	int fd, user, sync[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, become_user(NOBODY));
	ASSERT_EQ(0, pipe2(sync, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare_userns(CLONE_NEWNET))
			_exit(1);
		if (write(sync[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	close(sync[1]);
	ASSERT_EQ(1, read(sync[0], &c, 1));

	fd = open_pid_ns(pid, "net");
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, sys_setns(fd, CLONE_NEWNET));
	user = open_pid_ns(pid, "user");
	ASSERT_LE(0, user);
	EXPECT_EQ(0, sys_setns(user, CLONE_NEWUSER));
	EXPECT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(fd_ino(fd), self_ino("net"));
	EXPECT_EQ(0, kill_child(pid));
}

struct probe {
	ino_t inos[NR_TYPES];
	time_t monotonic;
};

static int probe_main(int fd)
{
	struct probe probe = { .monotonic = now_s() };

	all_inos(probe.inos);
	return write(fd, &probe, sizeof(probe)) != sizeof(probe);
}

/* Never returns; what the new image sees comes out of the pipe. */
static void exec_probe(int fd)
{
	char arg[16];

	snprintf(arg, sizeof(arg), "%d", fd);
	fcntl(fd, F_SETFD, 0);
	execl("/proc/self/exe", "setns_paths", PROBE, arg, NULL);
	_exit(127);
}

struct entry {
	ino_t before[NR_TYPES];
	time_t monotonic;
	ino_t timens;
	int pipe[2];
};

FIXTURE(timens)
{
	struct entry entry;
};

FIXTURE_SETUP(timens)
{
	ASSERT_EQ(0, pipe2(self->entry.pipe, O_CLOEXEC));
	/* What the execve() has to carry over is not the initial one. */
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWTIME));
	self->entry.monotonic = now_s();
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets", "monotonic %d 0",
				TIME_OFFSET));
	all_inos(self->entry.before);
	self->entry.timens = self_ino("time_for_children");
	ASSERT_NE(self_ino("time"), self->entry.timens);
}

FIXTURE_TEARDOWN(timens)
{
}

static void check_probe(struct __test_metadata *_metadata,
			const struct entry *entry)
{
	struct probe probe;
	unsigned int i;

	ASSERT_EQ((ssize_t)sizeof(probe),
		  read(entry->pipe[0], &probe, sizeof(probe)));
	for (i = 0; i < NR_TYPES; i++) {
		bool time = !strncmp(types[i], "time", 4);

		EXPECT_EQ(time ? entry->timens : entry->before[i],
			  probe.inos[i]);
	}
	EXPECT_LE(entry->monotonic + TIME_OFFSET, probe.monotonic);
}

TEST_F(timens, caller_stays)
{
	EXPECT_GT(self->entry.monotonic + TIME_OFFSET, now_s());
	EXPECT_NE(self->entry.timens, self_ino("time"));
}

TEST_F(timens, fork_enters)
{
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(probe_main(self->entry.pipe[1]));
	EXPECT_EQ(0, wait_exit(pid));
	check_probe(_metadata, &self->entry);
}

TEST_F(timens, exec_enters)
{
	ino_t timens;
	pid_t pid;
	int sync[2];

	/* The child of this fork is in: it makes another one for its own exec */
	ASSERT_EQ(0, pipe2(sync, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (sys_unshare(CLONE_NEWTIME))
			_exit(1);
		timens = self_ino("time_for_children");
		if (timens == self_ino("time"))
			_exit(2);
		if (write(sync[1], &timens, sizeof(timens)) != sizeof(timens))
			_exit(3);
		exec_probe(self->entry.pipe[1]);
	}
	EXPECT_EQ(0, wait_exit(pid));
	ASSERT_EQ((ssize_t)sizeof(timens),
		  read(sync[0], &timens, sizeof(timens)));
	ASSERT_NE(self->entry.timens, timens);
	self->entry.timens = timens;
	check_probe(_metadata, &self->entry);
}

/* vfork() shares the memory, and with it the page that shows the time. */
TEST_F(timens, vfork_enters_at_exec)
{
	int fd = self->entry.pipe[1];
	pid_t pid;

	pid = vfork();
	if (!pid)
		exec_probe(fd);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, wait_exit(pid));
	check_probe(_metadata, &self->entry);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], PROBE))
		return probe_main(atoi(argv[2]));
	netns_test_init();
	return test_harness_run(argc, argv);
}
