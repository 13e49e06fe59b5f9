// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: what an end and its peer must be like for a program in driver mode,
 * what becomes of their limits and features while there is one, and which
 * requests are refused, with the text that tells why; a refusal changes
 * nothing.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>

#include "veth_bpf.h"
#include "veth_frames.h"

FIXTURE(attach)
{
	struct veth_endpoint near, far;
	struct veth_link link;
	struct nl_ack ack;
	int prog, other;
};

FIXTURE_SETUP(attach)
{
	self->prog = xdp_constant(XDP_PASS, 0);
	self->other = xdp_constant(XDP_DROP, 0);
	ASSERT_LE(0, self->prog);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
}

FIXTURE_TEARDOWN(attach)
{
	close(self->prog);
	close(self->other);
	veth_release(&self->near);
	veth_release(&self->far);
}

#define EXPECT_PROG(prog)						\
do {									\
	EXPECT_EQ(0, veth_get(self->far.nl, "far", &self->link));	\
	EXPECT_EQ(XDP_ATTACHED_DRV, self->link.xdp_mode);		\
	EXPECT_EQ(bpf_prog_id(prog), self->link.xdp_id);		\
} while (0)

#define EXPECT_NO_PROG()						\
do {									\
	EXPECT_EQ(0, veth_get(self->far.nl, "far", &self->link));	\
	EXPECT_EQ(XDP_ATTACHED_NONE, self->link.xdp_mode);		\
	EXPECT_EQ(NONE, self->link.xdp_id);				\
} while (0)

/* Frames get through, or not, which tells the programs apart. */
#define EXPECT_PASSES()							\
do {									\
	EXPECT_EQ(0, frame_send(self->near.sock, 0, 1, 100));		\
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, 100));		\
} while (0)

TEST_F(attach, is_seen)
{
	EXPECT_NO_PROG();
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_PROG(self->prog);
	ASSERT_EQ(0, veth_get(self->near.nl, "near", &self->link));
	EXPECT_EQ(XDP_ATTACHED_NONE, self->link.xdp_mode);
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->other, NULL));
	EXPECT_PROG(self->other);
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_NO_PROG();
	/* There being none is no error. */
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
}

/* The driver's mode is the default. */
TEST_F(attach, without_a_mode)
{
	EXPECT_EQ(0, xdp_change(self->far.nl, "far", self->prog, 0, XDP_ANY,
				NULL));
	EXPECT_PROG(self->prog);
	EXPECT_PASSES();
}

TEST_F(attach, while_down)
{
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_PROG(self->prog);
	ASSERT_EQ(0, veth_up_again(&self->far, &self->near));
	EXPECT_PASSES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");

	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->other, NULL));
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_NO_PROG();
	ASSERT_EQ(0, veth_up_again(&self->far, &self->near));
	EXPECT_PASSES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
}

TEST_F(attach, stays_over_down_and_up)
{
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	EXPECT_PROG(self->prog);
	ASSERT_EQ(0, veth_up_again(&self->far, &self->near));
	EXPECT_PROG(self->prog);
	EXPECT_PASSES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
}

TEST_F(attach, stays_over_a_move)
{
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->other, NULL));
	ASSERT_EQ(0, link_move(self->far.nl, "far", IFLA_NET_NS_FD,
			       self->near.ns));
	ASSERT_EQ(0, veth_get(self->near.nl, "far", &self->link));
	EXPECT_EQ(XDP_ATTACHED_DRV, self->link.xdp_mode);
	EXPECT_EQ(bpf_prog_id(self->other), self->link.xdp_id);
}

TEST_F(attach, goes_with_the_pair)
{
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_EQ(0, xdp_attach(self->near.nl, "near", self->other, NULL));
	EXPECT_EQ(0, link_del(self->near.nl, "near"));
	EXPECT_EQ(-ENODEV, link_index(self->far.nl, "far"));
}

TEST_F(attach, only_if_there_is_none)
{
	__u32 flags = XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST;

	EXPECT_EQ(0, xdp_change(self->far.nl, "far", self->prog, flags,
				XDP_ANY, NULL));
	EXPECT_EQ(-EBUSY, xdp_change(self->far.nl, "far", self->other, flags,
				     XDP_ANY, &self->ack));
	EXPECT_STREQ("XDP program already attached", self->ack.msg);
	EXPECT_PROG(self->prog);
	EXPECT_PASSES();
}

