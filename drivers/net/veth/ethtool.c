// SPDX-License-Identifier: GPL-2.0
/*
 * veth, ethtool. All of it runs under RTNL.
 * Must never rename a statistic: monitoring knows them by name.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <net/page_pool/helpers.h>

#include "veth.h"

static const char * const veth_rx_names[] = {
	[VETH_PACKETS]		= "xdp_packets",
	[VETH_BYTES]		= "xdp_bytes",
	[VETH_DROPS]		= "drops",
	[VETH_XDP_REDIRECT]	= "xdp_redirect",
	[VETH_XDP_DROPS]	= "xdp_drops",
	[VETH_XDP_TX]		= "xdp_tx",
	[VETH_XDP_TX_ERRORS]	= "xdp_tx_errors",
};

/* What a device sent by ndo_xdp_xmit, its peer's queue counts. */
static const char * const veth_tx_names[] = {
	[VETH_PEER_XMIT - VETH_POLL_COUNTERS]		= "xdp_xmit",
	[VETH_PEER_XMIT_ERRORS - VETH_POLL_COUNTERS]	= "xdp_xmit_errors",
};

static void veth_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, VETH_NAME, sizeof(info->driver));
	strscpy(info->version, "1.0", sizeof(info->version));
}

static int veth_get_link_ksettings(struct net_device *dev,
				   struct ethtool_link_ksettings *settings)
{
	settings->base.speed = SPEED_10000;
	settings->base.duplex = DUPLEX_FULL;
	settings->base.port = PORT_TP;
	settings->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static int veth_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + dev->real_num_rx_queues * ARRAY_SIZE(veth_rx_names) +
	       dev->real_num_tx_queues * ARRAY_SIZE(veth_tx_names) +
	       page_pool_ethtool_stats_get_count();
}

static void veth_put_names(u8 **buf, const char *direction, unsigned int queues,
			   const char * const *names, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < queues; i++)
		for (j = 0; j < n; j++)
			ethtool_sprintf(buf, "%s_queue_%u_%.18s", direction, i, names[j]);
}

static void veth_get_strings(struct net_device *dev, u32 sset, u8 *buf)
{
	if (sset != ETH_SS_STATS)
		return;
	ethtool_puts(&buf, "peer_ifindex");
	veth_put_names(&buf, "rx", dev->real_num_rx_queues, veth_rx_names,
		       ARRAY_SIZE(veth_rx_names));
	veth_put_names(&buf, "tx", dev->real_num_tx_queues, veth_tx_names,
		       ARRAY_SIZE(veth_tx_names));
	page_pool_ethtool_stats_get_strings(buf);
}

/* Fills in counters @from to @to of the receive queues of @dev for @queues queues; if
 * it has more, they begin again at the first. A queue that never had NAPI, or a device
 * that is no more, counted nothing.
 */
static u64 *veth_put_values(u64 *data, const struct net_device *dev,
			    unsigned int queues, unsigned int from, unsigned int to)
{
	unsigned int i, j, n = to - from;
	const struct veth_stats *stats;

	memset(data, 0, array3_size(queues, n, sizeof(*data)));
	for (i = 0; dev && i < dev->real_num_rx_queues; i++) {
		u64 counts[VETH_COUNTERS] = {};

		stats = veth_stats_of(dev, i);
		if (!stats)
			continue;
		veth_stats_read(stats, counts);
		for (j = 0; j < n; j++)
			data[i % queues * n + j] += counts[from + j];
	}
	return data + queues * n;
}

static void veth_put_pool_values(u64 *data, const struct net_device *dev)
{
#ifdef CONFIG_PAGE_POOL_STATS
	const struct veth *veth = netdev_priv(dev);
	struct page_pool_stats stats = {};
	const struct veth_ring *ring;
	unsigned int i;

	for (i = 0; veth->slots && i < dev->real_num_rx_queues; i++) {
		ring = rtnl_dereference(veth->slots[i].ring);
		if (ring && ring->pool)
			page_pool_get_stats(ring->pool, &stats);
	}
	page_pool_ethtool_stats_get(data, &stats);
#endif
}

static void veth_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats,
				   u64 *data)
{
	const struct net_device *peer = veth_peer_rtnl(dev);

	*data++ = peer ? peer->ifindex : 0;
	data = veth_put_values(data, dev, dev->real_num_rx_queues, 0, VETH_POLL_COUNTERS);
	data = veth_put_values(data, peer, dev->real_num_tx_queues, VETH_POLL_COUNTERS,
			       VETH_COUNTERS);
	veth_put_pool_values(data, dev);
}

static void veth_get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	channels->rx_count = dev->real_num_rx_queues;
	channels->tx_count = dev->real_num_tx_queues;
	channels->max_rx = dev->num_rx_queues;
	channels->max_tx = dev->num_tx_queues;
}

/* A program wants a receive queue for each of its peer's transmit queues. */
static bool veth_channels_suit_xdp(const struct net_device *dev,
				   const struct ethtool_channels *channels)
{
	const struct net_device *peer = veth_peer_rtnl(dev);
	const struct veth *near = netdev_priv(dev), *far;

	if (!peer)
		return true;
	far = netdev_priv(peer);
	if (rcu_access_pointer(near->prog) && channels->rx_count < peer->real_num_tx_queues)
		return false;
	return !rcu_access_pointer(far->prog) ||
	       channels->tx_count <= peer->real_num_rx_queues;
}

static int veth_set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	unsigned int rx = channels->rx_count, old_rx = dev->real_num_rx_queues;
	const struct veth *veth = netdev_priv(dev);
	bool napi = veth_rings_on(dev);
	int err, undo;

	if (!rx || !channels->tx_count || !veth_channels_suit_xdp(dev, channels))
		return -EINVAL;

	/* More rings than queues do no harm, fewer would. */
	if (napi && rx > old_rx) {
		err = veth_rings_start(dev, old_rx, rx, rcu_access_pointer(veth->prog));
		if (err)
			return err;
	}
	err = netif_set_real_num_rx_queues(dev, rx);
	if (err)
		goto err_rings;
	err = netif_set_real_num_tx_queues(dev, channels->tx_count);
	if (err)
		goto err_rx;
	if (napi && rx < old_rx)
		veth_rings_stop(dev, rx, old_rx);
	veth_update_xdp_features(dev);
	return 0;

err_rx:
	undo = netif_set_real_num_rx_queues(dev, old_rx);
	if (undo)
		netdev_warn(dev, "Can't restore rx queues config %d -> %d %d",
			    rx, old_rx, undo);
err_rings:
	if (napi && rx > old_rx)
		veth_rings_stop(dev, old_rx, rx);
	return err;
}

const struct ethtool_ops veth_ethtool_ops = {
	.get_drvinfo		= veth_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= veth_get_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= veth_get_sset_count,
	.get_strings		= veth_get_strings,
	.get_ethtool_stats	= veth_get_ethtool_stats,
	.get_channels		= veth_get_channels,
	.set_channels		= veth_set_channels,
};
