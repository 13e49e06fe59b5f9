// SPDX-License-Identifier: GPL-2.0
/*
 * The fake operations: of both kinds, with and without data, with each
 * combination of callbacks that behaves in its own way.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "test_pernet.h"

static struct fake_op sub_plain, sub_pre, sub_batch, sub_rtnl, sub_noinit;
static struct fake_op sub_late, sub_all;
static struct fake_op dev_plain, dev_pre, dev_rtnl, dev_all;

/* The callbacks do not get the operation, so that each has its own. */
#define FAKE_INIT(_op)							\
static int _op##_init(struct net *net)					\
{									\
	return fake_init(&(_op), net);					\
}

#define FAKE_PRE_EXIT(_op)						\
static void _op##_pre_exit(struct net *net)				\
{									\
	fake_pre_exit(&(_op), net);					\
}

#define FAKE_EXIT(_op)							\
static void _op##_exit(struct net *net)					\
{									\
	fake_exit(&(_op), "exit", net);					\
}

#define FAKE_EXIT_RTNL(_op)						\
static void _op##_exit_rtnl(struct net *net, struct list_head *kill)	\
{									\
	fake_exit(&(_op), "exit_rtnl", net);				\
}

#define FAKE_EXIT_BATCH(_op)						\
static void _op##_exit_batch(struct list_head *nets)			\
{									\
	fake_batch(&(_op), "exit_batch", nets);				\
}

#define FAKE_EXIT_BATCH_RTNL(_op)					\
static void _op##_exit_batch_rtnl(struct list_head *nets,		\
				  struct list_head *kill)		\
{									\
	fake_batch(&(_op), "exit_batch_rtnl", nets);			\
}

/* Subsystems. */

FAKE_INIT(sub_plain);
FAKE_EXIT(sub_plain);
static struct fake_op sub_plain = {
	.name = "sub_plain",
	.ops = {
		.init = sub_plain_init,
		.exit = sub_plain_exit,
	},
};

FAKE_INIT(sub_pre);
FAKE_PRE_EXIT(sub_pre);
FAKE_EXIT(sub_pre);
static struct fake_op sub_pre = {
	.name = "sub_pre",
	.ops = {
		.init = sub_pre_init,
		.pre_exit = sub_pre_pre_exit,
		.exit = sub_pre_exit,
		.id = &sub_pre.id,
		.size = 8,
	},
};

FAKE_INIT(sub_batch);
FAKE_EXIT_BATCH(sub_batch);
static struct fake_op sub_batch = {
	.name = "sub_batch",
	.ops = {
		.init = sub_batch_init,
		.exit_batch = sub_batch_exit_batch,
		.id = &sub_batch.id,
		.size = 5000,
	},
};

FAKE_INIT(sub_rtnl);
FAKE_EXIT_RTNL(sub_rtnl);
static struct fake_op sub_rtnl = {
	.name = "sub_rtnl",
	.ops = {
		.init = sub_rtnl_init,
		.exit_rtnl = sub_rtnl_exit_rtnl,
	},
};

/* Data without init: allocated, zeroed and freed all the same. */
FAKE_EXIT(sub_noinit);
static struct fake_op sub_noinit = {
	.name = "sub_noinit",
	.ops = {
		.exit = sub_noinit_exit,
		.id = &sub_noinit.id,
		.size = 100,
	},
};

/* Nothing to fail: it is called for whatever ends. */
FAKE_EXIT_BATCH(sub_late);
static struct fake_op sub_late = {
	.name = "sub_late",
	.ops = {
		.exit_batch = sub_late_exit_batch,
	},
};

