// SPDX-License-Identifier: GPL-2.0
/*
 * veth without NAPI of its own: packets of all pairs wait in one list a CPU,
 * which a NAPI instance a CPU hands to the stack, a list at a time.
 *
 * Only its CPU touches a list, and only with BH disabled, which is all the
 * exclusion there is; what comes with interrupts off (netpoll) goes to the
 * backlog of the CPU instead, and a dead CPU's list is taken by who buried it.
 *
 * A packet holds no reference to its device. It is not delivered once the device
 * is down, and ndo_uninit waits until every list was looked through since: once
 * for all devices that are unregistered together.
 *
 * Must never take more than net.core.netdev_max_backlog packets a CPU, nor lose
 * one without counting it.
 */
#include <linux/cpuhotplug.h>
#include <linux/rtnetlink.h>

#include "veth.h"

DEFINE_PER_CPU_ALIGNED(struct veth_backlog, veth_backlogs);
static struct net_device *veth_backlog_dev;
static enum cpuhp_state veth_backlog_cpuhp;

/* Whether a device went down since the lists were last flushed. RTNL. */
static bool veth_backlog_stale;

/* netif_rx() for a sender with interrupts off, who may hold locks and be no
 * interrupt: there, it would let softirqs run at once. They have to wait for the
 * next interrupt. With PREEMPT_RT, such a sender cannot even disable them.
 */
static bool veth_backlog_bypass(struct sk_buff *skb)
{
	bool task = !IS_ENABLED(CONFIG_PREEMPT_RT) && !(hardirq_count() | softirq_count());
	bool ok;

	if (task)
		local_bh_disable();
	ok = __netif_rx(skb) == NET_RX_SUCCESS;
	if (task)
		_local_bh_enable();
	return ok;
}

/* The rare ways of veth_backlog_add(): the sender has interrupts off, or there are
 * too many packets, which is counted as enqueue_to_backlog() counts it.
 */
bool veth_backlog_refuse(struct sk_buff *skb)
{
	if (irqs_disabled())
		return veth_backlog_bypass(skb);
	atomic_inc(&this_cpu_ptr(&softnet_data)->dropped);
	dev_core_stats_rx_dropped_inc(skb->dev);
	kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG);
	return false;
}

static void veth_backlog_drop_down(struct sk_buff *skb)
{
	dev_core_stats_rx_dropped_inc(skb->dev);
	kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
}

/* Most often there is one. */
static void veth_backlog_deliver_one(struct veth_backlog *backlog)
{
	struct sk_buff *skb = list_first_entry(&backlog->list, struct sk_buff, list);

	INIT_LIST_HEAD(&backlog->list);
	skb_mark_not_on_list(skb);
	if (likely(netif_running(skb->dev)))
		netif_receive_skb(skb);
	else
		veth_backlog_drop_down(skb);
}

/* Delivers up to @max packets but those of devices that went down; returns how
 * many it took from the list.
 */
static unsigned int veth_backlog_deliver(struct veth_backlog *backlog, unsigned int max)
{
	struct sk_buff *skb, *next;
	unsigned int n = 0;
	LIST_HEAD(batch);

	list_for_each_entry_safe(skb, next, &backlog->list, list) {
		if (n == max)
			break;
		n++;
		if (unlikely(!netif_running(skb->dev))) {
			skb_list_del_init(skb);
			veth_backlog_drop_down(skb);
		}
	}
	list_cut_before(&batch, &backlog->list, &skb->list);
	netif_receive_skb_list(&batch);
	return n;
}

