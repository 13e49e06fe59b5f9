// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a network device's directory in sysfs goes with the device, nobody
 * who looks into it at the wrong moment, or without memory, breaks it, and
 * events tell of the same things in the same order, looked at or not.
 */
#include <linux/netlink.h>
#include <pthread.h>

#include "fail_nth.h"
#include "sysfs_tree.h"

/* That of the device in events. */
#define PATH "/devices/virtual/net/dev"

static struct tree early, late;

static const char *const own_dirs[] = {
	DEVICES DEV, DEVICES DEV "/statistics", DEVICES DEV "/queues",
	DEVICES DEV "/queues/rx-0", DEVICES DEV "/queues/tx-0",
};

static const char *const own_files[] = {
	DEVICES DEV "/mtu", DEVICES DEV "/statistics/rx_bytes",
	DEVICES DEV "/queues/tx-0/tx_maxrate", DEVICES DEV "/uevent",
};

FIXTURE(life)
{
	int ns, nl;
};

FIXTURE_SETUP(life)
{
	int err;

	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
	self->ns = open_self_ns("net");
	ASSERT_LE(0, self->ns);
	/* Its queues have limits of bytes. */
	err = device_add(self->nl, "ifb", DEV, DEV_INDEX);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no such devices");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, tree_of(&early, DEVICES DEV, true));
	ASSERT_EQ(0, link_del(self->nl, DEV));
}

FIXTURE_TEARDOWN(life)
{
	close(self->ns);
	close(self->nl);
}

static int fresh(int nl)
{
	return device_renew(nl, "ifb");
}

static int entries(int dir)
{
	DIR *d = fdopendir(dup(dir));
	int n = 0;

	if (!d)
		return -errno;
	rewinddir(d);
	errno = 0;
	while (readdir(d))
		n++;
	if (errno)
		n = -errno;
	closedir(d);
	return n;
}

/*
 * Open directories of a device that is gone have nothing in them, whether there
 * was anything in them before or nobody knows.
 */
static void hold_removed(struct __test_metadata *_metadata, int nl, bool look)
{
	int dirs[ARRAY_SIZE(own_dirs)];
	struct stat st;
	unsigned int i;

	ASSERT_EQ(0, fresh(nl));
	for (i = 0; i < ARRAY_SIZE(own_dirs); i++) {
		dirs[i] = open(own_dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ASSERT_LE(0, dirs[i]);
		if (look)
			EXPECT_LT(3, entries(dirs[i]));
	}
	ASSERT_EQ(0, link_del(nl, DEV));
	for (i = 0; i < ARRAY_SIZE(own_dirs); i++) {
		EXPECT_EQ(0, fstat(dirs[i], &st));
		EXPECT_EQ(-1, faccessat(dirs[i], "mtu", F_OK, 0));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, faccessat(dirs[i], "rx_bytes", F_OK, 0));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, faccessat(dirs[i], "tx_maxrate", F_OK, 0));
		EXPECT_EQ(ENOENT, errno);
		/* Itself and the one above. */
		EXPECT_EQ(2, entries(dirs[i])) {
			TH_LOG("%s", own_dirs[i]);
		}
		EXPECT_EQ(-1, access(own_dirs[i], F_OK));
		EXPECT_EQ(ENOENT, errno);
	}
	/* Nor do they belong to the next one of the name. */
	ASSERT_EQ(0, fresh(nl));
	EXPECT_EQ(0, tree_of(&late, DEVICES DEV, true));
	EXPECT_SAME_TREE(&early, &late);
	for (i = 0; i < ARRAY_SIZE(own_dirs); i++) {
		EXPECT_EQ(2, entries(dirs[i]));
		close(dirs[i]);
	}
}

TEST_F(life, directories_of_removed)
{
	hold_removed(_metadata, self->nl, false);
	hold_removed(_metadata, self->nl, true);
}

