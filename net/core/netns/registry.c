// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of pernet_operations: their order, the ids under which
 * net_generic() finds their blocks, and running them: all operations for one
 * namespace at its activation, one operation for all namespaces at its
 * registration, and each of these backwards.
 *
 * The end of namespaces comes in two parts, as those who still refer to a
 * device can take for ever, and nobody who wants pernet_ops_rwsem is to wait
 * for them: after pernet_exit_devices() it is free, and the namespaces, which
 * have no registered device any more, are pending until nobody refers to what
 * was one. An operation that goes meanwhile exits for them as it does for the
 * live ones. One that comes has nothing to do with them, but what comes with it,
 * such as hooks, may be called for them: it finds a block of zeros.
 *
 * It takes pernet_ops_rwsem for writing in the four (un)register functions
 * and expects its callers to hold it otherwise. Exits take RTNL inside. It
 * must never move a namespace's state nor put one on or off a list, and must
 * not call into an operation whose init has not succeeded.
 */
#include <linux/export.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "../dev.h"
#include "netns.h"

/*
 * All operations, in the order of their inits. Two empty ones, which are always
 * there, part the first tier, added before the first, from the subsystems,
 * added before the second, and these from the devices, added at the end.
 */
static struct list_head pernet_list;
static struct pernet_operations pernet_boundary;
static struct pernet_operations pernet_tier_boundary = {
	.list = { .next = &pernet_boundary.list, .prev = &pernet_list },
};

static struct pernet_operations pernet_boundary = {
	.list = { .next = &pernet_list, .prev = &pernet_tier_boundary.list },
};

static struct list_head pernet_list = {
	.next = &pernet_tier_boundary.list, .prev = &pernet_boundary.list,
};

/* Held for reading while namespaces come and go, see netns.h. */
DECLARE_RWSEM(pernet_ops_rwsem);
EXPORT_SYMBOL_GPL(pernet_ops_rwsem);

/*
 * The blocks lie behind net->gen, in an array that begins with its own
 * header: ids start after the slots which that takes.
 */
#define GENERIC_HEADER_SLOTS \
	DIV_ROUND_UP(sizeof(struct net_generic), sizeof(void *))

/* Some hundred operations in the whole tree want one. */
#define GENERIC_IDS	512

static DEFINE_IDA(generic_ids);

/*
 * Slots of a new array, under pernet_ops_rwsem. Only grows: ids are few, and
 * reused.
 */
static unsigned int generic_slots = 16;

/* Operations next to each other in pernet_list, or one that is on no list. */
struct pernet_span {
	const struct pernet_operations *first;
	const struct pernet_operations *last;
};

/* All walks over a span go from its last operation to its first. */
static const struct pernet_operations *
pernet_span_prev(const struct pernet_span *span,
		 const struct pernet_operations *ops)
{
	return ops == span->first ? NULL : list_prev_entry(ops, list);
}

/* What all namespaces without blocks share: net_generic() checks nothing. */
static void *generic_none[GENERIC_IDS];

static struct net_generic *generic_alloc(void)
{
	struct net_generic *gen;

	gen = kcalloc(generic_slots, sizeof(gen->ptr[0]), GFP_KERNEL);
	if (gen)
		gen->s.len = generic_slots;
	return gen;
}

/**
 * netns_generic_none - let a namespace have no blocks
 * @net: a namespace that has none
 *
 * Context: Any.
 */
void netns_generic_none(struct net *net)
{
	RCU_INIT_POINTER(net->gen, (struct net_generic *)generic_none);
}

/**
 * netns_generic_alloc - an array for the blocks of all operations
 * @net: a namespace that is about to get them
 *
 * Context: Process context, may sleep. pernet_ops_rwsem is held.
 * Return: 0 or -ENOMEM.
 */
int netns_generic_alloc(struct net *net)
{
	struct net_generic *gen = generic_alloc();

	if (!gen)
		return -ENOMEM;
	rcu_assign_pointer(net->gen, gen);
	return 0;
}

