// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: who watches XDP by its trace events sees what a veth's program makes
 * of frames: each that it aborts or gives no known answer to, and how many of
 * those that it sends back find room.
 */
#include "veth_bpf.h"
#include "veth_frames.h"

#define TRACING "/sys/kernel/tracing"
/* Of its own, so that nobody else's events are in it. */
#define BUFFER TRACING "/instances/veth_xdp_trace"
#define XDP_EVENTS BUFFER "/events/xdp/"

#define NR 100
#define NO_SUCH_VERDICT 77

FIXTURE(trace)
{
	struct veth_endpoint near, far;
	int id;
};

FIXTURE_SETUP(trace)
{
	int prog = xdp_ask_packet(offsetof(struct frame, verdict), 0);

	ASSERT_LE(0, prog);
	self->id = bpf_prog_id(prog);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, attach(&self->far, prog));

	ASSERT_TRUE(!mount("tracefs", TRACING, "tracefs", 0, NULL) ||
		    errno == EBUSY);
	/* May have been left behind by a test that was killed. */
	rmdir(BUFFER);
	ASSERT_EQ(0, mkdir(BUFFER, 0700));
	ASSERT_EQ(0, write_file(XDP_EVENTS "xdp_exception/enable", "1"));
	ASSERT_EQ(0, write_file(XDP_EVENTS "xdp_bulk_tx/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	veth_release(&self->near);
	veth_release(&self->far);
	EXPECT_EQ(0, rmdir(BUFFER));
}

struct seen {
	int exceptions;
	int bulks;
	/* Sums over the latter. */
	int sent;
	int drops;
	/* The last one's. */
	int err;
	/* Events that are not as they should be. */
	int wrong;
};

/* What was recorded: exceptions must be of the program and of that @action. */
static int see(struct seen *seen, int id, int index, const char *action)
{
	static char text[1 << 18];
	int err, got_id, got_index, sent, drops;
	char *line, *event, got[32];

	memset(seen, 0, sizeof(*seen));
	err = read_file(BUFFER "/trace", text, sizeof(text));
	if (err < 0)
		return err;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		event = strstr(line, "xdp_exception: ");
		if (event) {
			seen->exceptions++;
			if (sscanf(event, "%*s prog_id=%d action=%31s ifindex=%d",
				   &got_id, got, &got_index) != 3 ||
			    got_id != id || strcmp(got, action) ||
			    got_index != index)
				seen->wrong++;
		}
		event = strstr(line, "xdp_bulk_tx: ");
		if (event) {
			seen->bulks++;
			if (sscanf(event,
				   "%*s ifindex=%d action=%31s sent=%d drops=%d err=%d",
				   &got_index, got, &sent, &drops,
				   &seen->err) != 5 ||
			    got_index != index || strcmp(got, "TX")) {
				seen->wrong++;
				continue;
			}
			seen->sent += sent;
			seen->drops += drops;
		}
	}
	return 0;
}

TEST_F(trace, aborted)
{
	struct seen seen;

	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_ABORTED, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_drops");
	ASSERT_EQ(0, see(&seen, self->id, self->far.index, "ABORTED"));
	EXPECT_EQ(NR, seen.exceptions);
	EXPECT_EQ(0, seen.bulks);
	EXPECT_EQ(0, seen.wrong);
}

TEST_F(trace, unknown_answer)
{
	struct seen seen;

	ASSERT_EQ(0, frame_send_many(self->near.sock, NO_SUCH_VERDICT, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_drops");
	ASSERT_EQ(0, see(&seen, self->id, self->far.index, "0x4d"));
	EXPECT_EQ(NR, seen.exceptions);
	EXPECT_EQ(0, seen.wrong);
}

/* Neither is one on purpose, nor what goes on. */
TEST_F(trace, nothing_exceptional)
{
	struct seen seen;

	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_DROP, 0, NR));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_PASS, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_STAT(2 * NR, &self->far, "rx", "xdp_packets");
	ASSERT_EQ(0, see(&seen, 0, 0, ""));
	EXPECT_EQ(0, seen.exceptions);
	EXPECT_EQ(0, seen.bulks);
}

TEST_F(trace, sent_back)
{
	struct seen seen;

	ASSERT_EQ(0, attach(&self->near, xdp_constant(XDP_PASS, 0)));
	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_TX, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->near.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_tx");
	ASSERT_EQ(0, see(&seen, self->id, self->far.index, ""));
	EXPECT_LT(0, seen.bulks);
	EXPECT_EQ(NR, seen.sent);
	EXPECT_EQ(0, seen.drops);
	EXPECT_EQ(0, seen.err);
	EXPECT_EQ(0, seen.exceptions);
	EXPECT_EQ(0, seen.wrong);
}

TEST_F(trace, sent_back_to_where_nobody_polls)
{
	struct seen seen;

	ASSERT_EQ(0, frame_send_many(self->near.sock, XDP_TX, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_tx_errors");
	ASSERT_EQ(0, see(&seen, self->id, self->far.index, ""));
	EXPECT_LT(0, seen.bulks);
	EXPECT_EQ(0, seen.sent);
	EXPECT_EQ(NR, seen.drops);
	EXPECT_EQ(-ENXIO, seen.err);
	EXPECT_EQ(0, seen.exceptions);
	EXPECT_EQ(0, seen.wrong);
}

NETNS_TEST_MAIN