TEST_F(life, attributes_of_removed)
{
	int fds[ARRAY_SIZE(own_files)];
	unsigned int i;
	char c;

	ASSERT_EQ(0, fresh(self->nl));
	for (i = 0; i < ARRAY_SIZE(own_files); i++) {
		fds[i] = open(own_files[i], i == 1 ? O_RDONLY : O_RDWR);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(1, pread(fds[i], &c, 1, 0));
	}
	ASSERT_EQ(0, fresh(self->nl));
	for (i = 0; i < ARRAY_SIZE(own_files); i++) {
		EXPECT_EQ(-1, pread(fds[i], &c, 1, 0));
		EXPECT_EQ(ENODEV, errno);
		if (i != 1) {
			EXPECT_EQ(-1, pwrite(fds[i], "1", 1, 0));
			EXPECT_EQ(ENODEV, errno);
		}
		close(fds[i]);
	}
}

/* What a device takes of this is some hundred. */
#define NODES "kernfs_node_cache"
#define ROUNDS 50
#define NOISE 60

static long nodes(void)
{
	long n = -1;

	/* The last directories to go wait for the cache of paths, too. */
	if (write_file("/proc/sys/vm/drop_caches", "2") ||
	    read_slab_objects(NODES, &n))
		return -1;
	return n;
}

TEST_F(life, nothing_stays)
{
	static const char *const names[] = {
		NULL, DEVICES DEV "/mtu", DEVICES DEV "/statistics/rx_bytes",
		DEVICES DEV "/none", DEVICES DEV "/queues/tx-2/none",
	};
	unsigned int i;
	long before;

	before = nodes();
	ASSERT_LT(0, before);
	for (i = 0; i < ROUNDS; i++) {
		const char *name = names[i % ARRAY_SIZE(names)];

		ASSERT_EQ(0, fresh(self->nl));
		if (name)
			EXPECT_EQ(!strstr(name, "none"), !access(name, F_OK));
		if (i % 10 == 1)
			EXPECT_EQ(0, tree_of(&late, DEVICES DEV, false));
	}
	ASSERT_EQ(0, link_del(self->nl, DEV));
	EXPECT_TRUE(wait_until(nodes() < before + NOISE)) {
		TH_LOG("%ld, had %ld", nodes(), before);
	}
}

/* Those who look while it comes and goes. */
#define NR_LOOKERS 2
#define TIMES 120
#define TIMES_COMPARED 12

static bool over;
static int looks[NR_LOOKERS], bad_error;

static void note_error(int err)
{
	if (err != ENOENT && err != ENODEV)
		__atomic_store_n(&bad_error, err, __ATOMIC_RELAXED);
}

static void look_at_file(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		note_error(errno);
		return;
	}
	/* A device that is about to go has no values any more. */
	if (read(fd, text, sizeof(text)) < 0 && errno != EINVAL)
		note_error(errno);
	close(fd);
}

static void look_at_all(const char *path)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	dir = opendir(path);
	if (!dir) {
		note_error(errno);
		return;
	}
	while ((entry = readdir(dir)))
		if (fstatat(dirfd(dir), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW))
			note_error(errno);
	closedir(dir);
}

static void *keep_looking(void *arg)
{
	unsigned long self = (unsigned long)arg;
	unsigned int n = self;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		n++;
		if (n % 2)
			look_at_file(own_files[n / 2 % ARRAY_SIZE(own_files)]);
		else
			look_at_all(own_dirs[n / 2 % ARRAY_SIZE(own_dirs)]);
		looks[self]++;
	}
	return NULL;
}

TEST_F(life, looks_race_with_ends)
{
	pthread_t threads[NR_LOOKERS];
	unsigned long i;

	ASSERT_EQ(0, fresh(self->nl));
	ASSERT_EQ(0, tree_of(&early, DEVICES DEV, false));
	for (i = 0; i < NR_LOOKERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, keep_looking,
					    (void *)i));
	for (i = 0; i < TIMES; i++) {
		if (fresh(self->nl))
			break;
		if (i % TIMES_COMPARED)
			continue;
		/* When it is there, all is, whoever is at it. */
		EXPECT_EQ(0, tree_of(&late, DEVICES DEV, false));
		EXPECT_SAME_TREE(&early, &late);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	EXPECT_EQ((unsigned long)TIMES, i);
	for (i = 0; i < NR_LOOKERS; i++) {
		EXPECT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_LT(0, looks[i]);
	}
	EXPECT_EQ(0, bad_error);
	EXPECT_EQ(0, tree_of(&late, DEVICES DEV, false));
	EXPECT_SAME_TREE(&early, &late);
}