/**
 * netns_generic_free - undo netns_generic_alloc(), if it was done
 * @net: a namespace whose blocks are gone, and which no RCU reader sees
 *
 * Context: Any.
 */
void netns_generic_free(struct net *net)
{
	struct net_generic *gen = rcu_access_pointer(net->gen);

	netns_generic_none(net);
	if (gen != (struct net_generic *)generic_none)
		kfree(gen);
}

static struct net_generic *generic_of(struct net *net)
{
	return rcu_dereference_protected(net->gen,
					 lockdep_is_held(&pernet_ops_rwsem));
}

/*
 * Readers look at the array under RCU, so one that is too short gives way to
 * a longer copy. Nobody else writes to this namespace's array meanwhile: it
 * is either not live yet, or pernet_ops_rwsem is held for writing.
 */
static int generic_grow(struct net *net)
{
	struct net_generic *old = generic_of(net);
	struct net_generic *gen = generic_alloc();
	unsigned int i;

	if (!gen)
		return -ENOMEM;
	for (i = GENERIC_HEADER_SLOTS; i < old->s.len; i++)
		gen->ptr[i] = old->ptr[i];
	rcu_assign_pointer(net->gen, gen);
	kfree_rcu(old, s.rcu);
	return 0;
}

static int generic_block_add(const struct pernet_operations *ops,
			     struct net *net)
{
	void *block;

	if (generic_of(net)->s.len <= *ops->id && generic_grow(net))
		return -ENOMEM;

	block = kzalloc(ops->size, GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	generic_of(net)->ptr[*ops->id] = block;
	return 0;
}

static void generic_block_del(const struct pernet_operations *ops,
			      struct net *net)
{
	void **slot = &generic_of(net)->ptr[*ops->id];
	void *block = *slot;

	/* Who looks for it meanwhile must not find it half gone. */
	*slot = NULL;
	kfree(block);
}

#ifdef CONFIG_NET_NS
static void generic_blocks_del(struct net *net)
{
	struct net_generic *gen = generic_of(net);
	unsigned int i;

	for (i = GENERIC_HEADER_SLOTS; i < gen->s.len; i++) {
		kfree(gen->ptr[i]);
		gen->ptr[i] = NULL;
	}
}
#endif

static int pernet_init_one(const struct pernet_operations *ops,
			   struct net *net)
{
	int err;

	if (ops->id) {
		err = generic_block_add(ops, net);
		if (err)
			return err;
	}
	if (!ops->init)
		return 0;
	err = ops->init(net);
	if (err && ops->id)
		generic_block_del(ops, net);
	return err;
}

static bool pernet_wants_rtnl(const struct pernet_span *span)
{
	const struct pernet_operations *ops;

	for (ops = span->last; ops; ops = pernet_span_prev(span, ops))
		if (ops->exit_rtnl || ops->exit_batch_rtnl)
			return true;
	return false;
}

/**
 * pernet_batch_init - a batch without namespaces
 * @batch: where
 *
 * Context: Any.
 */
void pernet_batch_init(struct pernet_batch *batch)
{
	INIT_LIST_HEAD(&batch->nets);
	INIT_LIST_HEAD(&batch->devices);
	INIT_LIST_HEAD(&batch->pending);
	batch->last = NULL;
	batch->mute = false;
}

/**
 * pernet_rtnl_unlock - leave RTNL without waiting for devices to be gone
 * @nets: what an exit_batch operation has been called for
 *
 * For the operation that unregisters all devices of namespaces: who called it
 * does the waiting.
 *
 * Context: Process context. RTNL is held, and released.
 */
void pernet_rtnl_unlock(struct list_head *nets)
{
	struct pernet_batch *batch = container_of(nets, struct pernet_batch,
						  nets);

	netdev_leave_todo(&batch->devices);
}

/* One section of RTNL, and one removal of devices, for the whole batch. */
static void pernet_exit_rtnl(const struct pernet_span *span,
			     struct pernet_batch *batch)
{
	const struct pernet_operations *ops;
	LIST_HEAD(devices);
	struct net *net;

	if (!pernet_wants_rtnl(span))
		return;

