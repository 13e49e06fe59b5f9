// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the index of peer ids, on namespaces that exist for nothing
 * else.
 *
 * Takes no locks of its own and expects none held. It must leave no id behind,
 * as the kernel goes on to boot.
 */
#include <kunit/test.h>
#include <linux/net_namespace.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>

#include "netns.h"

static struct net *fake_net(struct kunit *test)
{
	struct net *net = kunit_kzalloc(test, sizeof(*net), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, net);
	refcount_set(&net->ns.count, 1);
	netns_nsid_setup(net);
	return net;
}

static int lost_count;
static int lost_id;

static void count_lost(struct net *owner, int id)
{
	lost_count++;
	lost_id = id;
}

/* Its last reference is gone. */
static void fake_net_end(struct net *net)
{
	lost_count = 0;
	refcount_set(&net->ns.count, 0);
	netns_nsid_detach(net, count_lost);
}

static int assign(struct net *owner, struct net *peer, int wanted)
{
	return netns_nsid_assign(owner, peer, wanted, GFP_KERNEL);
}

static void ids_are_given_and_found(struct kunit *test)
{
	struct net *a = fake_net(test), *b = fake_net(test);
	struct net *c = fake_net(test), *found;

	KUNIT_EXPECT_EQ(test, peernet2id(a, b), NETNSA_NSID_NOT_ASSIGNED);
	KUNIT_EXPECT_EQ(test, assign(a, b, -1), 0);
	KUNIT_EXPECT_EQ(test, assign(a, c, 7), 7);
	KUNIT_EXPECT_EQ(test, peernet2id(a, b), 0);
	KUNIT_EXPECT_EQ(test, peernet2id(a, c), 7);
	/* Knowing is not mutual. */
	KUNIT_EXPECT_FALSE(test, peernet_has_id(b, a));
	/* One may know itself. */
	KUNIT_EXPECT_EQ(test, assign(a, a, INT_MAX), INT_MAX);

	KUNIT_EXPECT_EQ(test, assign(a, b, 9), -EEXIST);
	KUNIT_EXPECT_EQ(test, assign(a, b, -1), -EEXIST);
	KUNIT_EXPECT_EQ(test, assign(b, a, 7), 7);
	KUNIT_EXPECT_EQ(test, assign(b, c, 7), -EBUSY);

	found = get_net_ns_by_id(a, 7);
	KUNIT_EXPECT_PTR_EQ(test, found, c);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->ns.count), 2);
	refcount_set(&c->ns.count, 1);
	KUNIT_EXPECT_NULL(test, get_net_ns_by_id(a, 8));
	KUNIT_EXPECT_NULL(test, get_net_ns_by_id(a, -1));

	fake_net_end(a);
	fake_net_end(b);
	fake_net_end(c);
	rcu_barrier();
}

static void ids_end_with_either_side(struct kunit *test)
{
	struct net *a = fake_net(test), *b = fake_net(test);
	struct net *c = fake_net(test);

	KUNIT_ASSERT_EQ(test, assign(a, c, 4), 4);
	KUNIT_ASSERT_EQ(test, assign(b, c, 5), 5);
	KUNIT_ASSERT_EQ(test, assign(c, a, 6), 6);
	KUNIT_ASSERT_EQ(test, assign(c, c, 0), 0);

	/* The peer of two that live, and of itself. */
	fake_net_end(c);
	KUNIT_EXPECT_EQ(test, lost_count, 2);
	KUNIT_EXPECT_EQ(test, peernet2id(a, c), NETNSA_NSID_NOT_ASSIGNED);
	KUNIT_EXPECT_EQ(test, peernet2id(c, a), NETNSA_NSID_NOT_ASSIGNED);
	KUNIT_EXPECT_NULL(test, get_net_ns_by_id(b, 5));
	KUNIT_EXPECT_TRUE(test, xa_empty(&c->nsids));
	KUNIT_EXPECT_TRUE(test, list_empty(&c->nsid_named_by));
	KUNIT_EXPECT_TRUE(test, list_empty(&a->nsid_named_by));
	KUNIT_EXPECT_EQ(test, refcount_read(&a->ns.count), 1);

	/* The dead get no ids and give none. */
	KUNIT_EXPECT_EQ(test, assign(a, c, -1), -ESTALE);
	KUNIT_EXPECT_EQ(test, assign(c, a, -1), -ESTALE);

	/* Its number can be given again. */
	KUNIT_EXPECT_EQ(test, assign(a, b, 4), 4);

	/* An owner that is dying itself is told nothing. */
	refcount_set(&a->ns.count, 0);
	fake_net_end(b);
	KUNIT_EXPECT_EQ(test, lost_count, 0);
	fake_net_end(a);
	rcu_barrier();
}

#define PEERS 500

static int check_consecutive(struct net *peer, int id, void *arg)
{
	int *last = arg;

	return id == ++*last ? 0 : -EDOM;
}

static int stop_at_id(struct net *peer, int id, void *arg)
{
	return id == *(int *)arg ? -EAGAIN : 0;
}

static void many_ids(struct kunit *test)
{
	struct net *owner = fake_net(test), **peers;
	unsigned long next = 0;
	int i, last = -1, stop;

	peers = kunit_kcalloc(test, PEERS, sizeof(*peers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, peers);
	for (i = 0; i < PEERS; i++) {
		peers[i] = fake_net(test);
		KUNIT_ASSERT_EQ(test, assign(owner, peers[i], -1), i);
	}
	for (i = 0; i < PEERS; i++)
		KUNIT_EXPECT_EQ(test, peernet2id(owner, peers[i]), i);

	KUNIT_EXPECT_EQ(test, netns_nsid_walk(owner, &next, check_consecutive,
					      &last), 0);
	KUNIT_EXPECT_EQ(test, last, PEERS - 1);

	next = 0;
	stop = 123;
	KUNIT_EXPECT_EQ(test, netns_nsid_walk(owner, &next, stop_at_id, &stop),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, next, 123);
	last = 122;
	KUNIT_EXPECT_EQ(test, netns_nsid_walk(owner, &next, check_consecutive,
					      &last), 0);
	KUNIT_EXPECT_EQ(test, last, PEERS - 1);

	/* The lowest that is free comes first. */
	fake_net_end(peers[17]);
	KUNIT_EXPECT_EQ(test, lost_count, 1);
	KUNIT_EXPECT_EQ(test, lost_id, 17);
	peers[17] = fake_net(test);
	KUNIT_EXPECT_EQ(test, assign(owner, peers[17], -1), 17);

	fake_net_end(owner);
	KUNIT_EXPECT_EQ(test, lost_count, 0);
	for (i = 0; i < PEERS; i++)
		KUNIT_EXPECT_TRUE(test, list_empty(&peers[i]->nsid_named_by));
	rcu_barrier();
}

static struct kunit_case nsid_cases[] = {
	KUNIT_CASE(ids_are_given_and_found),
	KUNIT_CASE(ids_end_with_either_side),
	KUNIT_CASE(many_ids),
	{}
};

static struct kunit_suite nsid_suite = {
	.name		= "netns_nsid",
	.test_cases	= nsid_cases,
};

kunit_test_suite(nsid_suite);
