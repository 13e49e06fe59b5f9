// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life cycle of network namespaces: their states and the one place that
 * changes them, birth, activation, the last references, and the list of those
 * that live.
 *
 *	DORMANT --> ACTIVATING --> LIVE --> DYING --> freed
 *	  |  ^        |  |  ^
 *	  |  +-failure+  |  |
 *	  |              v  |
 *	  |            PARTIAL --> freed
 *	  +--> freed
 *
 * Birth gives an identity, and takes what a process pays for a namespace. Who
 * first uses it activates it: that gives it the protocols' state. One that
 * nobody uses never has any, and nothing is to be taken down at its end. One
 * that is used for local sockets only has the first tier of operations; who
 * needs more activates it again, and a failure leaves it with those.
 *
 * A namespace's life is counted in ns.count; once that is zero it never rises
 * again. Its memory is counted in passive, of which the life holds one.
 *
 * Takes pernet_ops_rwsem for reading around an activation, and net_rwsem
 * around changes of net_namespace_list. It must never run an operation itself
 * (registry.c does), take a namespace down (reaper.c), or wait in put_net(),
 * which softirqs call.
 */
#include <linux/cookie.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/init_task.h>
#include <linux/kasan.h>
#include <linux/key.h>
#include <linux/memcg_guest.h>
#include <linux/memcontrol.h>
#include <linux/moduleparam.h>
#include <linux/nsproxy.h>
#include <linux/proc_ns.h>
#include <linux/random.h>
#include <linux/ref_tracker.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>
#include <linux/wait_bit.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "netns/netns.h"

struct net init_net;
EXPORT_SYMBOL(init_net);

/* All that live, init_net first. RCU readers can meet dying ones. */
LIST_HEAD(net_namespace_list);
EXPORT_SYMBOL_GPL(net_namespace_list);

/* Held for writing to change the list. Nests inside RTNL. */
DECLARE_RWSEM(net_rwsem);
EXPORT_SYMBOL_GPL(net_rwsem);

DEFINE_COOKIE(net_cookie);

#ifdef CONFIG_KEYS
static struct key_tag init_net_key_domain = { .usage = REFCOUNT_INIT(1) };
#endif

/*
 * The one place that moves a state. Where several might want to move it, which
 * is only to ACTIVATING, one of them succeeds.
 */
static bool netns_enter(struct net *net, enum netns_state now,
			enum netns_state next)
{
	WARN_ON_ONCE(!netns_may_follow(now, next));
	if (next == NETNS_ACTIVATING)
		return cmpxchg(&net->state, now, next) == now;

	/* Pairs with net_initialized(): live means that all is written. */
	smp_store_release(&net->state, next);
	if (now == NETNS_ACTIVATING) {
		/* The waiter queues itself, then looks at the state. */
		smp_mb();
		wake_up_var(&net->state);
	}
	return true;
}

/*
 * What stays as it is while the memory goes from one namespace to the next.
 * All else that a dormant one has is written at its birth.
 */
static void netns_construct(struct net *net)
{
	memset(net, 0, sizeof(*net));
	netns_nsid_setup(net);
	netns_generic_none(net);
}

/* An identity. @net has come from netns_construct(). */
static void netns_identify(struct net *net, struct user_namespace *owner)
{
	net->state = NETNS_DORMANT;
	net->nsid_met = false;
	refcount_set(&net->passive, 1);
	refcount_set(&net->ns.count, 1);
	ref_tracker_dir_init(&net->refcnt_tracker, 128, "net refcnt");
	ref_tracker_dir_init(&net->notrefcnt_tracker, 128, "net notrefcnt");

	net->user_ns = owner;
	/* Maps that are written later do not change who owns what is made now. */
	net->root_uid = make_kuid(owner, 0);
	net->root_gid = make_kgid(owner, 0);
	scoped_guard(preempt)
		net->net_cookie = gen_cookie_next(&net_cookie);
	net->hash_mix = get_random_u32();
}

/* See netns_watch(). Tags are too coarse to tell members from each other. */
static void netns_unwatch(const void *members, size_t size)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kasan_unpoison_range(members, size);
}

/* What is read or locked before, or without, the protocol's own init. */
static void netns_furnish_first_tier(struct net *net)
{
	net->core.sysctl_somaxconn = SOMAXCONN;
	net->core.sysctl_txrehash = SOCK_TXREHASH_ENABLED;
	/* For each socket: TCP's zerocopy needs this much at times. */
	net->core.sysctl_optmem_max = 128 * 1024;
}