/* Who looks first, and has no memory for it. */
static int dir_to_read = -1;
static int nr_entries;

static int use_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int use_file(void)
{
	return use_open(DEVICES DEV "/mtu");
}

static int use_stat(void)
{
	struct stat st;

	return stat(CLASS DEV "/queues/tx-0/xps_cpus", &st) ? -errno : 0;
}

static int use_missing(void)
{
	int err = use_open(DEVICES DEV "/none");

	return err == -ENOENT ? 0 : err ?: -EEXIST;
}

/* It is told of all, or gets an error. */
static int use_readdir(void)
{
	static char buf[32768];
	int n = 0, len, at;

	while ((len = syscall(__NR_getdents64, dir_to_read, buf,
			      sizeof(buf))) > 0) {
		for (at = 0; at < len; n++) {
			unsigned short reclen;

			/* d_ino, d_off and then d_reclen. */
			memcpy(&reclen, buf + at + 16, sizeof(reclen));
			at += reclen;
		}
	}
	if (len < 0)
		return -errno;
	return n == nr_entries ? 0 : -EILSEQ;
}

static int use_write(void)
{
	return write_file(DEVICES DEV "/tx_queue_len", "1000");
}

FIXTURE(failure)
{
	int nl;
};

FIXTURE_VARIANT(failure)
{
	int (*use)(void);
	const char *dir;
};

FIXTURE_VARIANT_ADD(failure, open)
{
	.use = use_file,
};

FIXTURE_VARIANT_ADD(failure, stat)
{
	.use = use_stat,
};

FIXTURE_VARIANT_ADD(failure, missing)
{
	.use = use_missing,
};

FIXTURE_VARIANT_ADD(failure, write)
{
	.use = use_write,
};

FIXTURE_VARIANT_ADD(failure, readdir)
{
	.use = use_readdir,
	.dir = DEVICES DEV,
};

FIXTURE_VARIANT_ADD(failure, readdir_of_group)
{
	.use = use_readdir,
	.dir = DEVICES DEV "/statistics",
};

FIXTURE_VARIANT_ADD(failure, readdir_of_queue)
{
	.use = use_readdir,
	.dir = DEVICES DEV "/queues/tx-0",
};

FIXTURE_SETUP(failure)
{
	int dir;

	if (!can_fail())
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, let_fail());
	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
	ASSERT_EQ(0, fresh(self->nl));
	ASSERT_EQ(0, tree_of(&early, DEVICES DEV, true));
	if (variant->dir) {
		dir = open(variant->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		nr_entries = entries(dir);
		close(dir);
		EXPECT_LT(3, nr_entries);
	}
}

FIXTURE_TEARDOWN(failure)
{
	close(self->nl);
}

static int fail_once(int nl, int (*use)(void), const char *dir, int nth)
{
	bool failed;
	int err;

	if (fresh(nl))
		return 2;
	if (dir) {
		dir_to_read = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir_to_read < 0)
			return 3;
	}
	if (fail_nth(nth))
		return 4;
	err = use();
	failed = has_failed();
	if (fail_nth(0))
		return 5;
	if (err && err != -ENOMEM && err != -ENFILE && err != -EFAULT) {
		ksft_print_msg("allocation %d: %s\n", nth, strerror(-err));
		return 6;
	}
	if (err && !failed)
		return 7;
	if (dir && lseek(dir_to_read, 0, SEEK_SET))
		return 8;
	if (use())
		return 9;
	if (tree_of(&late, DEVICES DEV, false))
		return 10;
	if (tree_difference(&early, &late)) {
		ksft_print_msg("%s\n", tree_difference(&early, &late));
		return 11;
	}
	return failed ? 0 : 1;
}

TEST_F(failure, each_allocation_fails_once)
{
	long before;

	ASSERT_EQ(0, tree_of(&early, DEVICES DEV, false));
	before = nodes();
	ASSERT_LT(0, before);
	EACH_ALLOCATION(0, 5000, fail_once(self->nl, variant->use,
					   variant->dir, nth));
	ASSERT_EQ(0, fresh(self->nl));
	EXPECT_EQ(0, tree_of(&late, DEVICES DEV, false));
	EXPECT_TRUE(wait_until(nodes() < before + NOISE)) {
		TH_LOG("%ld, had %ld", nodes(), before);
	}
}

