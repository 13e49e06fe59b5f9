// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the network namespace core: which states may follow each
 * other, and the registry with fake operations of which each in turn fails.
 *
 * Takes no locks of its own and expects none held. It must leave the registry
 * as it found it, as the kernel goes on to boot.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kasan.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "../dev.h"
#include "netns.h"

/* Life cycle */

static void state_follows_state(struct kunit *test)
{
	static const struct {
		enum netns_state now, next;
	} allowed[] = {
		{ NETNS_DORMANT,	NETNS_ACTIVATING },
		{ NETNS_ACTIVATING,	NETNS_DORMANT },
		{ NETNS_ACTIVATING,	NETNS_PARTIAL },
		{ NETNS_ACTIVATING,	NETNS_LIVE },
		{ NETNS_PARTIAL,	NETNS_ACTIVATING },
		{ NETNS_LIVE,		NETNS_DYING },
	};
	enum netns_state now, next;
	bool expected;
	int i;

	for (now = NETNS_DORMANT; now <= NETNS_DYING; now++) {
		for (next = NETNS_DORMANT; next <= NETNS_DYING; next++) {
			expected = false;
			for (i = 0; i < ARRAY_SIZE(allowed); i++)
				expected |= allowed[i].now == now &&
					    allowed[i].next == next;
			KUNIT_EXPECT_EQ_MSG(test, netns_may_follow(now, next),
					    expected, "%d to %d", now, next);
		}
	}
}

static void init_net_is_live(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, init_net.state, NETNS_LIVE);
	KUNIT_EXPECT_TRUE(test, net_initialized(&init_net));
	KUNIT_EXPECT_PTR_EQ(test, init_net.list.prev, &net_namespace_list);
}

/* Registry: the fakes write down who was called for whom */

#define FAKES		5
#define FIRST_DEVICE	3
#define FAKE_BLOCK	24
#define LOG_SIZE	256

enum fake_call { INIT, PRE_EXIT, EXIT_RTNL, EXIT, EXIT_BATCH };

struct fake_entry {
	enum fake_call	call;
	int		fake;
	struct net	*net;
};

static struct {
	struct fake_entry	log[LOG_SIZE];
	int			entries;
	int			failing;	/* which fake's init, or -1 */
	int			fail_after;	/* how many of its inits */
	bool			dirty_block;	/* it was not zero at birth */
	bool			bad_block;	/* it was not ours at the end */
	bool			bad_lock;
	int			ends;		/* last exits of a namespace */
	struct net_device	*device;	/* of the last one's */
} fakes;

/* Two ends may be under way at once, when the first one waits for a device. */
static DEFINE_SPINLOCK(fakes_lock);

static unsigned int fake_ids[FAKES];

static void fake_log(enum fake_call call, int fake, struct net *net)
{
	if (!rwsem_is_locked(&pernet_ops_rwsem))
		fakes.bad_lock = true;
	if (IS_ENABLED(CONFIG_PROVE_LOCKING) &&
	    (lockdep_rtnl_is_held() ? call != EXIT_RTNL : call == EXIT_RTNL))
		fakes.bad_lock = true;
	spin_lock(&fakes_lock);
	if (fakes.entries < LOG_SIZE)
		fakes.log[fakes.entries++] = (struct fake_entry) {
			.call = call, .fake = fake, .net = net,
		};
	spin_unlock(&fakes_lock);
}

static int fake_init(int fake, struct net *net)
{
	u8 *block = net_generic(net, fake_ids[fake]);

	fake_log(INIT, fake, net);
	if (memchr_inv(block, 0, FAKE_BLOCK))
		fakes.dirty_block = true;
	memset(block, fake + 1, FAKE_BLOCK);
	if (fake == fakes.failing && !fakes.fail_after--)
		return -EDOM;
	return 0;
}

static void fake_exit(enum fake_call call, int fake, struct net *net)
{
	u8 *block = net_generic(net, fake_ids[fake]);

	fake_log(call, fake, net);
	if (!block || memchr_inv(block, fake + 1, FAKE_BLOCK))
		fakes.bad_block = true;
}

static void fake_exit_rtnl(int fake, struct net *net, struct list_head *devs)
{
	fake_exit(EXIT_RTNL, fake, net);
	if (fake == FAKES - 1 && fakes.device) {
		unregister_netdevice_queue(fakes.device, devs);
		fakes.device = NULL;
	}
}

static void fake_exit_batch(int fake, struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list) {
		fake_exit(EXIT_BATCH, fake, net);
		if (fake)
			continue;
		spin_lock(&fakes_lock);
		WRITE_ONCE(fakes.ends, fakes.ends + 1);
		spin_unlock(&fakes_lock);
	}
}

