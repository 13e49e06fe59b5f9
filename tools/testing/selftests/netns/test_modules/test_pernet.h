/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the module test_pernet share: the operations, and the log
 * of their calls.
 */
#ifndef TEST_PERNET_H
#define TEST_PERNET_H

#include <linux/list.h>
#include <linux/types.h>
#include <net/net_namespace.h>

struct seq_file;

struct fake_op {
	const char *name;
	bool device;
	bool registered;
	unsigned int index;
	unsigned int id;		/* 0 when it is not registered */
	unsigned int fail_in;		/* init calls from now; 0 is never */
	int fail_errno;
	struct list_head order;		/* in registered_ops, newest first */
	struct pernet_operations ops;
};

#define MAX_OPS 16

extern struct fake_op *const fake_ops[];
extern const unsigned int nr_fake_ops;

struct fake_op *find_op(const char *name);
int fake_register(struct fake_op *op);
int fake_unregister(struct fake_op *op);
void fake_unregister_all(void);
void fake_ops_init(void);

/* What the callbacks of an operation do. */
int fake_init(struct fake_op *op, struct net *net);
void fake_pre_exit(struct fake_op *op, struct net *net);
void fake_exit(struct fake_op *op, const char *callback, struct net *net);
void fake_batch(struct fake_op *op, const char *callback,
		struct list_head *net_exit_list);

void fail_later(struct fake_op *op, unsigned int nth, int err);

int log_init(void);
void log_exit(void);
void log_print(struct seq_file *seq);
void log_clear(void);
int log_live(void);

#endif /* TEST_PERNET_H */