	rtnl_lock();
	list_for_each_entry(net, &batch->nets, exit_list) {
		__rtnl_net_lock(net);
		for (ops = span->last; ops; ops = pernet_span_prev(span, ops))
			if (ops->exit_rtnl)
				ops->exit_rtnl(net, &devices);
		__rtnl_net_unlock(net);
	}
	for (ops = span->last; ops; ops = pernet_span_prev(span, ops))
		if (ops->exit_batch_rtnl)
			ops->exit_batch_rtnl(&batch->nets, &devices);
	unregister_netdevice_many(&devices);
	netdev_leave_todo(&batch->devices);
}

/*
 * What comes before the exits proper. @grace waits for RCU readers, between
 * making things unreachable and taking them down: readers of
 * net_namespace_list as well as those that pre_exit cuts off.
 */
static void pernet_cut_off(const struct pernet_span *span,
			   struct pernet_batch *batch, void (*grace)(void))
{
	const struct pernet_operations *ops;
	struct net *net;

	for (ops = span->last; ops; ops = pernet_span_prev(span, ops))
		if (ops->pre_exit)
			list_for_each_entry(net, &batch->nets, exit_list)
				ops->pre_exit(net);

	grace();
	pernet_exit_rtnl(span, batch);
}

static void pernet_exit_one(const struct pernet_operations *ops,
			    struct pernet_batch *batch)
{
	struct net *net;

	if (ops->exit) {
		list_for_each_entry(net, &batch->nets, exit_list) {
			ops->exit(net);
			cond_resched();
		}
	}
	if (ops->exit_batch)
		ops->exit_batch(&batch->nets);
}

/*
 * Undo the inits of @span for the namespaces of @batch, last operation first.
 * Each kind of exit is done with all operations before the next kind starts:
 * whatever an operation's exit_rtnl or exit needs of another, the other still
 * has its block, and those registered before it have not exited either.
 *
 * The devices that this waits for, with pernet_ops_rwsem held, are the span's
 * own, or those of a namespace that has never been live.
 */
static void pernet_undo(const struct pernet_span *span,
			struct pernet_batch *batch, void (*grace)(void))
{
	const struct pernet_operations *ops;
	struct net *net;

	pernet_cut_off(span, batch, grace);
	netdev_finish_todo(&batch->devices, &batch->mute);

	for (ops = span->last; ops; ops = pernet_span_prev(span, ops)) {
		pernet_exit_one(ops, batch);
		netdev_finish_todo(&batch->devices, &batch->mute);
	}

