// SPDX-License-Identifier: GPL-2.0
/*
 * clone(2), clone3(2) and unshare(2) with CLONE_NEWNET make a namespace that
 * is new and empty, for the task that asked and for no other, when that task
 * is allowed to; else they fail with the documented error and leave nothing.
 */
#include <linux/nsfs.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "netns_netlink.h"

#define STACK_SIZE (256 * 1024)

static const char * const types[] = { "net", "uts", "ipc", "mnt", "cgroup" };

#define ALL_TYPES (CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | \
		   CLONE_NEWNS | CLONE_NEWCGROUP)

/*
 * Where CLONE_NEWIPC and CLONE_SYSVSEM contradict each other: a child cannot
 * share its parent's undo list, but a task can leave its own behind.
 */
#define SYSVSEM_FLAGS (CLONE_NEWNET | CLONE_NEWIPC | CLONE_SYSVSEM)

struct links {
	int nr;
	int index;
	unsigned int flags;
	char name[IFNAMSIZ];
};

static void record_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	struct links *links = arg;
	const struct rtattr *name;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return;
	name = nl_find(nlh, sizeof(*ifi), IFLA_IFNAME);
	links->nr++;
	links->index = ifi->ifi_index;
	links->flags = ifi->ifi_flags;
	snprintf(links->name, sizeof(links->name), "%s",
		 (const char *)RTA_DATA(name));
}

static int get_links(struct links *links)
{
	struct nl_req req;
	int fd, err;

	memset(links, 0, sizeof(*links));
	fd = nl_open();
	if (fd < 0)
		return fd;
	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	err = nl_talk(fd, &req, record_link, links, NULL);
	close(fd);
	return err;
}

FIXTURE(call)
{
	ino_t inos[ARRAY_SIZE(types)];
	__u64 cookie;
};

FIXTURE_VARIANT(call)
{
	/* Returns 0 to whoever is in the new namespace. */
	pid_t (*enter)(__u64 flags);
	/* Flags that are wrong for this call before privilege matters. */
	__u64 wrong;
	int sysvsem_error;
};

FIXTURE_VARIANT_ADD(call, clone)
{
	.enter = clone_child,
	.wrong = CLONE_NEWNS | CLONE_FS,
	.sysvsem_error = -EINVAL,
};

FIXTURE_VARIANT_ADD(call, clone3)
{
	.enter = clone3_child,
	.wrong = CLONE_DETACHED,
	.sysvsem_error = -EINVAL,
};

FIXTURE_VARIANT_ADD(call, unshare)
{
	.enter = unshare_here,
	.wrong = CLONE_SETTLS,
	.sysvsem_error = 0,
};

FIXTURE_SETUP(call)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		self->inos[i] = self_ino(types[i]);
		ASSERT_NE(0U, self->inos[i]);
	}
	self->cookie = self_cookie();
	ASSERT_NE(0U, self->cookie);
}

FIXTURE_TEARDOWN(call)
{
}

TEST_F(call, new_and_empty)
{
	struct links links;
	pid_t pid;

	pid = variant->enter(CLONE_NEWNET);
	ASSERT_LE(0, pid);
	if (pid) {
		EXPECT_EQ(self->inos[0], self_ino("net"));
		EXPECT_EQ(self->cookie, self_cookie());
		EXPECT_EQ(0, wait_exit(pid));
		return;
	}

	EXPECT_NE(0U, self_ino("net"));
	EXPECT_NE(self->inos[0], self_ino("net"));
	EXPECT_NE(0U, self_cookie());
	EXPECT_NE(self->cookie, self_cookie());

	ASSERT_EQ(0, get_links(&links));
	EXPECT_EQ(1, links.nr);
	EXPECT_EQ(1, links.index);
	EXPECT_STREQ("lo", links.name);
	EXPECT_TRUE(!!(links.flags & IFF_LOOPBACK));
	EXPECT_FALSE(!!(links.flags & IFF_UP));
}

TEST_F(call, only_the_namespaces_asked_for)
{
	unsigned int i;
	pid_t pid;

	pid = variant->enter(CLONE_NEWNET);
	ASSERT_LE(0, pid);
	if (pid) {
		EXPECT_EQ(0, wait_exit(pid));
		return;
	}
	for (i = 1; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(self->inos[i], self_ino(types[i]));
}

TEST_F(call, several_at_once)
{
	ino_t pid_ns = self_ino("pid_for_children");
	pid_t me, child;
	unsigned int i;

	me = getpid();
	child = variant->enter(ALL_TYPES | CLONE_NEWPID);
	ASSERT_LE(0, child);
	/* A child in a new PID namespace cannot look itself up in /proc. */
	if (!child && getpid() != me) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}

	if (child)
		me = child;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_NE(0U, pid_ino(me, types[i]));
		EXPECT_NE(self->inos[i], pid_ino(me, types[i]));
	}
	/* One without a first process yet has no file: that will do. */
	EXPECT_NE(pid_ns, pid_ino(me, "pid_for_children"));
	if (child)
		EXPECT_EQ(0, kill_child(child));
}

