// SPDX-License-Identifier: GPL-2.0
/*
 * Refers to a network device from when it is loaded until it is unloaded,
 * whatever happens to the device, as somebody who has forgotten to let go:
 *
 *   insmod test_hold.ko pid=PID name=NAME
 *
 * PID is a task in the namespace of the device.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

static int pid;
module_param(pid, int, 0);

static char *name = "lo";
module_param(name, charp, 0);

static struct net_device *held;
static netdevice_tracker tracker;

static int __init test_hold_init(void)
{
	struct net *net = get_net_ns_by_pid(pid);

	if (IS_ERR(net))
		return PTR_ERR(net);
	held = netdev_get_by_name(net, name, &tracker, GFP_KERNEL);
	put_net(net);
	return held ? 0 : -ENODEV;
}

static void __exit test_hold_exit(void)
{
	netdev_put(held, &tracker);
}

module_init(test_hold_init);
module_exit(test_hold_exit);

MODULE_DESCRIPTION("Does not let go of a network device");
MODULE_LICENSE("GPL");
