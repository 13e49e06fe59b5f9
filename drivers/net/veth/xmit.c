// SPDX-License-Identifier: GPL-2.0
/*
 * veth, sending: from ndo_start_xmit to the peer's ring or to the backlog.
 * Runs in BH, on several CPUs at once for the same queue where there is no
 * qdisc. Takes the ring's lock.
 * Must never enter the stack, nor stop a queue that has no qdisc to hold what
 * comes meanwhile.
 */
#include <linux/etherdevice.h>
#include <net/dsa.h>
#include <net/sch_generic.h>
#include <net/sock.h>

#include "veth.h"

/**
 * struct veth_way - what packets from one queue have in common
 * @peer: who receives them
 * @ring: where they wait, NULL if it is the backlog
 * @sockets_only: of @ring, but for what sockets have sent
 * @xnet: from one network namespace to another
 * @fits: up to this length a packet surely fits the receiver
 *
 * What fills it or looks at it is inlined, so that all of it stays in registers.
 */
struct veth_way {
	struct net_device	*peer;
	struct veth_ring	*ring;
	bool			sockets_only;
	bool			xnet;
	unsigned int		fits;
};

static __always_inline bool veth_find_way(const struct net_device *dev, unsigned int queue,
					  struct veth_way *way)
{
	const struct veth *veth = netdev_priv(dev), *far;
	struct net_device *peer = rcu_dereference_bh(veth->peer);

	if (unlikely(!peer))
		return false;
	far = netdev_priv(peer);
	way->peer = peer;
	way->ring = veth_ring(peer, queue);
	way->sockets_only = false;
	way->xnet = !net_eq(dev_net(dev), dev_net(peer));
	way->fits = peer->flags & IFF_UP ? READ_ONCE(peer->mtu) : 0;

	/* NAPI is no use to what comes from a device that segments: it is as large as
	 * it gets. Unless GRO is asked to aggregate what sockets write piece by piece.
	 */
	if (way->ring && (dev->features & NETIF_F_ALL_TSO) &&
	    !rcu_access_pointer(far->prog)) {
		if (peer->features & (NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD))
			way->sockets_only = true;
		else
			way->ring = NULL;
	}
	return true;
}

static struct veth_ring *veth_ring_for(const struct veth_way *way,
				       const struct sk_buff *skb)
{
	if (unlikely(way->sockets_only) && skb->destructor != sock_wfree)
		return NULL;
	return way->ring;
}

/* eth_type_trans() for what there mostly is. */
static __always_inline __be16 veth_type_trans(struct sk_buff *skb, struct net_device *peer)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (unlikely(netdev_uses_dsa(peer) || !eth_proto_is_802_3(eth->h_proto)))
		return eth_type_trans(skb, peer);
	skb->dev = peer;
	skb_reset_mac_header(skb);
	__skb_pull(skb, ETH_HLEN);
	eth_skb_pkt_type(skb, peer);
	return eth->h_proto;
}

/* Makes of a packet that leaves one end one that arrives at the other. */
static __always_inline bool veth_cross(struct sk_buff *skb, const struct veth_way *way)
{
	struct net_device *peer = way->peer;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return false;
	/* All that they look at where there is no PHY. */
	if (unlikely(skb_shinfo(skb)->tx_flags & SKBTX_SW_TSTAMP ||
		     skb_shinfo(skb)->flags & SKBFL_ZEROCOPY_ENABLE)) {
		skb_tx_timestamp(skb);
		if (skb_orphan_frags(skb, GFP_ATOMIC))
			goto rx_drop;
	}
	if (unlikely(skb->len > way->fits && !__is_skb_forwardable(peer, skb, true)))
		goto rx_drop;
	skb_scrub_packet(skb, way->xnet);
	skb->priority = 0;
	skb->protocol = veth_type_trans(skb, peer);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	veth_cb(skb)->bql_bytes = 0;
	return true;

rx_drop:
	dev_core_stats_rx_dropped_inc(peer);
	return false;
}