	for (ops = span->last; ops; ops = pernet_span_prev(span, ops))
		if (ops->id)
			list_for_each_entry(net, &batch->nets, exit_list)
				generic_block_del(ops, net);
}

static void pernet_init_failed(const struct pernet_operations *ops, int err)
{
	pr_warn_ratelimited("netns: a namespace is not set up: %ps failed with %d\n",
			    ops->init, err);
}

/**
 * pernet_init_first_tier - run the init operations of the first tier
 * @net: a namespace that is activating
 *
 * Nothing comes to this tier, or leaves it, once there are such namespaces:
 * no lock is needed.
 *
 * Context: Process context, sleeps.
 * Return: 0, or the errno of the operation that failed; then those before it
 *	   have been undone.
 */
int pernet_init_first_tier(struct net *net)
{
	struct pernet_operations *ops;
	int err;

	list_for_each_entry(ops, &pernet_list, list) {
		if (ops == &pernet_tier_boundary)
			break;
		err = ops->init(net);
		if (err)
			goto undo;
	}
	return 0;

undo:
	pernet_init_failed(ops, err);
	list_for_each_entry_continue_reverse(ops, &pernet_list, list)
		ops->exit(net);
	return err;
}

/**
 * pernet_exit_first_tier - undo pernet_init_first_tier()
 * @net: a namespace that has nothing else and that nobody uses
 *
 * Context: Any, softirq included.
 */
void pernet_exit_first_tier(struct net *net)
{
	struct pernet_operations *ops = &pernet_tier_boundary;

	list_for_each_entry_continue_reverse(ops, &pernet_list, list)
		ops->exit(net);
}

/**
 * pernet_init_rest - run the init operations beyond the first tier
 * @net: a namespace that is activating and has the first tier
 *
 * Context: Process context, sleeps. pernet_ops_rwsem is held.
 * Return: 0, or the errno of the operation that failed; then those before it,
 *	   but for the first tier, have been undone, RCU callbacks included.
 */
int pernet_init_rest(struct net *net)
{
	struct pernet_span done = { .first = &pernet_tier_boundary };
	struct pernet_operations *ops = &pernet_tier_boundary;
	struct pernet_batch batch;
	int err;

	lockdep_assert_held(&pernet_ops_rwsem);

	list_for_each_entry_from(ops, &pernet_list, list) {
		err = pernet_init_one(ops, net);
		if (err < 0)
			goto undo;
	}
	return 0;

undo:
	pernet_init_failed(ops, err);
	/* The boundary has no init that could fail: there is one before. */
	done.last = list_prev_entry(ops, list);
	pernet_batch_init(&batch);
	list_add(&net->exit_list, &batch.nets);
	pernet_undo(&done, &batch, synchronize_rcu);
	list_del(&net->exit_list);
	/* Twice, as in the reaper: what a callback queues looks at @net. */
	rcu_barrier();
	rcu_barrier();
	return err;
}

/*
 * Batches between the two parts of their end, of which the only namespace has
 * none. They come and go under pernet_ops_rwsem for reading and
 * pernet_pending_lock; for who holds it for writing they all stand still.
 */
static LIST_HEAD(pernet_pending);

#ifdef CONFIG_NET_NS
static DEFINE_SPINLOCK(pernet_pending_lock);

/**
 * pernet_exit_devices - the first part of the end of some namespaces
 * @batch: them
 *
 * Runs all that comes before the exits, and the exits of who owns devices, after
 * which the namespaces have none. Leaves those that are unregistered to
 * netdev_finish_todo(&batch->devices, &batch->mute), for which pernet_ops_rwsem
 * should be released. After that comes pernet_exit_subsystems().
 *
 * Whoever waits for the end of a namespace waits for this grace period, so it
 * is an expedited one.
 *
 * Context: Process context, sleeps. pernet_ops_rwsem is held; takes RTNL.
 */
void pernet_exit_devices(struct pernet_batch *batch)
{
	struct pernet_operations *ops = list_last_entry(&pernet_list,
							struct pernet_operations,
							list);
	const struct pernet_span all = {
		.first = list_first_entry(&pernet_list,
					  struct pernet_operations, list),
		.last = ops,
	};

	lockdep_assert_held(&pernet_ops_rwsem);

	pernet_cut_off(&all, batch, synchronize_rcu_expedited);
	list_for_each_entry_from_reverse(ops, &pernet_boundary.list, list)
		pernet_exit_one(ops, batch);

	batch->last = list_prev_entry(&pernet_boundary, list);
	scoped_guard(spinlock, &pernet_pending_lock)
		list_add_tail(&batch->pending, &pernet_pending);
}

/**
 * pernet_exit_subsystems - the second part of the end of some namespaces
 * @batch: them, for which pernet_exit_devices() has been called, and to whose
 *	   devices nobody refers any more
 *
 * Context: Process context, sleeps. pernet_ops_rwsem is held.
 */
void pernet_exit_subsystems(struct pernet_batch *batch)
{
	struct pernet_operations *ops = batch->last;
	struct net *net;

	lockdep_assert_held(&pernet_ops_rwsem);

	scoped_guard(spinlock, &pernet_pending_lock)
		list_del(&batch->pending);
	list_for_each_entry_from_reverse(ops, &pernet_list, list)
		pernet_exit_one(ops, batch);
	list_for_each_entry(net, &batch->nets, exit_list)
		generic_blocks_del(net);
}
#endif

/* Is @ops among those whose exits @batch has still to come to? */
static bool pernet_is_due(const struct pernet_operations *ops,
			  const struct pernet_batch *batch)
{
	const struct pernet_operations *due = batch->last;

	list_for_each_entry_from_reverse(due, &pernet_list, list)
		if (due == ops)
			return true;
	return false;
}

/*
 * Timers and exits of what is pending go on, and call hooks that come with an
 * operation: give them a block to find, in which there is nothing.
 */
static int pernet_fill_pending(const struct pernet_operations *ops)
{
	struct pernet_batch *batch;
	struct net *net;
	int err;

	if (!ops->id)
		return 0;
	list_for_each_entry(batch, &pernet_pending, pending) {
		list_for_each_entry(net, &batch->nets, exit_list) {
			err = generic_block_add(ops, net);
			if (err)
				return err;
		}
	}
	return 0;
}

static void pernet_empty_pending(const struct pernet_operations *ops)
{
	struct pernet_batch *batch;
	struct net *net;

	if (!ops->id)
		return;
	list_for_each_entry(batch, &pernet_pending, pending)
		list_for_each_entry(net, &batch->nets, exit_list)
			if (*ops->id < generic_of(net)->s.len)
				generic_block_del(ops, net);
}

/* An operation has come, and with it notifiers, to which these mean nothing. */
static void pernet_mute_pending(void)
{
	struct pernet_batch *batch;

	list_for_each_entry(batch, &pernet_pending, pending)
		WRITE_ONCE(batch->mute, true);
}

/* An operation goes, and with it what those that are pending have of it. */
static void pernet_exit_pending(struct pernet_operations *ops)
{
	struct pernet_batch *batch;

	list_for_each_entry(batch, &pernet_pending, pending) {
		if (pernet_is_due(ops, batch))
			pernet_exit_one(ops, batch);
		if (batch->last == ops)
			batch->last = list_prev_entry(ops, list);
	}
	pernet_empty_pending(ops);
}

/* Give an id to an operation that wants one. */
static int pernet_id_get(struct pernet_operations *ops)
{
	int id;

	if (!ops->id)
		return 0;
	id = ida_alloc_range(&generic_ids, GENERIC_HEADER_SLOTS,
			     GENERIC_IDS - 1, GFP_KERNEL);
	if (id < 0)
		return id;
	*ops->id = id;
	if (generic_slots <= id)
		generic_slots = id + 1;
	return 0;
}

static void pernet_id_put(struct pernet_operations *ops)
{
	if (ops->id)
		ida_free(&generic_ids, *ops->id);
}

static void pernet_undo_one(struct pernet_operations *ops,
			    struct pernet_batch *batch)
{
	const struct pernet_span one = { .first = ops, .last = ops };