TEST_F(call, user_namespace_needs_no_privilege)
{
	int nsfd, owner;
	pid_t pid;

	ASSERT_EQ(0, become_user(NOBODY));
	pid = variant->enter(CLONE_NEWUSER | CLONE_NEWNET);
	ASSERT_LE(0, pid);
	if (pid) {
		EXPECT_EQ(self->cookie, self_cookie());
		EXPECT_EQ(0, wait_exit(pid));
		return;
	}

	EXPECT_NE(self->cookie, self_cookie());
	nsfd = open_self_ns("net");
	ASSERT_LE(0, nsfd);
	owner = ioctl(nsfd, NS_GET_USERNS);
	ASSERT_LE(0, owner);
	EXPECT_EQ(self_ino("user"), fd_ino(owner));
	close(owner);
	close(nsfd);
	/* Whoever owns the user namespace may go on. */
	EXPECT_EQ(0, sys_unshare(CLONE_NEWNET));
}

TEST_F(call, ordinary_user_is_refused)
{
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EPERM, variant->enter(CLONE_NEWNET));
	EXPECT_EQ(-EPERM, variant->enter(ALL_TYPES));
	EXPECT_EQ(self->inos[0], self_ino("net"));
	EXPECT_EQ(self->cookie, self_cookie());
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
}

TEST_F(call, other_capabilities_do_not_help)
{
	ASSERT_EQ(0, limit_caps(~(1ULL << CAP_SYS_ADMIN)));
	EXPECT_EQ(-EPERM, variant->enter(CLONE_NEWNET));
	EXPECT_EQ(self->cookie, self_cookie());
}

TEST_F(call, sys_admin_suffices)
{
	pid_t pid;

	ASSERT_EQ(0, limit_caps(1ULL << CAP_SYS_ADMIN));
	pid = variant->enter(CLONE_NEWNET);
	ASSERT_LE(0, pid);
	if (pid) {
		EXPECT_EQ(0, wait_exit(pid));
		return;
	}
	EXPECT_NE(self->cookie, self_cookie());
}

TEST_F(call, eperm_before_einval)
{
	ASSERT_EQ(variant->sysvsem_error, variant->enter(SYSVSEM_FLAGS));
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EPERM, variant->enter(SYSVSEM_FLAGS));
}

TEST_F(call, unknown_combination_before_eperm)
{
	EXPECT_EQ(-EINVAL, variant->enter(CLONE_NEWNET | variant->wrong));
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EINVAL, variant->enter(CLONE_NEWNET | variant->wrong));
	EXPECT_EQ(self->cookie, self_cookie());
}

TEST(plain_fork_shares)
{
	__u64 cookie = self_cookie();
	ino_t ino = self_ino("net");
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		EXPECT_EQ(ino, self_ino("net"));
		EXPECT_EQ(cookie, self_cookie());
		_exit(_metadata->exit_code);
	}
	EXPECT_EQ(0, wait_exit(pid));
}

/* The namespaces are copied before the kernel finds that it cannot write. */
static pid_t clone_bad_pidfd(void)
{
	pid_t pid = syscall(__NR_clone, CLONE_NEWNET | CLONE_PIDFD | SIGCHLD,
			    0, 0, 0, 0);

	return pid < 0 ? -errno : pid;
}

/* And before it finds that the identifier is taken: 1 is the init's. */
static pid_t clone3_pid_taken(void)
{
	pid_t init = 1, pid;
	struct clone_args args = {
		.flags = CLONE_NEWNET,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&init,
		.set_tid_size = 1,
	};

	pid = syscall(__NR_clone3, &args, sizeof(args));
	return pid < 0 ? -errno : pid;
}

TEST(late_failure_leaves_nothing)
{
	__u64 cookie;
	pid_t pid;
	int i;

	EXPECT_EQ(-EEXIST, clone3_pid_taken());

	/* One that stayed behind would use up the only one allowed. */
	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	ASSERT_EQ(0, write_file(MAX_NETNS_SYSCTL, "2"));
	cookie = self_cookie();
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(wait_until((pid = clone_bad_pidfd()) != -ENOSPC));
		EXPECT_EQ(-EFAULT, pid);
	}
	EXPECT_EQ(cookie, self_cookie());
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
	EXPECT_TRUE(wait_until(sys_unshare(CLONE_NEWNET) != -ENOSPC));
	EXPECT_NE(cookie, self_cookie());
}

struct shared_child {
	ino_t ino;
	__u64 cookie;
	int done;
};

/* In the memory of the parent, which does nothing until .done is set. */
static int report_shared(void *arg)
{
	struct shared_child *child = arg;

	child->ino = self_ino("net");
	child->cookie = self_cookie();
	__atomic_store_n(&child->done, 1, __ATOMIC_RELEASE);
	return 0;
}

