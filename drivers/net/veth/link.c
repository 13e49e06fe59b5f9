// SPDX-License-Identifier: GPL-2.0
/*
 * veth, creation and removal of pairs by rtnetlink, and of the module. All but
 * the latter runs under RTNL.
 * Must never let a sender find one end before both are complete, leave anything
 * behind when the second end fails, or have callbacks of RCU pending when the
 * module goes.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/veth.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#include "veth.h"

#define VETH_VLAN_FEATURES (NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX | \
			    NETIF_F_HW_VLAN_STAG_TX | NETIF_F_HW_VLAN_STAG_RX)
#define VETH_FEATURES (NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM |	\
		       NETIF_F_RXCSUM | NETIF_F_SCTP_CRC | NETIF_F_HIGHDMA |	\
		       NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL |		\
		       VETH_VLAN_FEATURES)

static struct rtnl_link_ops veth_link_ops;

static void veth_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->max_mtu = ETH_MAX_MTU;
	dev->lltx = true;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE | IFF_PHONY_HEADROOM;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;

	dev->netdev_ops = &veth_netdev_ops;
	dev->ethtool_ops = &veth_ethtool_ops;
	dev->xdp_metadata_ops = &veth_xdp_metadata_ops;

	dev->hw_features = VETH_FEATURES;
	dev->hw_enc_features = VETH_FEATURES;
	dev->features |= VETH_FEATURES;
	dev->vlan_features = dev->features & ~VETH_VLAN_FEATURES;
	dev->mpls_features = NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE;
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);

	dev->needs_free_netdev = true;
	dev->priv_destructor = veth_slots_free;
}

static int veth_validate(struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	const struct nlattr *address = tb[IFLA_ADDRESS];
	const struct nlattr *mtu = tb[IFLA_MTU];

	if (address && nla_len(address) != ETH_ALEN)
		return -EINVAL;
	if (address && !is_valid_ether_addr(nla_data(address)))
		return -EADDRNOTAVAIL;
	if (mtu && !in_range(nla_get_u32(mtu), ETH_MIN_MTU, ETH_MAX_MTU - ETH_MIN_MTU + 1))
		return -EINVAL;
	return 0;
}

/* Names a device as an attribute says; returns where the name is from. */
static unsigned char veth_name(char *name, const struct nlattr *wanted)
{
	if (!wanted) {
		strscpy(name, VETH_NAME "%d", IFNAMSIZ);
		return NET_NAME_ENUM;
	}
	nla_strscpy(name, wanted, IFNAMSIZ);
	return NET_NAME_USER;
}

/* Queues beyond the first are used by who asks for them, which the attributes of
 * the near end do for both. Before registration, because then those that are not
 * used get no objects in sysfs.
 */
static void veth_use_queues(struct net_device *dev, struct nlattr *tb[])
{
	if (!tb[IFLA_NUM_TX_QUEUES])
		netif_set_real_num_tx_queues(dev, 1);
	if (!tb[IFLA_NUM_RX_QUEUES])
		netif_set_real_num_rx_queues(dev, 1);
}

/* Registration turns GRO on, which here would mean NAPI: only on request. */
static void veth_begin_without_gro(struct net_device *dev)
{
	dev->wanted_features &= ~NETIF_F_GRO;
	dev->features &= ~NETIF_F_GRO;
	netif_carrier_off(dev);
}

/* Creates the far end, registered and configured, but connected to nothing. */
static struct net_device *veth_new_peer(struct net *src_net, struct net_device *dev,
					const struct ifinfomsg *ifm,
					struct nlattr *near_tb[], struct nlattr *tb[],
					struct netlink_ext_ack *extack)
{
	struct net *net = rtnl_link_get_net(src_net, tb);
	struct net_device *peer;
	unsigned char name_from;
	char name[IFNAMSIZ];
	int err;

	if (IS_ERR(net))
		return ERR_CAST(net);
	/* Without attributes of its own it has the near end's, but not the name. */
	name_from = veth_name(name, ifm ? tb[IFLA_IFNAME] : NULL);
	peer = rtnl_create_link(net, name, name_from, &veth_link_ops, tb, extack);
	if (IS_ERR(peer))
		goto out_put;

