// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: what becomes of a network device shows in its directory in sysfs,
 * whether somebody has looked into that before or not, and to whom it belongs.
 *
 * Everything in sysfs is compared with what there is after the same change of
 * devices that were looked at all over before it.
 */
#include "sysfs_tree.h"

#define BRIDGE "br"
#define BRIDGE_INDEX 4721
#define BOND_INDEX 4731
/* Where the sysfs of another namespace is. */
#define THERE "/mnt"

static struct tree early, late;

/* All devices of the caller's namespace, and all links to them. */
static int look_around(struct tree *tree)
{
	return tree_of(tree, DEVICES, true) ?: tree_more(tree, CLASS, false);
}

/* A pair, with a queue more than one where it can have them, and a bridge. */
static int clean_slate(int nl)
{
	link_del(nl, DEV);
	link_del(nl, "other");
	link_del(nl, BRIDGE);
	link_del(nl, "other" BRIDGE);
	link_del(nl, "bond");
	return device_add(nl, "veth", DEV, DEV_INDEX) ?:
	       device_add(nl, "bridge", BRIDGE, BRIDGE_INDEX);
}

/* The changes: each returns 0 or a negative errno. */
static int no_change(int nl)
{
	return 0;
}

static int rename_dev(int nl)
{
	int err = link_rename(nl, DEV_INDEX, "other");

	if (!err && (!access(CLASS DEV, F_OK) || !access(DEVICES DEV "/mtu",
							 F_OK)))
		err = -EEXIST;
	return err;
}

static int rename_and_back(int nl)
{
	return rename_dev(nl) ?: link_rename(nl, DEV_INDEX, DEV);
}

static int swap_names(int nl)
{
	return rename_dev(nl) ?:
	       link_rename(nl, DEV_INDEX + 1, DEV) ?:
	       link_rename(nl, DEV_INDEX, "far");
}

static int attach(int nl)
{
	int err = veth_set(nl, DEV, IFLA_MASTER, BRIDGE_INDEX, NULL);

	if (!err && (access(CLASS DEV "/brport/state", R_OK) ||
		     access(CLASS DEV "/master/bridge/stp_state", R_OK) ||
		     access(CLASS BRIDGE "/brif/" DEV "/state", R_OK) ||
		     access(CLASS BRIDGE "/lower_" DEV, F_OK)))
		err = -errno;
	return err;
}

/* As above, without a look. */
static int attach_quietly(int nl)
{
	return veth_set(nl, DEV, IFLA_MASTER, BRIDGE_INDEX, NULL);
}

static int detach(int nl)
{
	int err;

	err = attach_quietly(nl) ?: veth_set(nl, DEV, IFLA_MASTER, 0, NULL);
	if (!err && (!access(CLASS DEV "/brport", F_OK) ||
		     !access(CLASS DEV "/master", F_OK) ||
		     !access(CLASS BRIDGE "/brif/" DEV, F_OK)))
		err = -EEXIST;
	return err;
}

static int rename_attached(int nl)
{
	return attach_quietly(nl) ?: rename_dev(nl);
}

static int rename_bridge(int nl)
{
	return attach_quietly(nl) ?:
	       link_rename(nl, BRIDGE_INDEX, "other" BRIDGE);
}

static int bond(int nl)
{
	int err;

	err = device_add(nl, "bond", "bond", BOND_INDEX) ?:
	      veth_set(nl, DEV, IFLA_MASTER, BOND_INDEX, NULL);
	if (!err && (access(CLASS DEV "/bonding_slave/state", R_OK) ||
		     access(CLASS DEV "/upper_bond/bonding/mode", R_OK)))
		err = -errno;
	return err == -EOPNOTSUPP ? 0 : err;
}

static int set_queues(int rx, int tx)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = veth_set_channels(sock, DEV, rx, tx);

	close(sock);
	return err;
}

