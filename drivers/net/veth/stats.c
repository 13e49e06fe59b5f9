// SPDX-License-Identifier: GPL-2.0
/*
 * veth, statistics. A packet is counted once: by the end that sends it if there
 * is no ring, else by the ring that receives it. What one end sent is therefore
 * what the other received, at any time.
 * Readers hold RCU or RTNL; each counter has one writer at a time.
 * Must never cost a packet more than an addition.
 */
#include <linux/netdevice.h>

#include "veth.h"

/* Adds what a round of NAPI counted. Called by the only NAPI of the queue. */
void veth_stats_add(struct veth_stats *stats, const unsigned int *counts, bool xdp)
{
	unsigned int i, n = xdp ? VETH_POLL_COUNTERS : VETH_XDP_COUNTERS;

	u64_stats_update_begin(&stats->poll);
	for (i = 0; i < n; i++)
		u64_stats_add(&stats->count[i], counts[i]);
	u64_stats_update_end(&stats->poll);
}

/* Adds to @counts, by enum veth_counter. */
void veth_stats_read(const struct veth_stats *stats, u64 *counts)
{
	u64 now[VETH_COUNTERS];
	unsigned int i, start;

	do {
		start = u64_stats_fetch_begin(&stats->poll);
		for (i = 0; i < VETH_POLL_COUNTERS; i++)
			now[i] = u64_stats_read(&stats->count[i]);
	} while (u64_stats_fetch_retry(&stats->poll, start));
	do {
		start = u64_stats_fetch_begin(&stats->xmit);
		for (i = VETH_POLL_COUNTERS; i < VETH_COUNTERS; i++)
			now[i] = u64_stats_read(&stats->count[i]);
	} while (u64_stats_fetch_retry(&stats->xmit, start));

	for (i = 0; i < VETH_COUNTERS; i++)
		counts[i] += now[i];
}

/* NULL for a queue that never had NAPI. */
struct veth_stats *veth_stats_of(const struct net_device *dev, unsigned int queue)
{
	const struct veth *veth = netdev_priv(dev);
	struct veth_slot *slots = READ_ONCE(veth->slots);

	if (!slots || queue >= dev->num_rx_queues)
		return NULL;
	return READ_ONCE(slots[queue].stats);
}

static void veth_sum(const struct net_device *dev, u64 *counts)
{
	const struct veth_stats *stats;
	unsigned int i;

	for (i = 0; i < dev->num_rx_queues; i++) {
		stats = veth_stats_of(dev, i);
		if (stats)
			veth_stats_read(stats, counts);
	}
}

void veth_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	u64 near[VETH_COUNTERS] = {}, far[VETH_COUNTERS] = {};
	const struct veth *veth = netdev_priv(dev);
	struct rtnl_link_stats64 there = {};
	const struct net_device *peer;

	veth_sum(dev, near);
	dev_fetch_sw_netstats(stats, dev->tstats);

	rcu_read_lock();
	peer = rcu_dereference(veth->peer);
	if (peer) {
		veth_sum(peer, far);
		dev_fetch_sw_netstats(&there, peer->tstats);
	}
	rcu_read_unlock();

	stats->rx_packets += near[VETH_PACKETS] + there.tx_packets;
	stats->tx_packets += far[VETH_PACKETS];
	stats->rx_bytes += near[VETH_BYTES] + there.tx_bytes;
	stats->tx_bytes += far[VETH_BYTES];
	/* What does not reach the ring is lost by both ends. */
	stats->rx_dropped += near[VETH_DROPS] + near[VETH_PEER_XMIT_ERRORS] +
			     far[VETH_XDP_TX_ERRORS];
	stats->tx_dropped += far[VETH_PEER_XMIT_ERRORS] + near[VETH_XDP_TX_ERRORS];
}
