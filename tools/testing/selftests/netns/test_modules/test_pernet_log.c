// SPDX-License-Identifier: GPL-2.0
/*
 * What the fake operations do when they are called: they look around and
 * write down what they see. test_pernet_main.c tells what a line looks like.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/netns/generic.h>

#include "test_pernet.h"

/* What is remembered of a namespace, by its cookie: addresses are reused. */
struct met_net {
	struct list_head list;
	u64 cookie;
	unsigned int number;
	DECLARE_BITMAP(filled, MAX_OPS);	/* init has filled the data */
	DECLARE_BITMAP(left, MAX_OPS);		/* pre_exit has been called */
	struct rcu_gp_oldstate gp[MAX_OPS];	/* as of then */
};

struct log_line {
	struct list_head list;
	char text[];
};

static LIST_HEAD(met_nets);
static LIST_HEAD(log_lines);
static unsigned int lost_lines;
/* Protects all of the above, and fail_in and fail_errno of the operations. */
static DEFINE_SPINLOCK(log_lock);

static bool may_sleep(void)
{
	return !preempt_count() && !irqs_disabled() && !rcu_preempt_depth();
}

static gfp_t gfp_here(void)
{
	return may_sleep() ? GFP_KERNEL : GFP_ATOMIC;
}

/*
 * Without lockdep nothing tells who holds the mutex. Others hold it for short
 * times only, so that one that never gets free is held by our caller.
 */
static bool rtnl_is_ours(void)
{
	int tries;

	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		return lockdep_rtnl_is_held();

	for (tries = 0; may_sleep() && tries < 100; tries++) {
		if (rtnl_trylock()) {
			rtnl_unlock();
			return false;
		}
		fsleep(2000);
	}
	return true;
}

/* 'w'riter, 'r'eader or none; exact as long as nobody queues for writing. */
static char pernet_ops_rwsem_mode(void)
{
	if (down_write_trylock(&pernet_ops_rwsem)) {
		up_write(&pernet_ops_rwsem);
		return '-';
	}
	if (down_read_trylock(&pernet_ops_rwsem)) {
		up_read(&pernet_ops_rwsem);
		return 'r';
	}
	return 'w';
}

static bool is_listed(const struct net *net)
{
	const struct net *tmp;
	bool found = false;

	rcu_read_lock();
	for_each_net_rcu(tmp)
		found |= tmp == net;
	rcu_read_unlock();
	return found;
}

/* net_generic() must not be asked for an id that is being registered. */
static u8 *data_of(const struct net *net, const struct fake_op *op)
{
	unsigned int id = READ_ONCE(op->id);
	struct net_generic *ng;
	u8 *data = NULL;

	rcu_read_lock();
	ng = rcu_dereference(net->gen);
	if (id && id < ng->s.len)
		data = ng->ptr[id];
	rcu_read_unlock();
	return data;
}

/* How many of our operations have data in this namespace. */
static unsigned int count_data(const struct net *net)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr_fake_ops; i++)
		if (data_of(net, fake_ops[i]))
			n++;
	return n;
}

static struct met_net *find_met(u64 cookie)
{
	struct met_net *met;

	list_for_each_entry(met, &met_nets, list)
		if (met->cookie == cookie)
			return met;
	return NULL;
}

/* Entries are never removed while callbacks can run. */
static struct met_net *meet(const struct net *net)
{
	struct met_net *met, *new;

	new = kzalloc(sizeof(*new), gfp_here());
	spin_lock(&log_lock);
	met = find_met(net->net_cookie);
	if (!met && new) {
		met = new;
		new = NULL;
		met->cookie = net->net_cookie;
		if (!list_empty(&met_nets))
			met->number = list_last_entry(&met_nets, struct met_net,
						      list)->number + 1;
		list_add_tail(&met->list, &met_nets);
	}
	spin_unlock(&log_lock);
	kfree(new);
	return met;
}

static u8 pattern(const struct fake_op *op, const struct met_net *met)
{
	return 1 | (op->index << 4) | (met->number << 1);
}

static const char *data_state(const struct net *net, const struct fake_op *op,
			      const struct met_net *met)
{
	const u8 *data = data_of(net, op);

	if (!op->ops.id)
		return "none";
	if (!data)
		return "null";
	if (!memchr_inv(data, 0, op->ops.size))
		return "zero";
	if (test_bit(op->index, met->filled) &&
	    !memchr_inv(data, pattern(op, met), op->ops.size))
		return "kept";
	return "spoilt";
}

/* Has a grace period passed since pre_exit? */
static const char *grace_state(const struct fake_op *op, struct met_net *met)
{
	if (!test_bit(op->index, met->left))
		return "-";
	return poll_state_synchronize_rcu_full(&met->gp[op->index]) ? "over" :
								     "none";
}

