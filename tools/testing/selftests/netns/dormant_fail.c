// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations of an activation are made to fail, one in each try: the caller
 * gets an errno, the namespace is as it was before, its next use works, and
 * nothing is left of either when it ends.
 */
#include "dormant_util.h"
#include "fail_nth.h"

/* More than an activation has on any configuration. */
#define MOST 20000
/* The first of them have to do with the way in, and fail one by one. */
#define WAY_IN 16

/* What is prepared for a use, and then does not take part in it. */
struct place {
	int home_nl;	/* a socket of another namespace, with an id for it */
	int nsid;
};

/* Each returns 0 or a negative errno. */
static int use_inet6(const struct place *place)
{
	return use_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int use_unix(const struct place *place)
{
	return use_socket(AF_UNIX, SOCK_DGRAM, 0);
}

static int use_proc(const struct place *place)
{
	return use_path(AT_FDCWD, "/proc/self/net/dev");
}

static int use_sysctl(const struct place *place)
{
	char text[32];
	int len = read_file("/proc/sys/net/ipv6/conf/lo/mtu", text,
			    sizeof(text));

	return len < 0 ? len : 0;
}

static int use_sysfs(const struct place *place)
{
	return use_path(AT_FDCWD, "/mnt/class/net/lo/mtu");
}

static int use_tun(const struct place *place)
{
	return use_path(AT_FDCWD, "/dev/net/tun");
}

static int use_netlink(const struct place *place)
{
	struct nl_req req;
	int index = 0, err;

	nl_init(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	nl_put_int(&req, IFLA_TARGET_NETNSID, place->nsid);
	nl_put_str(&req, IFLA_IFNAME, "lo");
	err = nl_talk(place->home_nl, &req, note_index, &index, NULL);
	if (!err && index != 1)
		err = -ERANGE;
	return err;
}

static int prepare_sysfs(void)
{
	return mount("sysfs", "/mnt", "sysfs", 0, NULL) ? -errno : 0;
}

/* How a namespace comes to be used. */
struct way {
	int (*use)(const struct place *place);
	int (*prepare)(void);
	bool local_before;	/* there is a local socket, which must not mind */
	bool part;		/* it is nothing but a local socket */
	int step;		/* of those beyond the way in, the others pass */
	int least;		/* allocations that there are at least */
};

FIXTURE(use)
{
};

FIXTURE_VARIANT(use)
{
	struct way way;
};

FIXTURE_VARIANT_ADD(use, whole)
{
	.way.use = use_inet6,
	.way.step = 11,
	.way.least = 50,
};

FIXTURE_VARIANT_ADD(use, local)
{
	.way.use = use_unix,
	.way.part = true,
	.way.step = 1,
	.way.least = 4,
};

FIXTURE_VARIANT_ADD(use, whole_after_local)
{
	.way.use = use_inet6,
	.way.local_before = true,
	.way.step = 3,
	.way.least = 50,
};

/* Which passes on what each init operation says; socket(2) has a word of its own. */
FIXTURE_VARIANT_ADD(use, proc)
{
	.way.use = use_proc,
	.way.step = 1,
	.way.least = 50,
};

FIXTURE_VARIANT_ADD(use, sysctl)
{
	.way.use = use_sysctl,
	.way.step = 11,
	.way.least = 50,
};

FIXTURE_VARIANT_ADD(use, sysfs)
{
	.way.use = use_sysfs,
	.way.prepare = prepare_sysfs,
	.way.step = 11,
	.way.least = 50,
};

FIXTURE_VARIANT_ADD(use, tun)
{
	.way.use = use_tun,
	.way.step = 11,
	.way.least = 50,
};

FIXTURE_VARIANT_ADD(use, netlink)
{
	.way.use = use_netlink,
	.way.step = 11,
	.way.least = 50,
};

FIXTURE_SETUP(use)
{
	if (!can_fail())
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, let_fail());
	/* It may be a module. */
	if (access("/dev/net/tun", F_OK))
		system("modprobe -q tun");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

FIXTURE_TEARDOWN(use)
{
}

static bool passes_a_byte(const int *pair)
{
	char c;

	return write(pair[0], "x", 1) == 1 && read(pair[1], &c, 1) == 1;
}

/*
 * No memory, no room for a message or for a file, or the caller's own memory
 * could not be looked at. Init operations, whose errno it is, always had other
 * words for it, too: that something is there already, not supported, for who
 * hears of a new device, invalid, for who makes uevents' socket, not there or,
 * for who makes files of netfilter's tables, not permitted.
 */
static bool is_documented(int err)
{
	return err == -ENOMEM || err == -ENOBUFS || err == -ENFILE ||
	       err == -EFAULT || err == -EEXIST || err == -ENODEV ||
	       err == -EAFNOSUPPORT || err == -EINVAL || err == -EPERM;
}

/*
 * A first use, in which the @nth allocation fails. Returns 1 when there are
 * not so many, 0 when all was well, and a number that tells the step if not.
 */
static int use_with_failure(const struct way *way, int nth)
{
	struct place place = { .home_nl = nl_open(), .nsid = getpid() };
	int (*counter)(void) = way->part ? partial_activations : activations;
	int before, err, pair[2];
	bool failed;

	/* What it takes of the caller's memory is there, then. */
	if (!way->prepare && way->use != use_netlink &&
	    way->use(&place))
		return 2;
	if (sys_unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    nsid_set(place.home_nl, place.nsid, NETNSA_PID, getpid()))
		return 3;
	if (way->prepare && way->prepare())
		return 4;
	if (way->local_before && socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 5;
	before = counter();
	if (fail_nth(nth))
		return 6;
	err = way->use(&place);
	failed = has_failed();
	if (fail_nth(0))
		return 7;
	/* What can do without it goes on. */
	if (err && !is_documented(err)) {
		ksft_print_msg("allocation %d: %s\n", nth, strerror(-err));
		return 8;
	}
	if (err && !failed)
		return 9;
	if (way->local_before && !passes_a_byte(pair))
		return 10;
	if (err && way->use(&place))
		return 11;
	if (counter() - before != 1)
		return 12;
	/* As good as new. */
	if (own_link_index("lo") != 1)
		return 13;
	if (access("/proc/self/net/dev", R_OK) ||
	    access("/proc/sys/net/ipv6/conf/lo", R_OK))
		return 14;
	if (way->local_before && !passes_a_byte(pair))
		return 15;
	return failed ? 0 : 1;
}

static int in_child(const struct way *way, int nth)
{
	pid_t pid = fork();

	if (!pid)
		_exit(use_with_failure(way, nth));
	return wait_exit(pid);
}

/* Caches of the kernel, and how many objects of each are in use. */
#define SLABS "/sys/kernel/slab"

static struct slab {
	char name[64];
	int active;
} slabs[512];

static unsigned int nr_slabs;

/* What processors keep for themselves counts as used. */
static void shrink_slabs(void)
{
	char path[300];
	struct dirent *entry;
	DIR *dir;

	write_file("/proc/sys/vm/drop_caches", "2");
	dir = opendir(SLABS);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), SLABS "/%s/shrink", entry->d_name);
		write_file(path, "1");
	}
	if (dir)
		closedir(dir);
}

