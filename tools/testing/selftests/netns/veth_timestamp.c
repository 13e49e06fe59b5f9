// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: packets get software timestamps when they are sent and when they
 * are received, whichever way they go through the pair.
 */
#include <time.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <poll.h>

#include "veth_bpf.h"
#include "veth_frames.h"

FIXTURE(timestamp)
{
	struct veth_endpoint near, far;
};

FIXTURE_SETUP(timestamp)
{
	int what = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
		   SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;

	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, setsockopt(self->near.sock, SOL_SOCKET, SO_TIMESTAMPING,
				&what, sizeof(what)));
	ASSERT_EQ(0, setsockopt(self->far.sock, SOL_SOCKET, SO_TIMESTAMPING,
				&what, sizeof(what)));
}

FIXTURE_TEARDOWN(timestamp)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

/* The time of the next message, in ns, 0 for none, or a negative errno. */
static long long take_time(int sock, int flags)
{
	union {
		struct cmsghdr cmsg;
		char data[512];
	} control;
	char data[2048];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct scm_timestamping ts;
	struct cmsghdr *cmsg;

	if (recvmsg(sock, &msg, flags) < 0)
		return -errno;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SO_TIMESTAMPING)
			continue;
		memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
		/* No hardware has seen it. */
		if (ts.ts[2].tv_sec || ts.ts[2].tv_nsec)
			return -EPROTO;
		return ts.ts[0].tv_sec * 1000000000LL + ts.ts[0].tv_nsec;
	}
	return 0;
}

static long long sent_at(int sock)
{
	struct pollfd pfd = { .fd = sock };

	if (poll(&pfd, 1, POLL_DEADLINE_S * 1000) != 1)
		return -ETIMEDOUT;
	return take_time(sock, MSG_ERRQUEUE);
}

#define EXPECT_TIMES()							\
do {									\
	long long sent, received;					\
									\
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));		\
	received = take_time(self->far.sock, 0);			\
	sent = sent_at(self->near.sock);				\
	EXPECT_LT(0, received);						\
	EXPECT_LT(0, sent);						\
	EXPECT_LE(sent, received);					\
} while (0)

TEST_F(timestamp, plain)
{
	EXPECT_TIMES();
	EXPECT_TIMES();
}

TEST_F(timestamp, over_a_poll)
{
	ASSERT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	ASSERT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_SGRO, 1));
	EXPECT_TIMES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
}

TEST_F(timestamp, over_a_program)
{
	int prog = xdp_constant(XDP_PASS, 0);

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	close(prog);
	EXPECT_TIMES();
	EXPECT_STAT(1, &self->far, "rx", "xdp_packets");
}

/* It was sent all the same. */
TEST_F(timestamp, of_what_is_dropped)
{
	int prog = xdp_constant(XDP_DROP, 0);

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	close(prog);
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 1, 100));
	EXPECT_LT(0, sent_at(self->near.sock));
}

NETNS_TEST_MAIN