static void record(const struct fake_op *op, const char *callback,
		   const struct net *net, struct met_net *met, int ret,
		   unsigned int nth, unsigned int batch)
{
	struct log_line *line;
	bool sleep = may_sleep();
	char text[256];
	int len;

	len = scnprintf(text, sizeof(text),
			"%s %s net=%u initialized=%d refs=%d passive=%d listed=%d lo=%d data=%s all=%u grace=%s rtnl=%d ops=%c sleep=%d ret=%d batch=%u/%u",
			op->name, callback, met->number, net_initialized(net),
			check_net(net), refcount_read(&net->passive) > 0,
			is_listed(net), !!net->loopback_dev,
			data_state(net, op, met), count_data(net),
			grace_state(op, met), rtnl_is_ours(),
			pernet_ops_rwsem_mode(), sleep, ret, nth, batch);

	line = kzalloc(struct_size(line, text, len + 1), gfp_here());
	if (line)
		memcpy(line->text, text, len);
	spin_lock(&log_lock);
	if (line)
		list_add_tail(&line->list, &log_lines);
	else
		lost_lines++;
	spin_unlock(&log_lock);
}

static int take_failure(struct fake_op *op)
{
	int err = 0;

	spin_lock(&log_lock);
	if (op->fail_in && !--op->fail_in)
		err = op->fail_errno;
	spin_unlock(&log_lock);
	return err;
}

int fake_init(struct fake_op *op, struct net *net)
{
	struct met_net *met = meet(net);
	int err;
	u8 *data;

	if (!met)
		return -ENOMEM;
	err = take_failure(op);
	clear_bit(op->index, met->filled);
	clear_bit(op->index, met->left);
	record(op, "init", net, met, err, 1, 1);

	/* One that fails leaves traces, which nobody may see later. */
	data = data_of(net, op);
	if (data) {
		memset(data, pattern(op, met), op->ops.size);
		set_bit(op->index, met->filled);
	}
	return err;
}

void fake_pre_exit(struct fake_op *op, struct net *net)
{
	struct met_net *met = meet(net);

	if (!met)
		return;
	clear_bit(op->index, met->left);
	record(op, "pre_exit", net, met, 0, 1, 1);
	get_state_synchronize_rcu_full(&met->gp[op->index]);
	set_bit(op->index, met->left);
}

void fake_exit(struct fake_op *op, const char *callback, struct net *net)
{
	struct met_net *met = meet(net);

	if (met)
		record(op, callback, net, met, 0, 1, 1);
}

void fake_batch(struct fake_op *op, const char *callback,
		struct list_head *net_exit_list)
{
	unsigned int n = 0, batch = list_count_nodes(net_exit_list);
	struct met_net *met;
	struct net *net;

	list_for_each_entry(net, net_exit_list, exit_list) {
		met = meet(net);
		if (met)
			record(op, callback, net, met, 0, ++n, batch);
	}
}

void fail_later(struct fake_op *op, unsigned int nth, int err)
{
	spin_lock(&log_lock);
	op->fail_in = nth;
	op->fail_errno = err;
	spin_unlock(&log_lock);
}

/*
 * Registered before all others of this module, and hence the last of them to
 * be told of an end: what it has counted down has no callback to come.
 */
static atomic_t nr_live;

static int live_init(struct net *net)
{
	atomic_inc(&nr_live);
	return 0;
}

static void live_exit_batch(struct list_head *net_exit_list)
{
	atomic_sub(list_count_nodes(net_exit_list), &nr_live);
}

static struct pernet_operations live_ops = {
	.init = live_init,
	.exit_batch = live_exit_batch,
};

int log_live(void)
{
	/* The initial one is there for as long as the module is. */
	return atomic_read(&nr_live) - 1;
}

void log_print(struct seq_file *seq)
{
	struct log_line *line;

	spin_lock(&log_lock);
	list_for_each_entry(line, &log_lines, list)
		seq_printf(seq, "%s\n", line->text);
	if (lost_lines)
		seq_printf(seq, "lost %u\n", lost_lines);
	spin_unlock(&log_lock);
}

static void clear_log(bool print)
{
	struct log_line *line, *next;
	LIST_HEAD(lines);

	spin_lock(&log_lock);
	list_splice_init(&log_lines, &lines);
	lost_lines = 0;
	spin_unlock(&log_lock);
	list_for_each_entry_safe(line, next, &lines, list) {
		if (print)
			pr_info("log: %s\n", line->text);
		kfree(line);
	}
}

void log_clear(void)
{
	clear_log(false);
}

static void forget_nets(void)
{
	struct met_net *met, *next;

	list_for_each_entry_safe(met, next, &met_nets, list)
		kfree(met);
}

int log_init(void)
{
	int err;

	/* So that it gets number 0. */
	if (!meet(&init_net))
		return -ENOMEM;
	err = register_pernet_subsys(&live_ops);
	if (err)
		forget_nets();
	return err;
}

void log_exit(void)
{
	unregister_pernet_subsys(&live_ops);
	clear_log(true);
	forget_nets();
}