TEST_F(attach, only_in_place_of_the_expected)
{
	__u32 flags = XDP_FLAGS_DRV_MODE | XDP_FLAGS_REPLACE;

	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_EQ(-EEXIST, xdp_change(self->far.nl, "far", self->other, flags,
				      self->other, &self->ack));
	EXPECT_STREQ("Active program does not match expected", self->ack.msg);
	EXPECT_PROG(self->prog);
	EXPECT_EQ(0, xdp_change(self->far.nl, "far", self->other, flags,
				self->prog, NULL));
	EXPECT_PROG(self->other);
}

TEST_F(attach, one_mode_at_a_time)
{
	static const char text[] =
		"Native and generic XDP can't be active at the same time";

	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_EQ(-EEXIST, xdp_change(self->far.nl, "far", self->other,
				      XDP_FLAGS_SKB_MODE, XDP_ANY,
				      &self->ack));
	EXPECT_STREQ(text, self->ack.msg);
	EXPECT_PROG(self->prog);
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));

	EXPECT_EQ(0, xdp_change(self->far.nl, "far", self->prog,
				XDP_FLAGS_SKB_MODE, XDP_ANY, NULL));
	EXPECT_EQ(-EEXIST, xdp_attach(self->far.nl, "far", self->other,
				      &self->ack));
	EXPECT_STREQ(text, self->ack.msg);
	EXPECT_PASSES();
	EXPECT_STAT(0, &self->far, "rx", "xdp_packets");
}

/* There is no hardware. */
TEST_F(attach, no_offload)
{
	EXPECT_EQ(-EINVAL, xdp_change(self->far.nl, "far", self->prog,
				      XDP_FLAGS_HW_MODE, XDP_ANY,
				      &self->ack));
	EXPECT_NO_PROG();
}

TEST_F(attach, by_link)
{
	int link;

	link = bpf_link_in(self->far.ns, self->other, self->far.index, BPF_XDP,
			   XDP_FLAGS_DRV_MODE);
	ASSERT_LE(0, link);
	EXPECT_PROG(self->other);
	/* Nobody else changes it. */
	EXPECT_EQ(-EBUSY, xdp_attach(self->far.nl, "far", self->prog,
				     &self->ack));
	EXPECT_STREQ("Can't replace active BPF XDP link", self->ack.msg);
	EXPECT_EQ(-EBUSY, xdp_detach(self->far.nl, "far"));
	EXPECT_PROG(self->other);
	/* It may itself. */
	EXPECT_EQ(0, sys_bpf(BPF_LINK_UPDATE, &(union bpf_attr) {
		.link_update.link_fd = link,
		.link_update.new_prog_fd = self->prog,
	}));
	EXPECT_PROG(self->prog);
	EXPECT_PASSES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	close(link);
	EXPECT_TRUE(wait_until(!veth_get(self->far.nl, "far", &self->link) &&
			       self->link.xdp_mode == XDP_ATTACHED_NONE));
	EXPECT_PASSES();
}

/* The peer must not send what does not fit into a page with its headroom. */
TEST_F(attach, peer_mtu_has_a_limit)
{
	int max;

	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	ASSERT_EQ(0, veth_get(self->near.nl, "near", &self->link));
	max = self->link.max_mtu;
	EXPECT_LT(1500, max);
	EXPECT_GT(sysconf(_SC_PAGESIZE), max);
	/* The end itself may send what it likes. */
	ASSERT_EQ(0, veth_get(self->far.nl, "far", &self->link));
	EXPECT_EQ(VETH_MAX_MTU, self->link.max_mtu);

	EXPECT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU, max, NULL));
	EXPECT_EQ(0, veth_set(self->far.nl, "far", IFLA_MTU, max, NULL));
	EXPECT_EQ(0, frame_send(self->near.sock, 0, 1, max + ETH_HLEN));
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, max + ETH_HLEN));
	EXPECT_EQ(-EINVAL, veth_set(self->near.nl, "near", IFLA_MTU, max + 1,
				    &self->ack));
	EXPECT_STREQ("mtu greater than device maximum", self->ack.msg);

	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
	ASSERT_EQ(0, veth_get(self->near.nl, "near", &self->link));
	EXPECT_EQ(VETH_MAX_MTU, self->link.max_mtu);
	EXPECT_EQ(max, self->link.mtu);
	EXPECT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU, max + 1, NULL));
	EXPECT_EQ(-ERANGE, xdp_attach(self->far.nl, "far", self->prog,
				      &self->ack));
	EXPECT_STREQ("veth: Peer MTU is too large to set XDP", self->ack.msg);
	EXPECT_NO_PROG();
	ASSERT_EQ(0, veth_get(self->near.nl, "near", &self->link));
	EXPECT_EQ(VETH_MAX_MTU, self->link.max_mtu);
	EXPECT_PASSES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
}

