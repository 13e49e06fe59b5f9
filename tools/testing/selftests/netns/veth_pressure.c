// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: when the receiver is slow, a sender with a queueing discipline
 * loses nothing: the device stops its queue, what is sent waits, and all of it
 * arrives. Without one, what there is no room for is dropped and counted, and
 * so are frames, whose memory goes back to where it came from.
 *
 * The receiver is stopped without a clock: its poll has a thread, which shares
 * a CPU with a more urgent one that spins.
 */
#include <linux/pkt_sched.h>
#include <pthread.h>

#include "veth_bpf.h"
#include "veth_burst.h"
#include "veth_netdev.h"

/* More than any ring has, fewer than the discipline below holds. */
#define NR 2000
#define QUEUE 5000
/* What senders have always been able to send in one go. */
#define ROOM 256
/* Some frames of many bytes, and how often. */
#define ROUNDS 3
#define LARGE 100
#define LARGE_LEN 1500

FIXTURE(pressure)
{
	struct veth_endpoint near, far;
};

static pthread_t hog;
static bool spin;

static int run_at(int cpu, pid_t tid, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set) ||
	    sched_setscheduler(tid, SCHED_FIFO, &param))
		return -errno;
	return 0;
}

static void *run_hog(void *arg)
{
	__atomic_store_n((int *)arg, run_at(1, 0, 20), __ATOMIC_RELEASE);
	while (__atomic_load_n(&spin, __ATOMIC_RELAXED))
		;
	return NULL;
}

/* The thread of the poll of the first queue of "far". */
static pid_t find_poll(void)
{
	char path[64], comm[32];
	pid_t pid;

	/* Made with the poll, so it is among the newest. */
	for (pid = getpid(); pid < getpid() + 1000; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (read_file(path, comm, sizeof(comm)) > 0 &&
		    !strncmp(comm, "napi/far-", 9))
			return pid;
	}
	return -ENOENT;
}

FIXTURE_SETUP(pressure)
{
	int prog = xdp_constant(XDP_PASS, 0);
	pid_t poll;

	ASSERT_LE(2, sysconf(_SC_NPROCESSORS_ONLN));
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, veth_pair(&self->near, &self->far));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	close(prog);
	ASSERT_EQ(0, see_sysfs_of(self->far.ns));
	ASSERT_EQ(0, write_file("/sys/class/net/far/threaded", "1"));
	poll = find_poll();
	ASSERT_LT(0, poll);
	ASSERT_EQ(0, run_at(1, poll, 10));
}

FIXTURE_TEARDOWN(pressure)
{
	/* Who waits for the end of its thread must not do so while the next stalls. */
	EXPECT_EQ(0, link_del(self->far.nl, "far"));
	veth_release(&self->near);
	veth_release(&self->far);
}

#define STALL()								\
do {									\
	int __err = 1;							\
									\
	__atomic_store_n(&spin, true, __ATOMIC_RELAXED);		\
	ASSERT_EQ(0, pthread_create(&hog, NULL, run_hog, &__err));	\
	ASSERT_TRUE(wait_until(__atomic_load_n(&__err,			\
					       __ATOMIC_ACQUIRE) <= 0)); \
	ASSERT_EQ(0, __err);						\
} while (0)

#define RESUME()							\
do {									\
	__atomic_store_n(&spin, false, __ATOMIC_RELAXED);		\
	ASSERT_EQ(0, pthread_join(hog, NULL));				\
} while (0)

struct qdisc_said {
	struct tc_stats stats;
	bool found;
};

static void note_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta = nl_find(nlh, sizeof(struct tcmsg),
					   TCA_STATS);
	const struct tcmsg *tcm = NLMSG_DATA(nlh);
	struct qdisc_said *said = arg;

	if (!rta || tcm->tcm_parent != TC_H_ROOT)
		return;
	memcpy(&said->stats, RTA_DATA(rta), sizeof(said->stats));
	said->found = true;
}

static int qdisc_get(int nl, int index, struct qdisc_said *said)
{
	struct tcmsg *tcm;
	struct nl_req req;
	int err;

	memset(said, 0, sizeof(*said));
	tcm = nl_init(&req, RTM_GETQDISC, NLM_F_DUMP, sizeof(*tcm));
	tcm->tcm_ifindex = index;
	err = nl_talk(nl, &req, note_qdisc, said, NULL);
	return err ? err : said->found ? 0 : -ENOENT;
}

