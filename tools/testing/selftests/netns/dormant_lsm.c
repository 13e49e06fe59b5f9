// SPDX-License-Identifier: GPL-2.0
/*
 * A security module is asked before a network namespace is activated, and what it
 * refuses does not activate it. It sees the same calls as in one that was ready at
 * its birth: the user's from the user, with nothing of the network to be found
 * in the namespace, and those of init operations from the kernel, which it may
 * refuse as well: then the namespace is what it was before.
 */
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "dormant_lsm.h"
#include "dormant_util.h"

/* What is prepared for a use, and then does not take part in it. */
struct place {
	int home_nl;	/* a socket of another namespace, with an id for it */
	int nsid;
	int dir;	/* a directory where it may be looked at */
	int local;	/* a local socket, if the namespace is to have one */
	int nsfd;
};

/* Each returns 0 or a negative errno. */
static int use_inet(const struct place *place)
{
	return use_socket(AF_INET, SOCK_DGRAM, 0);
}

static int use_netlink(const struct place *place)
{
	return use_socket(AF_NETLINK, SOCK_RAW, 0);
}

static int use_packet(const struct place *place)
{
	return use_socket(AF_PACKET, SOCK_RAW, 0);
}

static int use_unix(const struct place *place)
{
	return use_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int use_pair(const struct place *place)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int use_bind(const struct place *place)
{
	int sock = listen_abstract();

	if (sock < 0)
		return sock;
	close(sock);
	return 0;
}

static int use_ioctl(const struct place *place)
{
	struct ifreq ifr = { .ifr_name = "lo" };

	return ioctl(place->local, SIOCGIFINDEX, &ifr) ? -errno : 0;
}

static int use_option(const struct place *place)
{
	return setsockopt(place->local, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) ?
	       -errno : 0;
}

static int use_dev(const struct place *place)
{
	return use_path(AT_FDCWD, "/proc/self/net/dev");
}

static int use_entry(const struct place *place)
{
	return use_path(place->dir, "dev");
}

static int use_sysctl(const struct place *place)
{
	return use_path(place->dir, "ipv4/ip_forward");
}

static int use_list(const struct place *place)
{
	char entries[4096];

	return syscall(__NR_getdents64, place->dir, entries, sizeof(entries)) <
	       0 ? -errno : 0;
}

static int use_tun(const struct place *place)
{
	return use_path(AT_FDCWD, "/dev/net/tun");
}

static int use_rtnetlink(const struct place *place)
{
	struct nl_req req;

	nl_init(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	nl_put_int(&req, IFLA_TARGET_NETNSID, place->nsid);
	nl_put_str(&req, IFLA_IFNAME, "lo");
	return nl_talk(place->home_nl, &req, NULL, NULL, NULL);
}

static int use_bpf(const struct place *place)
{
	union bpf_attr attr = {
		.query.target_ifindex = 1,
		.query.attach_type = BPF_TCX_INGRESS,
	};

	return sys_bpf(BPF_PROG_QUERY, &attr);
}

#define NSFS "/proc/self/ns/net"

static int see_nsfs(const struct place *place)
{
	return use_path(AT_FDCWD, NSFS);
}

static int see_link(const struct place *place)
{
	char text[64];

	return readlink(NSFS, text, sizeof(text)) < 0 ? -errno : 0;
}

static int see_owner(const struct place *place)
{
	int fd = ioctl(place->nsfd, NS_GET_USERNS);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int see_stat(const struct place *place)
{
	struct stat st;

	return stat("/proc/self/net", &st) ? -errno : 0;
}

static int see_child(unsigned long flags)
{
	pid_t pid = sys_clone(flags);

	if (!pid)
		_exit(0);
	return pid < 0 ? pid : wait_exit(pid);
}

static int see_child_born(const struct place *place)
{
	return see_child(CLONE_NEWNET);
}

static int see_child_owner(const struct place *place)
{
	return see_child(CLONE_NEWUSER | CLONE_NEWNET);
}

static int see_mount(const struct place *place)
{
	if (mount("sysfs", "/mnt", "sysfs", 0, NULL))
		return -errno;
	return umount("/mnt") ? -errno : 0;
}

/* Of a new namespace, what there is at a use. */
struct cost {
	int whole;
	int part;
};

FIXTURE(refusal)
{
	struct spy spy;
	struct place place;
};

FIXTURE_VARIANT(refusal)
{
	const char *hook;
	int (*use)(const struct place *place);
	const char *dir;
	enum who who;
	int family;
	bool local;		/* it has a local socket before */
	int state;		/* when the hook is called */
	int err;		/* what the caller is told instead of EPERM */
	struct cost refused;
	struct cost let;	/* when it is tried again, and not refused */
};

#define REFUSAL(name, ...) FIXTURE_VARIANT_ADD(refusal, name) { __VA_ARGS__ }

REFUSAL(inet, "socket_create", use_inet, .who = USER, .let.whole = 1);
REFUSAL(netlink, "socket_create", use_netlink, .who = USER, .let.whole = 1);
REFUSAL(packet, "socket_create", use_packet, .who = USER, .let.whole = 1);
REFUSAL(local, "socket_create", use_unix, .who = USER, .let.part = 1);
/* There is a socket to be looked at, for which it took a namespace. */
REFUSAL(inet_made, "socket_post_create", use_inet, .who = USER, .state = LIVE,
	.refused.whole = 1);
REFUSAL(local_made, "socket_post_create", use_unix, .who = USER,
	.state = PARTIAL, .refused.part = 1);
REFUSAL(pair_made, "socket_socketpair", use_pair, .state = PARTIAL,
	.refused.part = 1);
REFUSAL(packet_allocated, "sk_alloc_security", use_packet, .family = AF_PACKET,
	.state = LIVE, .err = ENOBUFS, .refused.whole = 1);
REFUSAL(local_allocated, "sk_alloc_security", use_unix, .family = AF_UNIX,
	.state = PARTIAL, .err = ENOMEM, .refused.part = 1);

/* What leads from local sockets to the rest, and what does not. */
REFUSAL(ioctl, "file_ioctl", use_ioctl, .local = true, .state = PARTIAL,
	.let.whole = 1);
REFUSAL(option, "socket_setsockopt", use_option, .local = true,
	.state = PARTIAL, .let.whole = 1);
REFUSAL(bind, "socket_bind", use_bind, .local = true, .state = PARTIAL);

/* Ways in that begin with a file: it has been looked for before it is opened. */
REFUSAL(proc_found, "file_open", use_dev, .state = LIVE, .refused.whole = 1);
REFUSAL(proc_lookup, "inode_permission", use_entry, "/proc/self/net",
	.let.whole = 1);
REFUSAL(proc_list, "file_permission", use_list, "/proc/self/net",
	.let.whole = 1);
REFUSAL(sysctl_lookup, "inode_permission", use_sysctl, "/proc/sys/net",
	.let.whole = 1);
REFUSAL(sysctl_list, "file_permission", use_list, "/proc/sys/net",
	.let.whole = 1);
REFUSAL(tun, "file_open", use_tun, .let.whole = 1);
/* From another one. */
REFUSAL(rtnetlink, "netlink_send", use_rtnetlink, .let.whole = 1);
REFUSAL(bpf, "bpf", use_bpf, .let.whole = 1);

/* A namespace is met with, but not used. */
REFUSAL(nsfs, "file_open", see_nsfs);
REFUSAL(nsfs_link, "inode_readlink", see_link);
REFUSAL(nsfs_ioctl, "file_ioctl", see_owner);
REFUSAL(proc_stat, "inode_getattr", see_stat);
REFUSAL(task, "task_alloc", see_child_born);
REFUSAL(userns, "userns_create", see_child_owner);
REFUSAL(mount, "sb_mount", see_mount);
REFUSAL(mount_kern, "sb_kern_mount", see_mount);

FIXTURE_SETUP(refusal)
{
	const struct rule rule = {
		.hook = variant->hook,
		.family = variant->family,
		.who = variant->who,
		.err = EPERM,
	};

	if (!has_bpf_lsm())
		SKIP(return, "no BPF programs as a security module");
	/* What comes from modules comes before. */
	if (variant->use == use_tun && access("/dev/net/tun", F_OK) &&
	    system("modprobe -q tun"))
		SKIP(return, "no tun in this kernel");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS | CLONE_NEWNET));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, use_packet(NULL));
	self->place.home_nl = nl_open();
	ASSERT_LE(0, self->place.home_nl);
	ASSERT_EQ(0, spy_init(&self->spy));
	ASSERT_LE(0, spy_attach(&self->spy, &rule));
}

