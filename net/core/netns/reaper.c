// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reaper: from the last reference to a namespace until its memory is
 * free again.
 *
 * Namespaces arrive from any context and leave in batches, so that those that
 * ended meanwhile share the grace periods. One worker does it all:
 *
 *	netns_reap()	last reference gone; one that never was live comes here
 *			only if it had an id, and has no exits
 *	  unlist	nobody finds it on net_namespace_list any more
 *	  detach	its peer ids are gone, listeners are told
 *	  exits		all pernet_operations, in reverse order
 *	  barrier	RCU callbacks of the exits have run
 *	  dispossess	limit, inum, owner and key domain are given back
 *	netns_bury()	last passive reference gone
 *	  barrier	RCU callbacks which those callbacks queued have run
 *	  free
 *
 * The second barrier is there because a callback may queue another one that
 * still looks at struct net: destroying a dst reads its dst_ops, which lie in
 * there. It serves the next batch as its first.
 *
 * The worker takes pernet_ops_rwsem for reading, and inside it RTNL and
 * net_rwsem for a while each. It must never free a namespace to which a
 * passive reference is left, nor hold pernet_ops_rwsem over an rcu_barrier().
 */
#include <linux/export.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "netns.h"

static LLIST_HEAD(netns_departed);	/* no reference left, all to do */
static LLIST_HEAD(netns_graves);	/* all done, memory to free */

static struct workqueue_struct *netns_wq __ro_after_init;

/*
 * Part those that never were live, which go to @dormant, from those that were.
 * The latter are still on net_namespace_list: until pernet_ops_rwsem is held
 * their exit_list can be in use by an operation that comes or goes.
 */
static struct llist_node *netns_part(struct llist_node *departed,
				     struct list_head *dormant)
{
	struct llist_node *lived = NULL;
	struct net *net, *next;

	/* The last to depart comes first here; pushing turns that round. */
	llist_for_each_entry_safe(net, next, departed, reap_node) {
		if (net->state != NETNS_DYING) {
			list_add(&net->exit_list, dormant);
		} else {
			net->reap_node.next = lived;
			lived = &net->reap_node;
		}
	}
	return lived;
}

/* All exits, in order of departure; what is left of them goes to @batch. */
static void netns_take_down(struct llist_node *lived, struct list_head *batch)
{
	struct net *net;

	guard(rwsem_read)(&pernet_ops_rwsem);

	llist_for_each_entry(net, lived, reap_node)
		list_add_tail(&net->exit_list, batch);
	netns_unlist(batch);
	list_for_each_entry(net, batch, exit_list)
		netns_nsid_detach(net, netns_nsid_lost);
	pernet_exit_batch(batch);
}

/* Those that never were live are only known by their ids. */
static void netns_forget(struct list_head *batch)
{
	struct net *net;

	list_for_each_entry(net, batch, exit_list)
		netns_nsid_detach(net, netns_nsid_lost);
	synchronize_rcu_expedited();
}

static void netns_leave(struct list_head *batch)
{
	struct net *net, *next;

	list_for_each_entry_safe(net, next, batch, exit_list) {
		list_del_init(&net->exit_list);
		netns_dispossess(net);
		net_passive_dec(net);
	}
}

static void netns_reaper(struct work_struct *work)
{
	struct llist_node *departed = llist_del_all(&netns_departed);
	struct llist_node *graves = llist_del_all(&netns_graves);
	struct net *net, *next;
	LIST_HEAD(dormant);
	LIST_HEAD(batch);

	departed = netns_part(departed, &dormant);
	if (!list_empty(&dormant)) {
		netns_forget(&dormant);
		netns_leave(&dormant);
	}
	if (departed)
		netns_take_down(departed, &batch);

	rcu_barrier();

	llist_for_each_entry_safe(net, next, graves, reap_node)
		netns_free(net);
	netns_leave(&batch);
}

static DECLARE_WORK(netns_reaper_work, netns_reaper);

static void netns_hand_over(struct net *net, struct llist_head *list)
{
	/* Who was first has woken the worker for all that follow. */
	if (llist_add(&net->reap_node, list))
		queue_work(netns_wq, &netns_reaper_work);
}

/**
 * netns_reap - take down a namespace
 * @net: one whose last reference is gone
 *
 * Context: Any, softirq included.
 */
void netns_reap(struct net *net)
{
	netns_hand_over(net, &netns_departed);
}

/**
 * netns_bury - free a namespace once no RCU callback can look at it
 * @net: one whose last passive reference is gone
 *
 * Context: Any, softirq included.
 */
void netns_bury(struct net *net)
{
	netns_hand_over(net, &netns_graves);
}

/**
 * net_ns_barrier - wait for the exits that are running
 *
 * For the exit of a module whose code or data an exit operation of somebody
 * else may be using: those of namespaces that had left net_namespace_list
 * before the call are over when it returns.
 *
 * Context: Process context, sleeps. Takes pernet_ops_rwsem.
 */
void net_ns_barrier(void)
{
	/* The worker holds it from before the unlisting until the last exit. */
	down_write(&pernet_ops_rwsem);
	up_write(&pernet_ops_rwsem);
}
EXPORT_SYMBOL(net_ns_barrier);

/**
 * netns_reaper_init - be ready for the first namespace that ends
 *
 * Context: Boot, once.
 */
void __init netns_reaper_init(void)
{
	/*
	 * A rescuer, as taking down gives memory back; and the legacy flag,
	 * as exits flush work of queues that have none.
	 */
	netns_wq = create_singlethread_workqueue("netns");
	if (!netns_wq)
		panic("netns: no memory for the reaper\n");
}
