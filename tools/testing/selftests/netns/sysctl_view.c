// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: who looks into /proc/sys/net sees all of his network namespace, and
 * nothing of another. He cannot tell whether anybody has looked there before,
 * nor what has become of its devices and modules until then.
 */
#include <linux/ip.h>

#include "sysctl_view.h"

#define OWNER 1000

/* Where two of them part. */
static const char *difference(const char *a, const char *b)
{
	const char *line = a;

	for (; *a && *a == *b; a++, b++)
		if (*a == '\n')
			line = a + 1;
	return line;
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Whose namespace it is that shows the same, early and late. */
FIXTURE(everything)
{
};

FIXTURE_VARIANT(everything)
{
	bool owned;
};

FIXTURE_VARIANT_ADD(everything, of_root)
{
	.owned = false,
};

FIXTURE_VARIANT_ADD(everything, of_the_root_of_a_user_namespace)
{
	.owned = true,
};

FIXTURE_SETUP(everything)
{
	/* Their drivers may be modules, which no user may load. */
	ASSERT_LE(0, enter_unseen());
	if (variant->owned) {
		ASSERT_EQ(0, become_user(OWNER));
		ASSERT_EQ(0, unshare_userns(0));
	}
}

FIXTURE_TEARDOWN(everything)
{
}

TEST_F(everything, is_the_same_early_and_late)
{
	char *before, *early, *late;
	int nl;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	before = list_all();
	ASSERT_NE(NULL, before);
	nl = nl_open();
	ASSERT_EQ(0, add_devices(nl));
	early = list_all();
	ASSERT_NE(NULL, early);
	EXPECT_LT(count_lines(before), count_lines(early));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v1"));

	ASSERT_LE(0, enter_unseen());
	late = list_all();
	ASSERT_NE(NULL, late);
	EXPECT_EQ(0, strcmp(early, late)) {
		TH_LOG("early %.60s", difference(early, late));
		TH_LOG("late %.60s", difference(late, early));
	}
	TH_LOG("%d paths, %d of them without devices", count_lines(late),
	       count_lines(before));
}

TEST_F(everything, may_be_written_at_the_first_look)
{
	struct stat st;

	ASSERT_LE(0, enter_unseen());
	EXPECT_EQ(0, write_file(entry("ipv4/ip_forward"), "1"));
	EXPECT_EQ(1, number(entry("ipv4/ip_forward")));
	EXPECT_EQ(1, number(entry("ipv4/conf/d0/forwarding")));
	EXPECT_EQ(0, stat(entry("ipv4/ip_forward"), &st));
	EXPECT_EQ(S_IFREG | 0644u, st.st_mode);
	EXPECT_EQ(0u, st.st_uid);
	EXPECT_EQ(0u, st.st_gid);
	EXPECT_EQ(0, stat(entry("ipv6/conf/v0"), &st));
	EXPECT_EQ(S_IFDIR | 0555u, st.st_mode);
	EXPECT_EQ(0u, st.st_uid);

	/* Neither has anything been done in this one. */
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(0, write_file(entry("ipv6/conf/lo/hop_limit"), "33"));
	EXPECT_EQ(33, number(entry("ipv6/conf/lo/hop_limit")));
	EXPECT_EQ(0, number(entry("ipv4/ip_forward")));
	EXPECT_TRUE(is_whole());
}

/* How one comes to look first. */
FIXTURE(first)
{
};

FIXTURE_VARIANT(first)
{
	bool (*looks)(void);
};

static bool looks_by_open(void)
{
	return opens(NET "/ipv6/neigh/v1/ucast_solicit");
}

static bool looks_by_open_of_a_path(void)
{
	int fd = open(NET "/ipv4/conf/d0", O_PATH | O_CLOEXEC);
	bool found = fd >= 0 && !faccessat(fd, "forwarding", R_OK, 0);

	close(fd);
	return found;
}

static bool looks_by_readdir_of_all(void)
{
	return lists(NET, "unix");
}

static bool looks_by_readdir_of_one(void)
{
	return lists(NET "/ipv4/conf", "d0");
}

static bool looks_by_stat(void)
{
	struct stat st;

	return !stat(NET "/ipv6/conf/v0/mtu", &st) && S_ISREG(st.st_mode);
}

static bool looks_by_access(void)
{
	return !access(NET "/ipv4/neigh/lo", X_OK);
}

static bool looks_by_chdir(void)
{
	return !chdir(NET "/ipv4") && opens("conf/v1/forwarding");
}

/* What is mounted again is the same, and has cached nothing. */
static bool looks_by_another_mount(void)
{
	return !sys_unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("proc", "/mnt", "proc", 0, NULL) &&
	       opens("/mnt/sys/net/ipv4/conf/d0/forwarding");
}

static bool looks_for_nothing(void)
{
	return !opens(NET "/ipv4/conf/v2/forwarding") && errno == ENOENT;
}

FIXTURE_VARIANT_ADD(first, by_open)
{
	.looks = looks_by_open,
};

FIXTURE_VARIANT_ADD(first, by_open_of_a_path)
{
	.looks = looks_by_open_of_a_path,
};

FIXTURE_VARIANT_ADD(first, by_readdir_of_all)
{
	.looks = looks_by_readdir_of_all,
};

FIXTURE_VARIANT_ADD(first, by_readdir_of_one)
{
	.looks = looks_by_readdir_of_one,
};

FIXTURE_VARIANT_ADD(first, by_stat)
{
	.looks = looks_by_stat,
};

FIXTURE_VARIANT_ADD(first, by_access)
{
	.looks = looks_by_access,
};

FIXTURE_VARIANT_ADD(first, by_chdir)
{
	.looks = looks_by_chdir,
};

FIXTURE_VARIANT_ADD(first, by_another_mount)
{
	.looks = looks_by_another_mount,
};

FIXTURE_VARIANT_ADD(first, for_nothing)
{
	.looks = looks_for_nothing,
};

FIXTURE_SETUP(first)
{
	ASSERT_LE(0, enter_unseen());
}

FIXTURE_TEARDOWN(first)
{
}

TEST_F(first, look_finds_all)
{
	EXPECT_TRUE(variant->looks());
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_EQ(EVERYWHERE, shown("v1"));
	EXPECT_TRUE(is_whole());
}

/* A value of an address family of a device. */
static int set_family(int nl, const char *name, int family, int attr, int id,
		      const void *value, size_t len)
{
	struct rtattr *spec, *af, *conf = NULL;
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	spec = nl_put(&req, IFLA_AF_SPEC, NULL, 0);
	af = nl_put(&req, family, NULL, 0);
	if (id)
		conf = nl_put(&req, attr, NULL, 0);
	nl_put(&req, id ? id : attr, value, len);
	if (conf)
		nl_end_nest(&req, conf);
	nl_end_nest(&req, af);
	nl_end_nest(&req, spec);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

static int set_neighbours(int nl, const char *name, int attr, __u32 value)
{
	struct rtattr *parms;
	struct ndtmsg *ndt;
	struct nl_req req;

	ndt = nl_init(&req, RTM_SETNEIGHTBL, 0, sizeof(*ndt));
	ndt->ndtm_family = AF_INET;
	nl_put_str(&req, NDTA_NAME, "arp_cache");
	parms = nl_put(&req, NDTA_PARMS, NULL, 0);
	nl_put_int(&req, NDTPA_IFINDEX, link_index(nl, name));
	nl_put_int(&req, attr, value);
	nl_end_nest(&req, parms);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

/* Each value is none that there is by default. */
static int set_values(int nl, const char *name)
{
	__u8 mode = IN6_ADDR_GEN_MODE_NONE;
	__u32 id = 33;

	return link_move(nl, name, IFLA_MTU, 1444) ?:
	       set_family(nl, name, AF_INET, IFLA_INET_CONF,
			  IPV4_DEVCONF_MEDIUM_ID, &id, sizeof(id)) ?:
	       set_family(nl, name, AF_INET6, IFLA_INET6_ADDR_GEN_MODE, 0,
			  &mode, sizeof(mode)) ?:
	       set_neighbours(nl, name, NDTPA_UCAST_PROBES, 44);
}

static bool has_values(const char *name)
{
	return number(entry("ipv4/conf/%s/medium_id", name)) == 33 &&
	       number(entry("ipv6/conf/%s/mtu", name)) == 1444 &&
	       number(entry("ipv6/conf/%s/addr_gen_mode", name)) ==
	       IN6_ADDR_GEN_MODE_NONE &&
	       number(entry("ipv4/neigh/%s/ucast_solicit", name)) == 44;
}

/* What becomes of devices before anybody looks, and after that. */
FIXTURE(device)
{
	int nl;
};

FIXTURE_SETUP(device)
{
	self->nl = enter_unseen();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(device)
{
	close(self->nl);
}

TEST_F(device, renamed)
{
	ASSERT_EQ(0, set_values(self->nl, "d0"));
	ASSERT_EQ(0, rename_to(self->nl, "d0", "d1"));
	ASSERT_EQ(0, rename_to(self->nl, "v0", "d0"));
	ASSERT_EQ(0, rename_to(self->nl, "v1", "v2"));
	EXPECT_EQ(EVERYWHERE, shown("d1"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v2"));
	EXPECT_EQ(0, shown("v0"));
	EXPECT_EQ(0, shown("v1"));
	EXPECT_TRUE(has_values("d1"));
	EXPECT_FALSE(has_values("d0"));

	ASSERT_EQ(0, rename_to(self->nl, "d0", "v0"));
	ASSERT_EQ(0, rename_to(self->nl, "d1", "d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(0, shown("d1"));
	EXPECT_TRUE(has_values("d0"));
	EXPECT_EQ(0, write_file(entry("ipv4/conf/d0/medium_id"), "34"));
	EXPECT_FALSE(has_values("d0"));
}

/* It keeps its name, and its directories, when the new name is taken there. */
TEST_F(device, not_renamed)
{
	ASSERT_EQ(0, set_values(self->nl, "d0"));
	EXPECT_EQ(-EINVAL, rename_to(self->nl, "d0", "default"));
	EXPECT_EQ(-EINVAL, rename_to(self->nl, "v0", "all"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_TRUE(has_values("d0"));
	EXPECT_FALSE(has_values("default"));
	EXPECT_TRUE(is_whole());
	EXPECT_EQ(-EINVAL, rename_to(self->nl, "d0", "all"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
}

/* It is too small for one protocol, or for both, and then is not any more. */
TEST_F(device, without_protocols)
{
	ASSERT_EQ(0, link_move(self->nl, "d0", IFLA_MTU, 1200));
	ASSERT_EQ(0, link_move(self->nl, "v0", IFLA_MTU, 1200));
	ASSERT_EQ(0, link_move(self->nl, "v0", IFLA_MTU, 1400));
	EXPECT_FALSE(opens(entry("ipv6/conf/d0/mtu")));
	EXPECT_EQ(EVERYWHERE - 2, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_TRUE(is_whole());
	ASSERT_EQ(0, link_move(self->nl, "d0", IFLA_MTU, 60));
	EXPECT_EQ(0, shown("d0"));
	ASSERT_EQ(0, link_move(self->nl, "d0", IFLA_MTU, 1400));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
}

TEST_F(device, removed)
{
	ASSERT_EQ(0, link_del(self->nl, "d0"));
	EXPECT_EQ(0, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_TRUE(is_whole());
	ASSERT_EQ(0, link_del(self->nl, "v0"));
	EXPECT_EQ(0, shown("v0"));
	EXPECT_EQ(0, shown("v1"));
	ASSERT_EQ(0, add_devices(self->nl));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_TRUE(is_whole());
}

/* Likewise without a look until there are others of the same names. */
TEST_F(device, replaced)
{
	ASSERT_EQ(0, set_values(self->nl, "d0"));
	ASSERT_EQ(0, link_del(self->nl, "d0"));
	ASSERT_EQ(0, link_del(self->nl, "v0"));
	ASSERT_EQ(0, add_devices(self->nl));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v1"));
	EXPECT_FALSE(has_values("d0"));
}

/* Who has looked before a device moves; each namespace keeps its own. */
FIXTURE(moved)
{
	int from, to, nl, to_nl;
};

FIXTURE_VARIANT(moved)
{
	bool from_seen, to_seen;
};

FIXTURE_VARIANT_ADD(moved, unseen) {};

FIXTURE_VARIANT_ADD(moved, from_seen)
{
	.from_seen = true,
};

FIXTURE_VARIANT_ADD(moved, to_seen)
{
	.to_seen = true,
};

FIXTURE_VARIANT_ADD(moved, seen)
{
	.from_seen = true,
	.to_seen = true,
};

FIXTURE_SETUP(moved)
{
	self->nl = enter_unseen();
	ASSERT_LE(0, self->nl);
	self->from = open_self_ns("net");
	ASSERT_LE(0, self->from);
	ASSERT_EQ(0, new_netns_with_nl(&self->to, &self->to_nl));
}

FIXTURE_TEARDOWN(moved)
{
	close(self->to_nl);
	close(self->to);
	close(self->from);
	close(self->nl);
}

TEST_F(moved, device_is_where_it_is)
{
	if (variant->from_seen)
		EXPECT_EQ(EVERYWHERE, shown("d0"));
	ASSERT_EQ(0, sys_setns(self->to, CLONE_NEWNET));
	if (variant->to_seen)
		EXPECT_EQ(0, shown("d0"));

	ASSERT_EQ(0, link_move(self->nl, "d0", IFLA_NET_NS_FD, self->to));
	ASSERT_EQ(0, set_values(self->to_nl, "d0"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_TRUE(has_values("d0"));
	EXPECT_EQ(0, shown("v0"));
	EXPECT_TRUE(is_whole());
	ASSERT_EQ(0, sys_setns(self->from, CLONE_NEWNET));
	EXPECT_EQ(0, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("v0"));
	EXPECT_TRUE(is_whole());

	ASSERT_EQ(0, rename_to(self->to_nl, "d0", "d1"));
	ASSERT_EQ(0, link_move(self->to_nl, "d1", IFLA_NET_NS_FD, self->from));
	EXPECT_EQ(EVERYWHERE, shown("d1"));
	EXPECT_EQ(0, shown("d0"));
	ASSERT_EQ(0, sys_setns(self->to, CLONE_NEWNET));
	EXPECT_EQ(0, shown("d1"));
	EXPECT_EQ(0, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("lo"));
}

/* The root of it is everybody's: it shows its reader's. */
TEST(descriptor_of_all_shows_its_readers)
{
	int dir = open(NET, O_RDONLY | O_CLOEXEC);
	DIR *listed = opendir(NET);

	ASSERT_LE(0, dir);
	ASSERT_NE(NULL, listed);
	EXPECT_TRUE(has_entry_at(dir, HOME_ONLY));
	EXPECT_FALSE(has_entry_at(dir, "ipv4/conf/d0/forwarding"));

	ASSERT_LE(0, enter_unseen());
	EXPECT_TRUE(has_entry_at(dir, "ipv4/conf/d0/forwarding"));
	EXPECT_FALSE(has_entry_at(dir, HOME_ONLY));
	EXPECT_TRUE(is_whole());

	ASSERT_LE(0, enter_unseen());
	EXPECT_TRUE(lists_at(dir, "ipv4"));
	EXPECT_TRUE(has_entry_at(dir, "ipv6/neigh/v0"));
	EXPECT_TRUE(is_whole());

	/* And so does a listing of which nothing has been read yet. */
	ASSERT_LE(0, enter_unseen());
	EXPECT_NE(NULL, readdir(listed));
	EXPECT_TRUE(is_whole());
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	closedir(listed);
	close(dir);
}

/* All below it is somebody's, and stays so, whoever reads it and looks first. */
TEST(descriptor_of_a_part_shows_its_openers)
{
	int home_dir = open(NET "/ipv4/conf", O_RDONLY | O_CLOEXEC);
	int file, dir, nl;
	char text[16] = "";

	ASSERT_LE(0, home_dir);
	ASSERT_LE(0, enter_unseen());
	EXPECT_TRUE(has_entry_at(home_dir, "lo/forwarding"));
	EXPECT_FALSE(has_entry_at(home_dir, "d0"));
	EXPECT_FALSE(lists_at(home_dir, "d0"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));

	ASSERT_EQ(0, write_file(entry("ipv4/conf/d0/medium_id"), "33"));
	file = open(entry("ipv4/conf/d0/medium_id"), O_RDWR | O_CLOEXEC);
	dir = open(entry("ipv4/conf"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	ASSERT_LE(0, dir);
	nl = enter_unseen();
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, rename_to(nl, "d0", "d1"));
	EXPECT_EQ(3, pread(file, text, sizeof(text) - 1, 0));
	EXPECT_STREQ("33\n", text);
	EXPECT_EQ(2, pwrite(file, "44", 2, 0));
	EXPECT_TRUE(lists_at(dir, "d0"));
	EXPECT_FALSE(lists_at(dir, "d1"));
	EXPECT_TRUE(has_entry_at(dir, "d0/forwarding"));
	EXPECT_FALSE(has_entry_at(dir, "d1"));
	EXPECT_EQ(0, shown("d0"));
	EXPECT_EQ(EVERYWHERE, shown("d1"));
	EXPECT_NE(44, number(entry("ipv4/conf/d1/medium_id")));
	close(dir);
	close(file);
	close(home_dir);
}

/* Once it is gone with what it was opened in, there is nothing to read. */
TEST(descriptor_of_what_has_ended_shows_nothing)
{
	int file, dir, nl = enter_unseen();
	char text[16];

	ASSERT_LE(0, nl);
	file = open(entry("ipv4/conf/d0/medium_id"), O_RDONLY | O_CLOEXEC);
	dir = open(entry("ipv4/conf"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	ASSERT_LE(0, dir);
	close(nl);
	ASSERT_LE(0, enter_unseen());
	EXPECT_TRUE(wait_until(pread(file, text, sizeof(text), 0) == -1 &&
			       errno == ENOENT));
	EXPECT_TRUE(wait_until(!has_entry_at(dir, "lo")));
	EXPECT_FALSE(lists_at(dir, "d0"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	close(dir);
	close(file);
}

TEST(nobody_shows_anothers)
{
	int home = open_self_ns("net");
	int a, b, nl;

	nl = enter_unseen();
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, rename_to(nl, "d0", "a0"));
	a = open_self_ns("net");
	/* All of it is cached. */
	free(list_all());
	EXPECT_EQ(EVERYWHERE, shown("a0"));

	ASSERT_LE(0, enter_unseen());
	b = open_self_ns("net");
	EXPECT_FALSE(opens(entry("ipv4/conf/a0/forwarding")));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, shown("a0"));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	ASSERT_EQ(0, write_file(entry("ipv4/conf/lo/medium_id"), "22"));
	ASSERT_EQ(0, write_file(entry("ipv6/conf/v0/hop_limit"), "22"));

	/* The names are the same, and so is where they are cached. */
	ASSERT_EQ(0, sys_setns(a, CLONE_NEWNET));
	EXPECT_EQ(0, shown("d0"));
	EXPECT_NE(22, number(entry("ipv4/conf/lo/medium_id")));
	EXPECT_NE(22, number(entry("ipv6/conf/v0/hop_limit")));
	ASSERT_EQ(0, sys_setns(home, CLONE_NEWNET));
	EXPECT_EQ(0, shown("a0"));
	EXPECT_NE(22, number(entry("ipv4/conf/lo/medium_id")));
	EXPECT_TRUE(opens(entry(HOME_ONLY)));
	ASSERT_EQ(0, sys_setns(b, CLONE_NEWNET));
	EXPECT_EQ(22, number(entry("ipv4/conf/lo/medium_id")));
	EXPECT_EQ(22, number(entry("ipv6/conf/v0/hop_limit")));
	EXPECT_FALSE(opens(entry(HOME_ONLY)));
}

/* Modules, and an entry that each has in every namespace. */
FIXTURE(module)
{
};

FIXTURE_VARIANT(module)
{
	const char *name, *file;
};

FIXTURE_VARIANT_ADD(module, nf_conntrack)
{
	.name = "nf_conntrack",
	.file = "netfilter/nf_conntrack_max",
};

FIXTURE_VARIANT_ADD(module, br_netfilter)
{
	.name = "br_netfilter",
	.file = "bridge/bridge-nf-call-iptables",
};

/* It has a directory for each device, too. */
FIXTURE_VARIANT_ADD(module, mpls_router)
{
	.name = "mpls_router",
	.file = "mpls/conf/d0/input",
};

static int __printf(1, 2) run(const char *fmt, ...)
{
	char command[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

FIXTURE_SETUP(module)
{
	if (run("modprobe -qn %s", variant->name))
		SKIP(return, "no module %s", variant->name);
	if (run("modprobe -qr %s", variant->name) ||
	    opens(entry("%s", variant->file)))
		SKIP(return, "%s is in use", variant->name);
}

FIXTURE_TEARDOWN(module)
{
	run("modprobe -qr %s", variant->name);
}

/* A new namespace with devices that is looked into, or not. */
static int unseen_netns(bool look)
{
	int home = open_self_ns("net");
	int nl, nsfd = -1;

	nl = enter_unseen();
	if (nl >= 0 && (!look || is_whole()))
		nsfd = open_self_ns("net");
	close(nl);
	if (sys_setns(home, CLONE_NEWNET))
		nsfd = -1;
	close(home);
	return nsfd;
}

TEST_F(module, comes_and_goes)
{
	int seen = unseen_netns(true), later = unseen_netns(false);
	int never = unseen_netns(false), dormant = new_netns(), born;

	ASSERT_LE(0, seen);
	ASSERT_LE(0, later);
	ASSERT_LE(0, never);
	ASSERT_LE(0, dormant);
	ASSERT_EQ(0, run("modprobe %s", variant->name));
	born = unseen_netns(false);
	ASSERT_LE(0, born);
	ASSERT_EQ(0, sys_setns(seen, CLONE_NEWNET));
	EXPECT_TRUE(opens(entry("%s", variant->file)));
	ASSERT_EQ(0, sys_setns(later, CLONE_NEWNET));
	EXPECT_TRUE(opens(entry("%s", variant->file)));
	EXPECT_TRUE(is_whole());
	ASSERT_EQ(0, sys_setns(born, CLONE_NEWNET));
	EXPECT_TRUE(opens(entry("%s", variant->file)));

	ASSERT_EQ(0, run("modprobe -r %s", variant->name));
	EXPECT_FALSE(opens(entry("%s", variant->file)));
	ASSERT_EQ(0, sys_setns(later, CLONE_NEWNET));
	EXPECT_FALSE(opens(entry("%s", variant->file)));
	EXPECT_TRUE(is_whole());
	ASSERT_EQ(0, sys_setns(seen, CLONE_NEWNET));
	EXPECT_FALSE(opens(entry("%s", variant->file)));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	ASSERT_EQ(0, sys_setns(never, CLONE_NEWNET));
	EXPECT_FALSE(opens(entry("%s", variant->file)));
	EXPECT_EQ(EVERYWHERE, shown("d0"));
	EXPECT_TRUE(is_whole());
	ASSERT_EQ(0, sys_setns(dormant, CLONE_NEWNET));
	EXPECT_FALSE(opens(entry("%s", variant->file)));
	EXPECT_TRUE(is_whole());

	/* Again, where it has been before. */
	ASSERT_EQ(0, run("modprobe %s", variant->name));
	ASSERT_EQ(0, sys_setns(seen, CLONE_NEWNET));
	EXPECT_TRUE(opens(entry("%s", variant->file)));
	ASSERT_EQ(0, sys_setns(never, CLONE_NEWNET));
	EXPECT_TRUE(opens(entry("%s", variant->file)));
}

DORMANT_TEST_MAIN
