// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: attributes that somebody adds to a network device in sysfs late are
 * there at once, and go when he removes them, all or a single one, whether the
 * device's directory has been looked into or not, also in vain for their names.
 * A module adds them: test_modules/test_group.c.
 */
#include "sysfs_tree.h"

#define MODULE "test_modules/test_group.ko"
#define LOADED "/sys/module/test_group"

static struct tree before, with, after;

static const char *const attrs[] = {
	"late_binary", "late_first", "late_second",
};

static const char *path_of(const char *attr)
{
	static char path[64];

	snprintf(path, sizeof(path), CLASS DEV "/%s", attr);
	return path;
}

static int stat_of(const char *attr)
{
	struct stat st;

	return stat(path_of(attr), &st) ? -errno : 0;
}

/* Loading and unloading look at nothing of the device but what they name. */
static int load(const char *single)
{
	char command[128];

	snprintf(command, sizeof(command), "insmod " MODULE " name=" DEV " %s%s",
		 *single ? "single=" : "", single);
	return system(command);
}

static int unload(void)
{
	return system("rmmod test_group");
}

static int fresh(int nl)
{
	return device_renew(nl, "veth");
}

FIXTURE(group)
{
	int nl;
};

FIXTURE_SETUP(group)
{
	if (access(MODULE, R_OK))
		SKIP(return, "no modules for this kernel");
	self->nl = enter_new_place();
	ASSERT_LE(0, self->nl);
	/* What a device has that nobody has done anything with. */
	ASSERT_EQ(0, fresh(self->nl));
	ASSERT_EQ(0, tree_of(&before, DEVICES DEV, true));
	ASSERT_EQ(0, fresh(self->nl));
}

/* The device waits for the module, of which a test may not have seen the end. */
FIXTURE_TEARDOWN(group)
{
	if (!access(LOADED, F_OK))
		EXPECT_EQ(0, unload());
	EXPECT_EQ(0, link_del(self->nl, DEV));
	close(self->nl);
}

/* Looks for each name, which must be there or not, and then at the whole. */
static void expect_attrs(struct __test_metadata *_metadata, struct tree *tree,
			 bool there, const char *single)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		bool wanted = there && strcmp(attrs[i], single);
		char text[32] = "";

		EXPECT_EQ(wanted ? 0 : -ENOENT, stat_of(attrs[i])) {
			TH_LOG("%s", attrs[i]);
		}
		if (!wanted)
			continue;
		EXPECT_LT(0, read_file(path_of(attrs[i]), text, sizeof(text)));
		text[strcspn(text, "\n")] = '\0';
		EXPECT_STREQ(attrs[i], text);
	}
	EXPECT_EQ(0, tree_of(tree, DEVICES DEV, true));
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		const char *line = tree_find(tree, attrs[i]);

		EXPECT_EQ(there && strcmp(attrs[i], single), !!line) {
			TH_LOG("%s", path_of(attrs[i]));
		}
	}
}

FIXTURE_VARIANT(group)
{
	bool before;	/* somebody looks before there is the group */
	bool between;	/* and before it goes */
};

FIXTURE_VARIANT_ADD(group, unseen)
{
};

FIXTURE_VARIANT_ADD(group, seen_before)
{
	.before = true,
};

FIXTURE_VARIANT_ADD(group, seen_between)
{
	.between = true,
};

FIXTURE_VARIANT_ADD(group, seen)
{
	.before = true,
	.between = true,
};

/* The second time, it has been there before. */
TEST_F(group, comes_and_goes)
{
	int round;

	for (round = 0; round < 2; round++) {
		if (variant->before)
			expect_attrs(_metadata, &after, false, "");
		ASSERT_EQ(0, load(""));
		if (variant->between)
			expect_attrs(_metadata, &with, true, "");
		ASSERT_EQ(0, unload());
	}
	expect_attrs(_metadata, &after, false, "");
	EXPECT_SAME_TREE(&before, &after);
}

/* A list of names has them before anybody looks for one, and afterwards. */
TEST_F(group, listed_first)
{
	if (variant->before)
		expect_attrs(_metadata, &after, false, "");
	ASSERT_EQ(0, load(""));
	EXPECT_EQ(0, tree_of(&with, DEVICES DEV, true));
	expect_attrs(_metadata, &after, true, "");
	EXPECT_SAME_TREE(&with, &after);
	ASSERT_EQ(0, unload());
	EXPECT_EQ(0, tree_of(&after, DEVICES DEV, true));
	EXPECT_SAME_TREE(&before, &after);
}

TEST_F(group, single_is_removed)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		ASSERT_EQ(0, fresh(self->nl));
		if (variant->before)
			expect_attrs(_metadata, &after, false, "");
		ASSERT_EQ(0, load(attrs[i]));
		if (variant->between)
			expect_attrs(_metadata, &with, true, attrs[i]);
		ASSERT_EQ(0, unload());
		expect_attrs(_metadata, &after, false, "");
		EXPECT_SAME_TREE(&before, &after);
	}
}

/* Whoever has one open keeps neither the group nor the module. */
TEST_F(group, goes_while_open)
{
	int fds[ARRAY_SIZE(attrs)];
	unsigned int i;
	char c;

	if (variant->before)
		expect_attrs(_metadata, &after, false, "");
	ASSERT_EQ(0, load(""));
	if (variant->between)
		expect_attrs(_metadata, &with, true, "");
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		fds[i] = open(path_of(attrs[i]), O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(1, pread(fds[i], &c, 1, 0));
		EXPECT_EQ('l', c);
	}
	ASSERT_EQ(0, unload());
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		EXPECT_EQ(-1, pread(fds[i], &c, 1, 0));
		EXPECT_EQ(ENODEV, errno);
		close(fds[i]);
	}
	expect_attrs(_metadata, &after, false, "");
	EXPECT_SAME_TREE(&before, &after);
}

NETNS_TEST_MAIN
