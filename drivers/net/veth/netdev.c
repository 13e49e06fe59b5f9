// SPDX-License-Identifier: GPL-2.0
/*
 * veth, the operations of a device beside sending: up and down, features,
 * headroom. Under RTNL, but for the two that name the peer, which are readers of
 * RCU.
 * Must never wait for a grace period when a device goes down: devices go down
 * by the thousand.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>

#include "veth.h"

static int veth_init_dev(struct net_device *dev)
{
	/* Pairs are stacked on bridges, tunnels and other pairs. */
	netdev_lockdep_set_classes(dev);
	return 0;
}

static int veth_open(struct net_device *dev)
{
	struct net_device *peer = veth_peer_rtnl(dev);
	bool xdp = veth_has_prog(dev);
	int err = 0;

	if (!peer)
		return -ENOTCONN;
	if (xdp || veth_gro_requested(dev))
		err = veth_rings_start(dev, 0, dev->real_num_rx_queues, xdp);
	if (!err && (peer->flags & IFF_UP)) {
		netif_carrier_on(dev);
		netif_carrier_on(peer);
	}
	return err;
}

static int veth_stop(struct net_device *dev)
{
	struct net_device *peer = veth_peer_rtnl(dev);

	netif_carrier_off(dev);
	if (peer)
		netif_carrier_off(peer);
	if (veth_rings_on(dev))
		veth_rings_stop(dev, 0, dev->real_num_rx_queues);
	veth_backlog_closing();
	return 0;
}

static void veth_uninit(struct net_device *dev)
{
	/* Registered, it was down for a grace period. Else it never had a packet, and
	 * others may have gone down a moment ago.
	 */
	if (dev->reg_state == NETREG_UNREGISTERING)
		veth_backlog_flush();
}

/* Everything that is sent comes in. */
static void veth_set_rx_mode(struct net_device *dev)
{
}

static int veth_get_iflink(const struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);
	const struct net_device *peer;
	int ifindex = 0;

	rcu_read_lock();
	peer = rcu_dereference(veth->peer);
	if (peer)
		ifindex = READ_ONCE(peer->ifindex);
	rcu_read_unlock();
	return ifindex;
}

static struct net_device *veth_get_peer_dev(struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);

	/* The caller holds the RCU read lock. */
	return rcu_dereference(veth->peer);
}

/* A packet needs the headroom that either end's upper device asks for, and the
 * one that it meets in a program at the other end.
 */
void veth_update_headroom(struct net_device *dev, struct net_device *peer)
{
	const struct veth *near = netdev_priv(dev), *far = netdev_priv(peer);
	int headroom = max(near->headroom, far->headroom);

	dev->needed_headroom = rcu_access_pointer(far->prog) ?
			       max(headroom, VETH_XDP_HEADROOM) : headroom;
	peer->needed_headroom = rcu_access_pointer(near->prog) ?
				max(headroom, VETH_XDP_HEADROOM) : headroom;
}

static void veth_set_rx_headroom(struct net_device *dev, int headroom)
{
	struct veth *veth = netdev_priv(dev);
	struct net_device *peer;

	rcu_read_lock();
	peer = rcu_dereference(veth->peer);
	if (peer) {
		veth->headroom = max(headroom, 0);
		veth_update_headroom(dev, peer);
	}
	rcu_read_unlock();
}

static netdev_features_t veth_fix_features(struct net_device *dev,
					   netdev_features_t features)
{
	const struct net_device *peer = veth_peer_rtnl(dev);

	/* A program is shown packets, not what is to be cut into packets. */
	if (peer && veth_has_prog(peer))
		features &= ~NETIF_F_GSO_SOFTWARE;
	return features;
}

static int veth_set_features(struct net_device *dev, netdev_features_t features)
{
	bool gro = features & NETIF_F_GRO, had_gro = dev->features & NETIF_F_GRO;
	int err = 0;

	/* A program has NAPI on already, and keeps it. */
	if (gro == had_gro || veth_has_prog(dev))
		return 0;
	if ((dev->flags & IFF_UP) && gro && !veth_rings_on(dev))
		err = veth_rings_start(dev, 0, dev->real_num_rx_queues, false);
	else if (!gro && veth_rings_on(dev))
		veth_rings_stop(dev, 0, dev->real_num_rx_queues);
	if (!err)
		veth_update_xdp_features(dev);
	return err;
}

/* One can redirect to an end whose peer has NAPI. */
static void veth_set_one_xdp_features(struct net_device *dev, struct net_device *peer)
{
	xdp_features_t features = 0;

	if (dev->real_num_rx_queues >= peer->real_num_tx_queues) {
		features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			   NETDEV_XDP_ACT_RX_SG;
		if (veth_has_prog(peer) || veth_gro_requested(peer))
			features |= NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_NDO_XMIT_SG;
	}
	xdp_set_features_flag(dev, features);
}

/* For both ends, because what one can do depends on the other. */
void veth_update_xdp_features(struct net_device *dev)
{
	struct net_device *peer = veth_peer_rtnl(dev);

	if (!peer) {
		xdp_clear_features_flag(dev);
		return;
	}
	veth_set_one_xdp_features(dev, peer);
	veth_set_one_xdp_features(peer, dev);
}

const struct net_device_ops veth_netdev_ops = {
	.ndo_init		= veth_init_dev,
	.ndo_uninit		= veth_uninit,
	.ndo_open		= veth_open,
	.ndo_stop		= veth_stop,
	.ndo_start_xmit		= veth_xmit,
	.ndo_features_check	= passthru_features_check,
	.ndo_set_rx_mode	= veth_set_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_get_stats64	= veth_get_stats64,
	.ndo_fix_features	= veth_fix_features,
	.ndo_set_features	= veth_set_features,
	.ndo_set_rx_headroom	= veth_set_rx_headroom,
	.ndo_get_iflink		= veth_get_iflink,
	.ndo_get_peer_dev	= veth_get_peer_dev,
	.ndo_bpf		= veth_bpf,
	.ndo_xdp_xmit		= veth_xdp_xmit,
};