	if (!ifm || !tb[IFLA_ADDRESS])
		eth_hw_addr_random(peer);
	/* An index of the peer's own is heeded if the near end asked for one. */
	if (ifm && dev->ifindex)
		peer->ifindex = ifm->ifi_index;
	netif_inherit_tso_max(peer, dev);
	veth_use_queues(peer, near_tb);

	err = register_netdevice(peer);
	if (err) {
		free_netdev(peer);
		peer = ERR_PTR(err);
		goto out_put;
	}
	veth_begin_without_gro(peer);

	err = rtnl_configure_link(peer, ifm, 0, NULL);
	if (err) {
		unregister_netdevice(peer);
		peer = ERR_PTR(err);
	}
out_put:
	put_net(net);
	return peer;
}

static int veth_newlink(struct net *src_net, struct net_device *dev,
			struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack)
{
	struct nlattr *peer_tb[IFLA_MAX + 1], **tbp = tb;
	struct veth *near = netdev_priv(dev), *far;
	struct ifinfomsg *ifm = NULL;
	struct net_device *peer;
	int err;

	if (data && data[VETH_INFO_PEER]) {
		err = rtnl_nla_parse_ifinfomsg(peer_tb, data[VETH_INFO_PEER], extack);
		if (err < 0)
			return err;
		err = veth_validate(peer_tb, NULL, extack);
		if (err)
			return err;
		ifm = nla_data(data[VETH_INFO_PEER]);
		tbp = peer_tb;
	}

	peer = veth_new_peer(src_net, dev, ifm, tb, tbp, extack);
	if (IS_ERR(peer))
		return PTR_ERR(peer);

	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);
	veth_name(dev->name, tb[IFLA_IFNAME]);
	veth_use_queues(dev, tb);

	err = register_netdevice(dev);
	if (err) {
		unregister_netdevice(peer);
		return err;
	}
	veth_begin_without_gro(dev);

	far = netdev_priv(peer);
	rcu_assign_pointer(near->peer, peer);
	rcu_assign_pointer(far->peer, dev);
	veth_update_xdp_features(dev);
	return 0;
}

static void veth_dellink(struct net_device *dev, struct list_head *head)
{
	struct net_device *ends[] = { dev, veth_peer_rtnl(dev) };
	unsigned int i;

	/* Without peers from now on: what is queued below sends no more, and
	 * unregistering has its grace period before it frees anything.
	 */
	for (i = 0; i < ARRAY_SIZE(ends) && ends[i]; i++) {
		struct veth *veth = netdev_priv(ends[i]);

		RCU_INIT_POINTER(veth->peer, NULL);
		unregister_netdevice_queue(ends[i], head);
	}
}

static struct net *veth_get_link_net(const struct net_device *dev)
{
	return dev_net(veth_peer_rtnl(dev) ?: dev);
}

static unsigned int veth_max_queues(void)
{
	return min(num_possible_cpus(), 4096U);
}

static const struct nla_policy veth_policy[VETH_INFO_MAX + 1] = {
	[VETH_INFO_PEER]	= { .len = sizeof(struct ifinfomsg) },
};

static struct rtnl_link_ops veth_link_ops = {
	.kind			= VETH_NAME,
	.priv_size		= sizeof(struct veth),
	.setup			= veth_setup,
	.validate		= veth_validate,
	.newlink		= veth_newlink,
	.dellink		= veth_dellink,
	.policy			= veth_policy,
	.maxtype		= VETH_INFO_MAX,
	.get_link_net		= veth_get_link_net,
	.get_num_tx_queues	= veth_max_queues,
	.get_num_rx_queues	= veth_max_queues,
};

static int __init veth_init(void)
{
	int err;

	err = veth_backlog_init();
	if (err)
		return err;
	err = rtnl_link_register(&veth_link_ops);
	if (err)
		veth_backlog_exit();
	return err;
}

static void __exit veth_exit(void)
{
	rtnl_link_unregister(&veth_link_ops);
	rcu_barrier();
	veth_backlog_exit();
}

module_init(veth_init);
module_exit(veth_exit);

MODULE_DESCRIPTION("Virtual Ethernet Tunnel");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK(VETH_NAME);