static bool has_queues(int rx, int tx)
{
	char path[64];
	struct stat st;
	int n;

	for (n = 0; n < 4; n++) {
		snprintf(path, sizeof(path), CLASS DEV "/queues/rx-%d/rps_cpus",
			 n);
		if (access(path, F_OK) != (n < rx ? 0 : -1))
			return false;
		snprintf(path, sizeof(path), CLASS DEV "/queues/tx-%d/xps_cpus",
			 n);
		if (access(path, F_OK) != (n < tx ? 0 : -1))
			return false;
	}
	return !stat(CLASS DEV "/queues", &st) &&
	       st.st_nlink == (nlink_t)2 + rx + tx;
}

static int fewer_queues(int nl)
{
	return set_queues(1, 1) ?: has_queues(1, 1) ? 0 : -ENOENT;
}

static int more_queues(int nl)
{
	return fewer_queues(nl) ?: set_queues(NR_RX, NR_TX) ?:
	       has_queues(NR_RX, NR_TX) ? 0 : -ENOENT;
}

static int fewer_and_more_queues(int nl)
{
	return set_queues(1, 2) ?: set_queues(2, 1) ?: set_queues(1, 3);
}

static int new_values(int nl)
{
	char text[16];
	int err;

	err = veth_set(nl, DEV, IFLA_MTU, 1234, NULL) ?:
	      veth_set(nl, DEV, IFLA_TXQLEN, 77, NULL) ?:
	      veth_set(nl, DEV, IFLA_GROUP, 99, NULL);
	if (!err && (read_file(CLASS DEV "/mtu", text, sizeof(text)) < 0 ||
		     strcmp(text, "1234\n")))
		err = -ERANGE;
	return err;
}

static int remove_dev(int nl)
{
	int err = link_del(nl, DEV);

	if (!err && (!access(CLASS DEV, F_OK) || !access(DEVICES "far", F_OK)))
		err = -EEXIST;
	return err;
}

/* Another device of the name, which has less in its directory. */
static int replace_dev(int nl)
{
	return attach_quietly(nl) ?: link_del(nl, DEV) ?:
	       device_add(nl, "dummy", DEV, DEV_INDEX);
}

static int look_nowhere(void)
{
	return 0;
}

static int look_at_dev(void)
{
	return tree_of(&late, DEVICES DEV, false);
}

static int look_at_bridge(void)
{
	return tree_of(&late, CLASS BRIDGE, false);
}

/* For what comes with the change. */
static int look_in_vain(void)
{
	static const char *const names[] = {
		DEVICES DEV "/brport", DEVICES DEV "/master",
		DEVICES DEV "/bonding_slave", DEVICES DEV "/upper_" BRIDGE,
		DEVICES DEV "/upper_bond", DEVICES BRIDGE "/lower_" DEV,
		DEVICES BRIDGE "/lower_other", DEVICES BRIDGE "/brif/" DEV,
		DEVICES DEV "/upper_other" BRIDGE, DEVICES "other/mtu",
		DEVICES "other" BRIDGE, DEVICES "bond", CLASS "other",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!access(names[i], F_OK) || errno != ENOENT)
			return -EEXIST;
	return 0;
}

static int (*const looks[])(void) = {
	look_nowhere, look_at_dev, look_at_bridge, look_in_vain,
};

FIXTURE(change)
{
	int nl;
};

FIXTURE_VARIANT(change)
{
	int (*change)(int nl);
};

FIXTURE_VARIANT_ADD(change, no_change)
{
	.change = no_change,
};

FIXTURE_VARIANT_ADD(change, rename_dev)
{
	.change = rename_dev,
};

FIXTURE_VARIANT_ADD(change, rename_and_back)
{
	.change = rename_and_back,
};

FIXTURE_VARIANT_ADD(change, swap_names)
{
	.change = swap_names,
};

FIXTURE_VARIANT_ADD(change, attach)
{
	.change = attach,
};

