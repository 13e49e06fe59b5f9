// SPDX-License-Identifier: GPL-2.0
/*
 * veth, the life of rings: made when NAPI is turned on, for the queues in use;
 * gone when it is turned off. All of it runs under RTNL, but for the release.
 *
 * A ring that stops is first taken from its slot, then its NAPI from the kernel.
 * Senders that found it before may go on filling it until a grace period is
 * over: an RCU callback empties and frees it, and gives the peer's queues back
 * what they wait for. Nobody waits for that but a start soon after a stop.
 *
 * Must never let a sender find a ring that NAPI does not serve.
 */
#include <linux/rtnetlink.h>
#include <net/netdev_queues.h>
#include <net/page_pool/helpers.h>

#include "veth.h"

/* A ring of the first queue is there whenever one of any queue is. */
bool veth_rings_on(const struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);

	return veth->slots && rcu_access_pointer(veth->slots[0].ring);
}

static void veth_ring_del_xdp(struct veth_ring *ring)
{
	if (!ring->pool)
		return;
	/* A frame that came last left its own there. */
	ring->rxq.mem = ring->mem;
	xdp_rxq_info_unreg(&ring->rxq);
	page_pool_destroy(ring->pool);
	ring->pool = NULL;
}

static int veth_ring_add_xdp(struct veth_ring *ring)
{
	struct page_pool_params params = {
		.pool_size	= VETH_RING_SIZE,
		.nid		= NUMA_NO_NODE,
		.dev		= &ring->dev->dev,
		.napi		= &ring->napi,
		.netdev		= ring->dev,
		.queue_idx	= ring->index,
	};
	struct page_pool *pool;
	int err;

	pool = page_pool_create(&params);
	if (IS_ERR(pool))
		return PTR_ERR(pool);

	err = xdp_rxq_info_reg(&ring->rxq, ring->dev, ring->index, ring->napi.napi_id);
	if (err)
		goto err_pool;
	err = xdp_rxq_info_reg_mem_model(&ring->rxq, MEM_TYPE_PAGE_POOL, pool);
	if (err)
		goto err_rxq;
	ring->mem = ring->rxq.mem;
	ring->pool = pool;
	return 0;

err_rxq:
	xdp_rxq_info_unreg(&ring->rxq);
err_pool:
	/* The ring may be in use, and its NAPI running: it has not seen the pool. */
	pool->p.napi = NULL;
	page_pool_destroy(pool);
	return err;
}

/* Frees a ring whose NAPI is disabled or was never enabled; senders may hold it. */
static void veth_ring_quit(struct veth_ring *ring)
{
	/* Before the instance goes, because the pool recycles by it. */
	veth_ring_del_xdp(ring);
	__netif_napi_del(&ring->napi);
}

static struct veth_ring *veth_ring_new(struct net_device *dev, unsigned int index,
				       struct veth_stats *stats, bool xdp)
{
	struct veth_ring *ring;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return NULL;
	if (ptr_ring_init(&ring->frames, VETH_RING_SIZE, GFP_KERNEL_ACCOUNT)) {
		kfree(ring);
		return NULL;
	}
	spin_lock_init(&ring->lock);
	ring->dev = dev;
	ring->peer = veth_peer_rtnl(dev);
	ring->index = index;
	ring->stats = stats;
	netif_napi_add(dev, &ring->napi, veth_poll);
	if (xdp && veth_ring_add_xdp(ring)) {
		__netif_napi_del(&ring->napi);
		/* It was in the list of the device, which is read under RCU. */
		ptr_ring_cleanup(&ring->frames, NULL);
		kfree_rcu(ring, rcu);
		return NULL;
	}
	return ring;
}

static void veth_frame_free(void *frame)
{
	xdp_return_frame(frame);
}

/* No sender is left. What stayed behind goes on without NAPI, if the device is
 * still up: the stack checks.
 */
static void veth_ring_release(struct rcu_head *rcu)
{
	struct veth_ring *ring = container_of(rcu, struct veth_ring, rcu);
	struct veth *veth = netdev_priv(ring->dev);
	struct veth_fifo *fifos[] = { &ring->out, &ring->in };
	unsigned int i, packets = 0, bytes = 0, bql = 0;
	unsigned int counts[VETH_XDP_COUNTERS] = {};
	struct netdev_queue *txq;
	struct sk_buff *skb;

	for (i = 0; i < ARRAY_SIZE(fifos); i++) {
		while ((skb = fifos[i]->head)) {
			fifos[i]->head = skb->next;
			skb_mark_not_on_list(skb);
			packets++;
			bytes += skb->len;
			bql += veth_cb(skb)->bql_bytes;
			netif_rx(skb);
		}
	}
	if (packets) {
		counts[VETH_PACKETS] = packets;
		counts[VETH_BYTES] = bytes;
		veth_stats_add(ring->stats, counts, false);
	}
	if (ring->index < ring->peer->num_tx_queues) {
		txq = netdev_get_tx_queue(ring->peer, ring->index);
		netdev_tx_completed_queue(txq, packets, bql);
		if (ring->stopped)
			netif_tx_wake_queue(txq);
	}
	ptr_ring_cleanup(&ring->frames, veth_frame_free);
	atomic_dec(&veth->draining);
	kfree(ring);
}

