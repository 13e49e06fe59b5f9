// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a network device's directory in sysfs is all there, whoever looks
 * into it first, by whatever call, and whatever became of the device before.
 *
 * What a device shows that was looked at all over since it was made is compared
 * with what one shows, in every other respect the same, that was not.
 */
#include <sys/inotify.h>
#include <sys/xattr.h>

#include "sysfs_tree.h"

static struct tree early, early_names, late;

FIXTURE(kind)
{
	int nl;
};

FIXTURE_VARIANT(kind)
{
	const char *kind;
	unsigned int turn;	/* all ways are tried, not all with each kind */
};

FIXTURE_VARIANT_ADD(kind, dummy)
{
	.kind = "dummy",
	.turn = 0,
};

FIXTURE_VARIANT_ADD(kind, veth)
{
	.kind = "veth",
	.turn = 1,
};

FIXTURE_VARIANT_ADD(kind, bridge)
{
	.kind = "bridge",
	.turn = 2,
};

FIXTURE_VARIANT_ADD(kind, bond)
{
	.kind = "bond",
	.turn = 3,
};

/* Its queues have limits of bytes, which those of the others lack. */
FIXTURE_VARIANT_ADD(kind, ifb)
{
	.kind = "ifb",
	.turn = 4,
};

/* Made with its namespace, not by request. */
FIXTURE_VARIANT_ADD(kind, lo)
{
	.kind = "lo",
	.turn = 5,
};

static const char *name_of(const char *kind)
{
	return strcmp(kind, "lo") ? DEV : "lo";
}

/* Makes a device at which nobody has looked. */
static int fresh(int *nl, const char *kind)
{
	if (strcmp(kind, "lo"))
		return device_renew(*nl, kind);
	close(*nl);
	*nl = enter_new_place();
	return *nl < 0 ? *nl : 0;
}

static int look_at(struct tree *tree, const char *name, bool values)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "%s", name);
	return tree_of(tree, path, values);
}