#define FAKE(n)								\
static int fake_init_##n(struct net *net)				\
{									\
	return fake_init(n, net);					\
}									\
static void fake_pre_exit_##n(struct net *net)				\
{									\
	fake_exit(PRE_EXIT, n, net);					\
}									\
static void fake_exit_rtnl_##n(struct net *net, struct list_head *devs)	\
{									\
	fake_exit_rtnl(n, net, devs);					\
}									\
static void fake_exit_##n(struct net *net)				\
{									\
	fake_exit(EXIT, n, net);					\
}									\
static void fake_exit_batch_##n(struct list_head *nets)			\
{									\
	fake_exit_batch(n, nets);					\
}

FAKE(0)
FAKE(1)
FAKE(2)
FAKE(3)
FAKE(4)

#define FAKE_OPS(n) {							\
	.init		= fake_init_##n,				\
	.pre_exit	= fake_pre_exit_##n,				\
	.exit_rtnl	= fake_exit_rtnl_##n,				\
	.exit		= fake_exit_##n,				\
	.exit_batch	= fake_exit_batch_##n,				\
	.id		= &fake_ids[n],					\
	.size		= FAKE_BLOCK,					\
}

static struct pernet_operations fake_ops[FAKES] = {
	FAKE_OPS(0), FAKE_OPS(1), FAKE_OPS(2), FAKE_OPS(3), FAKE_OPS(4),
};

static void fakes_forget(void)
{
	fakes.entries = 0;
	fakes.failing = -1;
	fakes.fail_after = 0;
	fakes.ends = 0;
}

/* Only what they were called for @net. */
static void fakes_forget_others(const struct net *net)
{
	int i, kept = 0;

	for (i = 0; i < fakes.entries; i++)
		if (fakes.log[i].net == net)
			fakes.log[kept++] = fakes.log[i];
	fakes.entries = kept;
}

static int fake_register(int fake)
{
	return fake < FIRST_DEVICE ? register_pernet_subsys(&fake_ops[fake]) :
				     register_pernet_device(&fake_ops[fake]);
}

static void fake_unregister(int fake)
{
	if (fake < FIRST_DEVICE)
		unregister_pernet_subsys(&fake_ops[fake]);
	else
		unregister_pernet_device(&fake_ops[fake]);
}

static int registry_begin(struct kunit *test)
{
	/* Devices first: they must come last all the same. */
	static const int order[FAKES] = { 3, 0, 4, 1, 2 };
	int i;

	memset(&fakes, 0, sizeof(fakes));
	fakes_forget();
	for (i = 0; i < FAKES; i++)
		KUNIT_ASSERT_EQ(test, fake_register(order[i]), 0);
	fakes_forget();
	return 0;
}

static void registry_end(struct kunit *test)
{
	int i;

	for (i = FAKES - 1; i >= 0; i--)
		fake_unregister(i);
	KUNIT_EXPECT_FALSE(test, fakes.dirty_block);
	KUNIT_EXPECT_FALSE(test, fakes.bad_block);
	KUNIT_EXPECT_FALSE(test, fakes.bad_lock);
}

static struct net *new_dormant_net(void)
{
	return copy_net_ns(CLONE_NEWNET, &init_user_ns, &init_net);
}

static struct net *new_net(void)
{
	struct net *net = new_dormant_net();
	int err;

	if (IS_ERR(net))
		return net;
	err = net_make_live(net);
	if (!err)
		return net;
	put_net(net);
	return ERR_PTR(err);
}

static void expect_call(struct kunit *test, int *at, enum fake_call call,
			int fake, struct net *net)
{
	const struct fake_entry *entry = &fakes.log[*at];

	KUNIT_ASSERT_LT(test, *at, fakes.entries);
	KUNIT_EXPECT_EQ_MSG(test, entry->call, call, "call %d", *at);
	KUNIT_EXPECT_EQ_MSG(test, entry->fake, fake, "call %d", *at);
	KUNIT_EXPECT_PTR_EQ_MSG(test, entry->net, net, "call %d", *at);
	++*at;
}

/* What comes before the exits proper of the first @count fakes. */
static void expect_cut_off(struct kunit *test, int *at, int count,
			   struct net *net)
{
	int i;

	for (i = count - 1; i >= 0; i--)
		expect_call(test, at, PRE_EXIT, i, net);
	for (i = count - 1; i >= 0; i--)
		expect_call(test, at, EXIT_RTNL, i, net);
}