/* A queue with room for all that is sent here, and in no hurry. */
static int qdisc_add(int nl, int index, const char *kind)
{
	struct tc_fifo_qopt fifo = { .limit = QUEUE };
	struct rtattr *nest;
	struct tcmsg *tcm;
	struct nl_req req;

	tcm = nl_init(&req, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
		      sizeof(*tcm));
	tcm->tcm_ifindex = index;
	tcm->tcm_parent = TC_H_ROOT;
	nl_put_str(&req, TCA_KIND, kind);
	if (!strcmp(kind, "pfifo")) {
		nl_put(&req, TCA_OPTIONS, &fifo, sizeof(fifo));
		return nl_talk(nl, &req, NULL, NULL, NULL);
	}
	nest = nl_put(&req, TCA_OPTIONS, NULL, 0);
	if (!strcmp(kind, "fq")) {
		nl_put_int(&req, TCA_FQ_PLIMIT, QUEUE);
		nl_put_int(&req, TCA_FQ_FLOW_PLIMIT, QUEUE);
	} else {
		nl_put_int(&req, TCA_FQ_CODEL_LIMIT, QUEUE);
		/* Microseconds that a packet may wait. */
		nl_put_int(&req, TCA_FQ_CODEL_TARGET, 1000000000);
	}
	nl_end_nest(&req, nest);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

/*
 * Sends @n frames of @len bytes while nothing is received, and returns how many
 * of them were on their way then. Afterwards all of them arrive.
 */
static int on_their_way(struct __test_metadata *_metadata,
			const struct veth_endpoint *near,
			const struct veth_endpoint *far, int n, size_t len)
{
	struct qdisc_said said;
	int i;

	STALL();
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, frame_send(near->sock, XDP_PASS, i, len));
	EXPECT_EQ(0, qdisc_get(near->nl, near->index, &said));
	RESUME();
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, frame_expect(far->sock, i, len));
	EXPECT_EQ(0U, said.stats.drops);
	return n - (int)said.stats.qlen;
}

static void keeps_what_does_not_fit(struct __test_metadata *_metadata,
				    const struct veth_endpoint *near,
				    const struct veth_endpoint *far,
				    const char *kind)
{
	struct qdisc_said said;
	int i;

	ASSERT_EQ(0, qdisc_add(near->nl, near->index, kind));
	/* It is not known yet that the receiver could do with more. */
	EXPECT_EQ(1, on_their_way(_metadata, near, far, LARGE, LARGE_LEN));
	/* Which it shows by taking all that there is. */
	for (i = 1; i < ROUNDS; i++) {
		EXPECT_LT(1, on_their_way(_metadata, near, far, LARGE,
					  LARGE_LEN));
	}
	/* So many bytes are more than these have, and their number counts. */
	EXPECT_EQ(ROOM, on_their_way(_metadata, near, far, NR, FRAME_MIN));

	EXPECT_EQ(0, qdisc_get(near->nl, near->index, &said));
	EXPECT_EQ(0U, said.stats.qlen);
	EXPECT_EQ(0U, said.stats.drops);
	EXPECT_STAT(ROUNDS * LARGE + NR, far, "rx", "xdp_packets");
	EXPECT_EQ(0, veth_counter(near->nl, "near", tx_dropped));
	EXPECT_EQ(ROUNDS * LARGE + NR,
		  veth_counter(near->nl, "near", tx_packets));
}

TEST_F(pressure, pfifo_keeps_what_does_not_fit)
{
	keeps_what_does_not_fit(_metadata, &self->near, &self->far, "pfifo");
}

TEST_F(pressure, fq_keeps_what_does_not_fit)
{
	keeps_what_does_not_fit(_metadata, &self->near, &self->far, "fq");
}

TEST_F(pressure, fq_codel_keeps_what_does_not_fit)
{
	keeps_what_does_not_fit(_metadata, &self->near, &self->far, "fq_codel");
}

/* More than once, and the queue goes on after each time. */
TEST_F(pressure, discipline_is_woken_again)
{
	int i;

	ASSERT_EQ(0, qdisc_add(self->near.nl, self->near.index, "pfifo"));
	for (i = 0; i < 5; i++) {
		STALL();
		EXPECT_EQ(0, frame_send_many(self->near.sock, 0, i * NR, NR));
		RESUME();
		EXPECT_EQ(0, frame_expect_many(self->far.sock, i * NR, NR));
	}
	EXPECT_EQ(0, veth_counter(self->near.nl, "near", tx_dropped));
}

TEST_F(pressure, drops_are_counted_without_a_discipline)
{
	int i, sent = 0;

	STALL();
	for (i = 0; i < NR; i++)
		sent += !frame_send(self->near.sock, XDP_PASS, i, FRAME_MIN);
	EXPECT_LE(ROOM, sent);
	EXPECT_GT(NR, sent);
	RESUME();
	/* The first are those that found room. */
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, sent));
	EXPECT_STAT(sent, &self->far, "rx", "xdp_packets");
	EXPECT_EQ(sent, veth_counter(self->near.nl, "near", tx_packets));
	EXPECT_EQ(NR - sent, veth_counter(self->near.nl, "near", tx_dropped));
	EXPECT_TRUE(frame_none(self->far.sock));
}

