// SPDX-License-Identifier: GPL-2.0
/*
 * Everybody may look at /proc/PID/net of every task. That of a namespace that
 * nobody has used looks like any that is new, and stays as it is.
 */
#include "dormant_util.h"

FIXTURE(stranger)
{
	int home;
};

FIXTURE_SETUP(stranger)
{
	self->home = open_self_ns("net");
	ASSERT_LE(0, self->home);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(stranger)
{
}

/* He is shown what a namespace looks like that nobody has used. */
TEST_F(stranger, wakes_nobody)
{
	char dir[64], path[96], text[4096];
	pid_t pid;

	pid = stay(NULL);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	snprintf(dir, sizeof(dir), "/proc/%d/net", pid);
	ASSERT_EQ(0, become_user(1234));
	/* Whatever he is shown may have to be made first. */
	ASSERT_TRUE(walks(dir));

	EXPECT_WAKES(0, lists(dir, "dev"));
	snprintf(path, sizeof(path), "%s/dev", dir);
	EXPECT_WAKES(0, reads(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "lo:"));
	EXPECT_WAKES(0, owner(path) == 0);
	snprintf(path, sizeof(path), "%s/unix", dir);
	EXPECT_WAKES(0, reads(path, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "@"));
	snprintf(path, sizeof(path), "%s/nothing", dir);
	EXPECT_WAKES(0, owner(path) == -ENOENT);
}

/* What somebody has used is seen as it is. */
TEST_F(stranger, sees_what_is_there)
{
	char path[64], text[4096];
	pid_t pid;

	EXPECT_WAKES_PART(1, listen_abstract() >= 0);
	pid = stay(NULL);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	ASSERT_EQ(0, become_user(1234));
	snprintf(path, sizeof(path), "/proc/%d/net/unix", pid);
	EXPECT_WAKES(1, reads(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "@dormant"));
}

static int own_one(void)
{
	return become_user(1234) ?: unshare_userns(0) ?:
	       sys_unshare(CLONE_NEWNET);
}

/* The files are the owner's, whoever looks at them. */
TEST(sees_whose_it_is)
{
	char path[64];
	pid_t pid;

	pid = stay(own_one);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, become_user(4321));
	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	ASSERT_EQ(1234, owner(path));
	EXPECT_WAKES(0, owner(path) == 1234);
	snprintf(path, sizeof(path), "/proc/%d/net/unix", pid);
	EXPECT_WAKES(0, owner(path) == 1234);
}

/* Nor is somebody a stranger whom the files belong to. */
TEST(whom_it_belongs_to_is_none)
{
	char path[64], text[4096];
	pid_t pid;

	pid = stay(own_one);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, become_user(1234));
	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	EXPECT_WAKES(1, reads(path, text, sizeof(text)));
}

DORMANT_TEST_MAIN