/* The exits proper of fakes @last to @first. */
static void expect_exits(struct kunit *test, int *at, int last, int first,
			 struct net *net)
{
	int i;

	for (i = last; i >= first; i--) {
		expect_call(test, at, EXIT, i, net);
		expect_call(test, at, EXIT_BATCH, i, net);
	}
}

/* What must be called when the first @count fakes are undone for @net. */
static void expect_undone(struct kunit *test, int *at, int count,
			  struct net *net)
{
	expect_cut_off(test, at, count, net);
	expect_exits(test, at, count - 1, 0, net);
}

/* Nothing of it is left when this returns. The fakes have logged no end before. */
static void end_net(struct net *net)
{
	put_net(net);
	while (!READ_ONCE(fakes.ends))
		msleep(20);
	net_ns_barrier();
}

static void life_in_order(struct kunit *test)
{
	struct net *net = new_net();
	int at = 0, i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, net);
	KUNIT_EXPECT_EQ(test, net->state, NETNS_LIVE);
	for (i = 0; i < FAKES; i++)
		expect_call(test, &at, INIT, i, net);
	KUNIT_EXPECT_EQ(test, fakes.entries, at);

	end_net(net);
	expect_undone(test, &at, FAKES, net);
	KUNIT_EXPECT_EQ(test, fakes.entries, at);
}

static int reminders;

static int count_reminders(struct notifier_block *block, unsigned long event,
			   void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event == NETDEV_UNREGISTER && dev->reg_state == NETREG_UNREGISTERED)
		WRITE_ONCE(reminders, reminders + 1);
	return NOTIFY_DONE;
}

static struct notifier_block reminders_block = {
	.notifier_call = count_reminders,
};

static bool has_empty_block(const struct net *net, int fake)
{
	const u8 *block = net_generic(net, fake_ids[fake]);

	return block && !memchr_inv(block, 0, FAKE_BLOCK);
}

/*
 * Somebody does not let go of a device: operations come and go all the same,
 * and so do other namespaces.
 */
static void hold_back(struct kunit *test, struct net *net,
		      struct net_device *dev)
{
	int patience = netdev_unregister_timeout_secs;
	netdevice_tracker tracker;
	struct net *other;
	int at = 0, seen;

	/* It is on purpose: nobody is to complain, however slow the machine is. */
	WRITE_ONCE(netdev_unregister_timeout_secs, 3600);
	netdev_hold(dev, &tracker, GFP_KERNEL);
	fakes_forget();
	reminders = 0;
	KUNIT_ASSERT_EQ(test, register_netdevice_notifier(&reminders_block), 0);

	put_net(net);
	while (!READ_ONCE(reminders))
		msleep(20);
	expect_cut_off(test, &at, FAKES, net);
	expect_exits(test, &at, FAKES - 1, FIRST_DEVICE, net);
	KUNIT_EXPECT_EQ(test, fakes.entries, at);

	/* Who goes exits at once if it has not yet; who comes has nothing there. */
	fakes_forget();
	fake_unregister(4);
	fake_unregister(2);
	KUNIT_EXPECT_EQ(test, fake_register(2), 0);
	KUNIT_EXPECT_EQ(test, fake_register(4), 0);
	fakes_forget_others(net);
	at = 0;
	expect_exits(test, &at, 2, 2, net);
	KUNIT_EXPECT_EQ(test, fakes.entries, at);
	KUNIT_EXPECT_TRUE(test, has_empty_block(net, 2));
	KUNIT_EXPECT_TRUE(test, has_empty_block(net, 4));

	/* Whoever is reminding has RTNL, and who takes it from now on finds it mute. */
	rtnl_lock();
	rtnl_unlock();
	seen = READ_ONCE(reminders);
	msleep(2500);
	KUNIT_EXPECT_EQ(test, READ_ONCE(reminders), seen);

	fakes_forget();
	other = new_net();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	put_net(other);
	while (!READ_ONCE(fakes.ends))
		msleep(20);
	fakes_forget_others(net);
	KUNIT_EXPECT_EQ(test, fakes.entries, 0);

	fakes_forget();
	netdev_put(dev, &tracker);
	net_ns_barrier();
	fakes_forget_others(net);
	at = 0;
	expect_exits(test, &at, 1, 0, net);
	KUNIT_EXPECT_EQ(test, fakes.entries, at);
	unregister_netdevice_notifier(&reminders_block);
	WRITE_ONCE(netdev_unregister_timeout_secs, patience);
}