FIXTURE_SETUP(kind)
{
	int err;

	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
	err = fresh(&self->nl, variant->kind);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no such devices");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, look_at(&early, name_of(variant->kind), true));
	ASSERT_EQ(0, look_at(&early_names, name_of(variant->kind), false));
	/* Another place for the second one, which has the same name. */
	close(self->nl);
	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(kind)
{
	close(self->nl);
}

#define EXPECT_COMPLETE(name)						\
do {									\
	EXPECT_EQ(0, look_at(&late, name, true));			\
	EXPECT_SAME_TREE(&early, &late);				\
} while (0)

#define EXPECT_ALL_NAMES(name)						\
do {									\
	EXPECT_EQ(0, look_at(&late, name, false));			\
	EXPECT_SAME_TREE(&early_names, &late);				\
} while (0)

/* Ways to the device's directory: by two paths, and by an open descriptor. */
#define NR_BASES 3

static int base_of(char *base, size_t size, int n, const char *name)
{
	int fd;

	snprintf(base, size, "%s%s", n == 1 ? DEVICES : CLASS, name);
	if (n < 2)
		return 0;
	fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(base, size, "/proc/self/fd/%d", fd);
	return 0;
}

/* What somebody looks for who looks first: a path, and where it is. */
struct target {
	const char *base;
	const char *name;	/* from the base */
	char path[256];
	char dir[256];		/* the path's directory */
	const char *last;	/* and the rest of it */
};

static void aim(struct target *t, const char *base, const char *name)
{
	char *slash;

	t->base = base;
	t->name = name;
	snprintf(t->path, sizeof(t->path), "%.96s/%.96s", base, name);
	snprintf(t->dir, sizeof(t->dir), "%s", t->path);
	slash = strrchr(t->dir, '/');
	*slash = '\0';
	t->last = t->path + (slash + 1 - t->dir);
}

static int close_opened(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int or_errno(int ret)
{
	return ret < 0 ? -errno : 0;
}

static int by_open(const struct target *t)
{
	return close_opened(open(t->path, O_RDONLY | O_CLOEXEC));
}

/* As shells do for a redirection, but that they write. */
static int by_creat(const struct target *t)
{
	return close_opened(open(t->path, O_RDONLY | O_CREAT | O_CLOEXEC,
				 0666));
}

static int by_o_path(const struct target *t)
{
	return close_opened(open(t->path, O_PATH | O_CLOEXEC));
}

static int by_openat(const struct target *t)
{
	int dir = open(t->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	err = close_opened(openat(dir, t->name, O_RDONLY | O_CLOEXEC));
	close(dir);
	return err;
}

static int by_dotdot(const struct target *t)
{
	char path[256];

	snprintf(path, sizeof(path), "%.96s/statistics/../%.96s", t->base,
		 t->name);
	return or_errno(access(path, F_OK));
}

static int by_chdir(const struct target *t)
{
	int err;

	if (chdir(t->dir))
		return -errno;
	err = or_errno(access(t->last, F_OK));
	return chdir("/") ? -errno : err;
}

static int by_stat(const struct target *t)
{
	struct stat st;

	return or_errno(stat(t->path, &st));
}

static int by_lstat(const struct target *t)
{
	struct stat st;

	return or_errno(lstat(t->path, &st));
}

static int by_access(const struct target *t)
{
	return or_errno(access(t->path, F_OK));
}

static int by_readlink(const struct target *t)
{
	char text[16];

	return or_errno(readlink(t->path, text, sizeof(text)));
}

static int by_getxattr(const struct target *t)
{
	char text[16];

	return or_errno(lgetxattr(t->path, "trusted.none", text, sizeof(text)));
}

static int by_mkdir(const struct target *t)
{
	return or_errno(mkdir(t->path, 0777));
}

static int by_unlink(const struct target *t)
{
	return or_errno(unlink(t->path));
}

static int by_link(const struct target *t)
{
	char path[300];

	snprintf(path, sizeof(path), "%s.new", t->path);
	return or_errno(link(t->path, path));
}

static int by_readdir(const struct target *t)
{
	return find_in(opendir(t->dir), t->last);
}

/* The descriptor has been there while another looks, and while it is read. */
static int by_old_readdir(const struct target *t)
{
	DIR *dir = opendir(t->dir);
	struct dirent *entry;

	if (!dir)
		return -errno;
	entry = readdir(dir);
	if (!entry)
		return -ENOENT;
	if (by_stat(t))
		return -errno;
	return find_in(dir, t->last);
}

static int by_watch(const struct target *t)
{
	int fd = inotify_init1(IN_CLOEXEC);
	int err;

	err = or_errno(inotify_add_watch(fd, t->path, IN_ALL_EVENTS));
	close(fd);
	return err;
}

/* Who watches the directory is told of what was done, and of nothing else. */
static int by_watch_of_dir(const struct target *t)
{
	union {
		struct inotify_event event;
		char data[4096];
	} buf;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	ssize_t len;
	int err;

	if (inotify_add_watch(fd, t->dir, IN_ALL_EVENTS) < 0)
		return -errno;
	err = by_o_path(t) ?: by_stat(t);
	if (!err && read(fd, &buf, sizeof(buf)) >= 0)
		err = -EEXIST;
	if (!err)
		err = by_open(t);
	if (!err) {
		len = read(fd, &buf, sizeof(buf));
		if (len < (ssize_t)sizeof(buf.event))
			err = -EIO;
		else if (!(buf.event.mask & IN_OPEN) ||
			 strcmp(buf.event.name, t->last))
			err = -EILSEQ;
		else if (read(fd, &buf, sizeof(buf)) >= 0)
			err = -EEXIST;
	}
	close(fd);
	return err;
}

static const struct way {
	const char *name;
	int (*look)(const struct target *t);
	int err;
	int missing;	/* when there is nothing of that name */
} ways[] = {
	{ "open", by_open, 0, -ENOENT },
	{ "creat", by_creat, 0, -EACCES },
	{ "O_PATH", by_o_path, 0, -ENOENT },
	{ "openat", by_openat, 0, -ENOENT },
	{ "..", by_dotdot, 0, -ENOENT },
	{ "chdir", by_chdir, 0, -ENOENT },
	{ "stat", by_stat, 0, -ENOENT },
	{ "lstat", by_lstat, 0, -ENOENT },
	{ "access", by_access, 0, -ENOENT },
	{ "readlink", by_readlink, -EINVAL, -ENOENT },
	{ "getxattr", by_getxattr, -ENODATA, -ENOENT },
	{ "mkdir", by_mkdir, -EEXIST, -EPERM },
	{ "unlink", by_unlink, -EPERM, -ENOENT },
	{ "link", by_link, -EPERM, -ENOENT },
	{ "readdir", by_readdir, 0, -ENOENT },
	{ "readdir before", by_old_readdir, 0, -ENOENT },
	{ "inotify", by_watch, 0, -ENOENT },
	{ "inotify of directory", by_watch_of_dir, 0, -ENOENT },
};

/* One of each directory, of those that a device has. */
static const char *const attributes[] = {
	"mtu",
	"statistics/rx_bytes",
	"queues/rx-0/rps_cpus",
	"queues/tx-0/xps_cpus",
	"queues/tx-0/byte_queue_limits/limit_max",
	"power/control",
	"bridge/ageing_time",
	"bonding/mode",
	"brforward",
	"uevent",
	"ifindex",
};

TEST_F(kind, each_way_is_the_first)
{
	const char *name = name_of(variant->kind);
	unsigned int i, attr = 0;
	struct target t;
	char base[128];

	for (i = variant->turn % 2; i < ARRAY_SIZE(ways); i += 2) {
		do {
			attr = (attr + 1) % ARRAY_SIZE(attributes);
		} while (!tree_find(&early, attributes[attr]));
		ASSERT_EQ(0, fresh(&self->nl, variant->kind));
		ASSERT_EQ(0, base_of(base, sizeof(base), i % NR_BASES, name));
		aim(&t, base, attributes[attr]);
		EXPECT_EQ(ways[i].err, ways[i].look(&t)) {
			TH_LOG("%s of %s", ways[i].name, t.path);
		}
		EXPECT_ALL_NAMES(name);
		EXPECT_EQ(ways[i].err, ways[i].look(&t));
	}
}

TEST_F(kind, each_attribute_is_the_first)
{
	const char *name = name_of(variant->kind);
	unsigned int i, n = 0;
	struct target t;
	char base[128];

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (!tree_find(&early, attributes[i]))
			continue;
		ASSERT_EQ(0, fresh(&self->nl, variant->kind));
		ASSERT_EQ(0, base_of(base, sizeof(base), n++ % NR_BASES, name));
		aim(&t, base, attributes[i]);
		EXPECT_EQ(0, by_open(&t)) {
			TH_LOG("%s", t.path);
		}
		EXPECT_COMPLETE(name);
	}
	EXPECT_LT(2U, n);
}

/* Whoever asks for what is not there is told so, and finds the rest. */
TEST_F(kind, missing_names_are_the_first)
{
	static const char *const names[] = {
		"none", "statistics/none", "queues/none", "queues/rx-7",
		"queues/rx-0/none", "queues/tx-0/none", "mtu.new",
	};
	const char *name = name_of(variant->kind);
	struct target t;
	char base[128];
	unsigned int i;

	for (i = variant->turn % 3; i < ARRAY_SIZE(ways); i += 3) {
		ASSERT_EQ(0, fresh(&self->nl, variant->kind));
		ASSERT_EQ(0, base_of(base, sizeof(base), i % NR_BASES, name));
		aim(&t, base, names[(i + variant->turn) % ARRAY_SIZE(names)]);
		EXPECT_EQ(ways[i].missing, ways[i].look(&t)) {
			TH_LOG("%s of %s", ways[i].name, t.path);
		}
		EXPECT_ALL_NAMES(name);
		EXPECT_EQ(ways[i].missing, ways[i].look(&t)) {
			TH_LOG("later, %s of %s", ways[i].name, t.path);
		}
	}
	aim(&t, base, "mtu/none");
	EXPECT_EQ(-ENOTDIR, by_open(&t));
}

static bool one_of(const char *list, const char *kind)
{
	return list && strstr(list, kind);
}

/* What goes by the kind of a device, and what none of these has. */
TEST_F(kind, parts)
{
	static const struct {
		const char *name;
		const char *kinds;
	} parts[] = {
		{ "statistics/rx_bytes", "dummy veth bridge bond ifb lo" },
		{ "queues/rx-0/rps_cpus", "dummy veth bridge bond ifb lo" },
		{ "queues/tx-0/xps_cpus", "dummy veth bridge bond ifb lo" },
		{ "queues/tx-2/xps_cpus", "dummy veth bridge bond ifb" },
		{ "queues/tx-2/byte_queue_limits/limit_max", "ifb" },
		{ "queues/rx-1/byte_queue_limits", NULL },
		{ "queues/tx-3", NULL },
		{ "bridge/ageing_time", "bridge" },
		{ "brif", "bridge" },
		{ "brforward", "bridge" },
		{ "bonding/mode", "bond" },
		{ "brport", NULL },
		{ "bonding_slave", NULL },
		{ "master", NULL },
		{ "device", NULL },
		{ "wireless", NULL },
		{ "phy80211", NULL },
		{ "tun_flags", NULL },
	};
	char path[128], text[32];
	unsigned int i;

	ASSERT_EQ(0, fresh(&self->nl, variant->kind));
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(path, sizeof(path), CLASS "%s/%s",
			 name_of(variant->kind), parts[i].name);
		EXPECT_EQ(one_of(parts[i].kinds, variant->kind),
			  !access(path, F_OK)) {
			TH_LOG("%s", path);
		}
	}
	/* These are there, without a value. */
	snprintf(path, sizeof(path), CLASS "%s/phys_switch_id",
		 name_of(variant->kind));
	EXPECT_EQ(-EOPNOTSUPP, read_file(path, text, sizeof(text)));
	EXPECT_COMPLETE(name_of(variant->kind));
}

/* What there is of any device, in any configuration. */
static const char *const readable[] = {
	"addr_assign_type", "addr_len", "address", "broadcast",
	"carrier_changes", "carrier_down_count", "carrier_up_count", "dev_id",
	"dev_port", "dormant", "duplex", "ifindex", "iflink", "link_mode",
	"name_assign_type", "operstate", "phys_port_id", "phys_port_name",
	"phys_switch_id", "speed", "testing", "type", "statistics/collisions",
	"statistics/multicast", "statistics/rx_bytes",
	"statistics/rx_compressed", "statistics/rx_crc_errors",
	"statistics/rx_dropped", "statistics/rx_errors",
	"statistics/rx_fifo_errors", "statistics/rx_frame_errors",
	"statistics/rx_length_errors", "statistics/rx_missed_errors",
	"statistics/rx_nohandler", "statistics/rx_over_errors",
	"statistics/rx_packets", "statistics/tx_aborted_errors",
	"statistics/tx_bytes", "statistics/tx_carrier_errors",
	"statistics/tx_compressed", "statistics/tx_dropped",
	"statistics/tx_errors", "statistics/tx_fifo_errors",
	"statistics/tx_heartbeat_errors", "statistics/tx_packets",
	"statistics/tx_window_errors", "queues/tx-0/traffic_class",
	"queues/tx-0/tx_timeout",
};

static const char *const writable[] = {
	"carrier", "flags", "gro_flush_timeout", "ifalias", "mtu",
	"napi_defer_hard_irqs", "netdev_group", "proto_down", "threaded",
	"tx_queue_len", "uevent", "queues/tx-0/tx_maxrate",
};

static bool has_mode(const char *name, mode_t mode)
{
	const char *line = tree_find(&late, name);

	return line && strtoul(line + strlen(name), NULL, 8) == (S_IFREG | mode);
}

TEST_F(kind, nothing_is_missing)
{
	unsigned int i;

	ASSERT_EQ(0, fresh(&self->nl, variant->kind));
	ASSERT_EQ(0, look_at(&late, name_of(variant->kind), false));
	for (i = 0; i < ARRAY_SIZE(readable); i++) {
		EXPECT_TRUE(has_mode(readable[i], 0444)) {
			TH_LOG("%s", readable[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(writable); i++) {
		EXPECT_TRUE(has_mode(writable[i], 0644)) {
			TH_LOG("%s", writable[i]);
		}
	}
}

/* Looking changes nothing in the directory, whose times say so. */
TEST_F(kind, times_do_not_tell)
{
	static const char *const names[] = {
		".", "statistics", "queues", "queues/rx-0", "queues/tx-0",
	};
	struct stat before[ARRAY_SIZE(names)], after;
	char path[128];
	unsigned int i;

	ASSERT_EQ(0, fresh(&self->nl, variant->kind));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DEVICES "%s/%s",
			 name_of(variant->kind), names[i]);
		/* Sysfs keeps what somebody has set, and makes up the rest. */
		ASSERT_EQ(0, chmod(path, 0755));
		ASSERT_EQ(0, stat(path, &before[i]));
	}
	usleep(20000);
	EXPECT_COMPLETE(name_of(variant->kind));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DEVICES "%s/%s",
			 name_of(variant->kind), names[i]);
		ASSERT_EQ(0, stat(path, &after));
		EXPECT_EQ(before[i].st_ino, after.st_ino);
		EXPECT_EQ(before[i].st_nlink, after.st_nlink);
		EXPECT_EQ(before[i].st_mtim.tv_sec, after.st_mtim.tv_sec);
		EXPECT_EQ(before[i].st_mtim.tv_nsec, after.st_mtim.tv_nsec);
		EXPECT_EQ(before[i].st_ctim.tv_sec, after.st_ctim.tv_sec);
		EXPECT_EQ(before[i].st_ctim.tv_nsec, after.st_ctim.tv_nsec);
	}
}