static struct slab *find_slab(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_slabs; i++)
		if (!strcmp(slabs[i].name, name))
			return &slabs[i];
	return NULL;
}

/* Those of which only a network namespace has any more than there were. */
static bool is_of_namespaces(const char *name)
{
	static const char * const names[] = {
		"net_namespace", "nsid_edge", "fib6_node", "ip_fib_alias",
		"ip_fib_trie", "RAWv6", "TCPv6", "ip6_dst_cache",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Calls @fn with each line of /proc/slabinfo until it returns false. */
static bool each_slab(bool (*fn)(const char *name, int active, int arg),
		      int arg)
{
	char line[256], name[64];
	bool ret = true;
	int active;
	FILE *file;

	file = fopen("/proc/slabinfo", "r");
	if (!file)
		return false;
	while (ret && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %d", name, &active) == 2)
			ret = fn(name, active, arg);
	fclose(file);
	return ret;
}

static bool note_slab(const char *name, int active, int arg)
{
	struct slab *slab;

	if (nr_slabs == ARRAY_SIZE(slabs))
		return false;
	slab = &slabs[nr_slabs++];
	snprintf(slab->name, sizeof(slab->name), "%s", name);
	slab->active = active;
	return true;
}

static char leaked[128];

/* Others may come to have some more, but not one for each of many tries. */
#define SOME 32
#define MANY 100

/* What debugging takes is nobody's; what vfree() frees goes when there is a lot. */
static bool is_left_alone(const char *name)
{
	return !strcmp(name, "debug_objects_cache") ||
	       !strcmp(name, "vmap_area");
}

static bool has_not_leaked(const char *name, int active, int tries)
{
	struct slab *slab = find_slab(name);
	int most = is_of_namespaces(name) ? 0 : SOME + tries / 2;

	/* Few tries do not tell much about caches that all use. */
	if (!slab || active <= slab->active + most || is_left_alone(name) ||
	    (tries < MANY && !is_of_namespaces(name)))
		return true;
	snprintf(leaked, sizeof(leaked), "%s: %d, had %d", name, active,
		 slab->active);
	return false;
}

static bool nothing_has_leaked(int tries)
{
	shrink_slabs();
	return each_slab(has_not_leaked, tries);
}

TEST_F(use, each_allocation_fails_once)
{
	int nth, status, tries = 0, nl = nl_open();

	ASSERT_LE(0, nl);
	/* What stays when it has been there once. */
	ASSERT_EQ(1, in_child(&variant->way, MOST));
	ASSERT_EQ(1, in_child(&variant->way, MOST));
	ASSERT_TRUE(wait_until(nsid_count(nl) == 0));
	close(nl);
	shrink_slabs();
	nr_slabs = 0;
	ASSERT_TRUE(each_slab(note_slab, 0));

	for (nth = 1; nth < MOST; nth += nth < WAY_IN ? 1 : variant->way.step) {
		status = in_child(&variant->way, nth);
		if (status)
			break;
		tries++;
	}
	EXPECT_EQ(1, status) {
		TH_LOG("allocation %d", nth);
	}
	EXPECT_LE(variant->way.least, nth - 1);
	TH_LOG("%d allocations, %d of them failed", nth - 1, tries);
	EXPECT_TRUE(wait_until(nothing_has_leaked(tries))) {
		TH_LOG("%s", leaked);
	}
}

DORMANT_TEST_MAIN
