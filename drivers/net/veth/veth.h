/* SPDX-License-Identifier: GPL-2.0 */
/*
 * veth: a pair of Ethernet devices, each of which receives what the other
 * sends.
 *
 * A packet crosses by one of two ways. Without NAPI it goes to a list of the
 * CPU that sends it (backlog.c), which all pairs share. With NAPI, which GRO or
 * an XDP program turn on, it goes to a ring of the receiving device (ring.c,
 * poll.c). Never to the stack from ndo_start_xmit: the sender may hold a lock
 * that receiving takes.
 *
 * RTNL protects configuration. Senders are readers of RCU: they find the peer
 * and its rings by pointers that are taken away before what they point to goes.
 */
#ifndef _VETH_H
#define _VETH_H

#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <net/hotdata.h>
#include <net/xdp.h>

struct page_pool;

#define VETH_NAME		"veth"
#define VETH_RING_SIZE		256
#define VETH_XDP_HEADROOM	(XDP_PACKET_HEADROOM + NET_IP_ALIGN)
/* What a program that knows no fragments can be shown. */
#define VETH_XDP_LINEAR		SKB_WITH_OVERHEAD(PAGE_SIZE - VETH_XDP_HEADROOM)
#define VETH_XDP_BULK		16
/* As many as NAPI takes at once. */
#define VETH_BATCH		NAPI_POLL_WEIGHT

/**
 * enum veth_counter - what is counted for a receive queue with NAPI
 * @VETH_PACKETS: received through the ring, whatever became of them
 * @VETH_BYTES: their length; a packet's without its Ethernet header, a frame's with
 * @VETH_DROPS: received, but lost to a lack of memory or a failed redirect
 * @VETH_XDP_COUNTERS: those before change without a program, too
 * @VETH_XDP_REDIRECT: packets that the program redirected
 * @VETH_XDP_DROPS: packets that the program dropped
 * @VETH_XDP_TX: packets that the program sent back
 * @VETH_XDP_TX_ERRORS: packets that it wanted to, and the peer had no place for
 * @VETH_POLL_COUNTERS: NAPI writes those before, producers of frames the others
 * @VETH_PEER_XMIT: frames redirected to the peer, which thus came in here
 * @VETH_PEER_XMIT_ERRORS: frames redirected to the peer that did not fit
 * @VETH_COUNTERS: number of them
 */
enum veth_counter {
	VETH_PACKETS,
	VETH_BYTES,
	VETH_DROPS,
	VETH_XDP_COUNTERS,
	VETH_XDP_REDIRECT = VETH_XDP_COUNTERS,
	VETH_XDP_DROPS,
	VETH_XDP_TX,
	VETH_XDP_TX_ERRORS,
	VETH_POLL_COUNTERS,
	VETH_PEER_XMIT = VETH_POLL_COUNTERS,
	VETH_PEER_XMIT_ERRORS,
	VETH_COUNTERS,
};

/**
 * struct veth_stats - what a receive queue counted, for ethtool and ip -s
 * @poll: for readers of what NAPI writes, where 64 bits take two loads
 * @xmit: the same for what producers of frames write, in the ring's lock
 * @count: by enum veth_counter
 */
struct veth_stats {
	struct u64_stats_sync	poll;
	struct u64_stats_sync	xmit;
	u64_stats_t		count[VETH_COUNTERS];
};

/**
 * struct veth_fifo - packets in the order of arrival, linked by skb->next
 * @head: the oldest
 * @tail: the newest, meaningless without a head
 */
struct veth_fifo {
	struct sk_buff		*head;
	struct sk_buff		*tail;
};

/**
 * struct veth_ring - one receive queue, while NAPI is on
 * @lock: protects @in, @len, @stopped and @deferred, and orders the senders' use of BQL
 * @in: packets from the peer's stack
 * @len: packets in @in and @out
 * @stopped: the peer's transmit queue waits for room here
 * @deferred: a timer will have NAPI look for packets, senders need not
 * @frames: XDP frames; its own lock orders producers
 * @out: packets that NAPI took over and has not yet handled
 * @napi: the only consumer
 * @dev: the receiving device
 * @peer: the sending device
 * @stats: where to count; outlives the ring
 * @index: number of this queue, and of the peer's that feeds it
 * @pool: memory for XDP, NULL until a program was attached
 * @rxq: what programs see of the queue; mem is that of the packet at hand
 * @mem: the memory model of @pool
 * @rcu: frees the ring when no sender can hold it any more
 */
struct veth_ring {
	spinlock_t		lock;	/* see above */
	bool			stopped;
	bool			deferred;
	unsigned int		len;
	struct veth_fifo	in;

	struct ptr_ring		frames;

	struct veth_fifo	out;
	struct net_device	*dev;
	struct net_device	*peer;
	struct veth_stats	*stats;
	unsigned int		index;
	struct page_pool	*pool;
	struct xdp_mem_info	mem;
	struct napi_struct	napi;
	struct xdp_rxq_info	rxq;
	struct rcu_head		rcu;
};

/**
 * struct veth_slot - the place of a receive queue in its device
 * @ring: NULL unless NAPI is on and the queue is in use
 * @stats: NULL until the queue is first used with NAPI, then there to stay
 */
struct veth_slot {
	struct veth_ring __rcu	*ring;
	struct veth_stats	*stats;
};

/**
 * struct veth - private part of a veth device
 * @peer: the other end; NULL before both exist and once one is to go
 * @slots: num_rx_queues of them, NULL until NAPI is first turned on
 * @prog: the XDP program that incoming packets meet
 * @headroom: what this end's upper device asked for
 * @draining: rings that wait for their last senders
 */