/* Events: the header and all variables but the number, one after the other. */
static int open_uevents(int nsfd)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct timeval tv = { .tv_sec = POLL_DEADLINE_S };
	int fd = socket_in(nsfd, AF_NETLINK, SOCK_DGRAM,
			   NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		return -errno;
	return fd;
}

/* The next one of network devices, in which @size has room for most. */
static int next_uevent(int fd, char *text, size_t size)
{
	size_t len, at, used;
	char buf[4096];
	ssize_t got;

	do {
		got = recv(fd, buf, sizeof(buf) - 1, 0);
		if (got < 0)
			return -errno;
		buf[got] = '\0';
		/* NFS tells all namespaces of /fs/nfs/net, when one ends. */
	} while (!strstr(buf, "@" DEVICES_PATH));
	text[0] = '\0';
	for (at = 0; at < (size_t)got; at += len + 1) {
		len = strlen(buf + at);
		used = strlen(text);
		if (strncmp(buf + at, "SEQNUM=", 7))
			snprintf(text + used, size - used, "%s%s",
				 used ? " " : "", buf + at);
	}
	return 0;
}

#define EXPECT_UEVENT(fd, wanted)					\
do {									\
	char __text[1024] = "";						\
									\
	EXPECT_EQ(0, next_uevent(fd, __text, sizeof(__text)));		\
	EXPECT_STREQ(wanted, __text);					\
} while (0)

/* What there is of an event of the device, or of what is below it. */
static const char *event(const char *action, const char *below)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "%s@" PATH "%s ACTION=%s DEVPATH=" PATH "%s SUBSYSTEM=%s",
		 action, below, action, below,
		 *below ? "queues" : "net INTERFACE=" DEV " IFINDEX=4711");
	return text;
}

/* What is born and what ends, in the order of it. */
static const char *const births[] = {
	"", "/queues/rx-0", "/queues/rx-1", "/queues/tx-0", "/queues/tx-1",
	"/queues/tx-2",
};

static const char *const ends[] = {
	"/queues/rx-1", "/queues/rx-0", "/queues/tx-2", "/queues/tx-1",
	"/queues/tx-0", "",
};

TEST_F(life, events)
{
	unsigned int i, round;
	int fd = open_uevents(self->ns);

	ASSERT_LE(0, fd);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, fresh(self->nl));
		if (round)
			EXPECT_EQ(0, tree_of(&late, DEVICES DEV, true));
		ASSERT_EQ(0, link_del(self->nl, DEV));
		for (i = 0; i < ARRAY_SIZE(births); i++)
			EXPECT_UEVENT(fd, event("add", births[i]));
		for (i = 0; i < ARRAY_SIZE(ends); i++)
			EXPECT_UEVENT(fd, event("remove", ends[i]));
	}
	close(fd);
}

TEST_F(life, events_of_changes)
{
	static const char *const moved =
		"move@" DEVICES_PATH "other ACTION=move DEVPATH="
		DEVICES_PATH "other SUBSYSTEM=net DEVPATH_OLD=" PATH
		" INTERFACE=other IFINDEX=4711";
	int fd, there, ns = new_netns(), nl = nl_open_in(ns);
	unsigned int i, round;

	ASSERT_LE(0, nl);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, fresh(self->nl));
		fd = open_uevents(self->ns);
		ASSERT_LE(0, fd);
		there = open_uevents(ns);
		ASSERT_LE(0, there);
		if (round)
			EXPECT_EQ(0, tree_of(&late, DEVICES DEV, true));
		ASSERT_EQ(0, link_rename(self->nl, DEV_INDEX, "other"));
		EXPECT_UEVENT(fd, moved);
		ASSERT_EQ(0, link_rename(self->nl, DEV_INDEX, DEV));
		EXPECT_UEVENT(fd, "move@" PATH " ACTION=move DEVPATH=" PATH
			      " SUBSYSTEM=net DEVPATH_OLD=" DEVICES_PATH
			      "other INTERFACE=" DEV " IFINDEX=4711");
		ASSERT_EQ(0, link_move(self->nl, DEV, IFLA_NET_NS_FD, ns));
		EXPECT_UEVENT(fd, event("remove", ""));
		EXPECT_UEVENT(there, event("add", ""));
		ASSERT_EQ(0, link_del(nl, DEV));
		for (i = 0; i < ARRAY_SIZE(ends); i++)
			EXPECT_UEVENT(there, event("remove", ends[i]));
		close(fd);
		close(there);
	}
}

