// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index of peer ids: under which small number a namespace (the owner)
 * knows another (the peer). An id says nothing about lifetime: it holds
 * neither of them, and goes when either ends.
 *
 * Each id is an edge, found in three ways: by (owner, id) in owner->nsids, by
 * (owner, peer) in a hash table over all, and by peer in peer->nsid_named_by.
 * The last makes the end of a namespace cost as much as it has ids, however
 * many namespaces there are.
 *
 * nsid_lock, global and BH-safe, guards all three; nothing sleeps and nothing
 * is notified under it. Lookups take RCU only: an edge is freed, and a
 * namespace on either side of it too, a grace period after it was unlinked.
 * This file must never send netlink messages, see nsid_netlink.c.
 */
#include <linux/export.h>
#include <linux/net_namespace.h>
#include <linux/rhashtable.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "netns.h"

/* Also the key of nsid_pairs. */
struct nsid_pair {
	struct net		*owner;
	struct net		*peer;
};

struct nsid_edge {
	struct rhash_head	hash_node;
	struct nsid_pair	pair;
	u32			id;
	struct list_head	named_by;	/* peer->nsid_named_by */
	struct rcu_head		rcu;
};

static DEFINE_SPINLOCK(nsid_lock);
static struct kmem_cache *nsid_cache __ro_after_init;
static struct rhashtable nsid_pairs;

static const struct rhashtable_params nsid_pairs_params = {
	.key_len		= sizeof(struct nsid_pair),
	.key_offset		= offsetof(struct nsid_edge, pair),
	.head_offset		= offsetof(struct nsid_edge, hash_node),
	.automatic_shrinking	= true,
};

static int nsid_find(const struct net *owner, struct net *peer)
{
	const struct nsid_pair pair = {
		.owner = (struct net *)owner,
		.peer = peer,
	};
	const struct nsid_edge *edge;

	guard(rcu)();
	edge = rhashtable_lookup(&nsid_pairs, &pair, nsid_pairs_params);
	return edge ? edge->id : NETNSA_NSID_NOT_ASSIGNED;
}

static int nsid_link(struct nsid_edge *edge, int wanted)
	__must_hold(&nsid_lock)
{
	struct xarray *nsids = &edge->pair.owner->nsids;
	int err;

	lockdep_assert_held(&nsid_lock);

	/* RCU readers find the edge from here on, with its id in it. */
	edge->id = wanted;
	if (wanted < 0)
		err = xa_alloc(nsids, &edge->id, edge, XA_LIMIT(0, INT_MAX),
			       GFP_ATOMIC);
	else
		err = xa_insert(nsids, edge->id, edge, GFP_ATOMIC);
	if (err)
		return wanted < 0 && err == -EBUSY ? -ENOSPC : err;

	err = rhashtable_insert_fast(&nsid_pairs, &edge->hash_node,
				     nsid_pairs_params);
	if (err) {
		xa_erase(nsids, edge->id);
		/* The id is free, whatever keeps the table from growing. */
		return -ENOMEM;
	}
	list_add_tail(&edge->named_by, &edge->pair.peer->nsid_named_by);
	return 0;
}

static void nsid_unlink(struct nsid_edge *edge)
	__must_hold(&nsid_lock)
{
	lockdep_assert_held(&nsid_lock);

	list_del(&edge->named_by);
	rhashtable_remove_fast(&nsid_pairs, &edge->hash_node,
			       nsid_pairs_params);
	xa_erase(&edge->pair.owner->nsids, edge->id);
	kfree_rcu(edge, rcu);
}

/**
 * netns_nsid_setup - an empty index for a namespace
 * @net: a namespace that nobody else sees yet
 *
 * It is empty again after netns_nsid_detach(), and may be used for the next
 * namespace in the same memory.
 *
 * Context: Any.
 */
