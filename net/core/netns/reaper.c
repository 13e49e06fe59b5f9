// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reaper: from the last reference to a namespace until its memory is
 * free again.
 *
 * Namespaces arrive from any context and leave in batches, so that those that
 * ended meanwhile share the grace periods. One worker begins with all of them:
 *
 *	netns_reap()	last reference gone; one that never was live comes here
 *			only if it had an id, and has no exits
 *	  unlist	nobody finds it on net_namespace_list any more
 *	  detach	its peer ids are gone, listeners are told
 *	  exits		of who owns devices, in reverse order
 *
 * and each batch has one of its own for the rest:
 *
 *	  wait		for who still refers to a device
 *	  exits		of the subsystems, in reverse order
 *	  barrier	RCU callbacks of the exits have run
 *	  dispossess	limit, inum, owner and key domain are given back
 *	netns_bury()	last passive reference gone
 *	  barrier	RCU callbacks which those callbacks queued have run
 *	  free
 *
 * As a rule the first worker waits for the second, and batches are as large as
 * the time that one takes makes them; but a reference that is not given back
 * delays only the batch of that device.
 *
 * The second barrier is there because a callback may queue another one that
 * still looks at struct net: destroying a dst reads its dst_ops, which lie in
 * there. The first one of the next batch serves as such.
 *
 * The workers take pernet_ops_rwsem for reading, and inside it RTNL and
 * net_rwsem for a while each. They must never free a namespace to which a
 * passive reference is left, nor hold pernet_ops_rwsem over an rcu_barrier()
 * or over the wait for a device.
 */
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "../dev.h"
#include "netns.h"

static LLIST_HEAD(netns_departed);	/* no reference left, all to do */
static LLIST_HEAD(netns_graves);	/* all done, memory to free */

static struct workqueue_struct *netns_wq __ro_after_init;

/* For the rest of each batch. */
static struct workqueue_struct *netns_rest_wq __ro_after_init;

/* How long a batch may make the next one wait and grow. */
#define NETNS_PATIENCE	HZ

struct netns_departure {
	struct pernet_batch	batch;
	struct work_struct	rest;
	struct completion	over;
	refcount_t		users;	/* the two workers */
};

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

static void netns_departure_put(struct netns_departure *departure)
{
	if (refcount_dec_and_test(&departure->users))
		kfree(departure);
}

static void netns_rest(struct work_struct *work)
{
	struct netns_departure *departure =
		container_of(work, struct netns_departure, rest);
	struct pernet_batch *batch = &departure->batch;

	netdev_finish_todo(&batch->devices, &batch->mute);
	scoped_guard(rwsem_read, &pernet_ops_rwsem)
		pernet_exit_subsystems(batch);
	rcu_barrier();
	netns_leave(&batch->nets);

	complete(&departure->over);
	netns_departure_put(departure);
}

/*
 * The end of those that lived, in order of departure. Returns true if it is
 * over, RCU callbacks included, and false if that will still take a while.
 */
static bool netns_take_down(struct llist_node *lived)
{
	struct netns_departure *departure;
	struct pernet_batch *batch;
	struct net *net;
	bool over;

	/* To fail is no choice: nobody else would ever come back for them. */
	departure = kzalloc(sizeof(*departure), GFP_KERNEL | __GFP_NOFAIL);
	INIT_WORK(&departure->rest, netns_rest);
	init_completion(&departure->over);
	refcount_set(&departure->users, 2);
	batch = &departure->batch;
	pernet_batch_init(batch);

	scoped_guard(rwsem_read, &pernet_ops_rwsem) {
		llist_for_each_entry(net, lived, reap_node)
			list_add_tail(&net->exit_list, &batch->nets);
		netns_unlist(&batch->nets);
		list_for_each_entry(net, &batch->nets, exit_list)
			netns_nsid_detach(net, netns_nsid_lost);
		pernet_exit_devices(batch);
		/* In here, for net_ns_barrier(). */
		queue_work(netns_rest_wq, &departure->rest);
	}

	over = wait_for_completion_timeout(&departure->over, NETNS_PATIENCE);
	netns_departure_put(departure);
	return over;
}

static void netns_reaper(struct work_struct *work)
{
	struct llist_node *departed = llist_del_all(&netns_departed);
	struct llist_node *graves = llist_del_all(&netns_graves);
	struct net *net, *next;
	LIST_HEAD(dormant);
	bool over;

	departed = netns_part(departed, &dormant);
	if (!list_empty(&dormant)) {
		netns_forget(&dormant);
		netns_leave(&dormant);
	}
	over = departed && netns_take_down(departed);
	if (graves && !over)
		rcu_barrier();

	llist_for_each_entry_safe(net, next, graves, reap_node)
		netns_free(net);
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
 * before the call are over when it returns. If one of these is held back by a
 * device, that takes as long, but nobody else has to wait.
 *
 * Context: Process context, sleeps. Takes pernet_ops_rwsem for a while.
 */
void net_ns_barrier(void)
{
	/* Held from before the unlisting until the rest is queued. */
	down_write(&pernet_ops_rwsem);
	up_write(&pernet_ops_rwsem);
	flush_workqueue(netns_rest_wq);
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
	 * Rescuers, as taking down gives memory back; and the legacy flag, as
	 * exits flush work of queues that have none.
	 */
	netns_wq = create_singlethread_workqueue("netns");
	netns_rest_wq = alloc_workqueue("netns_rest", __WQ_LEGACY | WQ_MEM_RECLAIM |
					WQ_UNBOUND, 0);
	if (!netns_wq || !netns_rest_wq)
		panic("netns: no memory for the reaper\n");
}
