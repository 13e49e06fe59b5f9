// SPDX-License-Identifier: GPL-2.0
/*
 * Keys that hold what a name means on the network belong to the namespace of
 * the task that adds them. That is part of its identity: a dormant
 * one has such keys, and stays so.
 */
#include <linux/keyctl.h>

#include "dormant_util.h"

#define TYPE "dns_resolver"
#define NAME "host.example"

static long sys_keyctl(int op, long a, long b, long c, long d)
{
	long ret = syscall(__NR_keyctl, op, a, b, c, d);

	return ret < 0 ? -errno : ret;
}

static long key_add(const char *type, const char *address, long ring)
{
	long ret = syscall(__NR_add_key, type, NAME, address,
			   strlen(address) + 1, ring);

	return ret < 0 ? -errno : ret;
}

static long key_find(const char *type, long ring)
{
	return sys_keyctl(KEYCTL_SEARCH, ring, (long)type, (long)NAME, 0);
}

/* It would be found; otherwise user space is asked, which has no answer. */
static long key_request(const char *type)
{
	long ret = syscall(__NR_request_key, type, NAME, NULL, 0);

	return ret < 0 ? -errno : ret;
}

static bool key_has(long key, const char *address)
{
	char text[64] = "";

	return sys_keyctl(KEYCTL_READ, key, (long)text, sizeof(text) - 1, 0) >
	       0 && !strcmp(text, address);
}

static bool ring_has(long ring, int key)
{
	int keys[16];
	long len;

	len = sys_keyctl(KEYCTL_READ, ring, (long)keys, sizeof(keys), 0);
	for (len /= (long)sizeof(*keys); len > 0; len--)
		if (keys[len - 1] == key)
			return true;
	return false;
}

FIXTURE(keys)
{
	int ns[2];
	long ring;
};

FIXTURE_VARIANT(keys)
{
	bool eager;
};

FIXTURE_VARIANT_ADD(keys, lazy)
{
};

/* The same answers. */
FIXTURE_VARIANT_ADD(keys, eager)
{
	.eager = true,
};

FIXTURE_SETUP(keys)
{
	/* Both the type and the keyring are of no namespace. */
	if (system("modprobe -q dns_resolver"))
		SKIP(return, "no dns_resolver in this kernel");
	self->ring = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0);
	ASSERT_LT(0, self->ring);
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "%d", variant->eager));
	self->ns[0] = new_netns();
	ASSERT_LE(0, self->ns[0]);
	self->ns[1] = new_netns();
	ASSERT_LE(0, self->ns[1]);
}

FIXTURE_TEARDOWN(keys)
{
	write_file(EAGER_SYSCTL, "0");
}

TEST_F(keys, are_found)
{
	long key = -1, ring = self->ring;

	ASSERT_EQ(0, sys_setns(self->ns[0], CLONE_NEWNET));
	EXPECT_WAKES(0, key_find(TYPE, ring) == -ENOKEY);
	EXPECT_WAKES(0, key_request(TYPE) == -ENOKEY);
	EXPECT_WAKES(0, (key = key_add(TYPE, "192.0.2.1", ring)) > 0);
	EXPECT_WAKES(0, key_find(TYPE, ring) == key);
	EXPECT_WAKES(0, key_request(TYPE) == key);
	EXPECT_WAKES(0, key_has(key, "192.0.2.1"));
	/* Who has the number may read it from wherever he is. */
	ASSERT_EQ(0, sys_setns(self->ns[1], CLONE_NEWNET));
	EXPECT_WAKES(0, key_has(key, "192.0.2.1"));
}

/* A new one takes the place of that of the same name and namespace. */
TEST_F(keys, are_of_one_namespace)
{
	long first = -1, second = -1, key = -1, ring = self->ring;

	ASSERT_EQ(0, sys_setns(self->ns[0], CLONE_NEWNET));
	EXPECT_WAKES(0, (first = key_add(TYPE, "192.0.2.1", ring)) > 0);
	ASSERT_EQ(0, sys_setns(self->ns[1], CLONE_NEWNET));
	EXPECT_WAKES(0, (key = key_add(TYPE, "192.0.2.2", ring)) > 0);
	EXPECT_TRUE(ring_has(ring, first));
	EXPECT_TRUE(ring_has(ring, key));
	EXPECT_WAKES(0, (second = key_add(TYPE, "192.0.2.3", ring)) > 0);
	EXPECT_FALSE(ring_has(ring, key));
	EXPECT_TRUE(ring_has(ring, second));
	EXPECT_TRUE(ring_has(ring, first));

	/* To be used changes nothing. */
	EXPECT_WAKES(!variant->eager, makes_socket(AF_INET, SOCK_DGRAM, 0));
	key = second;
	EXPECT_WAKES(0, (second = key_add(TYPE, "192.0.2.4", ring)) > 0);
	EXPECT_FALSE(ring_has(ring, key));
	EXPECT_TRUE(ring_has(ring, first));

	ASSERT_EQ(0, sys_setns(self->ns[0], CLONE_NEWNET));
	EXPECT_WAKES(0, key_add(TYPE, "192.0.2.5", ring) > 0);
	EXPECT_FALSE(ring_has(ring, first));
	EXPECT_TRUE(ring_has(ring, second));
}

TEST_F(keys, of_other_types_are_of_none)
{
	long key = -1, ring = self->ring;

	ASSERT_EQ(0, sys_setns(self->ns[0], CLONE_NEWNET));
	EXPECT_WAKES(0, (key = key_add("user", "secret", ring)) > 0);
	ASSERT_EQ(0, sys_setns(self->ns[1], CLONE_NEWNET));
	EXPECT_WAKES(0, key_find("user", ring) == key);
	EXPECT_WAKES(0, key_request("user") == key);
}

/* They go with it, from wherever they are. */
TEST_F(keys, end_with_it)
{
	long key = -1, other = -1, ring = self->ring;
	int home = open_self_ns("net");

	ASSERT_EQ(0, sys_setns(self->ns[0], CLONE_NEWNET));
	EXPECT_WAKES(0, (key = key_add(TYPE, "192.0.2.1", ring)) > 0);
	ASSERT_EQ(0, sys_setns(self->ns[1], CLONE_NEWNET));
	EXPECT_WAKES(0, (other = key_add(TYPE, "192.0.2.2", ring)) > 0);
	ASSERT_EQ(0, sys_setns(home, CLONE_NEWNET));
	EXPECT_TRUE(ring_has(ring, key));
	EXPECT_WAKES(0, !close(self->ns[0]));
	EXPECT_TRUE(wait_until(!ring_has(ring, key)));
	EXPECT_TRUE(ring_has(ring, other));
}

DORMANT_TEST_MAIN
