// SPDX-License-Identifier: GPL-2.0
/*
 * Who made a network namespace pays for it, whoever is the first to use it. If
 * he cannot, that is an errno for the user, and no death among the maker's
 * tasks; the namespace is as it was.
 */
#include "dormant_cgroup.h"

static long current_of(const char *cgroup)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "%s/memory.current", cgroup);
	return read_file(path, text, sizeof(text)) > 0 ? atol(text) : -ENOENT;
}

FIXTURE(memcg)
{
	pid_t resident;
};

FIXTURE_SETUP(memcg)
{
	if (write_file(CGROUPS "/cgroup.subtree_control", "+memory"))
		SKIP(return, "no memory controller");
	ASSERT_EQ(0, make_cgroups());
	ASSERT_EQ(0, write_file(PARENT "/cgroup.subtree_control", "+memory"));
	/* Somebody who would be the one to die. */
	ASSERT_EQ(0, enter_cgroup(MAKER));
	self->resident = park_child(0);
	ASSERT_LT(0, self->resident);
	/* Where nothing more is charged for him. */
	ASSERT_TRUE(wait_until(call_of(self->resident) == __NR_pause));
	ASSERT_EQ(0, enter_cgroup(USER));
}

FIXTURE_TEARDOWN(memcg)
{
	EXPECT_EQ(0, enter_cgroup(CGROUPS));
	EXPECT_EQ(0, kill_child(self->resident));
	EXPECT_EQ(0, rmdir(MAKER));
	EXPECT_EQ(0, rmdir(USER));
	EXPECT_EQ(0, rmdir(PARENT));
}

#define MANY 20
/* What each of them has that is charged to somebody, at least. */
#define EACH (50 << 10)

struct usage {
	long total;
	long kernel;
	long percpu;
};

static struct usage usage_of(const char *cgroup)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/memory.stat", cgroup);
	return (struct usage) {
		.total = current_of(cgroup),
		.kernel = read_key(path, "kernel"),
		.percpu = read_key(path, "percpu"),
	};
}

static long kernel_grew(const char *cgroup, const struct usage *before)
{
	return usage_of(cgroup).kernel - before->kernel;
}

TEST_F(memcg, maker_pays)
{
	struct usage maker, user;
	int nsfds[MANY], i;

	for (i = 0; i < MANY; i++) {
		nsfds[i] = maker_netns();
		ASSERT_LE(0, nsfds[i]);
	}
	maker = usage_of(MAKER);
	user = usage_of(USER);
	for (i = 0; i < MANY; i++)
		EXPECT_WAKES(1, socket_in(nsfds[i], AF_INET, SOCK_DGRAM, 0) >=
				0);
	/* Statistics are brought up to date now and then. */
	EXPECT_TRUE(wait_until(kernel_grew(MAKER, &maker) > MANY * EACH));
	EXPECT_LT(maker.total + MANY * EACH, current_of(MAKER));
	EXPECT_LT(maker.percpu, usage_of(MAKER).percpu);
	/* The sockets are the user's own. */
	EXPECT_GT(MANY * EACH / 4, kernel_grew(USER, &user));
	EXPECT_EQ(user.percpu, usage_of(USER).percpu);
}

/*
 * The errno is that of the init operation which had no memory, and some have one
 * of their own for it: that of uevents, of lookups in a FIB, of IPv6's sockets.
 */
static bool is_refused(int err)
{
	return err == -ENOMEM || err == -ENODEV || err == -EAFNOSUPPORT ||
	       err == -ENFILE || err == -ENOBUFS;
}

/*
 * What has been charged in advance is enough for the first of them, and may come
 * back from another CPU between two tries: two in a row have to be refused.
 */
TEST_F(memcg, who_cannot_pay_lives)
{
	int nsfds[MANY], i, before, sock = 0, err = 0;
	char text[32];

	for (i = 0; i < MANY; i++) {
		nsfds[i] = maker_netns();
		ASSERT_LE(0, nsfds[i]);
	}
	ASSERT_EQ(0, write_file(MAKER "/memory.max", "%ld",
				current_of(MAKER)));
	for (i = 0; i < MANY && (sock >= 0 || err >= 0); i++) {
		sock = socket_in(nsfds[i], AF_INET, SOCK_DGRAM, 0);
		if (sock >= 0)
			continue;
		before = activations();
		err = read_in(nsfds[i], "/proc/thread-self/net/dev", text,
			      sizeof(text));
		EXPECT_EQ(err >= 0, activations() - before);
	}
	EXPECT_EQ(-ENOMEM, sock);
	EXPECT_TRUE(is_refused(err)) {
		TH_LOG("%s", strerror(-err));
	}
	i--;
	EXPECT_EQ(0, waitpid(self->resident, NULL, WNOHANG));
	EXPECT_EQ(0, read_key(MAKER "/memory.events", "oom_kill"));
	EXPECT_EQ(0, read_key(USER "/memory.events", "oom_kill"));
	/* It is what it was before. */
	ASSERT_EQ(0, write_file(MAKER "/memory.max", "max"));
	EXPECT_WAKES(1, socket_in(nsfds[i], AF_INET, SOCK_DGRAM, 0) >= 0);
	EXPECT_EQ(1, link_index(nl_open_in(nsfds[i]), "lo"));
}

static int have_local_socket(void)
{
	return enter_cgroup(MAKER) ?: sys_unshare(CLONE_NEWNET) ?:
	       listen_abstract() < 0 ? -errno : 0;
}

/* How many of them a stranger sees what is there of. */
static int seen_by_stranger(const pid_t *pids)
{
	char path[64], text[4096];
	pid_t pid = fork();
	int i, n = 0;

	if (pid)
		return pid < 0 ? -errno : wait_exit(pid);
	if (become_user(1234))
		_exit(0);
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "/proc/%d/net/unix", pids[i]);
		n += reads(path, text, sizeof(text)) && strstr(text, "@dormant");
	}
	_exit(n);
}

/* Who has no business there, and wants to see more than one that is new would show. */
TEST_F(memcg, stranger_pays_himself)
{
	struct usage maker, user;
	pid_t pids[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		EXPECT_WAKES_PART(1, (pids[i] = stay(have_local_socket)) > 0);
		ASSERT_LT(0, pids[i]);
	}
	maker = usage_of(MAKER);
	user = usage_of(USER);
	EXPECT_WAKES(MANY, seen_by_stranger(pids) == MANY);
	EXPECT_TRUE(wait_until(kernel_grew(USER, &user) > MANY * EACH));
	EXPECT_GT(MANY * EACH, kernel_grew(MAKER, &maker));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, kill_child(pids[i]));
}

DORMANT_TEST_MAIN
