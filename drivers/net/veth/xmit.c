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

/* NAPI is no use to what comes from a device that segments: it is as large as
 * it gets. Unless GRO is asked to aggregate what sockets write piece by piece.
 */
static bool veth_is_for_gro(const struct net_device *dev, const struct net_device *peer,
			    const struct sk_buff *skb)
{
	if (!(dev->features & NETIF_F_ALL_TSO))
		return true;
	return (peer->features & (NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD)) &&
	       skb->destructor == sock_wfree;
}

static struct veth_ring *veth_ring_for(const struct net_device *dev,
				       const struct net_device *peer,
				       const struct sk_buff *skb)
{
	struct veth_ring *ring = veth_ring(peer, skb_get_queue_mapping(skb));
	const struct veth *far = netdev_priv(peer);

	if (!ring || rcu_access_pointer(far->prog) || veth_is_for_gro(dev, peer, skb))
		return ring;
	return NULL;
}

/* eth_type_trans() for what there mostly is. */
static __be16 veth_type_trans(struct sk_buff *skb, struct net_device *peer)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	if (unlikely(netdev_uses_dsa(peer) || !eth_proto_is_802_3(eth->h_proto)))
		return eth_type_trans(skb, peer);
	skb->dev = peer;
	skb_reset_mac_header(skb);
	eth_skb_pull_mac(skb);
	eth_skb_pkt_type(skb, peer);
	return eth->h_proto;
}

/* Makes of a packet that leaves one end one that arrives at the other. */
static bool veth_cross(struct sk_buff *skb, const struct net_device *dev,
		       struct net_device *peer)
{
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC) ||
		     !__is_skb_forwardable(peer, skb, true))) {
		dev_core_stats_rx_dropped_inc(peer);
		return false;
	}
	skb_scrub_packet(skb, !net_eq(dev_net(dev), dev_net(peer)));
	skb->priority = 0;
	skb->protocol = veth_type_trans(skb, peer);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	return true;
}

/* The caller holds the ring's lock. */
static void veth_ring_stop_sender(struct veth_ring *ring, struct netdev_queue *txq)
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
	if (unlikely(!spin_trylock(&ring->lock))) {
		/* Netpoll may have interrupted who holds it. */
		if (irqs_disabled())
			return true;
		spin_lock(&ring->lock);
	}
	full = ring->len >= VETH_RING_SIZE;
	if (full)
		veth_ring_stop_sender(ring, txq);
	spin_unlock(&ring->lock);
	return full;
}

static bool veth_ring_add(struct veth_ring *ring, struct sk_buff *skb,
			  struct netdev_queue *txq)
{
	unsigned int bytes = skb->len;
	bool first;

	if (unlikely(!spin_trylock(&ring->lock))) {
		/* Netpoll may have interrupted who holds it. */
		if (irqs_disabled())
			return false;
		spin_lock(&ring->lock);
	}
	if (unlikely(ring->len >= VETH_RING_SIZE)) {
		spin_unlock(&ring->lock);
		return false;
	}
	skb->next = NULL;
	if (ring->in.head)
		ring->in.tail->next = skb;
	else
		ring->in.head = skb;
	ring->in.tail = skb;
	first = !ring->len;
	WRITE_ONCE(ring->len, ring->len + 1);
	veth_cb(skb)->bql_bytes = 0;
	if (txq) {
		veth_cb(skb)->bql_bytes = bytes;
		netdev_tx_sent_queue(txq, bytes);
		if (unlikely(ring->len >= VETH_RING_SIZE))
			veth_ring_stop_sender(ring, txq);
	}
	spin_unlock(&ring->lock);

	/* NAPI goes on by itself until it finds nothing left. */
	if (first)
		napi_schedule(&ring->napi);
	return true;
}

netdev_tx_t veth_xmit(struct sk_buff *skb, struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);
	struct netdev_queue *txq = NULL;
	struct net_device *peer;
	struct veth_ring *ring;
	unsigned int len;

	peer = rcu_dereference_bh(veth->peer);
	if (unlikely(!peer || !pskb_may_pull(skb, ETH_HLEN)))
		goto drop;

	ring = veth_ring_for(dev, peer, skb);
	if (ring) {
		txq = skb_get_tx_queue(dev, skb);
		if (qdisc_txq_has_no_queue(txq))
			txq = NULL;
		else if (unlikely(veth_ring_refuses(ring, txq)))
			return NETDEV_TX_BUSY;
	}

	skb_tx_timestamp(skb);
	len = skb->len;
	if (unlikely(!veth_cross(skb, dev, peer)))
		goto drop;

	if (ring) {
		skb_record_rx_queue(skb, ring->index);
		if (unlikely(!veth_ring_add(ring, skb, txq)))
			goto drop;
		return NETDEV_TX_OK;
	}
	if (unlikely(!veth_backlog_add(skb)))
		goto dropped;
	dev_sw_netstats_tx_add(dev, 1, len);
	return NETDEV_TX_OK;

drop:
	kfree_skb(skb);
dropped:
	dev_core_stats_tx_dropped_inc(dev);
	return NET_XMIT_DROP;
}
