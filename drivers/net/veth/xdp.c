// SPDX-License-Identifier: GPL-2.0
/*
 * veth, XDP: runs the program on what came in, and carries out what it says.
 * Runs in NAPI of the receiving ring; sending takes the producer's lock of one
 * ring of the peer, and ndo_xdp_xmit the same from anywhere in BH.
 *
 * A packet of the stack is shown where it lies, if it is linear, nobody else's,
 * and has the headroom; else it is first copied into pages of the ring's pool.
 * To be sent or redirected it must be in such pages either way.
 *
 * Must never leave a packet half in both worlds: from the moment on that a frame
 * exists, there is no skb.
 */
#include <linux/bpf_trace.h>
#include <linux/if_vlan.h>
#include <linux/filter.h>
#include <net/page_pool/helpers.h>

#include "veth.h"

/**
 * struct veth_xdp - a packet as a program sees it, and where it comes from
 * @xdp: must be first, metadata kfuncs get a pointer to it
 * @skb: the packet, NULL if it came as an XDP frame, which brings no metadata
 */
struct veth_xdp {
	struct xdp_buff		xdp;
	struct sk_buff		*skb;
};

static struct sk_buff *veth_md_skb(const struct xdp_md *ctx)
{
	return ((const struct veth_xdp *)ctx)->skb;
}

static int veth_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp)
{
	struct sk_buff *skb = veth_md_skb(ctx);

	if (skb)
		*timestamp = skb_hwtstamps(skb)->hwtstamp;
	return skb ? 0 : -ENODATA;
}

static int veth_rx_hash(const struct xdp_md *ctx, u32 *hash, enum xdp_rss_hash_type *type)
{
	struct sk_buff *skb = veth_md_skb(ctx);

	if (!skb)
		return -ENODATA;
	*hash = skb_get_hash(skb);
	*type = XDP_RSS_TYPE_NONE;
	if (skb->l4_hash)
		*type = XDP_RSS_TYPE_L4_ANY;
	return 0;
}

static int veth_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto, u16 *tci)
{
	const struct sk_buff *skb = veth_md_skb(ctx);

	if (!skb || !skb_vlan_tag_present(skb))
		return -ENODATA;
	*proto = skb->vlan_proto;
	*tci = skb_vlan_tag_get(skb);
	return 0;
}

const struct xdp_metadata_ops veth_xdp_metadata_ops = {
	.xmo_rx_timestamp	= veth_rx_timestamp,
	.xmo_rx_hash		= veth_rx_hash,
	.xmo_rx_vlan_tag	= veth_rx_vlan_tag,
};

/* Queues frames in a ring, up to the first that does not fit; returns how many.
 * The writers of the counters of what came from the peer meet in this lock.
 */
static int veth_ring_add_frames(struct veth_ring *ring, struct xdp_frame **frames,
				int n, bool redirected)
{
	unsigned int max = READ_ONCE(ring->dev->mtu) + ring->dev->hard_header_len +
			   VLAN_HLEN;
	int i;

	spin_lock(&ring->frames.producer_lock);
	for (i = 0; i < n; i++) {
		if (unlikely(xdp_get_frame_len(frames[i]) > max) ||
		    unlikely(__ptr_ring_produce(&ring->frames, frames[i])))
			break;
	}
	if (redirected) {
		u64_stats_update_begin(&ring->stats->xmit);
		u64_stats_add(&ring->stats->count[VETH_PEER_XMIT], i);
		u64_stats_add(&ring->stats->count[VETH_PEER_XMIT_ERRORS], n - i);
		u64_stats_update_end(&ring->stats->xmit);
	}
	spin_unlock(&ring->frames.producer_lock);
	return i;
}

/* The peer's ring that this CPU's frames go to, if the peer has NAPI. */
static struct veth_ring *veth_frames_ring(const struct net_device *dev)
{
	const struct veth *veth = netdev_priv(dev);
	const struct net_device *peer = rcu_dereference_bh(veth->peer);

	if (unlikely(!peer))
		return NULL;
	return veth_ring(peer, smp_processor_id() % READ_ONCE(peer->real_num_rx_queues));
}

/* Has NAPI look for frames, unless a timer is going to. */
static void veth_ring_announce_frames(struct veth_ring *ring)
{
	/* Pairs with the barrier in veth_poll_done(). */
	smp_mb();
	if (likely(!READ_ONCE(ring->deferred)))
		napi_schedule(&ring->napi);
}