/* A tag in the packet makes it larger than the MTU, and than a page holds. */
TEST_F(attach, largest_mtu_is_without_a_tag)
{
	unsigned char plain[4096], tagged[4096];
	const __be16 tag[] = { htons(ETH_P_8021Q), htons(7) };
	size_t len;

	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	ASSERT_EQ(0, veth_get(self->near.nl, "near", &self->link));
	len = self->link.max_mtu + ETH_HLEN;
	ASSERT_LE(len + sizeof(tag), sizeof(tagged));
	ASSERT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU,
			      self->link.max_mtu, NULL));
	ASSERT_EQ(0, veth_set(self->far.nl, "far", IFLA_MTU,
			      self->link.max_mtu, NULL));
	frame_fill(plain, 0, 1, len);
	memcpy(tagged, plain, 2 * ETH_ALEN);
	memcpy(tagged + 2 * ETH_ALEN, tag, sizeof(tag));
	memcpy(tagged + 2 * ETH_ALEN + sizeof(tag), plain + 2 * ETH_ALEN,
	       len - 2 * ETH_ALEN);
	len += sizeof(tag);
	ASSERT_EQ((ssize_t)len, send(self->near.sock, tagged, len, 0));
	/* The receiver gets the tag beside the frame. */
	EXPECT_EQ(0, frame_expect(self->far.sock, 1, len - sizeof(tag)));
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(0, &self->far, "rx", "drops");
}

#define PIECE 1000
#define PIECES 20

struct datagrams {
	struct virtio_net_hdr vnet;
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	unsigned char data[PIECE * PIECES];
} __packed;

/* Datagrams that the device is to cut out of one packet; TSO is not needed. */
static int send_in_one_piece(int nsfd, int index)
{
	static struct datagrams d = {
		.vnet = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4,
			.hdr_len = offsetof(struct datagrams, data) -
				   offsetof(struct datagrams, eth),
			.gso_size = PIECE,
			.csum_start = offsetof(struct datagrams, udp) -
				      offsetof(struct datagrams, eth),
			.csum_offset = offsetof(struct udphdr, check),
		},
		.ip = {
			.version = 4,
			.ihl = 5,
			.ttl = 1,
			.protocol = IPPROTO_UDP,
		},
	};
	int one = 1, sock, err = 0;

	memset(d.eth.h_dest, 0xff, ETH_ALEN);
	d.eth.h_proto = htons(ETH_P_IP);
	d.ip.tot_len = htons(sizeof(d) - offsetof(struct datagrams, ip));
	d.ip.saddr = htonl(0xc0000201);
	d.ip.daddr = htonl(0xc0000202);
	d.udp.len = htons(sizeof(d) - offsetof(struct datagrams, udp));
	sock = packet_open(nsfd, index, 0);
	if (sock < 0)
		return sock;
	if (setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    send(sock, &d, sizeof(d), 0) != sizeof(d))
		err = -errno;
	close(sock);
	return err;
}

/*
 * A packet that waits when the program comes is larger than any that is sent
 * with it, but no reason to lose it.
 */