FAKE_INIT(sub_all);
FAKE_PRE_EXIT(sub_all);
FAKE_EXIT(sub_all);
FAKE_EXIT_RTNL(sub_all);
FAKE_EXIT_BATCH(sub_all);
FAKE_EXIT_BATCH_RTNL(sub_all);
static struct fake_op sub_all = {
	.name = "sub_all",
	.ops = {
		.init = sub_all_init,
		.pre_exit = sub_all_pre_exit,
		.exit = sub_all_exit,
		.exit_rtnl = sub_all_exit_rtnl,
		.exit_batch = sub_all_exit_batch,
		.exit_batch_rtnl = sub_all_exit_batch_rtnl,
		.id = &sub_all.id,
		.size = 200,
	},
};

/* Devices. */

FAKE_INIT(dev_plain);
FAKE_EXIT(dev_plain);
static struct fake_op dev_plain = {
	.name = "dev_plain",
	.device = true,
	.ops = {
		.init = dev_plain_init,
		.exit = dev_plain_exit,
		.id = &dev_plain.id,
		.size = 1,
	},
};

FAKE_PRE_EXIT(dev_pre);
static struct fake_op dev_pre = {
	.name = "dev_pre",
	.device = true,
	.ops = {
		.pre_exit = dev_pre_pre_exit,
	},
};

FAKE_INIT(dev_rtnl);
FAKE_EXIT_BATCH_RTNL(dev_rtnl);
static struct fake_op dev_rtnl = {
	.name = "dev_rtnl",
	.device = true,
	.ops = {
		.init = dev_rtnl_init,
		.exit_batch_rtnl = dev_rtnl_exit_batch_rtnl,
		.id = &dev_rtnl.id,
		.size = 24,
	},
};

FAKE_INIT(dev_all);
FAKE_PRE_EXIT(dev_all);
FAKE_EXIT(dev_all);
FAKE_EXIT_RTNL(dev_all);
FAKE_EXIT_BATCH(dev_all);
FAKE_EXIT_BATCH_RTNL(dev_all);
static struct fake_op dev_all = {
	.name = "dev_all",
	.device = true,
	.ops = {
		.init = dev_all_init,
		.pre_exit = dev_all_pre_exit,
		.exit = dev_all_exit,
		.exit_rtnl = dev_all_exit_rtnl,
		.exit_batch = dev_all_exit_batch,
		.exit_batch_rtnl = dev_all_exit_batch_rtnl,
		.id = &dev_all.id,
		.size = 64,
	},
};

struct fake_op *const fake_ops[] = {
	&sub_plain, &sub_pre, &sub_batch, &sub_rtnl, &sub_noinit, &sub_late,
	&sub_all, &dev_plain, &dev_pre, &dev_rtnl, &dev_all,
};

const unsigned int nr_fake_ops = ARRAY_SIZE(fake_ops);

struct fake_op *find_op(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_fake_ops; i++)
		if (!strcmp(fake_ops[i]->name, name))
			return fake_ops[i];
	return NULL;
}

static LIST_HEAD(registered_ops);

int fake_register(struct fake_op *op)
{
	int err;

	if (op->registered)
		return -EEXIST;
	if (op->device)
		err = register_pernet_device(&op->ops);
	else
		err = register_pernet_subsys(&op->ops);
	if (err) {
		WRITE_ONCE(op->id, 0);
		return err;
	}
	op->registered = true;
	list_add(&op->order, &registered_ops);
	return 0;
}

int fake_unregister(struct fake_op *op)
{
	if (!op->registered)
		return -ENOENT;
	if (op->device)
		unregister_pernet_device(&op->ops);
	else
		unregister_pernet_subsys(&op->ops);
	WRITE_ONCE(op->id, 0);
	op->registered = false;
	list_del(&op->order);
	return 0;
}

void fake_unregister_all(void)
{
	struct fake_op *op, *next;

	list_for_each_entry_safe(op, next, &registered_ops, order)
		fake_unregister(op);
}

void fake_ops_init(void)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(fake_ops) > MAX_OPS);
	for (i = 0; i < nr_fake_ops; i++)
		fake_ops[i]->index = i;
}
