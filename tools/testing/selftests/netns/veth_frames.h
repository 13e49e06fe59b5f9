/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pair between two namespaces in which nothing speaks but the test, and
 * numbered frames on it: what is counted on such a pair is exact.
 */
#ifndef VETH_FRAMES_H
#define VETH_FRAMES_H

#include <arpa/inet.h>
#include <linux/if_packet.h>

#include "veth_ethtool.h"

/* For local experiments: no handler of the kernel's takes it. */
#define FRAME_PROTO 0x88b5
#define FRAME_MAX (65535 + ETH_HLEN)

struct frame {
	struct ethhdr eth;
	/* What a program that asks the frame should answer. */
	__u8 verdict;
	__u8 reserved;
	__u32 seq;
};

#define FRAME_MIN sizeof(struct frame)

/* An end, by the namespace and the sockets through which it is used. */
struct veth_endpoint {
	int ns;
	int nl;
	int sock;
	int index;
	char name[IFNAMSIZ];
};

static inline void veth_name(struct veth_endpoint *end, const char *name)
{
	snprintf(end->name, sizeof(end->name), "%s", name);
}

/* In a namespace that is silent from now on: IPv6 has a lot to say. */
static inline int silent_netns(int *nsfd, int *nl)
{
	int err = new_netns_with_nl(nsfd, nl);

	if (err)
		return err;
	err = write_in(*nsfd, "/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	if (!err)
		err = write_in(*nsfd,
			       "/proc/sys/net/ipv6/conf/default/disable_ipv6",
			       "1");
	return err;
}

/* A packet socket at a device, which receives frames of a protocol, or 0 for none. */
static inline int packet_open(int nsfd, int index, __u16 protocol)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = index,
	};
	struct timeval tv = { .tv_sec = POLL_DEADLINE_S };
	int big = 8 << 20;
	int sock;

	sock = socket_in(nsfd, AF_PACKET, SOCK_RAW, 0);
	if (sock < 0)
		return sock;
	/* A test sends more than a socket holds by default before it reads. */
	if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big)) ||
	    setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big)) ||
	    bind(sock, (struct sockaddr *)&addr, sizeof(addr))) {
		close(sock);
		return -errno;
	}
	return sock;
}

/* For frames of the test only, and incoming. */
static inline int frame_open(int nsfd, int index)
{
	return packet_open(nsfd, index, FRAME_PROTO);
}

/* Takes the news that the device went down, so that the next call works. */
static inline int frame_forget_down(int sock)
{
	socklen_t len = sizeof(int);
	int err;

	return getsockopt(sock, SOL_SOCKET, SO_ERROR, &err, &len) ? -errno :
								    err;
}

/*
 * The core acts on a carrier in its own time: until then, a discipline swallows
 * what is sent. Asking for a link makes it act at once.
 */
static inline int veth_settle(const struct veth_endpoint *near,
			      const struct veth_endpoint *far)
{
	int err = link_index(near->nl, near->name);

	if (err > 0)
		err = link_index(far->nl, far->name);
	return err > 0 ? 0 : err;
}

/* The device polls its queue now, and then not until the time that is set. */
static inline int veth_defer_polls(const struct veth_endpoint *end,
				   const char *ns)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/sys/class/net/%s/gro_flush_timeout",
		 end->name);
	err = write_file(path, "%s", ns);
	snprintf(path, sizeof(path), "/sys/class/net/%s/napi_defer_hard_irqs",
		 end->name);
	return err ? err : write_file(path, "1");
}

/* An end that went down comes up, and the pair can be used at once. */
static inline int veth_up_again(const struct veth_endpoint *end,
				const struct veth_endpoint *other)
{
	int err = link_up(end->nl, end->name);

	if (!err)
		err = veth_settle(end, other);
	if (!err && frame_forget_down(end->sock) != ENETDOWN)
		err = -EPROTO;
	return err;
}

/*
 * A pair up in two silent namespaces that exist already. Queues in use on both
 * sides are @queues, or 0 for as many as there are by default.
 */
static inline int veth_connect(struct veth_endpoint *near,
			       struct veth_endpoint *far, int queues)
{
	struct veth_req v;
	int err;

	veth_begin(&v);
	nl_put_str(&v.req, IFLA_IFNAME, near->name);
	if (queues) {
		nl_put_int(&v.req, IFLA_NUM_TX_QUEUES, queues);
		nl_put_int(&v.req, IFLA_NUM_RX_QUEUES, queues);
	}
	veth_peer(&v);
	nl_put_str(&v.req, IFLA_IFNAME, far->name);
	nl_put_int(&v.req, IFLA_NET_NS_FD, far->ns);
	if (queues) {
		nl_put_int(&v.req, IFLA_NUM_TX_QUEUES, queues);
		nl_put_int(&v.req, IFLA_NUM_RX_QUEUES, queues);
	}
	err = veth_send(near->nl, &v, NULL);
	if (!err)
		err = link_up(near->nl, near->name);
	if (!err)
		err = link_up(far->nl, far->name);
	if (err)
		return err;
	/* Which settles them as well. */
	near->index = link_index(near->nl, near->name);
	near->sock = frame_open(near->ns, near->index);
	far->index = link_index(far->nl, far->name);
	far->sock = frame_open(far->ns, far->index);
	if (near->index < 0 || far->index < 0)
		return -ENODEV;
	return near->sock < 0 ? near->sock : far->sock < 0 ? far->sock : 0;
}