/* What was changed of a file stays, also when no cache has it any more. */
TEST_F(kind, changes_of_files_stay)
{
	char mtu[64], statistics[64], renamed[64];
	struct stat before, after;

	ASSERT_EQ(0, fresh(&self->nl, variant->kind));
	snprintf(mtu, sizeof(mtu), CLASS "%s/mtu", name_of(variant->kind));
	snprintf(statistics, sizeof(statistics), CLASS "%s/statistics",
		 name_of(variant->kind));
	ASSERT_EQ(0, chmod(mtu, 0600));
	ASSERT_EQ(0, chown(mtu, 12, 34));
	ASSERT_EQ(0, chmod(statistics, 0700));
	ASSERT_EQ(0, stat(mtu, &before));
	ASSERT_EQ(0, write_file("/proc/sys/vm/drop_caches", "2"));
	ASSERT_EQ(0, look_at(&late, name_of(variant->kind), true));
	EXPECT_NE(NULL, tree_difference(&early, &late));
	snprintf(renamed, sizeof(renamed), "%s", mtu);
	if (strcmp(variant->kind, "lo")) {
		ASSERT_EQ(0, link_rename(self->nl, DEV_INDEX, "other"));
		snprintf(renamed, sizeof(renamed), CLASS "other/mtu");
		snprintf(statistics, sizeof(statistics),
			 CLASS "other/statistics");
	}
	ASSERT_EQ(0, stat(renamed, &after));
	EXPECT_EQ(before.st_ino, after.st_ino);
	EXPECT_EQ(0600U, after.st_mode & 0777);
	EXPECT_EQ(12U, after.st_uid);
	EXPECT_EQ(34U, after.st_gid);
	ASSERT_EQ(0, stat(statistics, &after));
	EXPECT_EQ(0700U, after.st_mode & 0777);
}

NETNS_TEST_MAIN