static void veth_ring_stop_sender(struct veth_ring *ring, struct netdev_queue *txq)
	__must_hold(&ring->lock)
{
	ring->stopped = true;
	netif_tx_stop_queue(txq);
}

/* Whether a packet must go back to its qdisc. The queue was stopped as the ring
 * filled up, so only who sends without asking the queue comes here.
 */
static bool veth_ring_refuses(struct veth_ring *ring, struct netdev_queue *txq)
{
	bool full;

	if (likely(READ_ONCE(ring->len) < VETH_RING_SIZE))
		return false;
	/* Who holds it may have been interrupted by netpoll, or will be done soon. */
	if (!spin_trylock(&ring->lock))
		return true;
	full = ring->len >= VETH_RING_SIZE;
	if (full)
		veth_ring_stop_sender(ring, txq);
	spin_unlock(&ring->lock);
	return full;
}

/* Adds as many of @n packets as there is room for, and returns the others. Where
 * there is a qdisc, hence @txq, the packets come one by one. Inlined, as little is
 * left of it for one.
 */
static __always_inline struct sk_buff *
veth_ring_add(struct veth_ring *ring, struct sk_buff *head, struct sk_buff *tail,
	      unsigned int n, struct netdev_queue *txq)
{
	struct sk_buff *others;
	unsigned int i, room;
	bool first;

	if (unlikely(!spin_trylock(&ring->lock))) {
		/* Netpoll may have interrupted who holds it. */
		if (irqs_disabled())
			return head;
		spin_lock(&ring->lock);
	}
	room = VETH_RING_SIZE - ring->len;
	if (unlikely(n > room)) {
		if (!room) {
			spin_unlock(&ring->lock);
			return head;
		}
		n = room;
		for (tail = head, i = 1; i < n; i++)
			tail = tail->next;
	}
	others = tail->next;
	tail->next = NULL;
	if (ring->in.head)
		ring->in.tail->next = head;
	else
		ring->in.head = head;
	ring->in.tail = tail;
	first = !ring->len && !ring->deferred;
	WRITE_ONCE(ring->len, ring->len + n);
	if (txq) {
		veth_cb(head)->bql_bytes = head->len;
		netdev_tx_sent_queue(txq, head->len);
		if (unlikely(ring->len >= VETH_RING_SIZE))
			veth_ring_stop_sender(ring, txq);
	}
	spin_unlock(&ring->lock);

	/* NAPI goes on by itself until it finds nothing left. */
	if (first)
		napi_schedule(&ring->napi);
	return others;
}

static void veth_drop(struct net_device *dev, struct sk_buff *skb)
{
	skb_mark_not_on_list(skb);
	kfree_skb(skb);
	dev_core_stats_tx_dropped_inc(dev);
}

/* Empties @list, and returns whether its last packet was sent. */
static bool veth_backlog_add_list(struct net_device *dev, struct veth_fifo *list)
{
	unsigned int packets = 0, bytes = 0, len;
	struct sk_buff *skb;
	bool added = false;

	while ((skb = list->head)) {
		list->head = skb->next;
		len = skb->len + ETH_HLEN;
		added = veth_backlog_add(skb);
		if (likely(added)) {
			packets++;
			bytes += len;
		} else {
			dev_core_stats_tx_dropped_inc(dev);
		}
	}
	if (likely(packets))
		dev_sw_netstats_tx_add(dev, packets, bytes);
	return added;
}

/**
 * veth_batch_send - send what waited for packets to follow it
 * @batch: one with packets, of this CPU or of one that is dead
 *
 * Context: BH off, interrupts on.
 * Return: NETDEV_TX_OK, or NET_XMIT_DROP if the last packet was lost.
 */
