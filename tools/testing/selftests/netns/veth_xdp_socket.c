// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an AF_XDP socket works with a veth in copy mode: it takes what a
 * program redirects to it, sends what it is given, and cannot have zero copy.
 */
#include <linux/if_xdp.h>
#include <poll.h>
#include <sys/mman.h>

#include "veth_bpf.h"
#include "veth_frames.h"

#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#ifndef AF_XDP
#define AF_XDP 44
#endif

#define NR 64
#define CHUNK 4096

struct ring {
	__u32 *producer;
	__u32 *consumer;
	__u32 *flags;
	void *descs;
};

struct xsk {
	int sock;
	unsigned char *umem;
	struct ring fill, done, rx, tx;
};

FIXTURE(socket)
{
	struct veth_endpoint near, far;
	struct xsk xsk;
};

static int map_ring(int sock, struct ring *ring,
		    const struct xdp_ring_offset *off, __u64 where,
		    size_t desc_size)
{
	char *p = mmap(NULL, off->desc + NR * desc_size,
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, sock,
		       where);

	if (p == MAP_FAILED)
		return -errno;
	ring->producer = (__u32 *)(p + off->producer);
	ring->consumer = (__u32 *)(p + off->consumer);
	ring->flags = (__u32 *)(p + off->flags);
	ring->descs = p + off->desc;
	return 0;
}

/* A socket in @nsfd with memory of its own, not bound to a device yet. */
static int xsk_open(struct xsk *xsk, int nsfd)
{
	struct xdp_umem_reg reg = { .len = 2 * NR * CHUNK, .chunk_size = CHUNK };
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	int nr = NR;
	int err;

	xsk->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (xsk->umem == MAP_FAILED)
		return -errno;
	reg.addr = (unsigned long)xsk->umem;
	xsk->sock = socket_in(nsfd, AF_XDP, SOCK_RAW, 0);
	if (xsk->sock < 0)
		return xsk->sock;
	if (setsockopt(xsk->sock, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ||
	    setsockopt(xsk->sock, SOL_XDP, XDP_UMEM_FILL_RING, &nr, sizeof(nr)) ||
	    setsockopt(xsk->sock, SOL_XDP, XDP_UMEM_COMPLETION_RING, &nr,
		       sizeof(nr)) ||
	    setsockopt(xsk->sock, SOL_XDP, XDP_RX_RING, &nr, sizeof(nr)) ||
	    setsockopt(xsk->sock, SOL_XDP, XDP_TX_RING, &nr, sizeof(nr)) ||
	    getsockopt(xsk->sock, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		return -errno;
	err = map_ring(xsk->sock, &xsk->fill, &off.fr,
		       XDP_UMEM_PGOFF_FILL_RING, sizeof(__u64));
	if (!err)
		err = map_ring(xsk->sock, &xsk->done, &off.cr,
			       XDP_UMEM_PGOFF_COMPLETION_RING, sizeof(__u64));
	if (!err)
		err = map_ring(xsk->sock, &xsk->rx, &off.rx, XDP_PGOFF_RX_RING,
			       sizeof(struct xdp_desc));
	if (!err)
		err = map_ring(xsk->sock, &xsk->tx, &off.tx, XDP_PGOFF_TX_RING,
			       sizeof(struct xdp_desc));
	return err;
}

static int xsk_bind(struct xsk *xsk, int index, int queue, int flags)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = flags,
		.sxdp_ifindex = index,
		.sxdp_queue_id = queue,
	};

	return bind(xsk->sock, (struct sockaddr *)&addr, sizeof(addr)) ?
		       -errno :
		       0;
}

static void xsk_close(struct xsk *xsk)
{
	close(xsk->sock);
	munmap(xsk->umem, 2 * NR * CHUNK);
}

/* Hands the first half of the memory out to be received into. */
static void xsk_fill(struct xsk *xsk)
{
	__u64 *addrs = xsk->fill.descs;
	__u32 i, first = *xsk->fill.producer;

	for (i = 0; i < NR; i++)
		addrs[(first + i) % NR] = (__u64)i * CHUNK;
	__atomic_store_n(xsk->fill.producer, first + NR, __ATOMIC_RELEASE);
}

/* The next frame received, or NULL when none comes. */
static void *xsk_receive(struct xsk *xsk, __u32 *len)
{
	struct pollfd pfd = { .fd = xsk->sock, .events = POLLIN };
	struct xdp_desc *descs = xsk->rx.descs;
	__u32 next = *xsk->rx.consumer;

	if (poll(&pfd, 1, POLL_DEADLINE_S * 1000) != 1 ||
	    __atomic_load_n(xsk->rx.producer, __ATOMIC_ACQUIRE) == next)
		return NULL;
	*len = descs[next % NR].len;
	return xsk->umem + descs[next % NR].addr;
}

static void xsk_received(struct xsk *xsk)
{
	__atomic_store_n(xsk->rx.consumer, *xsk->rx.consumer + 1,
			 __ATOMIC_RELEASE);
}

FIXTURE_SETUP(socket)
{
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, xsk_open(&self->xsk, self->far.ns));
}

