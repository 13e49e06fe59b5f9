// SPDX-License-Identifier: GPL-2.0
/*
 * A set of pernet_operations that do nothing but to record how they are
 * called: for comparing the life cycle of network namespaces between kernels,
 * and with what include/net/net_namespace.h promises to such operations.
 *
 * Files in the debugfs directory netns_pernet:
 *
 *   ops         (read)  one line for each operation: its name, its kind, how
 *                       much data it has, and the callbacks that it has
 *   register    (write) NAME: register it; the error is register_pernet_*()'s
 *   unregister  (write) NAME
 *   fail        (write) NAME N ERRNO: its Nth init from now returns -ERRNO
 *   live        (read)  how many namespaces have not yet ended
 *   log         (read)  one line for each call, oldest first
 *   clear       (write) anything: forget the log
 *
 * What is left in the log when the module has been unloaded goes to the
 * console. A line of the log looks so:
 *
 *   sub_all exit net=3 state=... data=... ret=0 batch=1/1 ...
 *
 * net is the number of the namespace: 0 is the initial one, others count from
 * 1 in the order in which an operation first met them.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "test_pernet.h"

/* Serialises registration; the callbacks of an operation run under it. */
static DEFINE_MUTEX(register_mutex);

static struct dentry *debugfs_dir;

static ssize_t write_name(const char __user *buf, size_t count,
			  int (*func)(struct fake_op *op))
{
	struct fake_op *op;
	char *name;
	int err;

	name = memdup_user_nul(buf, min(count, 32UL));
	if (IS_ERR(name))
		return PTR_ERR(name);
	op = find_op(strim(name));
	kfree(name);
	if (!op)
		return -EINVAL;

	mutex_lock(&register_mutex);
	err = func(op);
	mutex_unlock(&register_mutex);
	return err ? err : count;
}

static ssize_t register_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *ppos)
{
	return write_name(buf, count, fake_register);
}

static const struct file_operations register_fops = {
	.owner = THIS_MODULE,
	.write = register_write,
};

static ssize_t unregister_write(struct file *file, const char __user *buf,
				size_t count, loff_t *ppos)
{
	return write_name(buf, count, fake_unregister);
}

static const struct file_operations unregister_fops = {
	.owner = THIS_MODULE,
	.write = unregister_write,
};

static ssize_t fail_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	unsigned int nth, err;
	char text[64], name[32];
	struct fake_op *op;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	if (sscanf(text, "%31s %u %u", name, &nth, &err) != 3 ||
	    !err || err > MAX_ERRNO)
		return -EINVAL;
	op = find_op(name);
	if (!op || !op->ops.init)
		return -EINVAL;

	fail_later(op, nth, -(int)err);
	return count;
}

static const struct file_operations fail_fops = {
	.owner = THIS_MODULE,
	.write = fail_write,
};

static int ops_show(struct seq_file *seq, void *v)
{
	const struct pernet_operations *ops;
	unsigned int i;

	for (i = 0; i < nr_fake_ops; i++) {
		ops = &fake_ops[i]->ops;
		seq_printf(seq, "%s %s %zu%s%s%s%s%s%s\n", fake_ops[i]->name,
			   fake_ops[i]->device ? "device" : "subsys", ops->size,
			   ops->init ? " init" : "",
			   ops->pre_exit ? " pre_exit" : "",
			   ops->exit_rtnl ? " exit_rtnl" : "",
			   ops->exit_batch_rtnl ? " exit_batch_rtnl" : "",
			   ops->exit ? " exit" : "",
			   ops->exit_batch ? " exit_batch" : "");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ops);

static int live_show(struct seq_file *seq, void *v)
{
	seq_printf(seq, "%d\n", log_live());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(live);

static int log_show(struct seq_file *seq, void *v)
{
	log_print(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(log);

static ssize_t clear_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	log_clear();
	return count;
}

static const struct file_operations clear_fops = {
	.owner = THIS_MODULE,
	.write = clear_write,
};

static int __init test_pernet_init(void)
{
	int err;

	fake_ops_init();
	err = log_init();
	if (err)
		return err;

	debugfs_dir = debugfs_create_dir("netns_pernet", NULL);
	debugfs_create_file("ops", 0400, debugfs_dir, NULL, &ops_fops);
	debugfs_create_file("register", 0200, debugfs_dir, NULL,
			    &register_fops);
	debugfs_create_file("unregister", 0200, debugfs_dir, NULL,
			    &unregister_fops);
	debugfs_create_file("fail", 0200, debugfs_dir, NULL, &fail_fops);
	debugfs_create_file("live", 0400, debugfs_dir, NULL, &live_fops);
	debugfs_create_file("log", 0400, debugfs_dir, NULL, &log_fops);
	debugfs_create_file("clear", 0200, debugfs_dir, NULL, &clear_fops);
	return 0;
}

static void __exit test_pernet_exit(void)
{
	debugfs_remove(debugfs_dir);
	fake_unregister_all();
	log_exit();
}

module_init(test_pernet_init);
module_exit(test_pernet_exit);

MODULE_DESCRIPTION("Records how pernet_operations are called");
MODULE_LICENSE("GPL");