	if (!list_empty(&batch->nets))
		pernet_undo(&one, batch, synchronize_rcu);
	/* Callbacks that are still to run may be the operation's code. */
	rcu_barrier();
}

#ifdef CONFIG_NET_NS
/*
 * With pernet_ops_rwsem held for writing no namespace comes or goes, so the
 * list of live ones stands still without net_rwsem.
 */
static int pernet_init_all(struct pernet_operations *ops,
			   struct list_head *position, struct list_head *done)
{
	struct net *net;
	int err;

	if (ops->init || ops->id) {
		for_each_net(net) {
			err = pernet_init_one(ops, net);
			if (err)
				return err;
			list_add_tail(&net->exit_list, done);
		}
	}
	list_add_tail(&ops->list, position);
	return 0;
}

static void pernet_collect(struct pernet_operations *ops,
			   struct list_head *nets)
{
	struct net *net;

	list_del(&ops->list);
	for_each_net(net)
		list_add_tail(&net->exit_list, nets);
}
#else
/*
 * The only namespace lives from boot on, and an operation may be gone from
 * memory after its init: none is remembered.
 */
static int pernet_init_all(struct pernet_operations *ops,
			   struct list_head *position, struct list_head *done)
{
	return pernet_init_one(ops, &init_net);
}

static void pernet_collect(struct pernet_operations *ops,
			   struct list_head *nets)
{
	list_add(&init_net.exit_list, nets);
}
#endif

static int pernet_register(struct pernet_operations *ops,
			   struct list_head *position)
{
	struct pernet_batch done;
	int err;

