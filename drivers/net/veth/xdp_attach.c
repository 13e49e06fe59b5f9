// SPDX-License-Identifier: GPL-2.0
/*
 * veth, attaching XDP programs. All of it runs under RTNL.
 * Must never change anything before all that can fail is done: the old program
 * goes on where the new one is refused.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>

#include "veth.h"

/* The largest MTU of the peer with which a program can be shown all that comes. */
static unsigned int veth_xdp_max_mtu(const struct net_device *peer,
				     const struct bpf_prog *prog)
{
	unsigned int frags = prog->aux->xdp_has_frags ? MAX_SKB_FRAGS : 0;

	return VETH_XDP_LINEAR + frags * PAGE_SIZE - peer->hard_header_len;
}

static int veth_xdp_check(const struct net_device *dev, const struct net_device *peer,
			  const struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	if (!peer) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot set XDP when peer is detached");
		return -ENOTCONN;
	}
	if (peer->mtu > veth_xdp_max_mtu(peer, prog)) {
		NL_SET_ERR_MSG_MOD(extack, "Peer MTU is too large to set XDP");
		return -ERANGE;
	}
	if (dev->real_num_rx_queues < peer->real_num_tx_queues) {
		NL_SET_ERR_MSG_MOD(extack,
				   "XDP expects number of rx queues not less than peer tx queues");
		return -ENOSPC;
	}
	return 0;
}

/* Shows both ends that there is now a program, or none. It wants packets, not what
 * the sender would have the device cut into packets.
 */
static void veth_xdp_changed(struct net_device *dev, struct net_device *peer, bool on)
{
	veth_update_xdp_features(dev);
	if (!peer)
		return;
	peer->hw_features = on ? peer->hw_features & ~NETIF_F_GSO_SOFTWARE :
			     peer->hw_features | NETIF_F_GSO_SOFTWARE;
	veth_update_headroom(dev, peer);
	netdev_update_features(peer);
}

static int veth_xdp_attach(struct net_device *dev, struct bpf_prog *prog,
			   struct netlink_ext_ack *extack)
{
	struct net_device *peer = veth_peer_rtnl(dev);
	struct veth *veth = netdev_priv(dev);
	struct bpf_prog *old = rtnl_dereference(veth->prog);
	int err;

	err = veth_xdp_check(dev, peer, prog, extack);
	if (err)
		return err;

	if (!old && netif_running(dev))
		err = veth_rings_for_xdp(dev);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "Setup for XDP failed");
		return err;
	}

	rcu_assign_pointer(veth->prog, prog);
	peer->max_mtu = veth_xdp_max_mtu(peer, prog);
	if (old)
		bpf_prog_put(old);
	else
		veth_xdp_changed(dev, peer, true);
	return 0;
}

static void veth_xdp_detach(struct net_device *dev)
{
	struct net_device *peer = veth_peer_rtnl(dev);
	struct veth *veth = netdev_priv(dev);
	struct bpf_prog *old = rtnl_dereference(veth->prog);

	if (!old)
		return;
	RCU_INIT_POINTER(veth->prog, NULL);
	if (veth_rings_on(dev) && !veth_gro_requested(dev))
		veth_rings_stop(dev, 0, dev->real_num_rx_queues);
	if (peer)
		peer->max_mtu = ETH_MAX_MTU;
	veth_xdp_changed(dev, peer, false);
	bpf_prog_put(old);
}

int veth_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	if (bpf->prog)
		return veth_xdp_attach(dev, bpf->prog, bpf->extack);
	veth_xdp_detach(dev);
	return 0;
}