FIXTURE_TEARDOWN(refusal)
{
	write_file(EAGER_SYSCTL, "0");
}

/* Goes to a new namespace, and prepares @place for it. */
static int move_on(struct place *place, const char *dir, bool local)
{
	int err = sys_unshare(CLONE_NEWNET);

	place->nsid++;
	place->nsfd = open_self_ns("net");
	if (dir)
		place->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (local)
		place->local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (place->nsfd < 0 || place->dir < 0 || place->local < 0)
		return -errno;
	return err ?: nsid_set(place->home_nl, place->nsid, NETNSA_FD,
			       place->nsfd);
}

/* A use in which the hook refuses its call of that number. */
static int use_refused(const struct spy *spy, int nth,
		       int (*use)(const struct place *place),
		       const struct place *place)
{
	return spy_arm(spy, nth) ?: use(place);
}

#define REFUSED() use_refused(&self->spy, 1, variant->use, &self->place)

TEST_F(refusal, first_use)
{
	const struct cost *refused = &variant->refused, *let = &variant->let;
	int err = -(variant->err ?: EPERM);
	struct call calls[MOST_CALLS];

	ASSERT_EQ(0, move_on(&self->place, variant->dir, variant->local));
	EXPECT_WAKES_BOTH(refused->whole, refused->part, REFUSED() == err);
	ASSERT_EQ(1, spy_read(&self->spy, calls));
	EXPECT_EQ(variant->state, calls[0].state);
	EXPECT_EQ(due(&calls[0]), calls[0].found);
	EXPECT_WAKES_BOTH(let->whole, let->part, !variant->use(&self->place));
	EXPECT_EQ(1, own_link_index("lo"));

	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "1"));
	ASSERT_EQ(0, move_on(&self->place, variant->dir, variant->local));
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "0"));
	EXPECT_WAKES_BOTH(0, 0, REFUSED() == err);
	ASSERT_EQ(1, spy_read(&self->spy, calls));
	EXPECT_EQ(LIVE, calls[0].state);
	EXPECT_EQ(due(&calls[0]), calls[0].found);
	EXPECT_WAKES_BOTH(0, 0, !variant->use(&self->place));
}