static void netns_furnish(struct net *net)
{
	net->dev_base_seq = 1;
	mutex_init(&net->ipv4.ra_mutex);
#ifdef CONFIG_DEBUG_NET_SMALL_RTNL
	mutex_init(&net->rtnl_mutex);
	lock_set_cmp_fn(&net->rtnl_mutex, rtnl_net_lock_cmp_fn, NULL);
#endif
}

/* Back to what netns_construct() made, but for the identity and the first tier. */
static void netns_strip(struct net *net)
{
	const size_t lasting = offsetof(struct net, lasting);
	const size_t rest = offsetofend(struct net, lasting);

	netns_generic_free(net);
	memset(net, 0, lasting);
	memset((u8 *)net + rest, 0, sizeof(*net) - rest);
}

static void netns_strip_first_tier(struct net *net)
{
	memset(&net->first_tier, 0, sizeof(net->first_tier));
}

/* How many have been, in debugfs for tests of who does and who does not. */
static atomic_t netns_partial_activations;
static atomic_t netns_activations;

static int netns_set_up_first_tier(struct net *net)
{
	int err;

	netns_unwatch(&net->first_tier, sizeof(net->first_tier));
	netns_furnish_first_tier(net);
	err = pernet_init_first_tier(net);
	if (err)
		netns_strip_first_tier(net);
	return err;
}

static void netns_take_down_first_tier(struct net *net)
{
	pernet_exit_first_tier(net);
	netns_strip_first_tier(net);
}

/* All but the first tier, which local sockets may go on using meanwhile. */
static int netns_set_up_rest(struct net *net)
{
	typeof(net->first_tier) first_tier = net->first_tier;
	int err;

	err = down_read_killable(&pernet_ops_rwsem);
	if (err)
		return err;

	netns_unwatch(net, sizeof(*net));
	netns_furnish(net);
	err = netns_generic_alloc(net);
	if (!err)
		err = pernet_init_rest(net);
	if (err) {
		netns_strip(net);
		/* What differs is not what local sockets use. */
		net->first_tier = first_tier;
	} else {
		/* Whoever finds it on the list may use it. */
		scoped_guard(rwsem_write, &net_rwsem) {
			netns_enter(net, NETNS_ACTIVATING, NETNS_LIVE);
			list_add_tail_rcu(&net->list, &net_namespace_list);
		}
		netns_heritage_drop(net);
		atomic_inc(&netns_activations);
	}
	up_read(&pernet_ops_rwsem);
	return err;
}

static int netns_set_up(struct net *net, enum netns_state now,
			enum netns_state goal)
{
	int err;

	if (now == NETNS_DORMANT) {
		err = netns_set_up_first_tier(net);
		if (err)
			return err;
	}
	if (goal == NETNS_PARTIAL) {
		netns_enter(net, NETNS_ACTIVATING, NETNS_PARTIAL);
		atomic_inc(&netns_partial_activations);
		return 0;
	}
	err = netns_set_up_rest(net);
	if (err && now == NETNS_DORMANT)
		netns_take_down_first_tier(net);
	return err;
}

/*
 * Give a namespace that is ACTIVATING, and was @now before, what it needs to be
 * @goal. The operations see no difference between users.
 */
static int netns_activate(struct net *net, enum netns_state now,
			  enum netns_state goal)
{
	const struct cred *old_cred = override_creds(&init_cred);
	int err;

	err = netns_set_up(net, now, goal);
	if (err)
		netns_enter(net, NETNS_ACTIVATING, now);

	revert_creds(old_cred);
	return err;
}

#ifdef CONFIG_NET_NS
static struct kmem_cache *netns_cache __ro_after_init;

/* For who would rather have -ENOMEM from clone(2) than from a later call. */
static bool netns_eager;

#ifdef CONFIG_KEYS
static int netns_key_domain_add(struct net *net)
{
	net->key_domain = kzalloc(sizeof(*net->key_domain), GFP_KERNEL);
	if (!net->key_domain)
		return -ENOMEM;
	refcount_set(&net->key_domain->usage, 1);
	return 0;
}

static void netns_key_domain_del(struct net *net)
{
	if (net->key_domain)
		key_remove_domain(net->key_domain);
}
#else
static int netns_key_domain_add(struct net *net)
{
	return 0;
}

static void netns_key_domain_del(struct net *net)
{
}
#endif

