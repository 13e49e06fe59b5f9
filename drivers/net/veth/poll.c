// SPDX-License-Identifier: GPL-2.0
/*
 * veth, NAPI: what waits in a ring goes to the XDP program if there is one, and
 * to GRO. The only consumer of the ring; takes its lock twice a round.
 * Must never take from a ring what it does not count.
 */
#include <linux/filter.h>
#include <net/busy_poll.h>
#include <net/sch_generic.h>
#include <net/sock.h>

#include "veth.h"

/* Takes over what senders left, returns how much there is altogether. */
static unsigned int veth_ring_take_over(struct veth_ring *ring)
{
	unsigned int len;

	if (!READ_ONCE(ring->len) && !READ_ONCE(ring->deferred))
		return 0;
	spin_lock(&ring->lock);
	WRITE_ONCE(ring->deferred, false);
	if (ring->in.head) {
		if (ring->out.head)
			ring->out.tail->next = ring->in.head;
		else
			ring->out.head = ring->in.head;
		ring->out.tail = ring->in.tail;
		ring->in.head = NULL;
	}
	len = ring->len;
	spin_unlock(&ring->lock);
	return len;
}

/* Makes room for @done packets of which BQL counts @bytes. */
static void veth_ring_done(struct veth_ring *ring, unsigned int done, unsigned int bytes)
{
	bool wake = false;

	spin_lock(&ring->lock);
	WRITE_ONCE(ring->len, ring->len - done);
	if (unlikely(ring->stopped) && ring->len <= VETH_RING_SIZE / 2) {
		ring->stopped = false;
		wake = true;
	}
	spin_unlock(&ring->lock);

	if (bytes || wake) {
		struct netdev_queue *txq = netdev_get_tx_queue(ring->peer, ring->index);

		netdev_tx_completed_queue(txq, done, bytes);
		if (wake)
			netif_tx_wake_queue(txq);
	}
}

/* GRO merges what belongs to nobody else: not what a sender's queue or a tap still looks
 * at, nor, but for what it asks sockets about, what is charged to one.
 */
static __always_inline bool veth_prepare_for_gro(struct sk_buff *skb)
{
	if (unlikely(skb_shared(skb)))
		return false;
	skb_prepare_for_gro(skb);
	return !skb_unclone(skb, GFP_ATOMIC);
}

static void veth_receive_directly(struct veth_ring *ring, struct sk_buff *skb)
{
	skb_mark_napi_id(skb, &ring->napi);
	netif_receive_skb(skb);
}

static __always_inline void veth_receive(struct veth_ring *ring, struct sk_buff *skb)
{
	if (likely(veth_prepare_for_gro(skb)))
		napi_gro_receive(&ring->napi, skb);
	else
		veth_receive_directly(ring, skb);
}

/* Cuts the first @n of at least as many packets off what NAPI took over. */
static struct sk_buff *veth_ring_cut(struct veth_ring *ring, unsigned int n)
{
	struct sk_buff *head = ring->out.head, *last = head;

	while (--n)
		last = last->next;
	ring->out.head = last->next;
	last->next = NULL;
	return head;
}

/* Takes the next packet of a list, adds up what there was. */
static __always_inline struct sk_buff *
veth_next(struct sk_buff **list, unsigned int *bytes, unsigned int *bql)
{
	struct sk_buff *skb = *list;

	if (skb) {
		*list = skb->next;
		skb_mark_not_on_list(skb);
		*bytes += skb->len;
		*bql += veth_cb(skb)->bql_bytes;
	}
	return skb;
}

/* Nothing that GRO could merge it with came before, with it, or may come later. */
static bool veth_is_alone(const struct veth_ring *ring, unsigned int waiting)
{
	return waiting == 1 && READ_ONCE(ring->len) == 1 && !ring->napi.gro_bitmask &&
	       !READ_ONCE(ring->dev->gro_flush_timeout);
}

static void veth_poll_skbs(struct veth_ring *ring, struct veth_pass *pass,
			   unsigned int waiting, unsigned int max)
{
	unsigned int bytes = 0, bql = 0, n = min(waiting, max);
	struct sk_buff *skb, *list = ring->out.head;
	bool alone;

	if (unlikely(!n))
		return;
	if (unlikely(n < waiting))
		list = veth_ring_cut(ring, n);
	else
		ring->out.head = NULL;

	alone = veth_is_alone(ring, waiting);
	if (pass->prog) {
		while ((skb = veth_next(&list, &bytes, &bql))) {
			if (!veth_xdp_run_skb(ring, &skb, pass))
				continue;
			if (alone)
				veth_receive_directly(ring, skb);
			else
				veth_receive(ring, skb);
		}
	} else if (alone) {
		veth_receive_directly(ring, veth_next(&list, &bytes, &bql));
	} else {
		while ((skb = veth_next(&list, &bytes, &bql)))
			veth_receive(ring, skb);
	}
	pass->count[VETH_PACKETS] += n;
	pass->count[VETH_BYTES] += bytes;
	veth_ring_done(ring, n, bql);
}