FIXTURE_TEARDOWN(socket)
{
	xsk_close(&self->xsk);
	veth_release(&self->near);
	veth_release(&self->far);
}

/* Redirects what comes in on the first queue into the socket. */
static int attach_redirect(struct veth_endpoint *end, struct xsk *xsk)
{
	int map = bpf_map(BPF_MAP_TYPE_XSKMAP, sizeof(int), 1);
	int prog, err;

	if (map < 0)
		return map;
	prog = xdp_redirect(map, 0, 0);
	if (prog < 0)
		return prog;
	err = bpf_map_set(map, 0, &xsk->sock);
	if (!err)
		err = xdp_attach(end->nl, end->name, prog, NULL);
	close(prog);
	/* The program keeps it, and its entry. */
	close(map);
	return err;
}

TEST_F(socket, receives)
{
	__u32 i, len;
	unsigned char want[FRAME_MIN + NR];
	void *got;

	ASSERT_EQ(0, xsk_bind(&self->xsk, self->far.index, 0, XDP_COPY));
	ASSERT_EQ(0, attach_redirect(&self->far, &self->xsk));
	xsk_fill(&self->xsk);
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, FRAME_MIN + i));
	for (i = 0; i < NR; i++) {
		got = xsk_receive(&self->xsk, &len);
		ASSERT_NE(NULL, got);
		EXPECT_EQ(FRAME_MIN + i, len);
		frame_fill(want, 0, i, len);
		EXPECT_EQ(0, memcmp(got, want, len));
		xsk_received(&self->xsk);
	}
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	EXPECT_TRUE(frame_none(self->far.sock));

	/* There is no more room. */
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 0, FRAME_MIN));
	EXPECT_STAT(1, &self->far, "rx", "drops");
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	/* Until it is given some. */
	xsk_fill(&self->xsk);
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 0, FRAME_MIN));
	EXPECT_NE(NULL, xsk_receive(&self->xsk, &len));
}

/* Hands out as many frames as there is room for, each longer than the last. */
static void xsk_put(struct xsk *xsk)
{
	struct xdp_desc *descs = xsk->tx.descs;
	__u32 i;

	for (i = 0; i < NR; i++) {
		descs[i].addr = (__u64)(NR + i) * CHUNK;
		descs[i].len = FRAME_MIN + i;
		descs[i].options = 0;
		frame_fill(xsk->umem + descs[i].addr, 0, i, descs[i].len);
	}
	__atomic_store_n(xsk->tx.producer, NR, __ATOMIC_RELEASE);
}