/*
 * Who is charged for what a namespace consists of: whoever is for struct net,
 * with a reference for the caller.
 */
static struct mem_cgroup *netns_memcg(struct net *net)
{
	struct mem_cgroup *memcg = NULL;

#ifdef CONFIG_MEMCG
	guard(rcu)();
	if (net != &init_net)
		memcg = mem_cgroup_from_slab_obj(net);
	/* One that ends hands what it is charged for to its parent. */
	while (memcg && !mem_cgroup_tryget(memcg))
		memcg = mem_cgroup_from_slab_obj(net);
	if (!memcg)
		memcg = root_mem_cgroup;
#endif
	return memcg;
}

/* The same, with the memory on whoever made the namespace. */
static int netns_activate_as_guest(struct net *net, enum netns_state now,
				   enum netns_state goal)
{
	struct mem_cgroup *memcg = netns_memcg(net);
	struct memcg_guest guest;
	int err;

	memcg_guest_enter(&guest, memcg);
	err = netns_activate(net, now, goal);
	memcg_guest_leave(&guest);
	mem_cgroup_put(memcg);
	return err;
}

static int netns_make(struct net *net, enum netns_state goal, bool guest)
{
	enum netns_state now;
	int err;

	might_sleep();
	might_lock_read(&pernet_ops_rwsem);

	/* Pairs with the release in netns_enter(). */
	while ((now = smp_load_acquire(&net->state)) < goal) {
		if (now != NETNS_ACTIVATING) {
			if (netns_enter(net, now, NETNS_ACTIVATING))
				return guest ? netns_activate_as_guest(net, now, goal) :
					       netns_activate(net, now, goal);
			continue;
		}
		err = wait_var_event_killable(&net->state,
					      READ_ONCE(net->state) != NETNS_ACTIVATING);
		if (err)
			return -EINTR;
	}
	return 0;
}

/**
 * net_make_partial - make a namespace ready for local sockets
 * @net: a namespace to which the caller has a reference
 *
 * Runs the init operations of the first tier, if it has been of no use before.
 *
 * Context: As net_make_live(): another task may be doing that.
 * Return: as net_make_live().
 */
int net_make_partial(struct net *net)
{
	return netns_make(net, NETNS_PARTIAL, true);
}

/**
 * net_make_live - make a namespace ready for use
 * @net: a namespace to which the caller has a reference
 *
 * Runs the init operations if nobody has used the namespace before. Whoever
 * goes on to use it calls this first; who only compares it, refers to it or
 * passes it on does not. Live once, live for as long as there is a reference.
 *
 * Context: Process context, sleeps, also for the init operations that another
 *	    task is running; that wait ends when the caller is killed. Takes
 *	    pernet_ops_rwsem and RTNL, so none of what nests outside or inside
 *	    these may be held.
 * Return: 0, -ENOMEM, -EINTR, or the errno of an init operation. After a
 *	   failure the namespace is as it was before, and the next call tries
 *	   again.
 */
int net_make_live(struct net *net)
{
	return netns_make(net, NETNS_LIVE, true);
}
EXPORT_SYMBOL_GPL(net_make_live);

/**
 * netns_make_live_paying - net_make_live() by who has no business there
 * @net: a namespace to which the caller has a reference
 *
 * The memory is the caller's, not that of who made the namespace.
 *
 * Context: As net_make_live().
 * Return: as net_make_live().
 */
int netns_make_live_paying(struct net *net)
{
	return netns_make(net, NETNS_LIVE, false);
}

/**
 * current_net - the namespace of the calling task, in whatever state it is
 *
 * For who compares it, refers to it or looks at its owner.
 *
 * Context: Process context.
 * Return: the namespace, which stays as long as the task does not leave it.
 */
struct net *current_net(void)
{
	return ACCESS_PRIVATE(current->nsproxy, net_ns);
}
EXPORT_SYMBOL_GPL(current_net);

/**
 * current_net_live - the namespace of the calling task, ready for use
 *
 * Context: As net_make_live().
 * Return: the namespace, which stays as long as the task does not leave it,
 *	   or an ERR_PTR: -ESRCH for a task that has left all namespaces on
 *	   its way out, or what net_make_live() returns.
 */
struct net *current_net_live(void)
{
	struct net *net;
	int err;

	if (unlikely(!current->nsproxy))
		return ERR_PTR(-ESRCH);
	net = current_net();
	err = net_make_live(net);
	return err ? ERR_PTR(err) : net;
}
EXPORT_SYMBOL_GPL(current_net_live);