/* __xdp_build_skb_from_frame() with an skb from NAPI's own cache. */
static struct sk_buff *veth_frame_to_skb(struct veth_ring *ring, struct xdp_frame *frame)
{
	unsigned int headroom = sizeof(*frame) + frame->headroom;
	unsigned int frags = 0, frags_size = 0;
	struct sk_buff *skb;

	/* Building clears them. */
	if (unlikely(xdp_frame_has_frags(frame))) {
		struct skb_shared_info *shinfo = xdp_get_shared_info_from_frame(frame);

		frags = shinfo->nr_frags;
		frags_size = shinfo->xdp_frags_size;
	}
	skb = napi_build_skb(frame->data - headroom, frame->frame_sz);
	if (unlikely(!skb))
		return NULL;

	skb_reserve(skb, headroom);
	__skb_put(skb, frame->len);
	if (frame->metasize)
		skb_metadata_set(skb, frame->metasize);
	if (unlikely(frags))
		xdp_update_skb_shared_info(skb, frags, frags_size, frags * frame->frame_sz,
					   xdp_frame_is_frag_pfmemalloc(frame));
	if (frame->mem.type == MEM_TYPE_PAGE_POOL)
		skb_mark_for_recycle(skb);
	/* The packet's headroom is where the frame was. */
	xdp_scrub_frame(frame);
	skb->protocol = eth_type_trans(skb, ring->dev);
	return skb;
}

static void veth_poll_frames(struct veth_ring *ring, struct veth_pass *pass,
			     unsigned int max)
{
	unsigned int done = 0, bytes = 0;
	struct xdp_frame *frame;
	struct sk_buff *skb;

	while (done < max && (frame = __ptr_ring_consume(&ring->frames))) {
		done++;
		bytes += xdp_get_frame_len(frame);
		if (pass->prog && !veth_xdp_run_frame(ring, frame, pass))
			continue;
		skb = veth_frame_to_skb(ring, frame);
		if (likely(skb)) {
			napi_gro_receive(&ring->napi, skb);
		} else {
			xdp_return_frame(frame);
			pass->count[VETH_DROPS]++;
		}
	}
	pass->count[VETH_PACKETS] += done;
	pass->count[VETH_BYTES] += bytes;
}

static void veth_poll_done(struct veth_ring *ring, unsigned int work)
{
	bool again;

	if (likely(!READ_ONCE(ring->dev->napi_defer_hard_irqs))) {
		napi_complete_done(&ring->napi, work);
		return;
	}
	/* Until a timer of NAPI's, senders are quiet. */
	spin_lock(&ring->lock);
	WRITE_ONCE(ring->deferred, true);
	spin_unlock(&ring->lock);
	if (!napi_complete_done(&ring->napi, work))
		return;
	/* There is none. */
	spin_lock(&ring->lock);
	WRITE_ONCE(ring->deferred, false);
	again = ring->len;
	spin_unlock(&ring->lock);
	/* Pairs with the barrier in veth_ring_announce_frames(). */
	smp_mb();
	if (again || !__ptr_ring_empty(&ring->frames))
		napi_schedule(&ring->napi);
}

int veth_poll(struct napi_struct *napi, int budget)
{
	struct veth_ring *ring = container_of(napi, struct veth_ring, napi);
	const struct veth *veth = netdev_priv(ring->dev);
	unsigned int waiting;
	struct veth_pass pass;

	/* From netpoll, which must receive nothing. */
	if (unlikely(!budget))
		return 0;

	memset(&pass, 0, offsetof(struct veth_pass, tx));
	/* BH off would do, but for what programs call that looks for this by lockdep. */
	rcu_read_lock();
	pass.prog = rcu_dereference(veth->prog);
	if (pass.prog) {
		/* Pairs with rcu_assign_pointer() in veth_xdp_attach(): rings have pools. */
		smp_rmb();
		xdp_set_return_frame_no_direct();
	}

	/* Neither frames nor packets may starve the other. */
	waiting = veth_ring_take_over(ring);
	if (!__ptr_ring_empty(&ring->frames))
		veth_poll_frames(ring, &pass, budget - min(waiting, budget / 2U));
	if (waiting)
		veth_poll_skbs(ring, &pass, waiting, budget - pass.count[VETH_PACKETS]);

	if (pass.prog) {
		if (pass.tx_len)
			veth_xdp_send_back(ring, &pass);
		if (pass.count[VETH_XDP_REDIRECT])
			xdp_do_flush();
		xdp_clear_return_frame_no_direct();
	}
	rcu_read_unlock();
	if (pass.count[VETH_PACKETS])
		veth_stats_add(ring->stats, pass.count, pass.prog);

	/* Who adds to a ring that is not empty does not schedule. */
	if (pass.count[VETH_PACKETS] < budget) {
		if (READ_ONCE(ring->len) || !__ptr_ring_empty(&ring->frames))
			return budget;
		veth_poll_done(ring, pass.count[VETH_PACKETS]);
	}
	return pass.count[VETH_PACKETS];
}