void netns_nsid_setup(struct net *net)
{
	xa_init_flags(&net->nsids, XA_FLAGS_ALLOC);
	INIT_LIST_HEAD(&net->nsid_named_by);
}

/**
 * netns_nsid_assign - make a peer known to a namespace
 * @owner: the namespace that is to know
 * @peer: the one that it is to know
 * @wanted: the id, or negative for the lowest that is free
 * @gfp: for memory that is allocated before nsid_lock is taken
 *
 * One whose last reference is gone gets and is given no id: it is about to be
 * detached, or has been, and nobody would see another. So both are held while
 * they are linked, and who puts the last reference sees that there was an id.
 *
 * Context: Any in which @gfp is allowed.
 * Return: the id; -EEXIST when @owner knows @peer already, -EBUSY when @owner
 *	   has given the wanted id to another, -ESTALE when either is dying,
 *	   -ENOMEM, or -ENOSPC when all ids are in use.
 */
int netns_nsid_assign(struct net *owner, struct net *peer, int wanted,
		      gfp_t gfp)
{
	struct nsid_edge *edge;
	int err;

	if (!maybe_get_net(owner))
		return -ESTALE;
	if (!maybe_get_net(peer)) {
		err = -ESTALE;
		goto put_owner;
	}
	edge = kmem_cache_alloc(nsid_cache, gfp);
	if (!edge) {
		err = -ENOMEM;
		goto put_peer;
	}
	edge->pair.owner = owner;
	edge->pair.peer = peer;

	spin_lock_bh(&nsid_lock);
	if (nsid_find(owner, peer) >= 0)
		err = -EEXIST;
	else
		err = nsid_link(edge, wanted);
	if (!err) {
		owner->nsid_met = true;
		peer->nsid_met = true;
		/* Once unlocked, the edge can be gone at any time. */
		wanted = edge->id;
	}
	spin_unlock_bh(&nsid_lock);
	if (err)
		kfree_rcu(edge, rcu);

put_peer:
	put_net(peer);
put_owner:
	put_net(owner);
	return err ?: wanted;
}

/* The next namespace that knows @peer; the caller gets a reference to it. */
static struct net *nsid_forget_peer(struct net *peer, int *id)
{
	struct nsid_edge *edge, *next;
	struct net *owner = NULL;

	spin_lock_bh(&nsid_lock);
	list_for_each_entry_safe(edge, next, &peer->nsid_named_by, named_by) {
		owner = maybe_get_net(edge->pair.owner);
		*id = edge->id;
		nsid_unlink(edge);
		if (owner)
			break;
	}
	spin_unlock_bh(&nsid_lock);
	return owner;
}

/**
 * netns_nsid_detach - unlink a namespace from all that know it or it knows
 * @net: a namespace whose last reference is gone
 * @lost: told of each namespace, itself not dying, that knew @net, and by
 *	  which id; may sleep
 *
 * Context: Process context, sleeps if @lost does.
 */
void netns_nsid_detach(struct net *net, netns_nsid_lost_t *lost)
{
	struct nsid_edge *edge;
	struct net *owner;
	unsigned long index;
	int id;

	while ((owner = nsid_forget_peer(net, &id))) {
		lost(owner, id);
		put_net(owner);
		cond_resched();
	}

	/* Nobody is told: who could listen in @net is gone. */
	xa_for_each(&net->nsids, index, edge) {
		spin_lock_bh(&nsid_lock);
		/* The peer may be about to forget us, or have done so. */
		if (xa_load(&net->nsids, index) == edge)
			nsid_unlink(edge);
		spin_unlock_bh(&nsid_lock);
		cond_resched();
	}
	xa_destroy(&net->nsids);
}

/**
 * netns_nsid_walk - visit the ids of a namespace in ascending order
 * @owner: the namespace that knows others
 * @next: where to begin; on return, where to go on
 * @visit: called under RCU for each, stops the walk unless it returns 0. The
 *	   peer that it is given may be dying
 * @arg: for @visit
 *
 * Context: Any.
 * Return: 0 at the end, or what @visit returned; @next is the id of that.
 */
