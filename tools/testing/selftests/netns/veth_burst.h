/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A packet that the stack cuts in pieces before the driver gets them, one right
 * after another: TCP segments from a packet socket. They are numbered by where
 * their payload begins.
 */
#ifndef VETH_BURST_H
#define VETH_BURST_H

#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/virtio_net.h>

#include "veth_frames.h"

#define BURST_MAX 65535

/* Where a frame's headers begin, and its payload. */
enum {
	BURST_IP = ETH_HLEN,
	BURST_TCP = BURST_IP + sizeof(struct iphdr),
	BURST_DATA = BURST_TCP + sizeof(struct tcphdr),
};

/* A socket at each end for them. Without TSO, cutting is left to the stack. */
static inline int burst_open(const struct veth_endpoint *near,
			     const struct veth_endpoint *far, int socks[2])
{
	int on = 1;

	socks[0] = packet_open(near->ns, near->index, 0);
	if (socks[0] < 0)
		return socks[0];
	socks[1] = packet_open(far->ns, far->index, ETH_P_IP);
	if (socks[1] < 0)
		return socks[1];
	return setsockopt(socks[0], SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ?
	       -errno : 0;
}

static inline __u16 burst_ip_sum(const struct iphdr *ip)
{
	__u16 words[sizeof(*ip) / sizeof(__u16)];
	__u32 sum = 0;
	size_t i;

	memcpy(words, ip, sizeof(words));
	for (i = 0; i < ARRAY_SIZE(words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* @len bytes of a stream that begins at @seq, in segments of @size; or in one. */
static inline int burst_send(int sock, __u32 seq, unsigned int len, unsigned int size)
{
	struct virtio_net_hdr vnet = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = size < len ? VIRTIO_NET_HDR_GSO_TCPV4 :
					 VIRTIO_NET_HDR_GSO_NONE,
		.gso_size = size < len ? size : 0,
		.hdr_len = BURST_DATA,
		.csum_start = BURST_TCP,
		.csum_offset = offsetof(struct tcphdr, check),
	};
	struct ethhdr eth = {
		.h_source = { 2 },
		.h_proto = htons(ETH_P_IP),
	};
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = htons(BURST_DATA - BURST_IP + len),
		.frag_off = htons(0x4000), /* IP_DF */
		.ttl = 64,
		.protocol = IPPROTO_TCP,
	};
	struct tcphdr tcp = {
		.seq = htonl(seq),
		.doff = sizeof(tcp) / 4,
		.ack = 1,
	};
	static __thread unsigned char buf[sizeof(vnet) + BURST_MAX];
	unsigned char *frame = buf + sizeof(vnet);
	ssize_t total = sizeof(vnet) + BURST_DATA + len;
	unsigned int i;

	ip.check = burst_ip_sum(&ip);
	memset(eth.h_dest, 0xff, ETH_ALEN);
	memcpy(buf, &vnet, sizeof(vnet));
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + BURST_IP, &ip, sizeof(ip));
	memcpy(frame + BURST_TCP, &tcp, sizeof(tcp));
	for (i = 0; i < len; i++)
		frame[BURST_DATA + i] = frame_byte(seq, i);
	return send(sock, buf, total, 0) == total ? 0 : -errno;
}

/*
 * The next segment must be the one that begins with byte @at of the stream. A
 * negative errno, or the number of what is wrong.
 */
static inline int burst_expect(int sock, __u32 seq, unsigned int at, unsigned int len)
{
	static __thread unsigned char buf[BURST_MAX];
	struct tcphdr tcp;
	unsigned int i;
	ssize_t got;

	got = recv(sock, buf, sizeof(buf), 0);
	if (got < 0)
		return -errno;
	if (got != (ssize_t)(BURST_DATA + len))
		return 1;
	memcpy(&tcp, buf + BURST_TCP, sizeof(tcp));
	if (tcp.seq != htonl(seq + at))
		return 2;
	for (i = 0; i < len; i++)
		if (buf[BURST_DATA + i] != frame_byte(seq, at + i))
			return 3;
	return 0;
}

/* The first @n segments of @size, in order. */
static inline int burst_expect_many(int sock, __u32 seq, unsigned int size, int n)
{
	int i, err = 0;

	for (i = 0; i < n && !err; i++)
		err = burst_expect(sock, seq, i * size, size);
	return err;
}

#endif /* VETH_BURST_H */