static void held_back_by_loopback(struct kunit *test)
{
	struct net *net = new_net();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, net);
	hold_back(test, net, net->loopback_dev);
}

static const struct net_device_ops fake_netdev_ops = {};

static void fake_setup(struct net_device *dev)
{
	dev->netdev_ops = &fake_netdev_ops;
	dev->needs_free_netdev = true;
}

static void held_back_by_device(struct kunit *test)
{
	struct net *net = new_net();
	struct net_device *dev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, net);
	dev = alloc_netdev(0, "fake%d", NET_NAME_UNKNOWN, fake_setup);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev_net_set(dev, net);
	KUNIT_ASSERT_EQ(test, register_netdev(dev), 0);
	fakes.device = dev;
	hold_back(test, net, dev);
}

static void init_fails_at_each_position(struct kunit *test)
{
	struct net *net;
	int failing, at, i;

	for (failing = 0; failing < FAKES; failing++) {
		fakes_forget();
		fakes.failing = failing;
		net = new_net();
		KUNIT_ASSERT_TRUE(test, IS_ERR(net));
		KUNIT_EXPECT_EQ(test, PTR_ERR(net), -EDOM);

		net = fakes.log[0].net;
		at = 0;
		for (i = 0; i <= failing; i++)
			expect_call(test, &at, INIT, i, net);
		expect_undone(test, &at, failing, net);
		KUNIT_EXPECT_EQ(test, fakes.entries, at);
	}
}

/* Nobody else looks at what a namespace does not have: KASAN would see it. */
static bool is_zero(const void *memory, size_t size)
{
	bool zero;

	kasan_disable_current();
	zero = !memchr_inv(memory, 0, size);
	kasan_enable_current();
	return zero;
}

static void expect_zero_but_lasting(struct kunit *test, const struct net *net)
{
	const size_t lasting = offsetof(struct net, lasting);
	const size_t rest = offsetofend(struct net, lasting);

	KUNIT_EXPECT_TRUE(test, is_zero(net, lasting));
	KUNIT_EXPECT_TRUE(test, is_zero((u8 *)net + rest, sizeof(*net) - rest));
}

#ifdef CONFIG_KASAN_GENERIC
static void expect_seen(struct kunit *test, const void *address, bool seen)
{
	const s8 *shadow = kasan_mem_to_shadow(address);

	KUNIT_EXPECT_EQ(test, *shadow != 0, seen);
}
#else
static void expect_seen(struct kunit *test, const void *address, bool seen)
{
}
#endif

/* Would KASAN see it if somebody looked at them? */
static void expect_watched(struct kunit *test, const struct net *net,
			   bool first_tier, bool rest)
{
	expect_seen(test, &net->ifindex, rest);
	expect_seen(test, &net->ns, false);
	expect_seen(test, &net->gen, false);
	expect_seen(test, &net->core, first_tier);
	expect_seen(test, &net->unx, first_tier);
	expect_seen(test, &net->dev_base_head, rest);
	expect_seen(test, &net->ipv4, rest);
	expect_seen(test, &netns_made_of((struct net *)net)->cgroups, false);
}

/* A dormant one is all zero but for its identity, also after a failure. */
static void expect_dormant(struct kunit *test, const struct net *net)
{
	KUNIT_EXPECT_EQ(test, net->state, NETNS_DORMANT);
	expect_zero_but_lasting(test, net);
	KUNIT_EXPECT_TRUE(test, is_zero(&net->first_tier,
					sizeof(net->first_tier)));
}

static void dormant_until_used(struct kunit *test)
{
	struct net *net = new_dormant_net();
	int failing;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, net);
	KUNIT_EXPECT_EQ(test, fakes.entries, 0);
	expect_dormant(test, net);
	expect_watched(test, net, true, true);

	for (failing = 0; failing < FAKES; failing++) {
		fakes_forget();
		fakes.failing = failing;
		KUNIT_EXPECT_EQ(test, net_make_live(net), -EDOM);
		expect_dormant(test, net);
	}
	fakes_forget();
	KUNIT_EXPECT_EQ(test, net_make_live(net), 0);
	KUNIT_EXPECT_EQ(test, net->state, NETNS_LIVE);
	expect_watched(test, net, false, false);
	KUNIT_EXPECT_EQ(test, net_make_live(net), 0);
	KUNIT_EXPECT_EQ(test, fakes.entries, FAKES);
	end_net(net);
}

