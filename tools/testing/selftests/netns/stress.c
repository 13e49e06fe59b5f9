// SPDX-License-Identifier: GPL-2.0
/*
 * A thousand namespaces made and destroyed from two CPUs at once, some with
 * devices and ids, leave nothing behind: no object, no inode, no number, no
 * charge, no id. And those who race with births and deaths get a namespace or
 * a clean error.
 */
#include "netns_netlink.h"

#define NR_WORKERS 2
#define NR_NAMESPACES 1000

/* Pipes and others share the cache; a leak would be of several hundred. */
#define INODE_NOISE 100

#define NR_VICTIMS 60
#define NR_WATCHERS 3

struct traces {
	long objects;
	long inodes;
	long inum;
};

/*
 * Creates and destroys one namespace in the course of it: the kernel may keep
 * the memory of the last ones to die until it cleans up again.
 */
static int read_traces(int nl, struct traces *traces)
{
	int fd, err;

	fd = new_netns();
	if (fd < 0)
		return fd;
	/* The lowest free number is handed out first. */
	traces->inum = fd_ino(fd);
	err = nsid_set(nl, -1, NETNSA_FD, fd);
	close(fd);
	if (err)
		return err;
	if (!wait_until(!nsid_count(nl)))
		return -ETIMEDOUT;

	err = read_slab_objects("net_namespace", &traces->objects);
	if (err)
		return err;
	return read_slab_objects("inode_cache", &traces->inodes);
}

static bool no_more_than(int nl, const struct traces *base,
			 struct traces *now, int *err)
{
	*err = read_traces(nl, now);
	return *err || (now->objects <= base->objects &&
			now->inum <= base->inum &&
			now->inodes <= base->inodes + INODE_NOISE);
}

static int pin_to_cpu(int nth)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		return -errno;
	nth %= CPU_COUNT(&all);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !nth--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

/*
 * Leaves one namespace for the next. Every fourth has an id in the observer's.
 * Every eighth has a device whose other end is in its predecessor, or an id
 * for it, and so one of the two dies before the other.
 */
static int work(int worker)
{
	int i, err, nl, fd, observer, old = -1;

	err = pin_to_cpu(worker);
	if (err)
		return err;
	observer = nl_open();
	if (observer < 0)
		return observer;
	/* The observer's is not to be a predecessor. */
	err = sys_unshare(CLONE_NEWNET);
	for (i = 0; !err && i < NR_NAMESPACES / NR_WORKERS; i++) {
		if (i % 8 == 0 && old >= 0)
			close(old);
		if (i % 8 == 0)
			old = open_self_ns("net");
		err = sys_unshare(CLONE_NEWNET);
		if (err)
			break;
		if (i % 4 == 0) {
			fd = open_self_ns("net");
			err = nsid_set(observer, -1, NETNSA_FD, fd);
			close(fd);
			if (err)
				break;
		}
		if (i % 8)
			continue;
		nl = nl_open();
		if (i % 16)
			err = nsid_set(nl, i, NETNSA_FD, old);
		else
			err = veth_add(nl, "new", "old", old);
		if (!err && i % 16 == 0)
			err = link_up(nl, "new");
		close(nl);
		if (err)
			break;
	}
	return err;
}

/* Somebody who is born, moves on twice and dies. */
static int live_and_die(void)
{
	int i, err = 0;

	for (i = 0; i < 3 && !err; i++)
		err = sys_unshare(CLONE_NEWNET);
	return err;
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ESRCH;
}

/* Whatever is found must be whole, until it is let go. */
static int watch_once(int nl, pid_t pid)
{
	char path[64], buf[8192];
	int fd, err, nsid;

	/* EACCES is for a task that goes between two steps of the lookup. */
	fd = open_pid_ns(pid, "net");
	if (fd < 0)
		return is_gone(fd) || fd == -EACCES ? 0 : fd;
	err = sys_setns(fd, CLONE_NEWNET);
	if (!err && self_ino("net") != fd_ino(fd))
		err = -EXDEV;
	if (!err) {
		err = nsid_set(nl, -1, NETNSA_FD, fd);
		if (err == -EEXIST)
			err = 0;
	}
	if (!err)
		err = nsid_get(nl, NETNSA_FD, fd, &nsid);
	if (!err && nsid < 0)
		err = -ENOENT;
	close(fd);
	if (err)
		return err;

	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	err = read_file(path, buf, sizeof(buf));
	/* ENXIO when the namespace goes between lookup and open. */
	if (err < 0 && !is_gone(err) && err != -ENXIO)
		return err;
	if (err >= 0 && !strstr(buf, "lo:"))
		return -ENODEV;

	/* EINVAL when the number is still known, but not as a process. */
	fd = sys_pidfd_open(pid);
	if (fd < 0)
		return is_gone(fd) || fd == -EINVAL ? 0 : fd;
	err = sys_setns(fd, CLONE_NEWNET);
	close(fd);
	return is_gone(err) ? 0 : err;
}