/* "near" and "far" in two new namespaces. */
static inline int veth_pair_queues(struct veth_endpoint *near,
				   struct veth_endpoint *far, int queues)
{
	int err;

	veth_name(near, "near");
	veth_name(far, "far");
	err = silent_netns(&near->ns, &near->nl);
	if (!err)
		err = silent_netns(&far->ns, &far->nl);
	return err ? err : veth_connect(near, far, queues);
}

static inline int veth_pair(struct veth_endpoint *near,
			    struct veth_endpoint *far)
{
	return veth_pair_queues(near, far, 0);
}

/* As large as it gets. */
static inline int veth_largest_mtu(const struct veth_endpoint *near,
				   const struct veth_endpoint *far)
{
	int err = veth_set(near->nl, near->name, IFLA_MTU, VETH_MAX_MTU, NULL);

	return err ? err :
	       veth_set(far->nl, far->name, IFLA_MTU, VETH_MAX_MTU, NULL);
}

/*
 * A second pair, for what "far" sends on: "out" beside it, in its namespace and
 * with its sockets for that, and "sink" in a new one.
 */
static inline int veth_pair_behind(const struct veth_endpoint *far,
				   struct veth_endpoint *out,
				   struct veth_endpoint *sink)
{
	int err;

	*out = *far;
	veth_name(out, "out");
	veth_name(sink, "sink");
	err = silent_netns(&sink->ns, &sink->nl);
	return err ? err : veth_connect(out, sink, 0);
}

static inline void veth_release(struct veth_endpoint *end)
{
	close(end->sock);
	close(end->nl);
	close(end->ns);
}

static inline unsigned char frame_byte(__u32 seq, size_t i)
{
	return seq * 7 + i;
}

/* Fills a frame of @len bytes, the Ethernet header among them. */
static inline void frame_fill(void *buf, __u8 verdict, __u32 seq, size_t len)
{
	unsigned char *bytes = buf;
	struct frame *frame = buf;
	size_t i;

	memset(frame, 0, sizeof(*frame));
	memset(frame->eth.h_dest, 0xff, ETH_ALEN);
	frame->eth.h_source[0] = 2;
	frame->eth.h_proto = htons(FRAME_PROTO);
	frame->verdict = verdict;
	frame->seq = seq;
	for (i = sizeof(*frame); i < len; i++)
		bytes[i] = frame_byte(seq, i);
}

static inline int frame_send(int sock, __u8 verdict, __u32 seq, size_t len)
{
	static __thread unsigned char buf[FRAME_MAX];

	frame_fill(buf, verdict, seq, len);
	return send(sock, buf, len, 0) == (ssize_t)len ? 0 : -errno;
}

/* Frames @seq, @seq + 1, ..., @n of them. */
static inline int frame_send_many(int sock, __u8 verdict, __u32 seq, int n)
{
	int i, err = 0;

	for (i = 0; i < n && !err; i++)
		err = frame_send(sock, verdict, seq + i, FRAME_MIN);
	return err;
}

/*
 * The next frame, which must be this one, unharmed, and have @len bytes. A
 * negative errno, or the number of what is wrong.
 */
static inline int frame_expect(int sock, __u32 seq, size_t len)
{
	static __thread unsigned char buf[FRAME_MAX + 1];
	struct frame *frame = (void *)buf;
	ssize_t got;
	size_t i;

	got = recv(sock, buf, sizeof(buf), 0);
	if (got < 0)
		return -errno;
	if (got != (ssize_t)len)
		return 1;
	if (frame->eth.h_proto != htons(FRAME_PROTO))
		return 2;
	if (frame->seq != seq)
		return 3;
	for (i = sizeof(*frame); i < len; i++)
		if (buf[i] != frame_byte(seq, i))
			return 4;
	return 0;
}

static inline int frame_expect_many(int sock, __u32 seq, int n)
{
	int i, err = 0;

	for (i = 0; i < n && !err; i++)
		err = frame_expect(sock, seq + i, FRAME_MIN);
	return err;
}

/* Is there none now? For when it is known by other means that none can come. */
static inline bool frame_none(int sock)
{
	char c;

	return recv(sock, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* A sum over the queues, as of veth_stat_sum(). */
static inline long long stat_of(const struct veth_endpoint *end,
				const char *kind, const char *what)
{
	return veth_stat_sum(end->nl, end->name, kind, what);
}

/*
 * stat_of() when it is @n, or what it still is in the end: counters are added
 * up when a poll ends, which may be after the arrival.
 */
static inline long long wait_stat(long long n, const struct veth_endpoint *end,
				  const char *kind, const char *what)
{
	wait_until(stat_of(end, kind, what) == n);
	return stat_of(end, kind, what);
}

#define EXPECT_STAT(n, end, kind, what)					\
do {									\
	long long __n = (n);						\
									\
	EXPECT_EQ(__n, wait_stat(__n, end, kind, what));		\
} while (0)

#endif /* VETH_FRAMES_H */