/* Hooks that sockets pass, in that order. */
enum { CREATE, SK_ALLOC, POST_CREATE, NR_WATCHED };

static const struct rule watched[NR_WATCHED] = {
	{ .hook = "socket_create", .number = CREATE },
	{ .hook = "sk_alloc_security", .number = SK_ALLOC },
	{ .hook = "socket_post_create", .number = POST_CREATE },
};

FIXTURE(sockets)
{
	struct spy spy;
};

FIXTURE_VARIANT(sockets)
{
	int family;
	int type;
	int state;		/* which it takes */
};

#define SOCKETS(name, ...) FIXTURE_VARIANT_ADD(sockets, name) { __VA_ARGS__ }

SOCKETS(inet, AF_INET, SOCK_STREAM, LIVE);
SOCKETS(inet6, AF_INET6, SOCK_DGRAM, LIVE);
SOCKETS(netlink, AF_NETLINK, SOCK_RAW, LIVE);
SOCKETS(packet, AF_PACKET, SOCK_RAW, LIVE);
SOCKETS(local, AF_UNIX, SOCK_STREAM, PARTIAL);

FIXTURE_SETUP(sockets)
{
	unsigned int i;

	if (!has_bpf_lsm())
		SKIP(return, "no BPF programs as a security module");
	/* What comes from modules comes before. */
	ASSERT_TRUE(makes_socket(variant->family, variant->type, 0));
	ASSERT_EQ(0, spy_init(&self->spy));
	for (i = 0; i < NR_WATCHED; i++)
		ASSERT_LE(0, spy_attach(&self->spy, &watched[i]));
	/* So that the kernel's credentials are not the caller's. */
	ASSERT_EQ(0, setresuid(OWNER, 0, 0));
}

FIXTURE_TEARDOWN(sockets)
{
	write_file(EAGER_SYSCTL, "0");
}

/* Makes a namespace, in it such a socket and then one of AF_INET. */
static int watch_sockets(const struct spy *spy, const char *eager, int family,
			 int type, struct call *calls)
{
	int err = write_file(EAGER_SYSCTL, eager);

	if (err || spy_arm(spy, NO_LIMIT) || sys_unshare(CLONE_NEWNET) ||
	    !makes_socket(family, type, 0) ||
	    !makes_socket(AF_INET, SOCK_DGRAM, 0) || spy_arm(spy, NONE))
		return -1;
	return spy_read(spy, calls);
}

/* Whose calls they are shows by who they come from; @states are the user's. */
static void expect_calls(struct __test_metadata *_metadata,
			 const struct call *calls, int n, int family, int type,
			 const int *states)
{
	int users = 0;

	for (; n; n--, calls++) {
		bool is_users = calls->uid == OWNER;
		bool first = users < NR_WATCHED;

		if (calls->hook != SK_ALLOC)
			EXPECT_EQ(!is_users, calls->ints[KERN]);
		if (!is_users) {
			EXPECT_EQ(0, calls->uid);
			continue;
		}
		ASSERT_LT(users, 2 * NR_WATCHED);
		EXPECT_EQ(users % NR_WATCHED, calls->hook);
		EXPECT_EQ(first ? family : AF_INET, calls->ints[FAMILY]);
		if (calls->hook != SK_ALLOC)
			EXPECT_EQ(first ? type : SOCK_DGRAM, calls->ints[TYPE]);
		EXPECT_EQ(0, calls->ints[PROTOCOL]);
		EXPECT_EQ(states[users], calls->state);
		EXPECT_EQ(due(calls), calls->found);
		users++;
	}
	EXPECT_EQ(2 * NR_WATCHED, users);
}