	if (WARN_ON(!ops->id != !ops->size))
		return -EINVAL;

	guard(rwsem_write)(&pernet_ops_rwsem);

	err = pernet_id_get(ops);
	if (err)
		return err;
	pernet_batch_init(&done);
	err = pernet_fill_pending(ops);
	if (!err)
		err = pernet_init_all(ops, position, &done.nets);
	if (err) {
		pernet_undo_one(ops, &done);
		pernet_empty_pending(ops);
		pernet_id_put(ops);
	} else {
		pernet_mute_pending();
	}
	return err;
}

static void pernet_unregister(struct pernet_operations *ops)
{
	struct pernet_batch batch;

	guard(rwsem_write)(&pernet_ops_rwsem);
	pernet_exit_pending(ops);
	pernet_batch_init(&batch);
	pernet_collect(ops, &batch.nets);
	pernet_undo_one(ops, &batch);
	pernet_id_put(ops);
}

/**
 * register_pernet_first_tier - the same for what local sockets need
 * @ops: its operations: init and exit only
 *
 * A namespace in which there are only local sockets has the state of these
 * operations and of no other. Their exits must cope with softirq context then,
 * and are sure that nobody, RCU readers included, looks at what they free.
 *
 * Context: Boot, before user space is there.
 * Return: as register_pernet_subsys().
 */
int __init register_pernet_first_tier(struct pernet_operations *ops)
{
	if (WARN_ON(!ops->init || !ops->exit || ops->id || ops->pre_exit ||
		    ops->exit_batch || ops->exit_rtnl || ops->exit_batch_rtnl))
		return -EINVAL;
	return pernet_register(ops, &pernet_tier_boundary.list);
}

/**
 * register_pernet_subsys - give a protocol its state in every namespace
 * @ops: its operations, which stay in place until unregistered
 *
 * Runs @ops->init for each namespace that lives, and from now on for each
 * that is born, before the inits of all devices and after those of the
 * subsystems registered earlier.
 *
 * Context: Process context, sleeps. Takes pernet_ops_rwsem for writing; RTNL
 *	    must not be held.
 * Return: 0, or the errno of the init that failed (which has been undone in
 *	   all namespaces), -ENOMEM, -ENOSPC without a free id, or -EINVAL
 *	   when only one of @ops->id and @ops->size is set.
 */
int register_pernet_subsys(struct pernet_operations *ops)
{
	return pernet_register(ops, &pernet_boundary.list);
}
EXPORT_SYMBOL_GPL(register_pernet_subsys);

/**
 * unregister_pernet_subsys - take a protocol's state from every namespace
 * @ops: operations that register_pernet_subsys() has taken
 *
 * When it returns no exit of @ops is running or will run, nor an RCU callback
 * that one of them has queued: the module may go.
 *
 * Context: Process context, sleeps. Takes pernet_ops_rwsem for writing and,
 *	    for operations that ask for it, RTNL.
 */
void unregister_pernet_subsys(struct pernet_operations *ops)
{
	pernet_unregister(ops);
}
EXPORT_SYMBOL_GPL(unregister_pernet_subsys);

/**
 * register_pernet_device - the same for who owns network devices
 * @ops: its operations, which stay in place until unregistered
 *
 * Its init runs after those of all subsystems, its exits before theirs.
 *
 * Context: Process context, sleeps. Takes pernet_ops_rwsem for writing; RTNL
 *	    must not be held.
 * Return: as register_pernet_subsys().
 */
int register_pernet_device(struct pernet_operations *ops)
{
	return pernet_register(ops, &pernet_list);
}
EXPORT_SYMBOL_GPL(register_pernet_device);

/**
 * unregister_pernet_device - undo register_pernet_device()
 * @ops: operations that register_pernet_device() has taken
 *
 * Context: Process context, sleeps. Takes pernet_ops_rwsem for writing and,
 *	    for operations that ask for it, RTNL.
 */
void unregister_pernet_device(struct pernet_operations *ops)
{
	pernet_unregister(ops);
}
EXPORT_SYMBOL_GPL(unregister_pernet_device);