static void netns_made_construct(void *memory)
{
	struct netns_made *made = memory;

	netns_construct(&made->net);
}

static void netns_uncount(struct ucounts *ucounts)
{
	if (ucounts)
		dec_ucount(ucounts, UCOUNT_NET_NAMESPACES);
}

/**
 * netns_dispossess - give back what a namespace holds of others
 * @net: a namespace in which nothing runs any more, and no RCU callback will
 *
 * Local sockets' state goes too where there is no other. From here on another
 * one fits under the owner's limit, the inum can be given out again, and keys
 * that belong to the namespace can be collected.
 *
 * Context: Any, softirq included.
 */
void netns_dispossess(struct net *net)
{
	if (net->state == NETNS_PARTIAL)
		netns_take_down_first_tier(net);
	netns_heritage_drop(net);
	netns_cgroups_drop(net);
	netns_uncount(net->ucounts);
	netns_key_domain_del(net);
	if (net->ns.inum)
		ns_free_inum(&net->ns);
	put_user_ns(net->user_ns);
}

/**
 * netns_free - free a namespace's memory
 * @net: one that nobody refers to
 *
 * Context: Any.
 */
void netns_free(struct net *net)
{
	if (net->state == NETNS_DYING) {
		netns_strip(net);
		netns_strip_first_tier(net);
	}
	netns_unwatch(net, sizeof(*net));
	kmem_cache_free(netns_cache, netns_made_of(net));
}

/*
 * Nobody may look for what a namespace does not have: from its birth until it
 * has it, KASAN reports each access. One that is dormant again after a failure
 * is not watched any more, since others may just be looking at its identity.
 */
static void netns_watch(struct netns_made *made)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		kasan_poison_new_object(netns_cache, made);
	netns_unwatch(&made->cgroups, sizeof(made->cgroups));
	netns_unwatch(&made->net.identity, sizeof(made->net.identity));
}

/**
 * netns_birth - memory and an identity
 * @owner: the user namespace that it belongs to
 * @ucounts: where it has been counted, to be uncounted at its end or if this
 *	     fails; NULL for one that no user has asked for
 * @creator: the namespace that it inherits from
 *
 * Context: Process context, sleeps.
 * Return: a dormant namespace with one reference, or an ERR_PTR: -ENOMEM,
 *	   -ENOSPC without a free inum.
 */
struct net *netns_birth(struct user_namespace *owner, struct ucounts *ucounts,
			struct net *creator)
{
	struct netns_made *made;
	struct net *net;
	int err;

	made = kmem_cache_alloc(netns_cache, GFP_KERNEL);
	if (!made) {
		netns_uncount(ucounts);
		return ERR_PTR(-ENOMEM);
	}
	net = &made->net;
	netns_watch(made);
	netns_identify(net, get_user_ns(owner));
	net->ucounts = ucounts;
	net->ns.ops = &netns_operations;
	net->ns.inum = 0;
	net->key_domain = NULL;
	RCU_INIT_POINTER(net->heritage, NULL);
	netns_cgroups_take(net);

	err = netns_key_domain_add(net);
	if (!err)
		err = netns_heritage_take(net, creator);
	if (!err)
		err = ns_alloc_inum(&net->ns);
	if (err) {
		put_net(net);
		return ERR_PTR(err);
	}
	return net;
}

/**
 * copy_net_ns - the network namespace of a new set of namespaces
 * @flags: with CLONE_NEWNET for a new one, without for the old one
 * @user_ns: the user namespace that a new one belongs to
 * @old_net: the old one
 *
 * The caller has checked CAP_SYS_ADMIN in @user_ns. A new one is dormant
 * unless net.core.netns_eager is set.
 *
 * Context: Process context, sleeps; with net.core.netns_eager as
 *	    net_make_live().
 * Return: the namespace, with a reference for the caller, or an ERR_PTR:
 *	   -ENOSPC past max_net_namespaces of @user_ns or one above it,
 *	   -ENOMEM, or what net_make_live() returns.
 */
struct net *copy_net_ns(unsigned long flags, struct user_namespace *user_ns,
			struct net *old_net)
{
	struct ucounts *ucounts;
	struct net *net;
	int err;

	if (!(flags & CLONE_NEWNET))
		return get_net(old_net);

	ucounts = inc_ucount(user_ns, current_euid(), UCOUNT_NET_NAMESPACES);
	if (!ucounts)
		return ERR_PTR(-ENOSPC);