static pid_t clone_shared(unsigned long flags, struct shared_child *child)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	memset(child, 0, sizeof(*child));
	pid = clone(report_shared, stack + STACK_SIZE, CLONE_VM | flags,
		    child);
	if (pid < 0)
		return -errno;
	while (!__atomic_load_n(&child->done, __ATOMIC_ACQUIRE))
		usleep(1000);
	return pid;
}

TEST(thread_of_its_own_namespace)
{
	__u64 cookie = self_cookie();
	ino_t ino = self_ino("net");
	struct shared_child child;

	ASSERT_LT(0, clone_shared(CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				  CLONE_THREAD | CLONE_SYSVSEM | CLONE_NEWNET,
				  &child));
	EXPECT_NE(0U, child.ino);
	EXPECT_NE(ino, child.ino);
	EXPECT_NE(0U, child.cookie);
	EXPECT_NE(cookie, child.cookie);
	EXPECT_EQ(ino, self_ino("net"));
	EXPECT_EQ(cookie, self_cookie());
}

TEST(thread_flags_that_exclude_it)
{
	const unsigned long thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;

	EXPECT_EQ(-EINVAL, sys_clone(thread | CLONE_NEWNET | CLONE_NEWUSER));
	EXPECT_EQ(-EINVAL, sys_clone(thread | CLONE_NEWNET | CLONE_NEWPID));
}

TEST(process_that_shares_memory)
{
	__u64 cookie = self_cookie();
	struct shared_child child;
	pid_t pid;

	pid = clone_shared(CLONE_NEWNET | SIGCHLD, &child);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_NE(0U, child.cookie);
	EXPECT_NE(cookie, child.cookie);
	EXPECT_EQ(cookie, self_cookie());
}

TEST(child_of_vfork)
{
	__u64 cookie = self_cookie();
	struct shared_child child;
	pid_t pid;

	pid = clone_shared(CLONE_VFORK | CLONE_NEWNET | SIGCHLD, &child);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_NE(0U, child.cookie);
	EXPECT_NE(cookie, child.cookie);
	EXPECT_EQ(cookie, self_cookie());

	pid = clone_shared(CLONE_VFORK | SIGCHLD, &child);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(cookie, child.cookie);
}

struct thread {
	pthread_barrier_t *barrier;
	unsigned long flags;
	int err;
	__u64 cookie;
	ino_t ino;
};

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	thread->err = sys_unshare(thread->flags);
	/* Everybody looks when everybody has unshared what he wanted to. */
	pthread_barrier_wait(thread->barrier);
	thread->cookie = self_cookie();
	thread->ino = self_ino("net");
	pthread_barrier_wait(thread->barrier);
	return NULL;
}

TEST(unshare_affects_one_thread)
{
	pthread_barrier_t barrier;
	struct thread leaver = { &barrier, CLONE_NEWNET, };
	struct thread second = { &barrier, CLONE_NEWNET, };
	struct thread stayer = { &barrier, 0, };
	__u64 cookie = self_cookie();
	ino_t ino = self_ino("net");
	pthread_t threads[3];
	int i;

	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, 4));
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, thread_main, &leaver));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, thread_main, &second));
	ASSERT_EQ(0, pthread_create(&threads[2], NULL, thread_main, &stayer));
	pthread_barrier_wait(&barrier);

	EXPECT_EQ(cookie, self_cookie());
	EXPECT_EQ(ino, self_ino("net"));
	EXPECT_EQ(ino, path_ino("/proc/self/ns/net"));
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));

	EXPECT_EQ(0, leaver.err);
	EXPECT_NE(cookie, leaver.cookie);
	EXPECT_NE(ino, leaver.ino);
	EXPECT_EQ(0, second.err);
	EXPECT_NE(cookie, second.cookie);
	EXPECT_NE(leaver.cookie, second.cookie);
	EXPECT_NE(leaver.ino, second.ino);
	EXPECT_EQ(0, stayer.err);
	EXPECT_EQ(cookie, stayer.cookie);
	EXPECT_EQ(ino, stayer.ino);
}

TEST(threads_share_their_user_namespace)
{
	pthread_barrier_t barrier;
	struct thread thread = {
		&barrier, CLONE_NEWUSER | CLONE_NEWNET,
	};
	__u64 cookie = self_cookie();
	pthread_t id;

	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, 2));
	ASSERT_EQ(0, pthread_create(&id, NULL, thread_main, &thread));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	ASSERT_EQ(0, pthread_join(id, NULL));
	EXPECT_EQ(-EINVAL, thread.err);
	EXPECT_EQ(cookie, thread.cookie);
}

int main(int argc, char **argv)
{
	int err;

	netns_test_init();
	/* Where tunnels are built in, lo would have company. */
	err = set_sysctl("/proc/sys/net/core/fb_tunnels_only_for_init_net",
			 "1");
	if (err && err != -ENOENT)
		ksft_exit_fail_msg("fb_tunnels_only_for_init_net: %s\n",
				   strerror(-err));
	return test_harness_run(argc, argv);
}
