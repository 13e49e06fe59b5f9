// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: pairs can be made, used, changed, moved and ended by many at once,
 * without order: each call does what it says or fails for a reason, and in the
 * end nothing is left.
 */
#include <pthread.h>

#include "veth_bpf.h"
#include "veth_frames.h"

#define WORKERS 6
#define PAIRS 4
#define STEPS 400
#define SPACES 3
#define RACES 100

FIXTURE(stress)
{
	int ns[SPACES];
	int nl[SPACES];
	int one, two;
};

/*
 * A program that answers what the frame says, once: next time, it passes. Else
 * two of them would play with a frame for ever.
 */
static int xdp_ask_once(void)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1,
		     offsetof(struct xdp_md, data)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1,
		     offsetof(struct xdp_md, data_end)),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, sizeof(struct frame)),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		JUMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 2),
		LOAD(BPF_B, BPF_REG_0, BPF_REG_2,
		     offsetof(struct frame, verdict)),
		STORE_IMM(BPF_B, BPF_REG_2, offsetof(struct frame, verdict),
			  XDP_PASS),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, 0, insns, ARRAY_SIZE(insns));
}

FIXTURE_SETUP(stress)
{
	int i;

	for (i = 0; i < SPACES; i++)
		ASSERT_EQ(0, silent_netns(&self->ns[i], &self->nl[i]));
	self->one = xdp_constant(XDP_PASS, 0);
	self->two = xdp_ask_once();
	ASSERT_LE(0, self->one);
	ASSERT_LE(0, self->two);
	/* As in veth_live: patching of the kernel's text is not under test. */
	ASSERT_EQ(0, veth_add(self->nl[0], "keep1", "keep2", self->ns[0]));
	ASSERT_EQ(0, xdp_attach(self->nl[0], "keep1", self->one, NULL));
	ASSERT_EQ(0, xdp_attach(self->nl[0], "keep2", self->two, NULL));
}

FIXTURE_TEARDOWN(stress)
{
	int i;

	for (i = 0; i < SPACES; i++) {
		close(self->nl[i]);
		close(self->ns[i]);
	}
	close(self->one);
	close(self->two);
}

/* What a race with another worker may end in. */
static bool is_expected(int err)
{
	switch (-err) {
	case 0:
	case ENODEV:		/* ended, or moved away */
	case EEXIST:		/* made, or moved to, by another one */
	case EBUSY:		/* another one's index */
	case EINVAL:		/* channels that a program forbids */
	case ENOSPC:		/* a program that channels forbid */
	case ENXIO:
	case ENETDOWN:
	case ENOBUFS:
		return true;
	}
	return false;
}

static int send_some(int nsfd, int nl, const char *name)
{
	int index = link_index(nl, name);
	int sock, i, err = 0;

	if (index < 0)
		return index;
	sock = frame_open(nsfd, index);
	if (sock < 0)
		return sock;
	for (i = 0; i < 20 && !err; i++)
		err = frame_send(sock, i % (XDP_TX + 1), i, 60 + i * 60);
	close(sock);
	return err;
}

/* One step on a pair that others know as well; which one tells @dice. */
static int step(struct _test_data_stress *self, unsigned int dice, int nl[])
{
	int here = dice % SPACES, there = dice / 3 % SPACES;
	char near[IFNAMSIZ], far[IFNAMSIZ];
	const char *name;
	int err;

	snprintf(near, sizeof(near), "n%u", dice / 9 % PAIRS);
	snprintf(far, sizeof(far), "f%u", dice / 9 % PAIRS);
	name = dice / 36 % 2 ? near : far;
	switch (dice / 72 % 12) {
	case 0:
	case 1:
		err = veth_add(nl[here], near, far, self->ns[there]);
		if (!err)
			err = link_up(nl[here], near);
		if (!err)
			err = link_up(nl[there], far);
		return err;
	case 2:
		return link_del(nl[here], name);
	case 3:
		return link_move(nl[here], name, IFLA_NET_NS_FD,
				 self->ns[there]);
	case 4:
		return link_up(nl[here], name);
	case 5:
		return xdp_attach(nl[here], name, self->one, NULL);
	case 6:
		return xdp_attach(nl[here], name, self->two, NULL);
	case 7:
		return xdp_detach(nl[here], name);
	case 8:
		return veth_set_channels(nl[here], name, 1 + here % 2,
					 1 + there % 2);
	case 9:
		return veth_set_feature(nl[here], name, ETHTOOL_SGRO,
					there % 2);
	case 10:
		return veth_down(nl[here], name);
	default:
		return send_some(self->ns[here], nl[here], name);
	}
}

static int work(struct _test_data_stress *self, unsigned int seed)
{
	int nl[SPACES], i, err;

	for (i = 0; i < SPACES; i++) {
		nl[i] = nl_open_in(self->ns[i]);
		if (nl[i] < 0)
			return 1;
	}
	srandom(seed);
	for (i = 0; i < STEPS; i++) {
		unsigned int dice = random();

		err = step(self, dice, nl);
		if (!is_expected(err)) {
			ksft_print_msg("step %u: %s\n", dice / 72 % 12,
				       strerror(-err));
			return 2;
		}
	}
	return 0;
}