static int watch(int watcher, pid_t *pid)
{
	pid_t now;
	int nl, err;

	err = pin_to_cpu(watcher);
	if (err)
		return err;
	nl = nl_open();
	if (nl < 0)
		return nl;
	while (!err) {
		now = __atomic_load_n(pid, __ATOMIC_ACQUIRE);
		if (now < 0)
			break;
		if (now)
			err = watch_once(nl, now);
	}
	return err;
}

FIXTURE(stress)
{
	struct traces base;
	char devices[65536];
	int initial;
	int nl;
};

static int read_again(int fd, char *buf, size_t size)
{
	ssize_t len, done = 0;

	if (lseek(fd, 0, SEEK_SET))
		return -errno;
	while ((len = read(fd, buf + done, size - 1 - done)) > 0)
		done += len;
	buf[done] = '\0';
	return len < 0 ? -errno : done;
}

/* Names only: what goes through the devices is nobody's business here. */
static int read_devices(int fd, char *names, size_t size)
{
	static char buf[65536];
	char *line, *save, *colon;
	size_t len = 0;
	int err;

	err = read_again(fd, buf, sizeof(buf));
	if (err < 0)
		return err;
	names[0] = '\0';
	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		colon = strchr(line, ':');
		if (colon)
			len += snprintf(names + len, size - len, "%.*s",
					(int)(colon - line), line);
	}
	return len ? 0 : -ENODEV;
}

FIXTURE_SETUP(stress)
{
	int fd;

	/* The file goes on showing the namespace in which it was opened. */
	self->initial = open("/proc/thread-self/net/dev",
			     O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->initial);
	ASSERT_EQ(0, read_devices(self->initial, self->devices,
				  sizeof(self->devices)));
	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	self->nl = nl_open();
	ASSERT_LE(0, self->nl);

	/* Once before the first look, for what is allocated on first use. */
	fd = new_netns();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, veth_add(self->nl, "new", "old", fd));
	ASSERT_EQ(0, link_up(self->nl, "new"));
	ASSERT_EQ(0, link_del(self->nl, "new"));
	close(fd);
	ASSERT_EQ(0, read_traces(self->nl, &self->base));
	ASSERT_EQ(0, read_traces(self->nl, &self->base));
}

/* The last thing of a test, not a teardown, which could not fail it. */
static void check_nothing_left(struct __test_metadata *_metadata,
			       struct _test_data_stress *self)
{
	static char devices[sizeof(self->devices)];
	struct traces now = {};
	int err = 0;

	EXPECT_TRUE(wait_until(!nsid_count(self->nl)));
	EXPECT_TRUE(wait_until(no_more_than(self->nl, &self->base, &now,
					    &err)))
		TH_LOG("objects %ld of %ld, inodes %ld of %ld, inum %ld of %ld",
		       now.objects, self->base.objects, now.inodes,
		       self->base.inodes, now.inum, self->base.inum);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, read_devices(self->initial, devices, sizeof(devices)));
	EXPECT_STREQ(self->devices, devices);

	/* The test's own is all that it is charged for. */
	EXPECT_EQ(0, write_file(MAX_NETNS_SYSCTL, "1"));
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(0, write_file(MAX_NETNS_SYSCTL, "2"));
	EXPECT_TRUE(wait_until(!sys_unshare(CLONE_NEWNET)));
}

FIXTURE_TEARDOWN(stress)
{
}

TEST_F_TIMEOUT(stress, thousand_from_two_cpus, 3 * TEST_TIMEOUT_DEFAULT)
{
	pid_t pids[NR_WORKERS];
	int i;

	for (i = 0; i < NR_WORKERS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			_exit(-work(i));
	}
	/* The status is the number of the error. */
	for (i = 0; i < NR_WORKERS; i++)
		EXPECT_EQ(0, wait_exit(pids[i]));
	check_nothing_left(_metadata, self);
}

TEST_F(stress, watched_while_they_come_and_go)
{
	pid_t watchers[NR_WATCHERS], pid, *shown;
	int i;

	shown = mmap(NULL, sizeof(*shown), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shown);
	for (i = 0; i < NR_WATCHERS; i++) {
		watchers[i] = fork();
		ASSERT_LE(0, watchers[i]);
		if (!watchers[i])
			_exit(-watch(i, shown));
	}
	for (i = 0; i < NR_VICTIMS; i++) {
		/* Never seen in the observer's, which would get an id. */
		pid = sys_clone(CLONE_NEWNET);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(-live_and_die());
		__atomic_store_n(shown, pid, __ATOMIC_RELEASE);
		EXPECT_EQ(0, wait_exit(pid));
	}
	__atomic_store_n(shown, -1, __ATOMIC_RELEASE);
	for (i = 0; i < NR_WATCHERS; i++)
		EXPECT_EQ(0, wait_exit(watchers[i]));
	munmap(shown, sizeof(*shown));
	check_nothing_left(_metadata, self);
}

NETNS_TEST_MAIN