FIXTURE_VARIANT_ADD(change, attach_quietly)
{
	.change = attach_quietly,
};

FIXTURE_VARIANT_ADD(change, detach)
{
	.change = detach,
};

FIXTURE_VARIANT_ADD(change, rename_attached)
{
	.change = rename_attached,
};

FIXTURE_VARIANT_ADD(change, rename_bridge)
{
	.change = rename_bridge,
};

FIXTURE_VARIANT_ADD(change, bond)
{
	.change = bond,
};

FIXTURE_VARIANT_ADD(change, fewer_queues)
{
	.change = fewer_queues,
};

FIXTURE_VARIANT_ADD(change, more_queues)
{
	.change = more_queues,
};

FIXTURE_VARIANT_ADD(change, fewer_and_more_queues)
{
	.change = fewer_and_more_queues,
};

FIXTURE_VARIANT_ADD(change, new_values)
{
	.change = new_values,
};

FIXTURE_VARIANT_ADD(change, remove_dev)
{
	.change = remove_dev,
};

FIXTURE_VARIANT_ADD(change, replace_dev)
{
	.change = replace_dev,
};

FIXTURE_SETUP(change)
{
	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(change)
{
	close(self->nl);
}

TEST_F(change, looked_at_before_or_not)
{
	unsigned int i;

	ASSERT_EQ(0, clean_slate(self->nl));
	ASSERT_EQ(0, look_around(&early));
	ASSERT_EQ(0, variant->change(self->nl));
	ASSERT_EQ(0, look_around(&early));
	for (i = 0; i < ARRAY_SIZE(looks); i++) {
		ASSERT_EQ(0, clean_slate(self->nl));
		ASSERT_EQ(0, looks[i]());
		EXPECT_EQ(0, variant->change(self->nl));
		EXPECT_EQ(0, look_around(&late));
		EXPECT_SAME_TREE(&early, &late);
	}
}

static bool has_number(int dir, const char *name, long number)
{
	char text[32] = "";
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	return len > 0 && atol(text) == number;
}

/* What is open, into which nobody has looked but to find the next of them. */
static const char *const own_dirs[] = {
	DEVICES DEV, DEVICES DEV "/statistics", DEVICES DEV "/queues",
	DEVICES DEV "/queues/tx-0",
};

static int held[ARRAY_SIZE(own_dirs)];

static int hold_directories(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own_dirs); i++) {
		held[i] = open(own_dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (held[i] < 0)
			return -errno;
	}
	return 0;
}

FIXTURE(open)
{
	int nl;
};

FIXTURE_VARIANT(open)
{
	int (*change)(int nl);
};

FIXTURE_VARIANT_ADD(open, rename_dev)
{
	.change = rename_dev,
};

FIXTURE_VARIANT_ADD(open, attach)
{
	.change = attach_quietly,
};