	net = netns_birth(user_ns, ucounts, old_net);
	if (IS_ERR(net) || !READ_ONCE(netns_eager))
		return net;

	err = net_make_live(net);
	if (err) {
		put_net(net);
		return ERR_PTR(err);
	}
	return net;
}

/**
 * netns_unlist - take namespaces off net_namespace_list
 * @batch: dying ones, linked by net->exit_list
 *
 * RCU readers can still be at them until a grace period has passed.
 *
 * Context: Process context, sleeps. Takes net_rwsem.
 */
void netns_unlist(struct list_head *batch)
{
	struct net *net;

	guard(rwsem_write)(&net_rwsem);
	list_for_each_entry(net, batch, exit_list)
		list_del_rcu(&net->list);
}

/* Nobody finds it, and nothing in it takes long to take down. */
static bool netns_left_no_trace(const struct net *net)
{
	return net->state < NETNS_LIVE && !net->nsid_met;
}

/**
 * __put_net - the last reference to a namespace is gone
 * @net: the namespace
 *
 * For put_net() only.
 *
 * Context: Any, softirq included.
 */
void __put_net(struct net *net)
{
	/* Whoever still is on record has forgotten to give it back. */
	ref_tracker_dir_exit(&net->refcnt_tracker);

	if (netns_left_no_trace(net)) {
		netns_dispossess(net);
		net_passive_dec(net);
		return;
	}
	if (net->state == NETNS_LIVE)
		netns_enter(net, NETNS_LIVE, NETNS_DYING);
	netns_reap(net);
}
EXPORT_SYMBOL_GPL(__put_net);

/**
 * net_passive_dec - give back what net_passive_inc() took
 * @net: the namespace; not to be touched afterwards
 *
 * Context: Any, softirq included.
 */
void net_passive_dec(struct net *net)
{
	if (!refcount_dec_and_test(&net->passive))
		return;
	ref_tracker_dir_exit(&net->notrefcnt_tracker);
	if (netns_left_no_trace(net))
		netns_free(net);
	else
		netns_bury(net);
}

/**
 * net_drop_ns - net_passive_dec() for tables of operations on namespaces
 * @p: the struct net, or NULL for none
 *
 * Context: Any, softirq included.
 */
void net_drop_ns(void *p)
{
	if (p)
		net_passive_dec(p);
}

static void __init netns_cache_init(void)
{
	netns_cache = kmem_cache_create("net_namespace", sizeof(struct netns_made),
					SMP_CACHE_BYTES,
					SLAB_PANIC | SLAB_ACCOUNT,
					netns_made_construct);
}

static struct ctl_table netns_sysctls[] = {
	{
		.procname	= "netns_eager",
		.data		= &netns_eager,
		.maxlen		= sizeof(netns_eager),
		.mode		= 0644,
		.proc_handler	= proc_dobool,
	},
};

static int __init netns_sysctl_init(void)
{
	register_sysctl("net/core", netns_sysctls);
	return 0;
}
fs_initcall(netns_sysctl_init);

static int __init netns_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("netns", NULL);

	debugfs_create_atomic_t("partial_activations", 0444, dir,
				&netns_partial_activations);
	debugfs_create_atomic_t("activations", 0444, dir, &netns_activations);
	return 0;
}
late_initcall(netns_debugfs_init);

core_param(netns_eager, netns_eager, bool, 0);
#endif /* CONFIG_NET_NS */

/**
 * net_ns_init - make the initial namespace
 *
 * It is live from here on, with whatever operations are registered by now;
 * the others run their init when they are.
 *
 * Context: Boot, once, before the first initcall.
 */
void __init net_ns_init(void)
{
	netns_layout_check();
	netns_nsid_init();
	netns_construct(&init_net);
#ifdef CONFIG_NET_NS
	netns_cache_init();
	netns_reaper_init();
	init_net.ns.ops = &netns_operations;
#endif
#ifdef CONFIG_KEYS
	init_net.key_domain = &init_net_key_domain;
#endif
	netns_identify(&init_net, &init_user_ns);
	if (ns_alloc_inum(&init_net.ns))
		panic("netns: no memory for the initial namespace\n");

	netns_enter(&init_net, NETNS_DORMANT, NETNS_ACTIVATING);
	if (netns_activate(&init_net, NETNS_DORMANT, NETNS_LIVE))
		panic("netns: cannot set up the initial namespace\n");

	netns_nsid_netlink_init();
}