/* What is there at the end works: a new pair, with all that it can have. */
static int use_afresh(struct _test_data_stress *self)
{
	struct veth_endpoint near, far;
	int err;

	err = veth_pair(&near, &far);
	if (!err)
		err = xdp_attach(far.nl, "far", self->one, NULL);
	if (!err)
		err = frame_send_many(near.sock, 0, 0, 100);
	if (!err)
		err = frame_expect_many(far.sock, 0, 100);
	veth_release(&near);
	veth_release(&far);
	return err;
}

TEST_F(stress, all_at_once)
{
	pid_t pids[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			_exit(work(self, 1000 + i));
	}
	for (i = 0; i < WORKERS; i++)
		EXPECT_EQ(0, wait_exit(pids[i]));
	EXPECT_EQ(0, use_afresh(self));
}

/* As above, while the namespaces of all that end under it, too. */
TEST_F(stress, namespaces_end)
{
	int round, ns, nl, i;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(work(self, 77));
	for (round = 0; round < 20; round++) {
		char name[IFNAMSIZ];

		ASSERT_EQ(0, new_netns_with_nl(&ns, &nl));
		for (i = 0; i < PAIRS; i++) {
			snprintf(name, sizeof(name), "x%d", i);
			EXPECT_EQ(0, veth_add(nl, name, name, self->ns[1]));
			EXPECT_EQ(0, link_up(nl, name));
			EXPECT_EQ(0, link_up(self->nl[1], name));
			EXPECT_EQ(0, xdp_attach(nl, name, self->one, NULL));
			EXPECT_EQ(0, send_some(self->ns[1], self->nl[1],
					       name));
		}
		/* Some go before their namespace, the rest with it. */
		EXPECT_EQ(0, link_del(self->nl[1], "x0"));
		close(nl);
		close(ns);
		EXPECT_TRUE(wait_until(link_index(self->nl[1], "x1") ==
				       -ENODEV &&
				       link_index(self->nl[1], "x2") ==
				       -ENODEV &&
				       link_index(self->nl[1], "x3") ==
				       -ENODEV));
	}
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(0, use_afresh(self));
}

/* Ends a namespace when the other side of the race is ready. */
struct end {
	pthread_barrier_t ready;
	unsigned int delay_us;
	pid_t pid;
	int fd;
};

static void *end_namespace(void *arg)
{
	struct end *end = arg;

	pthread_barrier_wait(&end->ready);
	usleep(end->delay_us);
	if (end->fd < 0)
		kill(end->pid, SIGKILL);
	else
		close(end->fd);
	return NULL;
}

/* A pair with the far end in a namespace that may end meanwhile. */
static int add_to(int nl, const char *name, int attr, int value)
{
	struct veth_req v;

	veth_begin(&v);
	nl_put_str(&v.req, IFLA_IFNAME, name);
	veth_peer(&v);
	nl_put_str(&v.req, IFLA_IFNAME, "far");
	nl_put_int(&v.req, attr, value);
	return veth_send(nl, &v, NULL);
}

/*
 * Creation against the end of the far end's namespace, named by a PID or by the
 * last descriptor, once; whatever keeps it beside that is gone before.
 */
static int race(int nl, int round, bool by_pid)
{
	struct end end = { .delay_us = round % 20 * 200 };
	char name[IFNAMSIZ];
	pthread_t thread;
	int err;

	snprintf(name, sizeof(name), "n%d", round);
	end.pid = park_child(CLONE_NEWNET);
	if (end.pid < 0)
		return end.pid;
	end.fd = open_pid_ns(end.pid, "net");
	if (end.fd < 0)
		return end.fd;
	if (by_pid) {
		close(end.fd);
		end.fd = -1;
	} else if (kill_child(end.pid)) {
		return -ECHILD;
	}
	pthread_barrier_init(&end.ready, NULL, 2);
	if (pthread_create(&thread, NULL, end_namespace, &end))
		return -EAGAIN;
	pthread_barrier_wait(&end.ready);
	err = by_pid ? add_to(nl, name, IFLA_NET_NS_PID, end.pid) :
		       add_to(nl, name, IFLA_NET_NS_FD, end.fd);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&end.ready);
	if (by_pid)
		wait_exit(end.pid);
	return err;
}

/* It was made, or the namespace was no more; in the end all is gone. */
#define RACE(by_pid, gone)						\
do {									\
	int i, err, made = 0;						\
									\
	for (i = 0; i < RACES; i++) {					\
		err = race(self->nl[1], i, by_pid);			\
		made += !err;						\
		if (err)						\
			EXPECT_EQ(gone, err);				\
	}								\
	TH_LOG("%d of %d made", made, RACES);				\
	EXPECT_TRUE(wait_until(veth_count(self->nl[1]) == 0));		\
	EXPECT_EQ(0, use_afresh(self));					\
} while (0)

TEST_F(stress, namespace_ends_by_pid)
{
	RACE(true, -ESRCH);
}

TEST_F(stress, namespace_ends_by_descriptor)
{
	RACE(false, -EBADF);
}

NETNS_TEST_MAIN
