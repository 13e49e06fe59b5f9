// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a namespace inherits is fixed at its birth, though the init operations
 * that take it over run when somebody first uses the namespace. Until then it
 * stands in a record, which is immutable and counted.
 *
 * Those born between two changes share one: a birth compares the values that
 * count now with those of the latest record, and makes another only if they
 * differ. So whoever changes a value need not know of records.
 *
 * heritage_lock, for a moment, guards which is the latest. Readers take RCU
 * only. This file must never sleep on behalf of a namespace that ends, since
 * the last reference to a record goes with the last one to that, in softirqs
 * too, nor wake a creator which is dormant itself: its record tells.
 */
#include <linux/bpf.h>
#include <linux/export.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/netns/heritage.h>
#include <net/tcp.h>

#include "netns.h"

struct devconf4_pair {
	struct ipv4_devconf	all;
	struct ipv4_devconf	dflt;
};

struct devconf6_pair {
	struct ipv6_devconf	all;
	struct ipv6_devconf	dflt;
};

struct netns_heritage {
	refcount_t		count;
	bool			has_devconf4;	/* or the compiled-in values */
	bool			has_devconf6;
	unsigned int		tcp_ehash_entries;
	unsigned int		udp_hash_entries;
	int			tcp_rmem[3];
	int			tcp_wmem[3];
	/* With a reference to its module; NULL where that was on its way out. */
	const struct tcp_congestion_ops *congestion_control;
	struct devconf4_pair	devconf4;
#if IS_ENABLED(CONFIG_IPV6)
	struct devconf6_pair	devconf6;
#endif
	struct rcu_head		rcu;
};

/* Where a namespace that was born now would take its values from. */
struct heritage_sources {
	const struct ipv4_devconf *all4, *dflt4;
	const struct ipv6_devconf *all6, *dflt6;
	unsigned int		tcp_ehash_entries;
	unsigned int		udp_hash_entries;
};

static DEFINE_SPINLOCK(heritage_lock);
static struct netns_heritage __rcu *heritage_latest;

static void heritage_put(struct netns_heritage *heritage)
{
	const struct tcp_congestion_ops *ca;

	if (!heritage || !refcount_dec_and_test(&heritage->count))
		return;
	ca = heritage->congestion_control;
	if (ca)
		bpf_module_put(ca, ca->owner);
	kfree_rcu(heritage, rcu);
}

/* All that a namespace in use hands on, or nothing where it has nothing yet. */
static void sources_of_live(struct heritage_sources *from, const struct net *net)
{
	from->all4 = net->ipv4.devconf_all;
	from->dflt4 = net->ipv4.devconf_dflt;
#if IS_ENABLED(CONFIG_IPV6)
	from->all6 = net->ipv6.devconf_all;
	from->dflt6 = net->ipv6.devconf_dflt;
#endif
	from->tcp_ehash_entries =
		READ_ONCE(net->ipv4.sysctl_tcp_child_ehash_entries);
	from->udp_hash_entries =
		READ_ONCE(net->ipv4.sysctl_udp_child_hash_entries);
}