/* The file by which events are asked for, as the first that is looked at. */
TEST_F(life, uevent_file)
{
	char text[128];
	int fd;

	ASSERT_EQ(0, fresh(self->nl));
	EXPECT_LT(0, read_file(CLASS DEV "/uevent", text, sizeof(text)));
	EXPECT_STREQ("INTERFACE=" DEV "\nIFINDEX=4711\n", text);

	ASSERT_EQ(0, fresh(self->nl));
	fd = open_uevents(self->ns);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, write_file(CLASS DEV "/uevent", "change"));
	EXPECT_UEVENT(fd, "change@" PATH " ACTION=change DEVPATH=" PATH
		      " SUBSYSTEM=net SYNTH_UUID=0 INTERFACE=" DEV
		      " IFINDEX=4711");
	EXPECT_EQ(0, tree_of(&late, DEVICES DEV, true));
	EXPECT_SAME_TREE(&early, &late);
	close(fd);
}

/* As udev does: looks at what an event tells of, as soon as it has it. */
#define TIMES_TOLD 20
static int uevent_fd, wrong;

static void *look_at_told(void *arg)
{
	char text[1024], path[1100], value[64], *end;
	const char *name;
	unsigned int i;
	int err;

	for (i = 0; i < TIMES_TOLD * ARRAY_SIZE(births); i++) {
		err = next_uevent(uevent_fd, text, sizeof(text));
		if (err || strncmp(text, "add@", 4)) {
			ksft_print_msg("event %u: %s\n", i,
				       err ? strerror(-err) : text);
			wrong = err ? err : -EIO;
			break;
		}
		end = strchr(text, ' ');
		*end = '\0';
		name = strstr(text, "/rx-") ? "rps_cpus" :
		       strstr(text, "/tx-") ? "byte_queue_limits/limit_max" :
		       "address";
		snprintf(path, sizeof(path), "/sys%s/%s", text + 4, name);
		if (read_file(path, value, sizeof(value)) <= 0) {
			ksft_print_msg("no %s\n", path);
			wrong = -ENOENT;
		}
		if (!strcmp(name, "address") &&
		    (!tree_find(&early, name) ||
		     strncmp(value, "02:00:00:00:47:67", 17)))
			wrong = -ERANGE;
		*strrchr(path, '/') = '\0';
		look_at_all(path);
		/* Only now may it go again. */
		if (i % ARRAY_SIZE(births) == ARRAY_SIZE(births) - 1)
			__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

TEST_F(life, looks_at_events)
{
	int round, done = 0;
	pthread_t thread;

	uevent_fd = open_uevents(self->ns);
	ASSERT_LE(0, uevent_fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, look_at_told, &done));
	for (round = 1; round <= TIMES_TOLD; round++) {
		ASSERT_EQ(0, device_add(self->nl, "ifb", DEV, DEV_INDEX));
		ASSERT_TRUE(wait_until(__atomic_load_n(&done,
						       __ATOMIC_ACQUIRE) ==
				       round || wrong));
		EXPECT_EQ(0, tree_of(&late, DEVICES DEV, true));
		EXPECT_SAME_TREE(&early, &late);
		/* Its end is none of the listener's. */
		ASSERT_EQ(0, setsockopt(uevent_fd, SOL_NETLINK,
					NETLINK_DROP_MEMBERSHIP,
					&(int){ 1 }, sizeof(int)));
		ASSERT_EQ(0, link_del(self->nl, DEV));
		ASSERT_EQ(0, setsockopt(uevent_fd, SOL_NETLINK,
					NETLINK_ADD_MEMBERSHIP,
					&(int){ 1 }, sizeof(int)));
	}
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, bad_error);
}

NETNS_TEST_MAIN
