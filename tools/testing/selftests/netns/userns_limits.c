// SPDX-License-Identifier: GPL-2.0
/*
 * user.max_net_namespaces bounds the network namespaces of a user, in his user
 * namespace and in each of its ancestors: ENOSPC past it, from each of the
 * three calls, and what failed or died no longer counts.
 */
#include "netns_util.h"

#define OTHER_USER 1000

static int set_limit(unsigned int limit)
{
	return write_file(MAX_NETNS_SYSCTL, "%u", limit);
}

/* The task moves on; the descriptor keeps what it leaves behind. */
static int unshare_and_hold(void)
{
	int err = sys_unshare(CLONE_NEWNET);

	return err ? err : open_self_ns("net");
}

/* What died before counts until the kernel has cleaned it up. */
static int unshare_when_free(void)
{
	int err;

	wait_until((err = sys_unshare(CLONE_NEWNET)) != -ENOSPC);
	return err;
}

FIXTURE(call)
{
};

FIXTURE_VARIANT(call)
{
	pid_t (*enter)(__u64 flags);
};

FIXTURE_VARIANT_ADD(call, clone)
{
	.enter = clone_child,
};

FIXTURE_VARIANT_ADD(call, clone3)
{
	.enter = clone3_child,
};

FIXTURE_VARIANT_ADD(call, unshare)
{
	.enter = unshare_here,
};

FIXTURE_SETUP(call)
{
	/* Its own user namespace, in which nothing is counted yet. */
	ASSERT_EQ(0, unshare_userns(0));
}

FIXTURE_TEARDOWN(call)
{
}

TEST_F(call, enospc_past_the_limit)
{
	int fds[3], i;
	ino_t ino;

	ASSERT_EQ(0, set_limit(3));
	for (i = 0; i < 3; i++) {
		fds[i] = unshare_and_hold();
		ASSERT_LE(0, fds[i]);
	}
	ino = self_ino("net");
	for (i = 0; i < 5; i++)
		EXPECT_EQ(-ENOSPC, variant->enter(CLONE_NEWNET));
	/* Failures on the way to others count no more than this one. */
	EXPECT_EQ(-ENOSPC, variant->enter(CLONE_NEWNET | CLONE_NEWUTS |
					  CLONE_NEWIPC | CLONE_NEWPID));
	EXPECT_EQ(ino, self_ino("net"));
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);

	ASSERT_EQ(0, set_limit(4));
	EXPECT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, variant->enter(CLONE_NEWNET));
}

TEST_F(call, none_at_all)
{
	ASSERT_EQ(0, set_limit(0));
	EXPECT_EQ(-ENOSPC, variant->enter(CLONE_NEWNET));
	/* A user namespace below does not help. */
	EXPECT_EQ(-ENOSPC, variant->enter(CLONE_NEWUSER | CLONE_NEWNET));
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
	ASSERT_EQ(0, set_limit(1));
	EXPECT_EQ(0, sys_unshare(CLONE_NEWNET));
}

TEST_F(call, privilege_comes_first)
{
	ASSERT_EQ(0, set_limit(0));
	ASSERT_EQ(0, limit_caps(0));
	EXPECT_EQ(-EPERM, variant->enter(CLONE_NEWNET));
}

TEST(death_gives_back)
{
	int fds[2], i;
	pid_t pid;

	ASSERT_EQ(0, unshare_userns(0));
	ASSERT_EQ(0, set_limit(3));
	for (i = 0; i < 2; i++) {
		fds[i] = unshare_and_hold();
		ASSERT_LE(0, fds[i]);
	}
	/* The third in turn belongs to a child, several times. */
	for (i = 0; i < 3; i++) {
		wait_until((pid = park_child(CLONE_NEWNET)) != -ENOSPC);
		ASSERT_LT(0, pid);
		EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
		ASSERT_EQ(0, kill_child(pid));
	}
	/* This one takes the place of the child's ... */
	EXPECT_EQ(0, unshare_when_free());
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	/* ... and this one that of the descriptor. */
	close(fds[0]);
	EXPECT_EQ(0, unshare_when_free());
}

TEST(lowering_kills_nothing)
{
	int fds[3], i;

	ASSERT_EQ(0, unshare_userns(0));
	for (i = 0; i < 3; i++) {
		fds[i] = unshare_and_hold();
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, set_limit(1));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, sys_setns(fds[i], CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	/* Two have to die before there is room for less than three. */
	ASSERT_EQ(0, set_limit(2));
	ASSERT_EQ(0, sys_setns(fds[0], CLONE_NEWNET));
	close(fds[1]);
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	close(fds[2]);
	EXPECT_EQ(0, unshare_when_free());
}

/* Three levels of user namespaces, with the limit in one of them. */
FIXTURE(nested)
{
};

FIXTURE_VARIANT(nested)
{
	int level;
};

FIXTURE_VARIANT_ADD(nested, oldest)
{
	.level = 0,
};

FIXTURE_VARIANT_ADD(nested, middle)
{
	.level = 1,
};

FIXTURE_VARIANT_ADD(nested, youngest)
{
	.level = 2,
};

FIXTURE_SETUP(nested)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, unshare_userns(0));
		if (i == variant->level)
			ASSERT_EQ(0, set_limit(2));
	}
}