int veth_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	struct veth_ring *ring;
	int sent;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	ring = veth_frames_ring(dev);
	if (unlikely(!ring)) {
		while (n-- > 0)
			dev_core_stats_tx_dropped_inc(dev);
		return -ENXIO;
	}
	sent = veth_ring_add_frames(ring, frames, n, true);
	if (flags & XDP_XMIT_FLUSH)
		veth_ring_announce_frames(ring);
	return sent;
}

/**
 * veth_xdp_send_back - send the frames that the program wants to go back
 * @ring: where they came in
 * @pass: with at least one of them
 */
void veth_xdp_send_back(struct veth_ring *ring, struct veth_pass *pass)
{
	struct veth_ring *to = veth_frames_ring(ring->dev);
	unsigned int i, n = pass->tx_len;
	int sent = 0;

	if (likely(to)) {
		sent = veth_ring_add_frames(to, pass->tx, n, false);
		veth_ring_announce_frames(to);
	}
	trace_xdp_bulk_tx(ring->dev, sent, n - sent, to ? 0 : -ENXIO);
	for (i = sent; i < n; i++)
		xdp_return_frame(pass->tx[i]);
	pass->count[VETH_XDP_TX] += sent;
	pass->count[VETH_XDP_TX_ERRORS] += n - sent;
	pass->tx_len = 0;
}

/* Sends or redirects what is in memory that frames can have. */
static void veth_xdp_send(struct veth_ring *ring, struct xdp_buff *xdp, u32 act,
			  struct veth_pass *pass)
{
	struct xdp_frame *frame;

	if (act == XDP_REDIRECT) {
		if (unlikely(xdp_do_redirect(ring->dev, xdp, pass->prog)))
			goto err;
		pass->count[VETH_XDP_REDIRECT]++;
		return;
	}

	frame = xdp_convert_buff_to_frame(xdp);
	if (unlikely(!frame)) {
		trace_xdp_exception(ring->dev, pass->prog, act);
		goto err;
	}
	pass->tx[pass->tx_len++] = frame;
	if (pass->tx_len == VETH_XDP_BULK)
		veth_xdp_send_back(ring, pass);
	return;

err:
	xdp_return_buff(xdp);
	pass->count[VETH_DROPS]++;
}

