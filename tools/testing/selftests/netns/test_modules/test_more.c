// SPDX-License-Identifier: GPL-2.0
/*
 * Sends frames through devices as the stack does with those of which it has more
 * at hand, but then has not:
 *
 *   insmod test_more.ko pid=PID names=NAME[,NAME] frames=N [alone=I]
 *
 * PID is a task in the namespace of the devices, which take turns. Frame I comes
 * as netpoll sends: with interrupts off, and nothing said to follow.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#define MOST 2

static int pid;
module_param(pid, int, 0);

static char *names[MOST];
static int nr_names;
module_param_array(names, charp, &nr_names, 0);

static int frames;
module_param(frames, int, 0);

static int alone = -1;
module_param(alone, int, 0);

static struct sk_buff *frame_new(struct net_device *dev)
{
	struct sk_buff *skb = netdev_alloc_skb(dev, ETH_ZLEN);
	struct ethhdr *eth;

	if (!skb)
		return NULL;
	eth = skb_put_zero(skb, ETH_ZLEN);
	eth_broadcast_addr(eth->h_dest);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_proto = htons(ETH_P_802_EX1);
	skb_reset_mac_header(skb);
	skb_set_queue_mapping(skb, 0);
	return skb;
}

static void send_one(struct net_device *dev, struct sk_buff *skb, bool more)
{
	if (netdev_start_xmit(skb, dev, netdev_get_tx_queue(dev, 0), more) ==
	    NETDEV_TX_BUSY)
		kfree_skb(skb);
}

static int __init test_more_init(void)
{
	struct net_device *devs[MOST];
	struct sk_buff_head list;
	unsigned long flags;
	struct sk_buff *skb;
	struct net *net;
	int i, err = 0;

	net = get_net_ns_by_pid(pid);
	if (IS_ERR(net))
		return PTR_ERR(net);
	__skb_queue_head_init(&list);
	rtnl_lock();
	for (i = 0; i < nr_names && !err; i++) {
		devs[i] = __dev_get_by_name(net, names[i]);
		if (!devs[i])
			err = -ENODEV;
	}
	for (i = 0; i < frames && !err; i++) {
		skb = frame_new(devs[i % nr_names]);
		if (skb)
			__skb_queue_tail(&list, skb);
		else
			err = -ENOMEM;
	}
	if (!err) {
		local_bh_disable();
		for (i = 0; (skb = __skb_dequeue(&list)); i++) {
			if (i == alone)
				local_irq_save(flags);
			send_one(devs[i % nr_names], skb, i != alone);
			if (i == alone)
				local_irq_restore(flags);
		}
		local_bh_enable();
	}
	rtnl_unlock();
	__skb_queue_purge(&list);
	put_net(net);
	return err;
}

static void __exit test_more_exit(void)
{
}

module_init(test_more_init);
module_exit(test_more_exit);

MODULE_DESCRIPTION("Promises network devices more packets than come");
MODULE_LICENSE("GPL");