static int veth_backlog_poll(struct napi_struct *napi, int budget)
{
	struct veth_backlog *backlog = container_of(napi, struct veth_backlog, napi);
	unsigned int n, work = 0;

	while (work < budget) {
		/* Who said that more would follow did not keep the promise. */
		if (unlikely(backlog->batch.list.head))
			veth_batch_send(&backlog->batch);
		if (list_empty(&backlog->list))
			break;
		n = 1;
		if (list_is_singular(&backlog->list))
			veth_backlog_deliver_one(backlog);
		else
			n = veth_backlog_deliver(backlog, budget - work);
		work += n;
		/* Pairs with veth_backlog_wait(): the packets are no more ours. */
		smp_store_release(&backlog->done, backlog->done + n);
	}
	/* This CPU alone schedules the instance: nobody can have asked for another
	 * round since there was nothing left.
	 */
	if (work < budget)
		clear_bit(NAPI_STATE_SCHED, &napi->state);
	return work;
}

/* Says that a device went down, whose packets may still be in lists. */
void veth_backlog_closing(void)
{
	ASSERT_RTNL();
	veth_backlog_stale = true;
}

/* Waits until all that came until now went. */
static void veth_backlog_wait(const u32 *came, const u32 *went)
{
	u32 now = READ_ONCE(*came);

	/* Pairs with who counts what goes. */
	while ((s32)(smp_load_acquire(went) - now) < 0)
		schedule_timeout_uninterruptible(1);
}

/* Waits until no list holds a packet of a device that has been down for a grace
 * period.
 */
void veth_backlog_flush(void)
{
	unsigned int cpu;

	ASSERT_RTNL();
	if (!veth_backlog_stale)
		return;
	for_each_possible_cpu(cpu) {
		struct veth_backlog *backlog = per_cpu_ptr(&veth_backlogs, cpu);

		/* A batch that is sent may go to the list. */
		veth_backlog_wait(&backlog->batch.begun, &backlog->batch.ended);
		veth_backlog_wait(&backlog->added, &backlog->done);
	}
	veth_backlog_stale = false;
}

/* The instance may be on another CPU's poll list since this CPU died last. */
static int veth_backlog_cpu_prepare(unsigned int cpu)
{
	struct veth_backlog *backlog = per_cpu_ptr(&veth_backlogs, cpu);

	napi_disable(&backlog->napi);
	napi_enable(&backlog->napi);
	return 0;
}

static int veth_backlog_cpu_dead(unsigned int cpu)
{
	struct veth_backlog *backlog = per_cpu_ptr(&veth_backlogs, cpu);
	struct sk_buff *skb, *next;

	local_bh_disable();
	if (backlog->batch.list.head)
		veth_batch_send(&backlog->batch);
	local_bh_enable();
	list_for_each_entry_safe(skb, next, &backlog->list, list) {
		skb_list_del_init(skb);
		netif_rx(skb);
	}
	/* Pairs with veth_backlog_wait(). */
	smp_store_release(&backlog->done, backlog->added);
	return 0;
}

int __init veth_backlog_init(void)
{
	unsigned int cpu;
	int state;

	veth_backlog_dev = alloc_netdev_dummy(0);
	if (!veth_backlog_dev)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct veth_backlog *backlog = per_cpu_ptr(&veth_backlogs, cpu);

		INIT_LIST_HEAD(&backlog->list);
		/* Polled by no socket: it serves all devices. */
		set_bit(NAPI_STATE_NO_BUSY_POLL, &backlog->napi.state);
		netif_napi_add(veth_backlog_dev, &backlog->napi, veth_backlog_poll);
		napi_enable(&backlog->napi);
	}
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "net/veth:prepare",
					  veth_backlog_cpu_prepare,
					  veth_backlog_cpu_dead);
	if (state < 0) {
		veth_backlog_exit();
		return state;
	}
	veth_backlog_cpuhp = state;
	return 0;
}

/* No device is left, hence no packet. */
void veth_backlog_exit(void)
{
	unsigned int cpu;

	if (veth_backlog_cpuhp)
		cpuhp_remove_state_nocalls(veth_backlog_cpuhp);
	for_each_possible_cpu(cpu) {
		struct veth_backlog *backlog = per_cpu_ptr(&veth_backlogs, cpu);

		napi_disable(&backlog->napi);
		netif_napi_del(&backlog->napi);
	}
	free_netdev(veth_backlog_dev);
}