TEST_F(attach, what_waits_is_shown)
{
	static char buf[FRAME_MAX];
	long long before;
	bool late;
	int rx;

	ASSERT_EQ(0, see_sysfs_of(self->far.ns));
	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	rx = packet_open(self->far.ns, self->far.index, ETH_P_IP);
	ASSERT_LE(0, rx);
	do {
		/* With a program there, what is sent would be cut up before. */
		ASSERT_EQ(0, xdp_detach(self->far.nl, "far"));
		ASSERT_EQ(0, veth_defer_polls(&self->far, "3000000000"));
		EXPECT_PASSES();
		before = stat_of(&self->far, "rx", "xdp_packets");
		ASSERT_EQ(0, send_in_one_piece(self->near.ns,
					       self->near.index));
		ASSERT_EQ(0, xdp_attach(self->far.nl, "far", self->prog,
					NULL));
		late = stat_of(&self->far, "rx", "xdp_packets") != before;
		EXPECT_EQ((ssize_t)(sizeof(struct datagrams) -
				    sizeof(struct virtio_net_hdr)),
			  recv(rx, buf, sizeof(buf), 0));
		/* If it was late, it is done again. */
	} while (late);
	EXPECT_STAT(before + 1, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(0, &self->far, "rx", "drops");
}

TEST_F(attach, replacing_is_checked_as_well)
{
	int frags = xdp_constant(XDP_PASS, BPF_F_XDP_HAS_FRAGS);

	ASSERT_LE(0, frags);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", frags, NULL));
	ASSERT_EQ(0, veth_set(self->near.nl, "near", IFLA_MTU, 9000, NULL));
	EXPECT_EQ(-ERANGE, xdp_attach(self->far.nl, "far", self->other,
				      &self->ack));
	EXPECT_STREQ("veth: Peer MTU is too large to set XDP", self->ack.msg);
	EXPECT_PROG(frags);
	EXPECT_PASSES();
	close(frags);
}

TEST_F(attach, queues_must_be_enough)
{
	struct veth_endpoint one, two;

	ASSERT_EQ(0, veth_pair_queues(&one, &two, 4));
	ASSERT_EQ(0, veth_set_channels(two.nl, "far", 3, 4));
	EXPECT_EQ(-ENOSPC, xdp_attach(two.nl, "far", self->prog, &self->ack));
	EXPECT_STREQ("veth: XDP expects number of rx queues not less than peer tx queues",
		     self->ack.msg);
	ASSERT_EQ(0, veth_get(two.nl, "far", &self->link));
	EXPECT_EQ(XDP_ATTACHED_NONE, self->link.xdp_mode);

	/* Fewer on the other side are fine, and must stay so few. */
	ASSERT_EQ(0, veth_set_channels(one.nl, "near", 4, 3));
	EXPECT_EQ(0, xdp_attach(two.nl, "far", self->prog, NULL));
	EXPECT_EQ(-EINVAL, veth_set_channels(one.nl, "near", 4, 4));
	EXPECT_EQ(-EINVAL, veth_set_channels(two.nl, "far", 2, 4));
	EXPECT_EQ(0, veth_set_channels(two.nl, "far", 4, 1));
	EXPECT_EQ(0, veth_set_channels(one.nl, "near", 1, 4));
	ASSERT_EQ(0, frame_send(one.sock, 0, 1, 100));
	EXPECT_EQ(0, frame_expect(two.sock, 1, 100));
	EXPECT_STAT(1, &two, "rx", "xdp_packets");
	veth_release(&one);
	veth_release(&two);
}

/* The peer must send packets one by one, and takes that up again. */
TEST_F(attach, peer_does_not_segment)
{
	ASSERT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_EQ(0, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));
	EXPECT_EQ(1, veth_get_feature(self->far.nl, "far", ETHTOOL_GTSO));
	EXPECT_NE(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 1));
	EXPECT_EQ(0, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));

	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->other, NULL));
	EXPECT_EQ(0, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));
}

/* Both ends can have one. */
TEST_F(attach, to_both)
{
	EXPECT_EQ(0, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_EQ(0, xdp_attach(self->near.nl, "near", self->prog, NULL));
	EXPECT_PASSES();
	EXPECT_EQ(0, frame_send(self->far.sock, 0, 2, 100));
	EXPECT_EQ(0, frame_expect(self->near.sock, 2, 100));
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_PASSES();
	EXPECT_EQ(0, frame_send(self->far.sock, 0, 3, 100));
	EXPECT_EQ(0, frame_expect(self->near.sock, 3, 100));
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
	EXPECT_STAT(2, &self->near, "rx", "xdp_packets");
}

TEST_F(attach, who_may_not)
{
	ASSERT_EQ(0, limit_caps(0));
	EXPECT_EQ(-EPERM, xdp_attach(self->far.nl, "far", self->prog, NULL));
	EXPECT_NO_PROG();
}

NETNS_TEST_MAIN
