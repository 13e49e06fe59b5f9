// SPDX-License-Identifier: GPL-2.0
/*
 * A pernet operation in which whoever activates a network namespace waits, for
 * as long as the parameter shut is set; how many do is in the parameter waiting.
 * Who is killed there goes on, and his activation fails, unless the parameter
 * deaf is set, too.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/wait.h>
#include <net/net_namespace.h>

static DECLARE_WAIT_QUEUE_HEAD(gate);

static bool deaf;
module_param(deaf, bool, 0600);

static bool shut;

static int shut_set(const char *text, const struct kernel_param *kp)
{
	int err = param_set_bool(text, kp);

	wake_up_all(&gate);
	return err;
}

static const struct kernel_param_ops shut_ops = {
	.set = shut_set,
	.get = param_get_bool,
};
module_param_cb(shut, &shut_ops, &shut, 0600);

static atomic_t waiting;

static int waiting_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%d\n", atomic_read(&waiting));
}

static const struct kernel_param_ops waiting_ops = {
	.get = waiting_get,
};
module_param_cb(waiting, &waiting_ops, NULL, 0400);

static int __net_init gate_init(struct net *net)
{
	int err = 0;

	atomic_inc(&waiting);
	if (READ_ONCE(deaf))
		wait_event(gate, !READ_ONCE(shut));
	else if (wait_event_killable(gate, !READ_ONCE(shut)))
		err = -EINTR;
	atomic_dec(&waiting);
	return err;
}

static struct pernet_operations gate_ops = {
	.init = gate_init,
};

static int __init test_gate_init(void)
{
	return register_pernet_subsys(&gate_ops);
}

static void __exit test_gate_exit(void)
{
	unregister_pernet_subsys(&gate_ops);
}

module_init(test_gate_init);
module_exit(test_gate_exit);

MODULE_DESCRIPTION("Makes activations of network namespaces wait");
MODULE_LICENSE("GPL");