/* Reports what is to be dropped for the program's sake. */
static void veth_xdp_dropped(struct veth_ring *ring, u32 act, struct veth_pass *pass)
{
	switch (act) {
	default:
		bpf_warn_invalid_xdp_action(ring->dev, pass->prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(ring->dev, pass->prog, act);
		fallthrough;
	case XDP_DROP:
		pass->count[VETH_XDP_DROPS]++;
	}
}

/**
 * veth_xdp_run_frame - show an XDP frame to the program
 * @ring: where it came in
 * @frame: the frame
 * @pass: the round of NAPI
 *
 * Return: whether the frame is to go to the stack; if not, it is gone.
 */
bool veth_xdp_run_frame(struct veth_ring *ring, struct xdp_frame *frame,
			struct veth_pass *pass)
{
	struct veth_xdp buff = {};
	struct xdp_buff *xdp = &buff.xdp;
	u32 act;

	xdp_convert_frame_to_buff(frame, xdp);
	xdp->rxq = &ring->rxq;
	/* By which it is returned, or which the next frame made of it gets. */
	ring->rxq.mem = frame->mem;

	act = bpf_prog_run_xdp(pass->prog, xdp);
	switch (act) {
	case XDP_PASS:
		if (likely(!xdp_update_frame_from_buff(xdp, frame)))
			return true;
		pass->count[VETH_DROPS]++;
		break;
	case XDP_TX:
	case XDP_REDIRECT:
		veth_xdp_send(ring, xdp, act, pass);
		return false;
	default:
		veth_xdp_dropped(ring, act, pass);
	}
	xdp_return_buff(xdp);
	return false;
}

/* Whether a program may see and change a packet where it lies. */
static bool veth_skb_is_private(const struct sk_buff *skb)
{
	return !skb_shared(skb) && !skb_cloned(skb) && !skb_is_nonlinear(skb) &&
	       skb_headroom(skb) >= XDP_PACKET_HEADROOM && skb->len <= VETH_XDP_LINEAR;
}

static void veth_skb_to_buff(struct sk_buff *skb, struct veth_ring *ring,
			     struct xdp_buff *xdp)
{
	xdp_init_buff(xdp, skb_end_offset(skb) +
		      SKB_DATA_ALIGN(sizeof(struct skb_shared_info)), &ring->rxq);
	xdp_prepare_buff(xdp, skb->head, skb_headroom(skb), skb_headlen(skb), true);
	if (skb_is_nonlinear(skb)) {
		skb_shinfo(skb)->xdp_frags_size = skb->data_len;
		xdp_buff_set_frags_flag(xdp);
	} else {
		xdp_buff_clear_frags_flag(xdp);
	}
}

/* Follows what the program did to the packet, which begins at its Ethernet
 * header, and makes it one that the device received.
 */
static void veth_skb_from_buff(struct sk_buff *skb, struct veth_ring *ring,
			       const struct xdp_buff *xdp)
{
	int meta = xdp->data - xdp->data_meta;

	skb->data = xdp->data;
	skb->data_len = xdp_buff_has_frags(xdp) ? skb_shinfo(skb)->xdp_frags_size : 0;
	skb_set_tail_pointer(skb, xdp->data_end - xdp->data);
	skb->len = xdp->data_end - xdp->data + skb->data_len;
	if (meta > 0)
		skb_metadata_set(skb, meta);
	else
		skb_metadata_clear(skb);
	skb->pkt_type = PACKET_HOST;
	skb->protocol = eth_type_trans(skb, ring->dev);
}

/* Copies a packet, as the program left it, into a page of the pool. */
static bool veth_buff_to_pool(struct veth_ring *ring, struct xdp_buff *xdp)
{
	unsigned int meta = xdp->data - xdp->data_meta;
	unsigned int len = xdp->data_end - xdp->data;
	struct page *page;
	void *start;

	if (unlikely(len > VETH_XDP_LINEAR))
		return false;
	page = page_pool_dev_alloc_pages(ring->pool);
	if (unlikely(!page))
		return false;
	start = page_address(page);
	memcpy(start + XDP_PACKET_HEADROOM - meta, xdp->data_meta, len + meta);
	xdp->frame_sz = PAGE_SIZE;
	xdp_prepare_buff(xdp, start, XDP_PACKET_HEADROOM, len, true);
	xdp->data_meta = xdp->data - meta;
	return true;
}

/* Takes the packet out of its skb, which is gone after that either way. */
static bool veth_skb_to_frame_memory(struct veth_ring *ring, struct sk_buff *skb,
				     bool in_pool, struct xdp_buff *xdp)
{
	bool done = true;

	ring->rxq.mem = ring->mem;
	if (in_pool) {
		kfree_skb_partial(skb, true);
		return true;
	}
	done = veth_buff_to_pool(ring, xdp);
	if (likely(done))
		napi_consume_skb(skb, 1);
	else
		kfree_skb(skb);
	return done;
}

/**
 * veth_xdp_run_skb - show a packet to the program
 * @ring: where it came in
 * @pskb: the packet, which may be replaced by a copy
 * @pass: the round of NAPI
 *
 * Return: whether the packet is to go to the stack; if not, it is gone.
 */
bool veth_xdp_run_skb(struct veth_ring *ring, struct sk_buff **pskb,
		      struct veth_pass *pass)
{
	struct sk_buff *skb = *pskb;
	struct veth_xdp buff;
	bool in_pool = false;
	u32 act;

	__skb_push(skb, skb->data - skb_mac_header(skb));
	/* A sum over what the program is about to change. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;

	if (!veth_skb_is_private(skb)) {
		if (unlikely(skb_pp_cow_data(ring->pool, pskb, XDP_PACKET_HEADROOM)))
			goto drop;
		skb = *pskb;
		in_pool = true;
	}
	veth_skb_to_buff(skb, ring, &buff.xdp);
	ring->rxq.mem = ring->mem;
	buff.skb = skb;

	act = bpf_prog_run_xdp(pass->prog, &buff.xdp);
	switch (act) {
	case XDP_PASS:
		veth_skb_from_buff(skb, ring, &buff.xdp);
		return true;
	case XDP_TX:
	case XDP_REDIRECT:
		if (likely(veth_skb_to_frame_memory(ring, skb, in_pool, &buff.xdp)))
			veth_xdp_send(ring, &buff.xdp, act, pass);
		else
			pass->count[VETH_DROPS]++;
		return false;
	default:
		veth_xdp_dropped(ring, act, pass);
		kfree_skb_reason(skb, SKB_DROP_REASON_XDP);
		return false;
	}

drop:
	kfree_skb(skb);
	pass->count[VETH_DROPS]++;
	return false;
}