static int veth_slots_prepare(struct net_device *dev, unsigned int from, unsigned int to)
{
	struct veth *veth = netdev_priv(dev);
	struct veth_slot *slots = veth->slots;
	unsigned int i;

	if (!slots) {
		slots = kcalloc(dev->num_rx_queues, sizeof(*slots), GFP_KERNEL_ACCOUNT);
		if (!slots)
			return -ENOMEM;
		/* Pairs with the dependency on it in veth_ring(), veth_stats_of(). */
		smp_store_release(&veth->slots, slots);
	}
	for (i = from; i < to; i++) {
		struct veth_stats *stats;

		if (slots[i].stats)
			continue;
		stats = kzalloc(sizeof(*stats), GFP_KERNEL_ACCOUNT);
		if (!stats)
			return -ENOMEM;
		u64_stats_init(&stats->poll);
		u64_stats_init(&stats->xmit);
		/* Pairs with the dependency on it in who reads statistics. */
		smp_store_release(&slots[i].stats, stats);
	}
	return 0;
}

/* The destructor of a device. */
void veth_slots_free(struct net_device *dev)
{
	struct veth *veth = netdev_priv(dev);
	unsigned int i;

	for (i = 0; veth->slots && i < dev->num_rx_queues; i++)
		kfree(veth->slots[i].stats);
	kfree(veth->slots);
	veth->slots = NULL;
}

/**
 * veth_rings_stop - turn NAPI off for some queues
 * @dev: the receiving device
 * @from: first queue
 * @to: the queue after the last
 */
void veth_rings_stop(struct net_device *dev, unsigned int from, unsigned int to)
{
	struct veth *veth = netdev_priv(dev);
	struct veth_ring *ring;
	unsigned int i;

	ASSERT_RTNL();
	for (i = from; i < to; i++) {
		ring = rtnl_dereference(veth->slots[i].ring);
		if (!ring)
			continue;
		RCU_INIT_POINTER(veth->slots[i].ring, NULL);
		netif_queue_set_napi(dev, i, NETDEV_QUEUE_TYPE_RX, NULL);
		napi_disable(&ring->napi);
		veth_ring_quit(ring);
		atomic_inc(&veth->draining);
		call_rcu(&ring->rcu, veth_ring_release);
	}
}

/**
 * veth_rings_start - turn NAPI on for some queues
 * @dev: the receiving device, which has a peer
 * @from: first queue
 * @to: the queue after the last
 * @xdp: whether the rings are to serve an XDP program
 *
 * Return: 0, or -ENOMEM and no ring more than before.
 */
int veth_rings_start(struct net_device *dev, unsigned int from, unsigned int to,
		     bool xdp)
{
	struct veth *veth = netdev_priv(dev);
	struct veth_ring *ring;
	unsigned int i;
	int err;

	ASSERT_RTNL();
	err = veth_slots_prepare(dev, from, to);
	if (err)
		return err;
	/* Two rings at once must not complete what one queue sent. */
	if (atomic_read(&veth->draining))
		rcu_barrier();

	for (i = from; i < to; i++) {
		ring = veth_ring_new(dev, i, veth->slots[i].stats, xdp);
		if (!ring) {
			veth_rings_stop(dev, from, i);
			return -ENOMEM;
		}
		napi_enable(&ring->napi);
		netif_queue_set_napi(dev, i, NETDEV_QUEUE_TYPE_RX, &ring->napi);
		rcu_assign_pointer(veth->slots[i].ring, ring);
	}
	return 0;
}

/**
 * veth_rings_for_xdp - have rings that can serve an XDP program
 * @dev: the receiving device
 *
 * Return: 0 or an error. Rings that were there before stay, as able as they are by
 * then: that does no harm.
 */
int veth_rings_for_xdp(struct net_device *dev)
{
	struct veth *veth = netdev_priv(dev);
	struct veth_ring *ring;
	unsigned int i;
	int err;

	if (!veth_rings_on(dev))
		return veth_rings_start(dev, 0, dev->real_num_rx_queues, true);
	for (i = 0; i < dev->real_num_rx_queues; i++) {
		ring = rtnl_dereference(veth->slots[i].ring);
		if (ring->pool)
			continue;
		err = veth_ring_add_xdp(ring);
		if (err)
			return err;
	}
	return 0;
}