static int compare_calls(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct call, state));
}

TEST_F(sockets, are_seen_as_in_an_eager_one)
{
	const int state = variant->state;
	const int lazy_states[] = { DORMANT, state, state, state, LIVE, LIVE };
	const int eager_states[] = { LIVE, LIVE, LIVE, LIVE, LIVE, LIVE };
	struct call lazy[MOST_CALLS], eager[MOST_CALLS];
	int n, i;

	n = watch_sockets(&self->spy, "0", variant->family, variant->type, lazy);
	/* At least rtnetlink's is the kernel's. */
	ASSERT_LT(2 * NR_WATCHED, n);
	ASSERT_EQ(n, watch_sockets(&self->spy, "1", variant->family,
				   variant->type, eager));
	expect_calls(_metadata, lazy, n, variant->family, variant->type,
		     lazy_states);
	expect_calls(_metadata, eager, n, variant->family, variant->type,
		     eager_states);
	for (i = 0; i < n; i++)
		if (lazy[i].uid != OWNER)
			EXPECT_EQ(ACTIVATING, lazy[i].state);

	qsort(lazy, n, sizeof(*lazy), compare_calls);
	qsort(eager, n, sizeof(*eager), compare_calls);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(0, compare_calls(&lazy[i], &eager[i])) {
			TH_LOG("hook %d: family %d type %d protocol %d kern %d",
			       lazy[i].hook, lazy[i].ints[FAMILY],
			       lazy[i].ints[TYPE], lazy[i].ints[PROTOCOL],
			       lazy[i].ints[KERN]);
		}
	}
}

/* A refusal of one of the sockets that init operations make. */
FIXTURE(middle)
{
	struct spy spy;
};

FIXTURE_VARIANT(middle)
{
	struct rule rule;
	int (*use)(const struct place *place);
	bool local;		/* there is a local socket, which must not mind */
};

FIXTURE_VARIANT_ADD(middle, create_at_a_socket)
{
	.rule = { .hook = "socket_create", .who = KERNEL, .err = EPERM },
	.use = use_inet,
};

FIXTURE_VARIANT_ADD(middle, create_at_a_file)
{
	.rule = { .hook = "socket_create", .who = KERNEL, .err = EPERM },
	.use = use_dev,
	.local = true,
};

FIXTURE_VARIANT_ADD(middle, post_create)
{
	.rule = { .hook = "socket_post_create", .who = KERNEL, .err = EACCES },
	.use = use_dev,
};

FIXTURE_VARIANT_ADD(middle, alloc)
{
	.rule = { .hook = "sk_alloc_security", .err = ENOMEM },
	.use = use_dev,
	.local = true,
};

FIXTURE_SETUP(middle)
{
	if (!has_bpf_lsm())
		SKIP(return, "no BPF programs as a security module");
	ASSERT_EQ(0, spy_init(&self->spy));
	ASSERT_LE(0, spy_attach(&self->spy, &variant->rule));
}

FIXTURE_TEARDOWN(middle)
{
}

/*
 * What the hook has said, or what init operations make of it: socket(2) says that
 * there is no room; for want of a socket of netlink there is no memory, for that of
 * uevents no device and for that of lookups in a FIB no such family.
 */
static bool is_told(int err, int refused)
{
	return err == -refused || err == -ENOBUFS || err == -ENOMEM ||
	       err == -ENODEV || err == -EAFNOSUPPORT;
}

/* Refuses the kernel one socket in each namespace, until there are no more. */
TEST_F(middle, of_an_activation)
{
	struct call calls[MOST_CALLS];
	struct place place = {};
	int nth, err = -1, i;

	for (nth = 1; nth < MOST_CALLS; nth++) {
		int before = activations();

		ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
		if (variant->local)
			EXPECT_WAKES_PART(1, !use_unix(NULL));
		err = use_refused(&self->spy, nth, variant->use, &place);
		if (spy_left(&self->spy))
			break;
		EXPECT_TRUE(is_told(err, variant->rule.err)) {
			TH_LOG("socket %d: %s", nth, strerror(-err));
		}
		EXPECT_EQ(before, activations());
		ASSERT_EQ(nth, spy_read(&self->spy, calls));
		for (i = 0; i < nth; i++)
			EXPECT_EQ(ACTIVATING, calls[i].state);

		/* It is what it was before, and as good as new. */
		EXPECT_WAKES_PART(!variant->local, !use_unix(NULL));
		EXPECT_WAKES(1, !variant->use(&place));
		EXPECT_EQ(1, own_link_index("lo"));
	}
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, spy_arm(&self->spy, NONE));
	/* Of rtnetlink, generic netlink, sock_diag, ... */
	EXPECT_LT(3, nth - 1);
	TH_LOG("%d sockets, each of them refused once", nth - 1);
}

DORMANT_TEST_MAIN