FIXTURE_SETUP(open)
{
	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(open)
{
	close(self->nl);
}

/* What is open stays the device's under another name, and can be looked into. */
TEST_F(open, descriptors)
{
	int mtu, dir;

	ASSERT_EQ(0, clean_slate(self->nl));
	dir = open(DEVICES DEV, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, hold_directories());
	ASSERT_EQ(0, variant->change(self->nl));
	EXPECT_TRUE(has_number(held[1], "rx_bytes", 0));
	EXPECT_EQ(0, faccessat(held[2], "tx-2/xps_cpus", F_OK, 0));
	EXPECT_TRUE(has_number(held[3], "tx_maxrate", 0));
	EXPECT_TRUE(has_number(dir, "mtu", 1500));
	EXPECT_TRUE(has_number(dir, "ifindex", DEV_INDEX));
	early.len = 0;
	EXPECT_EQ(0, tree_walk(&early, dir, "", true));
	late.len = 0;
	EXPECT_EQ(0, tree_walk(&late, held[0], "", true));
	EXPECT_SAME_TREE(&early, &late);
	EXPECT_NE(NULL, tree_find(&late, "mtu"));

	/* Likewise an attribute, here through one more change. */
	mtu = openat(dir, "mtu", O_RDWR);
	ASSERT_LE(0, mtu);
	ASSERT_EQ(0, link_rename(self->nl, DEV_INDEX, "third"));
	EXPECT_EQ(4, pwrite(mtu, "1300", 4, 0));
	EXPECT_TRUE(has_number(dir, "mtu", 1300));
	EXPECT_EQ(-1, access(DEVICES "other", F_OK));
	EXPECT_EQ(0, access(DEVICES "third/mtu", F_OK));
	EXPECT_EQ(0, link_del(self->nl, "third"));
}

FIXTURE(move)
{
	int here, there;	/* namespaces */
	int nl, nl_there;
	pid_t pid;		/* keeps the user namespace */
};

FIXTURE_VARIANT(move)
{
	const char *kind;
	bool from_owned;
	bool to_owned;
};

FIXTURE_VARIANT_ADD(move, veth_among_roots)
{
	.kind = "veth",
};

FIXTURE_VARIANT_ADD(move, veth_to_owned)
{
	.kind = "veth",
	.to_owned = true,
};

FIXTURE_VARIANT_ADD(move, veth_from_owned)
{
	.kind = "veth",
	.from_owned = true,
};

FIXTURE_VARIANT_ADD(move, ifb_to_owned)
{
	.kind = "ifb",
	.to_owned = true,
};

FIXTURE_VARIANT_ADD(move, dummy_from_owned)
{
	.kind = "dummy",
	.from_owned = true,
};

static int mount_there(int nsfd)
{
	int home = open_self_ns("net"), err;

	err = sys_setns(nsfd, CLONE_NEWNET);
	if (!err && mount("sysfs", THERE, "sysfs", 0, NULL))
		err = -errno;
	return sys_setns(home, CLONE_NEWNET) ?: err;
}

FIXTURE_SETUP(move)
{
	int owned, other = new_netns();

	self->pid = 0;
	ASSERT_LE(0, other);
	owned = owned_netns(&self->pid);
	ASSERT_LE(0, owned);
	self->here = variant->from_owned ? owned : new_netns();
	self->there = variant->to_owned ? owned : other;
	ASSERT_EQ(0, see_sysfs_of(self->here));
	ASSERT_EQ(0, mount_there(self->there));
	self->nl = nl_open();
	self->nl_there = nl_open_in(self->there);
	ASSERT_LE(0, self->nl);
	ASSERT_LE(0, self->nl_there);
	if (device_add(self->nl, variant->kind, DEV, DEV_INDEX) == -EOPNOTSUPP)
		SKIP(return, "no such devices");
}

FIXTURE_TEARDOWN(move)
{
	if (self->pid > 0)
		kill_child(self->pid);
}

/* All but links belong to the root of the namespace's owner. */
static bool belongs_to(const struct tree *tree, int id)
{
	char wanted[64];
	const char *line;
	unsigned int n = 0;

	snprintf(wanted, sizeof(wanted), " owner %d:%d", id, id);
	for (line = tree->text; *line; line = strchr(line, '\n') + 1) {
		const char *found = strstr(line, wanted);
		const char *link = strstr(line, " -> ");
		const char *end = strchr(line, '\n');

		n++;
		if (link && link < end)
			continue;
		if (!found || found > end) {
			ksft_print_msg("%.*s\n", (int)(end - line), line);
			return false;
		}
	}
	return n > 50;
}

static int look_here(struct tree *tree)
{
	return tree_of(tree, DEVICES DEV, true);
}

static int look_there(struct tree *tree)
{
	return tree_of(tree, THERE DEVICES_PATH DEV, true);
}

/* Moves it, perhaps without a look, and looks where it came from and is. */
static int move(int nl, int nsfd)
{
	int err = link_move(nl, DEV, IFLA_NET_NS_FD, nsfd);

	if (!err && (!access(CLASS DEV, F_OK) ||
		     !access(DEVICES DEV "/mtu", F_OK)))
		err = -EEXIST;
	return err;
}

static int look_in_vain_there(void)
{
	return !access(THERE CLASS_PATH DEV, F_OK) ||
	       !access(THERE DEVICES_PATH DEV "/mtu", F_OK) ? -EEXIST : 0;
}

static int (*const looks_before_move[])(void) = {
	look_nowhere, look_at_dev, look_in_vain_there,
};

#define ID(owned) ((owned) ? OWNER : 0)

TEST_F(move, looked_at_before_or_not)
{
	static struct tree home;
	unsigned int i;
	int dir;

	ASSERT_EQ(0, device_renew(self->nl, variant->kind));
	ASSERT_EQ(0, look_here(&home));
	EXPECT_TRUE(belongs_to(&home, ID(variant->from_owned)));
	ASSERT_EQ(0, move(self->nl, self->there));
	ASSERT_EQ(0, look_there(&early));
	EXPECT_TRUE(belongs_to(&early, ID(variant->to_owned)));
	ASSERT_EQ(0, link_move(self->nl_there, DEV, IFLA_NET_NS_FD, self->here));

	for (i = 0; i < ARRAY_SIZE(looks_before_move); i++) {
		ASSERT_EQ(0, device_renew(self->nl, variant->kind));
		ASSERT_EQ(0, looks_before_move[i]());
		dir = open(DEVICES DEV, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ASSERT_LE(0, dir);
		ASSERT_EQ(0, move(self->nl, self->there));
		EXPECT_TRUE(has_number(dir, "ifindex", DEV_INDEX));
		close(dir);
		EXPECT_EQ(0, look_there(&late));
		EXPECT_SAME_TREE(&early, &late);
		/* And back. */
		ASSERT_EQ(0, link_move(self->nl_there, DEV, IFLA_NET_NS_FD,
				       self->here));
		EXPECT_EQ(0, look_in_vain_there());
		EXPECT_EQ(0, look_here(&late));
		EXPECT_TRUE(belongs_to(&late, ID(variant->from_owned)));

		/* There and back again without anybody's having looked. */
		ASSERT_EQ(0, device_renew(self->nl, variant->kind));
		ASSERT_EQ(0, link_move(self->nl, DEV, IFLA_NET_NS_FD,
				       self->there));
		ASSERT_EQ(0, link_move(self->nl_there, DEV, IFLA_NET_NS_FD,
				       self->here));
		EXPECT_EQ(0, look_here(&late));
		EXPECT_SAME_TREE(&home, &late);
	}
}

/* Only the owner of a file changes, and what is there; queues come and go. */
TEST_F(move, changes_stay)
{
	char path[96];
	struct stat st;
	int sock;

	ASSERT_EQ(0, device_renew(self->nl, variant->kind));
	ASSERT_EQ(0, chmod(DEVICES DEV "/mtu", 0600));
	if (!strcmp(variant->kind, "veth"))
		ASSERT_EQ(0, set_queues(1, 1));
	ASSERT_EQ(0, move(self->nl, self->there));
	snprintf(path, sizeof(path), THERE CLASS_PATH DEV "/mtu");
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(0600U, st.st_mode & 0777);
	EXPECT_EQ((uid_t)ID(variant->to_owned), st.st_uid);
	if (strcmp(variant->kind, "veth"))
		return;
	sock = socket_in(self->there, AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, veth_set_channels(sock, DEV, NR_RX, NR_TX));
	ASSERT_EQ(0, look_there(&late));
	EXPECT_TRUE(belongs_to(&late, ID(variant->to_owned)));
	EXPECT_NE(NULL, tree_find(&late, "queues/tx-2/xps_cpus"));
	EXPECT_NE(NULL, tree_find(&late, "queues/rx-1/rps_cpus"));
}

/* Whoever writes first finds what may be written, and may what he may. */
TEST_F(move, first_access_writes)
{
	static const struct {
		const char *name, *value;
		int by_owner, by_root;
	} writes[] = {
		{ "mtu", "1400", 0, 0 },
		{ "tx_queue_len", "55", -EPERM, 0 },
		{ "ifalias", "alias", 0, 0 },
		{ "flags", "0x1002", 0, 0 },
		{ "netdev_group", "7", 0, 0 },
		{ "queues/rx-0/rps_cpus", "1", -EPERM, 0 },
		{ "queues/rx-0/rps_flow_cnt", "16", -EPERM, 0 },
		{ "queues/tx-1/xps_cpus", "1", -EPERM, 0 },
		{ "ifindex", "1", -EACCES, -EACCES },
		{ "statistics/rx_bytes", "1", -EACCES, -EACCES },
		{ "none", "1", -ENOENT, -ENOENT },
	};
	static const struct {
		const char *base;
		bool there;
	} bases[] = {
		{ CLASS DEV, false }, { THERE DEVICES_PATH DEV, true },
	};
	char path[128];
	bool owned;
	unsigned int i, place;
	int ns, nl;

	link_del(self->nl, DEV);
	for (place = 0; place < 2; place++) {
		ns = place ? self->there : self->here;
		nl = place ? self->nl_there : self->nl;
		owned = place ? variant->to_owned : variant->from_owned;
		for (i = 0; i < ARRAY_SIZE(writes); i++) {
			snprintf(path, sizeof(path), "%s/%s",
				 bases[place].base, writes[i].name);
			ASSERT_EQ(0, device_renew(nl, variant->kind));
			EXPECT_EQ(writes[i].by_root == -ENOENT ? -ENOENT :
				  -EACCES,
				  write_as(ns, STRANGER, path, writes[i].value));
			ASSERT_EQ(0, device_renew(nl, variant->kind));
			EXPECT_EQ(owned ? writes[i].by_owner :
				  writes[i].by_root == -ENOENT ? -ENOENT :
				  -EACCES,
				  write_as(ns, OWNER, path, writes[i].value)) {
				TH_LOG("%s by its owner", path);
			}
			ASSERT_EQ(0, device_renew(nl, variant->kind));
			EXPECT_EQ(writes[i].by_root,
				  write_as(ns, 0, path, writes[i].value)) {
				TH_LOG("%s by root", path);
			}
		}
		link_del(nl, DEV);
	}
}

/*
 * Whose the files are is settled when the device is made: what was made before
 * the user namespace had a root is not its root's later on.
 */
TEST(owner_is_who_was_root_at_birth)
{
	int ready[2], ns, nl;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (become_user(OWNER) ||
		    sys_unshare(CLONE_NEWUSER | CLONE_NEWNET))
			_exit(1);
		nl = nl_open();
		if (device_add(nl, "dummy", "before", DEV_INDEX) ||
		    write_file("/proc/self/setgroups", "deny") ||
		    write_file("/proc/self/uid_map", "0 %u 1", OWNER) ||
		    write_file("/proc/self/gid_map", "0 %u 1", OWNER) ||
		    device_add(nl, "dummy", "after", BOND_INDEX) ||
		    write(ready[1], "x", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ns = open_pid_ns(pid, "net");
	ASSERT_EQ(0, see_sysfs_of(ns));
	EXPECT_EQ(0, tree_of(&late, DEVICES "before", false));
	EXPECT_TRUE(belongs_to(&late, 0));
	EXPECT_EQ(0, tree_of(&late, DEVICES "lo", false));
	EXPECT_TRUE(belongs_to(&late, 0));
	EXPECT_EQ(0, tree_of(&late, DEVICES "after", false));
	EXPECT_TRUE(belongs_to(&late, OWNER));
	EXPECT_EQ(0, kill_child(pid));
}

NETNS_TEST_MAIN