int netns_nsid_walk(const struct net *owner, unsigned long *next,
		    netns_nsid_visit_t *visit, void *arg)
{
	struct xarray *nsids = (struct xarray *)&owner->nsids;
	struct nsid_edge *edge;
	unsigned long index;
	int err;

	guard(rcu)();
	xa_for_each_start(nsids, index, edge, *next) {
		err = visit(edge->pair.peer, edge->id, arg);
		if (err) {
			*next = index;
			return err;
		}
	}
	*next = (unsigned long)INT_MAX + 1;
	return 0;
}

/**
 * peernet2id - the id by which a namespace knows another
 * @net: the namespace that knows
 * @peer: the one that it knows; its memory is safe, but it may be dying
 *
 * Context: Any.
 * Return: the id, or NETNSA_NSID_NOT_ASSIGNED.
 */
int peernet2id(const struct net *net, struct net *peer)
{
	return nsid_find(net, peer);
}
EXPORT_SYMBOL(peernet2id);

/**
 * peernet_has_id - may a namespace hear what is going on in another?
 * @net: the namespace that would be told
 * @peer: the one in which something happens
 *
 * Nobody knew a namespace by an id while its init operations ran, in the days
 * when they ran at its birth, so nobody is told of what they do.
 *
 * Context: Any.
 * Return: true if @peer is live and @net knows it by an id.
 */
bool peernet_has_id(const struct net *net, struct net *peer)
{
	return net_initialized(peer) && nsid_find(net, peer) >= 0;
}

/**
 * peernet2id_alloc - the id by which a namespace knows another, made if need be
 * @net: the namespace that knows
 * @peer: the one that it knows; its memory is safe, but it may be dying
 * @gfp: for the id and for the message that announces a new one
 *
 * Context: Any in which @gfp is allowed.
 * Return: the id, or NETNSA_NSID_NOT_ASSIGNED when either namespace is dying
 *	   or memory is short.
 */
int peernet2id_alloc(struct net *net, struct net *peer, gfp_t gfp)
{
	int id;

	if (!check_net(net))
		return NETNSA_NSID_NOT_ASSIGNED;

	id = nsid_find(net, peer);
	if (id >= 0)
		return id;

	id = netns_nsid_assign(net, peer, -1, gfp);
	if (id >= 0) {
		netns_nsid_notify(net, RTM_NEWNSID, id, 0, NULL, gfp);
		return id;
	}

	/* Somebody else may just have been faster. */
	return id == -EEXIST ? nsid_find(net, peer) : NETNSA_NSID_NOT_ASSIGNED;
}
EXPORT_SYMBOL_GPL(peernet2id_alloc);

/**
 * get_net_ns_by_id - the namespace that another knows by an id
 * @net: the namespace that knows
 * @id: the id
 *
 * Context: Any.
 * Return: it, with a reference for the caller, or NULL when the id is not
 *	   assigned or its bearer is dying.
 */
struct net *get_net_ns_by_id(const struct net *net, int id)
{
	struct xarray *nsids = (struct xarray *)&net->nsids;
	struct nsid_edge *edge;

	if (id < 0)
		return NULL;

	guard(rcu)();
	edge = xa_load(nsids, id);
	return edge ? maybe_get_net(edge->pair.peer) : NULL;
}
EXPORT_SYMBOL_GPL(get_net_ns_by_id);

/**
 * netns_nsid_init - make the index
 *
 * Context: Boot, before the first namespace.
 */
void __init netns_nsid_init(void)
{
	nsid_cache = KMEM_CACHE(nsid_edge, SLAB_PANIC);
	if (rhashtable_init(&nsid_pairs, &nsid_pairs_params))
		panic("netns: no memory for the index of peer ids\n");
}