TEST_F(socket, sends)
{
	__u32 i;

	ASSERT_EQ(0, xsk_bind(&self->xsk, self->far.index, 0, XDP_COPY));
	xsk_put(&self->xsk);
	/* One call sends as many as it likes. */
	EXPECT_TRUE(wait_until((send(self->xsk.sock, NULL, 0, MSG_DONTWAIT),
				__atomic_load_n(self->xsk.tx.consumer,
						__ATOMIC_ACQUIRE) == NR)));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, frame_expect(self->near.sock, i, FRAME_MIN + i));
	/* The memory is the sender's again when the receiver is done. */
	EXPECT_TRUE(wait_until(__atomic_load_n(self->xsk.done.producer,
					       __ATOMIC_ACQUIRE) == NR));
}

/* The ring tells when somebody has to say so; asking for room is enough. */
TEST_F(socket, sends_when_it_is_woken)
{
	struct pollfd pfd = { .fd = self->xsk.sock, .events = POLLOUT };
	__u32 i;

	ASSERT_EQ(0, xsk_bind(&self->xsk, self->far.index, 0,
			      XDP_COPY | XDP_USE_NEED_WAKEUP));
	EXPECT_EQ((__u32)XDP_RING_NEED_WAKEUP, *self->xsk.tx.flags);
	xsk_put(&self->xsk);
	EXPECT_TRUE(wait_until((poll(&pfd, 1, 0),
				__atomic_load_n(self->xsk.tx.consumer,
						__ATOMIC_ACQUIRE) == NR)));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, frame_expect(self->near.sock, i, FRAME_MIN + i));
	EXPECT_TRUE(wait_until(__atomic_load_n(self->xsk.done.producer,
					       __ATOMIC_ACQUIRE) == NR));
}

/* Both ways at once, over the other end's own program. */
TEST_F(socket, gets_back_what_it_sent)
{
	struct xdp_desc *descs = self->xsk.tx.descs;
	int prog = xdp_constant(XDP_TX, 0);
	unsigned char want[100];
	__u32 len;
	void *got;

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", prog, NULL));
	ASSERT_EQ(0, xsk_bind(&self->xsk, self->far.index, 0, XDP_COPY));
	ASSERT_EQ(0, attach_redirect(&self->far, &self->xsk));
	xsk_fill(&self->xsk);
	descs[0].addr = NR * CHUNK;
	descs[0].len = sizeof(want);
	descs[0].options = 0;
	frame_fill(self->xsk.umem + descs[0].addr, 0, 42, sizeof(want));
	__atomic_store_n(self->xsk.tx.producer, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, send(self->xsk.sock, NULL, 0, MSG_DONTWAIT));
	got = xsk_receive(&self->xsk, &len);
	ASSERT_NE(NULL, got);
	EXPECT_EQ(sizeof(want), len);
	frame_fill(want, 0, 42, sizeof(want));
	EXPECT_EQ(0, memcmp(got, want, sizeof(want)));
	close(prog);
}

TEST_F(socket, no_zero_copy)
{
	EXPECT_EQ(-EOPNOTSUPP, xsk_bind(&self->xsk, self->far.index, 0,
					XDP_ZEROCOPY));
}

TEST_F(socket, copy_by_default)
{
	struct xdp_options options = {};
	socklen_t len = sizeof(options);

	ASSERT_EQ(0, xsk_bind(&self->xsk, self->far.index, 0, 0));
	ASSERT_EQ(0, getsockopt(self->xsk.sock, SOL_XDP, XDP_OPTIONS, &options,
				&len));
	EXPECT_EQ(0U, options.flags & XDP_OPTIONS_ZEROCOPY);
}

TEST_F(socket, no_such_queue)
{
	EXPECT_EQ(-EINVAL, xsk_bind(&self->xsk, self->far.index, 4096,
				    XDP_COPY));
	EXPECT_EQ(-EINVAL, xsk_bind(&self->xsk, self->far.index, 1, XDP_COPY));
}

NETNS_TEST_MAIN