/* Pieces of one packet, which the driver gets at once. */
TEST_F(pressure, room_is_shared_by_the_first_of_a_burst)
{
	int n = ROOM + 100, size = 100, socks[2];

	ASSERT_EQ(0, burst_open(&self->near, &self->far, socks));
	STALL();
	EXPECT_EQ(0, burst_send(socks[0], 0, n * size, size));
	RESUME();
	EXPECT_EQ(0, burst_expect_many(socks[1], 0, size, ROOM));
	EXPECT_STAT(ROOM, &self->far, "rx", "xdp_packets");
	EXPECT_TRUE(frame_none(socks[1]));
	EXPECT_EQ(ROOM, veth_counter(self->near.nl, "near", tx_packets));
	EXPECT_EQ(100, veth_counter(self->near.nl, "near", tx_dropped));
	close(socks[0]);
	close(socks[1]);
}

/*
 * The pool of a program is there until the last of its pages is back. Returns
 * the number of what is wrong.
 */
static int pool_goes(const struct veth_endpoint *end)
{
	int genl = genl_open_in(end->ns);
	int err = 0;

	if (genl < 0)
		return genl;
	if (netdev_count_pools(genl, end->index) != 1)
		err = 1;
	else if (xdp_detach(end->nl, end->name))
		err = 2;
	else if (!wait_until(!netdev_count_pools(genl, end->index)))
		err = 3;
	close(genl);
	return err;
}

TEST_F(pressure, what_is_sent_back_is_lost_when_there_is_no_room)
{
	int i, prog = xdp_ask_packet(offsetof(struct frame, verdict), 0);

	ASSERT_EQ(0, attach(&self->near, prog));
	STALL();
	for (i = 0; i < ROOM + 100; i++)
		EXPECT_EQ(0, frame_send(self->far.sock, XDP_TX, i, FRAME_MIN));
	EXPECT_STAT(ROOM + 100, &self->near, "rx", "xdp_packets");
	EXPECT_STAT(ROOM, &self->near, "rx", "xdp_tx");
	EXPECT_STAT(100, &self->near, "rx", "xdp_tx_errors");
	EXPECT_EQ(0, stat_of(&self->far, "rx", "xdp_packets"));
	RESUME();
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, ROOM));
	EXPECT_STAT(ROOM, &self->far, "rx", "xdp_packets");
	EXPECT_TRUE(frame_none(self->far.sock));
	EXPECT_EQ(100, veth_counter(self->near.nl, "near", tx_dropped));
	EXPECT_EQ(0, pool_goes(&self->near));
}

/* sink ---> out = a program = near ---> far, which does not receive. */
TEST_F(pressure, what_is_redirected_is_lost_when_there_is_no_room)
{
	int map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(__u32), 1);
	struct veth_endpoint out, sink;
	int i;

	ASSERT_LE(0, map);
	ASSERT_EQ(0, veth_pair_behind(&self->near, &out, &sink));
	ASSERT_EQ(0, bpf_map_set_in(self->near.ns, map, 0, &self->near.index));
	ASSERT_EQ(0, attach(&out, xdp_redirect(map, 0, 0)));
	STALL();
	for (i = 0; i < ROOM + 100; i++)
		EXPECT_EQ(0, frame_send(sink.sock, XDP_PASS, i, FRAME_MIN));
	EXPECT_STAT(ROOM + 100, &out, "rx", "xdp_redirect");
	EXPECT_STAT(ROOM, &self->near, "tx", "xdp_xmit");
	EXPECT_STAT(100, &self->near, "tx", "xdp_xmit_errors");
	RESUME();
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, ROOM));
	EXPECT_STAT(ROOM, &self->far, "rx", "xdp_packets");
	EXPECT_TRUE(frame_none(self->far.sock));
	EXPECT_EQ(100, veth_counter(self->near.nl, "near", tx_dropped));
	EXPECT_EQ(0, pool_goes(&out));
	close(out.sock);
	veth_release(&sink);
	close(map);
}

int main(int argc, char **argv)
{
	static const char *settings[][2] = {
		/* Else the spinning thread has to make room for the other one. */
		{ "/proc/sys/kernel/sched_rt_runtime_us", "-1" },
		/* Who holds RTNL must not wait for the CPU, neither workers ... */
		{ "/sys/devices/virtual/workqueue/cpumask", "1" },
	};
	unsigned int i;
	int err;

	netns_test_init();
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		err = set_sysctl(settings[i][0], settings[i][1]);
		if (err)
			ksft_exit_fail_msg("%s: %s\n", settings[i][0], strerror(-err));
	}
	/* ... nor what is done later for what the tests do. */
	err = run_on_cpu(0);
	if (err)
		ksft_exit_fail_msg("CPU 0: %s\n", strerror(-err));
	exit(test_harness_run(argc, argv));
}