netdev_tx_t veth_batch_send(struct veth_batch *batch)
{
	struct net_device *dev = batch->dev;
	struct veth_fifo list = batch->list;
	struct sk_buff *skb, **link;
	struct veth_way way;
	unsigned int n = 0;
	bool sent = false;

	batch->list.head = NULL;
	if (unlikely(!veth_find_way(dev, batch->queue, &way)))
		goto drop;
	way.ring = veth_ring_for(&way, list.head);

	for (link = &list.head; (skb = *link);) {
		if (likely(veth_cross(skb, &way))) {
			link = &skb->next;
			n++;
		} else {
			*link = skb->next;
			veth_drop(dev, skb);
		}
	}
	if (unlikely(!n))
		goto out;
	sent = link == &list.tail->next;
	if (way.ring) {
		skb = container_of(link, struct sk_buff, next);
		list.head = veth_ring_add(way.ring, list.head, skb, n, NULL);
		sent = sent && !list.head;
	} else {
		sent = veth_backlog_add_list(dev, &list) && sent;
	}
drop:
	while (unlikely((skb = list.head))) {
		list.head = skb->next;
		veth_drop(dev, skb);
	}
out:
	/* Pairs with veth_backlog_wait(): the packets are no more ours. */
	smp_store_release(&batch->ended, batch->begun);
	return sent ? NETDEV_TX_OK : NET_XMIT_DROP;
}

static noinline netdev_tx_t veth_xmit_one(struct sk_buff *skb, struct net_device *dev)
{
	unsigned int queue = skb_get_queue_mapping(skb), len = skb->len;
	struct netdev_queue *txq = NULL;
	struct veth_ring *ring;
	struct veth_way way;

	if (unlikely(!veth_find_way(dev, queue, &way)))
		goto drop;
	ring = veth_ring_for(&way, skb);
	if (ring) {
		txq = netdev_get_tx_queue(dev, queue);
		if (qdisc_txq_has_no_queue(txq))
			txq = NULL;
		else if (unlikely(veth_ring_refuses(ring, txq)))
			return NETDEV_TX_BUSY;
	}
	if (unlikely(!veth_cross(skb, &way)))
		goto drop;
	if (ring) {
		if (unlikely(veth_ring_add(ring, skb, skb, 1, txq)))
			goto drop;
		return NETDEV_TX_OK;
	}
	if (likely(veth_backlog_add(skb))) {
		dev_sw_netstats_tx_add(dev, 1, len);
		return NETDEV_TX_OK;
	}
	dev_core_stats_tx_dropped_inc(dev);
	return NET_XMIT_DROP;

drop:
	veth_drop(dev, skb);
	return NET_XMIT_DROP;
}

/* A batch's first packet, or one that belongs to no batch or to another. */
static noinline netdev_tx_t veth_batch_begin(struct veth_batch *batch, struct sk_buff *skb,
					     struct net_device *dev)
{
	unsigned int queue = skb_get_queue_mapping(skb);

	if (unlikely(batch->list.head))
		veth_batch_send(batch);
	if (!netdev_xmit_more() || !qdisc_txq_has_no_queue(netdev_get_tx_queue(dev, queue)))
		return veth_xmit_one(skb, dev);

	batch->dev = dev;
	batch->queue = queue;
	batch->len = 1;
	batch->list.head = skb;
	batch->list.tail = skb;
	WRITE_ONCE(batch->begun, batch->begun + 1);
	veth_backlog_schedule(container_of(batch, struct veth_backlog, batch));
	return NETDEV_TX_OK;
}

/* Packets that come one after another to a queue set out together: what they have
 * in common is found once. Only where there is no qdisc, which would want to know at
 * once what fits; of such packets nobody looks at the result but of the last. If that
 * never comes, the backlog's NAPI sends the others.
 */
netdev_tx_t veth_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct veth_batch *batch = this_cpu_ptr(&veth_backlogs.batch);
	struct sk_buff *head = batch->list.head;

	if (!netdev_xmit_more()) {
		/* Netpoll may have interrupted who adds to the batch. */
		if (likely(!head) || irqs_disabled())
			return veth_xmit_one(skb, dev);
	}
	if (!head || unlikely(batch->dev != dev) ||
	    unlikely(batch->queue != skb_get_queue_mapping(skb)))
		return veth_batch_begin(batch, skb, dev);

	batch->list.tail->next = skb;
	batch->list.tail = skb;
	if (netdev_xmit_more() && likely(++batch->len < VETH_BATCH))
		return NETDEV_TX_OK;
	return veth_batch_send(batch);
}