struct veth {
	struct net_device __rcu	*peer;
	struct veth_slot	*slots;
	struct bpf_prog __rcu	*prog;
	int			headroom;
	atomic_t		draining;
};

/**
 * struct veth_batch - packets of a CPU that the stack said others will follow
 * @dev: the sender; meaningless without packets, like what follows
 * @list: as the stack gave them
 * @queue: the transmit queue of all of them, which has no qdisc
 * @len: their number
 * @begun: batches that there ever were, modulo 2^32
 * @ended: those of them that were sent
 */
struct veth_batch {
	struct net_device	*dev;
	struct veth_fifo	list;
	u16			queue;
	u16			len;
	u32			begun;
	u32			ended;
};

/**
 * struct veth_backlog - a CPU's packets on their way without a ring
 * @batch: those that have not set out yet
 * @list: by skb->list, in the order of sending
 * @added: packets that ever came to @list, modulo 2^32
 * @done: packets that ever went from there
 * @napi: scheduled whenever there is a packet in one of both
 */
struct veth_backlog {
	struct veth_batch	batch;
	struct list_head	list;
	u32			added;
	u32			done;
	struct napi_struct	napi;
};

DECLARE_PER_CPU_ALIGNED(struct veth_backlog, veth_backlogs);
bool veth_backlog_refuse(struct sk_buff *skb);

static inline void veth_backlog_schedule(struct veth_backlog *backlog)
{
	if (!test_and_set_bit(NAPI_STATE_SCHED, &backlog->napi.state))
		__napi_schedule(&backlog->napi);
}

/* Takes a packet whose dev is the receiver; when it returns false, it freed it. */
static inline bool veth_backlog_add(struct sk_buff *skb)
{
	struct veth_backlog *backlog = this_cpu_ptr(&veth_backlogs);
	u32 waiting = backlog->added - backlog->done;

	if (unlikely(waiting > READ_ONCE(net_hotdata.max_backlog) || irqs_disabled()))
		return veth_backlog_refuse(skb);
	list_add_tail(&skb->list, &backlog->list);
	WRITE_ONCE(backlog->added, backlog->added + 1);
	if (!waiting)
		veth_backlog_schedule(backlog);
	return true;
}

/* What a ring keeps of a packet that waits in it. */
struct veth_cb {
	unsigned int		bql_bytes;
};

static inline struct veth_cb *veth_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct veth_cb) > sizeof(skb->cb));
	return (struct veth_cb *)skb->cb;
}

/* The ring of a queue of a receiver; for senders, in a section of RCU or BH. */
static inline struct veth_ring *veth_ring(const struct net_device *dev,
					  unsigned int index)
{
	const struct veth *veth = netdev_priv(dev);
	struct veth_slot *slots = READ_ONCE(veth->slots);

	if (!slots || unlikely(index >= dev->num_rx_queues))
		return NULL;
	return rcu_dereference_bh(slots[index].ring);
}

static inline struct net_device *veth_peer_rtnl(const struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);

	return rtnl_dereference(veth->peer);
}

/* Whether somebody asked for GRO, and with it for NAPI. */
static inline bool veth_gro_requested(const struct net_device *dev)
{
	return dev->wanted_features & NETIF_F_GRO;
}

static inline bool veth_has_prog(const struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);

	return rcu_access_pointer(veth->prog);
}

/**
 * struct veth_pass - what one round of NAPI gathers before it is passed on
 * @prog: the program of this round
 * @count: what happened in it
 * @tx_len: number of @tx
 * @tx: frames to send back
 */
struct veth_pass {
	struct bpf_prog		*prog;
	unsigned int		count[VETH_POLL_COUNTERS];
	unsigned int		tx_len;
	struct xdp_frame	*tx[VETH_XDP_BULK];
};

/* netdev.c */
extern const struct net_device_ops veth_netdev_ops;
void veth_update_headroom(struct net_device *dev, struct net_device *peer);
void veth_update_xdp_features(struct net_device *dev);

/* xmit.c */
netdev_tx_t veth_xmit(struct sk_buff *skb, struct net_device *dev);
netdev_tx_t veth_batch_send(struct veth_batch *batch);

/* backlog.c */
int veth_backlog_init(void);
void veth_backlog_exit(void);
void veth_backlog_closing(void);
void veth_backlog_flush(void);

/* ring.c */
bool veth_rings_on(const struct net_device *dev);
int veth_rings_start(struct net_device *dev, unsigned int from, unsigned int to,
		     bool xdp);
void veth_rings_stop(struct net_device *dev, unsigned int from, unsigned int to);
int veth_rings_for_xdp(struct net_device *dev);
void veth_slots_free(struct net_device *dev);

/* poll.c */
int veth_poll(struct napi_struct *napi, int budget);

/* stats.c */
void veth_stats_add(struct veth_stats *stats, const unsigned int *counts, bool xdp);
void veth_stats_read(const struct veth_stats *stats, u64 *counts);
struct veth_stats *veth_stats_of(const struct net_device *dev, unsigned int queue);
void veth_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);

/* xdp.c */
extern const struct xdp_metadata_ops veth_xdp_metadata_ops;
bool veth_xdp_run_skb(struct veth_ring *ring, struct sk_buff **pskb,
		      struct veth_pass *pass);
bool veth_xdp_run_frame(struct veth_ring *ring, struct xdp_frame *frame,
			struct veth_pass *pass);
void veth_xdp_send_back(struct veth_ring *ring, struct veth_pass *pass);
int veth_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		  u32 flags);

/* xdp_attach.c */
int veth_bpf(struct net_device *dev, struct netdev_bpf *bpf);

/* ethtool.c */
extern const struct ethtool_ops veth_ethtool_ops;

#endif /* _VETH_H */
