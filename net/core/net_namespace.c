// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life cycle of network namespaces: their states and the one place that
 * changes them, birth, activation, the last references, and the list of those
 * that live.
 *
 *	DORMANT --> ACTIVATING --> LIVE --> DYING --> freed
 *	   ^            |
 *	   +--failure---+--> freed
 *
 * Birth gives an identity, activation the protocols' state. A namespace's
 * life is counted in ns.count; once that is zero it never rises again. Its
 * memory is counted in passive, of which the life holds one.
 *
 * Takes pernet_ops_rwsem for reading around an activation, and net_rwsem
 * around changes of net_namespace_list. It must never run an operation itself
 * (registry.c does), take a namespace down (reaper.c), or wait in put_net(),
 * which softirqs call.
 */
#include <linux/cookie.h>
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/key.h>
#include <linux/proc_ns.h>
#include <linux/random.h>
#include <linux/ref_tracker.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
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
 * The one place that moves a state. Nobody else moves the same namespace's at
 * the same time: until it is live it belongs to who makes it, and only one
 * put_net() is the last.
 */
static void netns_enter(struct net *net, enum netns_state next)
{
	WARN_ON_ONCE(!netns_may_follow(net->state, next));
	/* Pairs with net_initialized(): live means that all is written. */
	smp_store_release(&net->state, next);
}

/* What a namespace is before any operation has run. @net is zeroed. */
static void netns_set_up(struct net *net, struct user_namespace *owner)
{
	net->state = NETNS_DORMANT;
	refcount_set(&net->passive, 1);
	refcount_set(&net->ns.count, 1);
	ref_tracker_dir_init(&net->refcnt_tracker, 128, "net refcnt");
	ref_tracker_dir_init(&net->notrefcnt_tracker, 128, "net notrefcnt");

	net->user_ns = owner;
	scoped_guard(preempt)
		net->net_cookie = gen_cookie_next(&net_cookie);
	net->hash_mix = get_random_u32();
	netns_nsid_setup(net);

	/* Read or locked before, or without, the protocol's own init. */
	net->dev_base_seq = 1;
	net->core.sysctl_somaxconn = SOMAXCONN;
	net->core.sysctl_txrehash = SOCK_TXREHASH_ENABLED;
	/* For each socket: TCP's zerocopy needs this much at times. */
	net->core.sysctl_optmem_max = 128 * 1024;
	mutex_init(&net->ipv4.ra_mutex);
#ifdef CONFIG_DEBUG_NET_SMALL_RTNL
	mutex_init(&net->rtnl_mutex);
	lock_set_cmp_fn(&net->rtnl_mutex, rtnl_net_lock_cmp_fn, NULL);
#endif
}

/* Give a dormant namespace the state of all protocols. */
static int netns_activate(struct net *net)
{
	int err;

	lockdep_assert_held(&pernet_ops_rwsem);

	netns_enter(net, NETNS_ACTIVATING);
	err = pernet_init_net(net);
	if (err) {
		netns_enter(net, NETNS_DORMANT);
		return err;
	}

	/* Whoever finds it on the list may use it. */
	guard(rwsem_write)(&net_rwsem);
	netns_enter(net, NETNS_LIVE);
	list_add_tail_rcu(&net->list, &net_namespace_list);
	return 0;
}

#ifdef CONFIG_NET_NS
static struct kmem_cache *netns_cache __ro_after_init;

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

/**
 * netns_dispossess - give back what a namespace holds of others
 * @net: a namespace in which nothing runs any more, and no RCU callback will
 *
 * From here on another one fits under the owner's limit, the inum can be
 * given out again, and keys that belong to the namespace can be collected.
 *
 * Context: Process context.
 */
void netns_dispossess(struct net *net)
{
	dec_ucount(net->ucounts, UCOUNT_NET_NAMESPACES);
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
	kfree(rcu_access_pointer(net->gen));
	kmem_cache_free(netns_cache, net);
}