/* What one in use would hand on had it been activated at its birth. */
static void sources_of_record(struct heritage_sources *from,
			      const struct netns_heritage *heritage)
{
	if (heritage->has_devconf4) {
		from->all4 = &heritage->devconf4.all;
		from->dflt4 = &heritage->devconf4.dflt;
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (heritage->has_devconf6) {
		from->all6 = &heritage->devconf6.all;
		from->dflt6 = &heritage->devconf6.dflt;
	}
#endif
}

static void sources_of_creator(struct heritage_sources *from,
			       const struct net *creator)
{
	const struct netns_heritage *heritage;

	heritage = rcu_dereference(creator->heritage);
	/* It goes live first, and loses its record then: see netns_heritage_drop(). */
	smp_rmb();
	if (net_initialized(creator) || !heritage)
		sources_of_live(from, creator);
	else
		sources_of_record(from, heritage);
}

/* For one whose creator is @creator. Within RCU, as long as @from is used. */
static void heritage_find(struct heritage_sources *from,
			  const struct net *creator)
{
	struct heritage_sources initial = {};
	int inherit = net_inherit_devconf();

	lockdep_assert_in_rcu_read_lock();

	*from = (struct heritage_sources){};
	sources_of_creator(from, creator);
	sources_of_live(&initial, &init_net);

	/* See devconf_inherit_init_net in Documentation/admin-guide/sysctl/. */
	if (inherit != 3) {
		from->all4 = inherit != 2 ? initial.all4 : NULL;
		from->dflt4 = inherit != 2 ? initial.dflt4 : NULL;
		from->all6 = inherit == 1 ? initial.all6 : NULL;
		from->dflt6 = inherit == 1 ? initial.dflt6 : NULL;
	}
}

/*
 * Values may change while they are compared or copied, as they always could
 * while a namespace was being made.
 */
static bool heritage_matches(const struct netns_heritage *heritage,
			     const struct heritage_sources *from)
{
	if (heritage->has_devconf4 != !!from->all4 ||
	    heritage->has_devconf6 != !!from->all6 ||
	    heritage->tcp_ehash_entries != from->tcp_ehash_entries ||
	    heritage->udp_hash_entries != from->udp_hash_entries ||
	    heritage->congestion_control !=
	    rcu_access_pointer(init_net.ipv4.tcp_congestion_control))
		return false;
	if (memcmp(heritage->tcp_rmem, init_net.ipv4.sysctl_tcp_rmem,
		   sizeof(heritage->tcp_rmem)) ||
	    memcmp(heritage->tcp_wmem, init_net.ipv4.sysctl_tcp_wmem,
		   sizeof(heritage->tcp_wmem)))
		return false;
	if (from->all4 &&
	    (memcmp(&heritage->devconf4.all, from->all4,
		    sizeof(*from->all4)) ||
	     memcmp(&heritage->devconf4.dflt, from->dflt4,
		    sizeof(*from->dflt4))))
		return false;
#if IS_ENABLED(CONFIG_IPV6)
	if (from->all6 &&
	    (memcmp(&heritage->devconf6.all, from->all6,
		    sizeof(*from->all6)) ||
	     memcmp(&heritage->devconf6.dflt, from->dflt6,
		    sizeof(*from->dflt6))))
		return false;
#endif
	return true;
}

static void heritage_fill(struct netns_heritage *heritage,
			  const struct heritage_sources *from)
{
	const struct tcp_congestion_ops *ca;

	heritage->tcp_ehash_entries = from->tcp_ehash_entries;
	heritage->udp_hash_entries = from->udp_hash_entries;
	memcpy(heritage->tcp_rmem, init_net.ipv4.sysctl_tcp_rmem,
	       sizeof(heritage->tcp_rmem));
	memcpy(heritage->tcp_wmem, init_net.ipv4.sysctl_tcp_wmem,
	       sizeof(heritage->tcp_wmem));
	ca = rcu_dereference(init_net.ipv4.tcp_congestion_control);
	if (ca && bpf_try_module_get(ca, ca->owner))
		heritage->congestion_control = ca;

	heritage->has_devconf4 = from->all4;
	if (from->all4) {
		heritage->devconf4.all = *from->all4;
		heritage->devconf4.dflt = *from->dflt4;
	}
	heritage->has_devconf6 = from->all6;
#if IS_ENABLED(CONFIG_IPV6)
	if (from->all6) {
		heritage->devconf6.all = *from->all6;
		heritage->devconf6.dflt = *from->dflt6;
	}
#endif
}

/* Make @heritage, if there is one, what births look at first. */
static void heritage_publish(struct netns_heritage *heritage)
{
	struct netns_heritage *old;

	scoped_guard(spinlock_bh, &heritage_lock) {
		if (heritage) {
			/* A flush may have come since it was filled. */
			if (heritage->congestion_control !=
			    rcu_access_pointer(init_net.ipv4.tcp_congestion_control))
				return;
			refcount_inc(&heritage->count);
		}
		old = rcu_replace_pointer(heritage_latest, heritage,
					  lockdep_is_held(&heritage_lock));
	}
	heritage_put(old);
}

/**
 * netns_heritage_take - fix what a namespace inherits
 * @net: a namespace that is being born
 * @creator: the namespace of the task that makes it
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int netns_heritage_take(struct net *net, struct net *creator)
{
	struct netns_heritage *heritage;
	struct heritage_sources from;

	net->fallback_tunnels = net_has_fallback_tunnels(net);

	scoped_guard(rcu) {
		heritage_find(&from, creator);
		heritage = rcu_dereference(heritage_latest);
		if (heritage && heritage_matches(heritage, &from) &&
		    refcount_inc_not_zero(&heritage->count)) {
			RCU_INIT_POINTER(net->heritage, heritage);
			return 0;
		}
	}

	heritage = kzalloc(sizeof(*heritage), GFP_KERNEL);
	if (!heritage)
		return -ENOMEM;
	refcount_set(&heritage->count, 1);
	scoped_guard(rcu) {
		heritage_find(&from, creator);
		heritage_fill(heritage, &from);
	}
	RCU_INIT_POINTER(net->heritage, heritage);
	heritage_publish(heritage);
	return 0;
}

/**
 * netns_heritage_drop - forget what a namespace inherits
 * @net: a namespace that is live, or that nobody will use any more
 *
 * Context: Any, softirq included.
 */
void netns_heritage_drop(struct net *net)
{
	struct netns_heritage *heritage;

	heritage = rcu_dereference_protected(net->heritage, true);
	/* Pairs with sources_of_creator(): live first, then without one. */
	rcu_assign_pointer(net->heritage, NULL);
	heritage_put(heritage);
}

/**
 * netns_heritage_flush - let no record that nobody uses hold a module
 *
 * For who changes the default congestion control, whose module can be
 * unloaded then.
 *
 * Context: Any, softirq included.
 */
void netns_heritage_flush(void)
{
	heritage_publish(NULL);
}

/* The record of a namespace that is being activated. */
static const struct netns_heritage *heritage_of(const struct net *net)
{
	return rcu_dereference_protected(net->heritage,
					 lockdep_is_held(&pernet_ops_rwsem));
}

/*
 * Where @net, whose init operation asks, takes its values from. An operation
 * that is registered while @net is live gets what one would that the
 * registering task made now. Within RCU, as long as @from is used.
 */
static void heritage_ask(struct heritage_sources *from, const struct net *net)
{
	const struct netns_heritage *heritage = heritage_of(net);

	*from = (struct heritage_sources){};
	if (net_eq(net, &init_net))
		return;
	if (heritage)
		sources_of_record(from, heritage);
	else
		heritage_find(from, current_net());
}

/**
 * netns_inherit_ipv4_devconf - IPv4's device configuration of a new namespace
 * @net: the namespace whose init operation asks
 * @all: the values for all devices, the compiled-in ones so far
 * @dflt: those for devices to come
 *
 * Context: Within an init operation.
 */
void netns_inherit_ipv4_devconf(const struct net *net, struct ipv4_devconf *all,
				struct ipv4_devconf *dflt)
{
	struct heritage_sources from;

	guard(rcu)();
	heritage_ask(&from, net);
	if (from.all4) {
		*all = *from.all4;
		*dflt = *from.dflt4;
	}
}

#if IS_ENABLED(CONFIG_IPV6)
/**
 * netns_inherit_ipv6_devconf - IPv6's device configuration of a new namespace
 * @net: the namespace whose init operation asks
 * @all: the values for all devices, the compiled-in ones so far
 * @dflt: those for devices to come
 *
 * Context: Within an init operation.
 */
void netns_inherit_ipv6_devconf(const struct net *net, struct ipv6_devconf *all,
				struct ipv6_devconf *dflt)
{
	struct heritage_sources from;

	guard(rcu)();
	heritage_ask(&from, net);
	if (from.all6) {
		*all = *from.all6;
		*dflt = *from.dflt6;
	}
}
EXPORT_SYMBOL_GPL(netns_inherit_ipv6_devconf);
#endif

/**
 * netns_inherit_tcp_mem - tcp_rmem and tcp_wmem of a new namespace
 * @net: the namespace whose init operation asks
 *
 * Context: Within an init operation.
 */
void netns_inherit_tcp_mem(struct net *net)
{
	const struct netns_heritage *heritage = heritage_of(net);

	if (!heritage)
		return;
	memcpy(net->ipv4.sysctl_tcp_rmem, heritage->tcp_rmem,
	       sizeof(heritage->tcp_rmem));
	memcpy(net->ipv4.sysctl_tcp_wmem, heritage->tcp_wmem,
	       sizeof(heritage->tcp_wmem));
}

/**
 * netns_inherit_congestion_control - the default one of a new namespace
 * @net: the namespace whose init operation asks
 *
 * Context: Within an init operation.
 * Return: it, with a reference to its module for the caller, or NULL for what
 *	   is always there.
 */
const struct tcp_congestion_ops *
netns_inherit_congestion_control(const struct net *net)
{
	const struct netns_heritage *heritage = heritage_of(net);
	const struct tcp_congestion_ops *ca;

	ca = heritage ? heritage->congestion_control : NULL;
	return ca && bpf_try_module_get(ca, ca->owner) ? ca : NULL;
}

/**
 * netns_inherit_tcp_ehash_entries - tcp_child_ehash_entries of the creator
 * @net: the namespace whose init operation asks
 *
 * Context: Within an init operation.
 * Return: its value, 0 for no table of its own.
 */
unsigned int netns_inherit_tcp_ehash_entries(const struct net *net)
{
	const struct netns_heritage *heritage = heritage_of(net);

	return heritage ? heritage->tcp_ehash_entries : 0;
}

/**
 * netns_inherit_udp_hash_entries - udp_child_hash_entries of the creator
 * @net: the namespace whose init operation asks
 *
 * Context: Within an init operation.
 * Return: its value, 0 for no table of its own.
 */
unsigned int netns_inherit_udp_hash_entries(const struct net *net)
{
	const struct netns_heritage *heritage = heritage_of(net);

	return heritage ? heritage->udp_hash_entries : 0;
}