FIXTURE_TEARDOWN(nested)
{
}

TEST_F(nested, exhausted)
{
	int fds[2], i;

	for (i = 0; i < 2; i++) {
		fds[i] = unshare_and_hold();
		ASSERT_LE(0, fds[i]);
	}
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWUSER | CLONE_NEWNET));
	close(fds[0]);
	EXPECT_EQ(0, unshare_when_free());
}

/* The failure at one level must not leave a charge at those below it. */
TEST_F(nested, refusal_charges_no_level)
{
	int fds[2], i;

	for (i = 0; i < 2; i++) {
		fds[i] = unshare_and_hold();
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 5; i++)
		EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	/* What is used here is two, so that three leave room for one. */
	ASSERT_EQ(0, set_limit(3));
	if (variant->level == 2)
		EXPECT_EQ(0, sys_unshare(CLONE_NEWNET));
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, unshare_when_free());
}

TEST(siblings_share_their_parents_limit)
{
	int sync[2], i;
	pid_t pid[3];
	char c;

	ASSERT_EQ(0, unshare_userns(0));
	ASSERT_EQ(0, set_limit(2));
	ASSERT_EQ(0, pipe2(sync, O_CLOEXEC));
	for (i = 0; i < 3; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			c = unshare_userns(CLONE_NEWNET) ? 'n' : 'y';
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (write(sync[1], &c, 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		ASSERT_EQ(1, read(sync[0], &c, 1));
		EXPECT_EQ(i < 2 ? 'y' : 'n', c);
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, kill_child(pid[i]));
}

/* With all capabilities: some user id remains 0, so that they come back. */
static int switch_user(uid_t uid)
{
	return setresuid(uid, uid, 0) ? -errno : limit_caps(~0ULL);
}

TEST(each_user_has_his_own_count)
{
	int maps[2], done[2], fd;
	pid_t helper, pid = getpid();
	char path[64], c = 0;

	/* Two users need two lines, which only the parent may write. */
	ASSERT_EQ(0, pipe2(maps, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	helper = fork();
	ASSERT_LE(0, helper);
	if (!helper) {
		if (read(maps[0], &c, 1) != 1)
			_exit(1);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		if (write_file(path, "0 0 1\n%u %u 1\n", OTHER_USER,
			       OTHER_USER))
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, sys_unshare(CLONE_NEWUSER));
	ASSERT_EQ(1, write(maps[1], &c, 1));
	ASSERT_EQ(0, wait_exit(helper));

	ASSERT_EQ(0, set_limit(1));
	fd = unshare_and_hold();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));

	ASSERT_EQ(0, switch_user(OTHER_USER));
	ASSERT_EQ((uid_t)OTHER_USER, geteuid());
	EXPECT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));

	/* It was charged to who made it, not to who is here when it dies. */
	ASSERT_EQ(0, sys_setns(fd, CLONE_NEWNET));
	EXPECT_EQ(0, unshare_when_free());
	close(fd);
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
}

/* The file shows the limit of its reader's user namespace. */
TEST(each_user_namespace_has_its_own_limit)
{
	char initial[32], inner[32];

	ASSERT_LT(0, read_file(MAX_NETNS_SYSCTL, initial, sizeof(initial)));
	if (!fork()) {
		EXPECT_EQ(0, unshare_userns(0));
		EXPECT_EQ(0, set_limit(7));
		EXPECT_LT(0, read_file(MAX_NETNS_SYSCTL, inner,
				       sizeof(inner)));
		EXPECT_STREQ("7\n", inner);
		_exit(_metadata->exit_code);
	}
	EXPECT_EQ(0, wait_exit(-1));
	EXPECT_LT(0, read_file(MAX_NETNS_SYSCTL, inner, sizeof(inner)));
	EXPECT_STREQ(initial, inner);

	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_EQ(-EACCES, set_limit(7));
}

TEST(limit_of_the_initial_namespace)
{
	char saved[32];

	/* main() restores it too, should this test be killed. */
	ASSERT_LT(0, read_file(MAX_NETNS_SYSCTL, saved, sizeof(saved)));
	ASSERT_EQ(0, set_limit(0));
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, sys_clone(CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, sys_clone3(CLONE_NEWNET));
	EXPECT_EQ(-ENOSPC, sys_unshare(CLONE_NEWUSER | CLONE_NEWNET));
	ASSERT_EQ(0, write_file(MAX_NETNS_SYSCTL, "%s", saved));
	EXPECT_EQ(0, sys_unshare(CLONE_NEWNET));
}

int main(int argc, char **argv)
{
	char value[64];
	int err;

	netns_test_init();
	err = read_file(MAX_NETNS_SYSCTL, value, sizeof(value));
	if (err > 0)
		err = set_sysctl(MAX_NETNS_SYSCTL, value);
	if (err < 0)
		ksft_exit_fail_msg("%s: %s\n", MAX_NETNS_SYSCTL,
				   strerror(-err));
	return test_harness_run(argc, argv);
}