/* One that has failed on its way into the world. */
static void netns_miscarry(struct net *net)
{
	netns_dispossess(net);
	ref_tracker_dir_exit(&net->refcnt_tracker);
	net_passive_dec(net);
}

/* Memory and an identity: a dormant namespace with one reference. */
static struct net *netns_birth(struct user_namespace *owner)
{
	struct ucounts *ucounts;
	struct net *net;
	int err = -ENOMEM;

	ucounts = inc_ucount(owner, current_euid(), UCOUNT_NET_NAMESPACES);
	if (!ucounts)
		return ERR_PTR(-ENOSPC);

	net = kmem_cache_zalloc(netns_cache, GFP_KERNEL);
	if (!net) {
		dec_ucount(ucounts, UCOUNT_NET_NAMESPACES);
		return ERR_PTR(err);
	}
	netns_set_up(net, get_user_ns(owner));
	net->ucounts = ucounts;
	net->ns.ops = &netns_operations;

	RCU_INIT_POINTER(net->gen, netns_generic_alloc());
	if (rcu_access_pointer(net->gen))
		err = netns_key_domain_add(net);
	if (!err)
		err = ns_alloc_inum(&net->ns);
	if (err) {
		netns_miscarry(net);
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
 * The caller has checked CAP_SYS_ADMIN in @user_ns.
 *
 * Context: Process context, sleeps; a wait for an operation that comes or
 *	    goes ends when the caller is killed. Takes pernet_ops_rwsem.
 * Return: the namespace, with a reference for the caller, or an ERR_PTR:
 *	   -ENOSPC past max_net_namespaces of @user_ns or one above it,
 *	   -ENOMEM, -EINTR, or the errno of an init operation.
 */
struct net *copy_net_ns(unsigned long flags, struct user_namespace *user_ns,
			struct net *old_net)
{
	struct net *net;
	int err;

	if (!(flags & CLONE_NEWNET))
		return get_net(old_net);

	net = netns_birth(user_ns);
	if (IS_ERR(net))
		return net;

	err = down_read_killable(&pernet_ops_rwsem);
	if (!err) {
		err = netns_activate(net);
		up_read(&pernet_ops_rwsem);
	}
	if (err) {
		netns_miscarry(net);
		return ERR_PTR(err);
	}
	return net;
}

/**
 * netns_unlist - take namespaces off net_namespace_list
 * @departed: dying ones, linked by net->reap_node
 *
 * RCU readers can still be at them until a grace period has passed.
 *
 * Context: Process context, sleeps. Takes net_rwsem.
 */
void netns_unlist(struct llist_node *departed)
{
	struct net *net;

	guard(rwsem_write)(&net_rwsem);
	llist_for_each_entry(net, departed, reap_node)
		list_del_rcu(&net->list);
}

/**
 * __put_net - the last reference to a live namespace is gone
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
	netns_enter(net, NETNS_DYING);
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
	netns_cache = kmem_cache_create("net_namespace", sizeof(struct net),
					SMP_CACHE_BYTES,
					SLAB_PANIC | SLAB_ACCOUNT, NULL);
}
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
#ifdef CONFIG_NET_NS
	netns_cache_init();
	netns_reaper_init();
	init_net.ns.ops = &netns_operations;
#endif
#ifdef CONFIG_KEYS
	init_net.key_domain = &init_net_key_domain;
#endif

	netns_set_up(&init_net, &init_user_ns);
	RCU_INIT_POINTER(init_net.gen, netns_generic_alloc());
	if (!rcu_access_pointer(init_net.gen) || ns_alloc_inum(&init_net.ns))
		panic("netns: no memory for the initial namespace\n");

	scoped_guard(rwsem_write, &pernet_ops_rwsem)
		if (netns_activate(&init_net))
			panic("netns: cannot set up the initial namespace\n");

	netns_nsid_netlink_init();
}