/* With the first tier it is ready for local sockets, which know of no failure. */
static void partial_until_used_for_more(struct kunit *test)
{
	struct net *net = new_dormant_net();
	typeof(net->first_tier) tier;
	int failing;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, net);
	KUNIT_EXPECT_EQ(test, net_make_partial(net), 0);
	KUNIT_EXPECT_EQ(test, net_make_partial(net), 0);
	KUNIT_EXPECT_EQ(test, net->state, NETNS_PARTIAL);
	KUNIT_EXPECT_FALSE(test, net_initialized(net));
	KUNIT_EXPECT_EQ(test, fakes.entries, 0);
	KUNIT_EXPECT_NOT_NULL(test, net->unx.table.locks);
	expect_zero_but_lasting(test, net);
	expect_watched(test, net, false, true);
	tier = net->first_tier;

	for (failing = 0; failing < FAKES; failing++) {
		fakes_forget();
		fakes.failing = failing;
		KUNIT_EXPECT_EQ(test, net_make_live(net), -EDOM);
		KUNIT_EXPECT_EQ(test, net->state, NETNS_PARTIAL);
		KUNIT_EXPECT_MEMEQ(test, &net->first_tier, &tier, sizeof(tier));
		expect_zero_but_lasting(test, net);
	}
	fakes_forget();
	KUNIT_EXPECT_EQ(test, net_make_live(net), 0);
	KUNIT_EXPECT_EQ(test, net->state, NETNS_LIVE);
	KUNIT_EXPECT_EQ(test, net_make_partial(net), 0);
	KUNIT_EXPECT_EQ(test, net->state, NETNS_LIVE);
	KUNIT_EXPECT_PTR_EQ(test, net->unx.table.locks, tier.unx.table.locks);
	KUNIT_EXPECT_EQ(test, fakes.entries, FAKES);
	end_net(net);
}

static bool is_listed(const struct net *wanted)
{
	struct net *net;
	bool listed = false;

	down_read(&net_rwsem);
	for_each_net(net)
		listed |= net == wanted;
	up_read(&net_rwsem);
	return listed;
}

static int count_nets(void)
{
	struct net *net;
	int count = 0;

	down_read(&net_rwsem);
	for_each_net(net)
		count++;
	up_read(&net_rwsem);
	return count;
}

#define NETS 6

static void registration_fails_at_each_namespace(struct kunit *test)
{
	struct net *nets[NETS];
	int live, failing, i;

	for (i = 0; i < NETS; i++) {
		nets[i] = new_net();
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, nets[i]);
		KUNIT_EXPECT_TRUE(test, is_listed(nets[i]));
	}
	fake_unregister(FAKES - 1);
	live = count_nets();
	KUNIT_ASSERT_GT(test, live, NETS);

	for (failing = 0; failing < live; failing++) {
		fakes_forget();
		fakes.failing = FAKES - 1;
		fakes.fail_after = failing;
		KUNIT_EXPECT_EQ(test, fake_register(FAKES - 1), -EDOM);
		/* Inits up to the failing one; four exits of those before. */
		KUNIT_EXPECT_EQ(test, fakes.entries,
				failing + 1 + 4 * failing);
	}

	fakes_forget();
	KUNIT_EXPECT_EQ(test, fake_register(FAKES - 1), 0);
	KUNIT_EXPECT_EQ(test, fakes.entries, live);

	fakes_forget();
	for (i = 0; i < NETS; i++)
		put_net(nets[i]);
	/* They may come in several batches. */
	while (READ_ONCE(fakes.ends) < NETS)
		msleep(20);
	net_ns_barrier();
	KUNIT_EXPECT_EQ(test, fakes.entries, NETS * FAKES * 4);
}

static struct kunit_case netns_cases[] = {
	KUNIT_CASE(state_follows_state),
	KUNIT_CASE(init_net_is_live),
	{}
};

static struct kunit_suite netns_suite = {
	.name		= "netns",
	.test_cases	= netns_cases,
};

static struct kunit_case registry_cases[] = {
	KUNIT_CASE_SLOW(life_in_order),
	KUNIT_CASE_SLOW(held_back_by_loopback),
	KUNIT_CASE_SLOW(held_back_by_device),
	KUNIT_CASE_SLOW(dormant_until_used),
	KUNIT_CASE_SLOW(partial_until_used_for_more),
	KUNIT_CASE_SLOW(init_fails_at_each_position),
	KUNIT_CASE_SLOW(registration_fails_at_each_namespace),
	{}
};

static struct kunit_suite registry_suite = {
	.name		= "netns_registry",
	.init		= registry_begin,
	.exit		= registry_end,
	.test_cases	= registry_cases,
};

kunit_test_suites(&netns_suite, &registry_suite);
