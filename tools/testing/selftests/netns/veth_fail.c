// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of what can be done to a pair is made to fail once: the
 * caller gets an errno, or it could be done without; the pair is as it was
 * before or as it was to become, traffic passes it, the next try works, and
 * nothing is left behind.
 */
#include <sys/mman.h>

#include "fail_nth.h"
#include "veth_bpf.h"
#include "veth_frames.h"
#include "veth_netdev.h"

/* More than any of these has on any configuration. */
#define MOST 5000
#define NR 4

struct pair {
	struct veth_endpoint near, far;
	int genl;
	int prog;
};

/* How often the driver said that it has no memory for XDP. */
static int *refused;

/* What is done, and what must be true of an end that has not failed. */
struct action {
	/* Before anything fails. */
	int (*prepare)(struct pair *pair);
	int (*act)(struct pair *pair);
	/* After success: the number of what is wrong. */
	int (*check)(struct pair *pair);
};

static int passes(struct pair *pair)
{
	int err;

	err = veth_settle(&pair->near, &pair->far);
	if (!err)
		err = frame_send_many(pair->near.sock, XDP_PASS, 0, NR);
	if (!err)
		err = frame_expect_many(pair->far.sock, 0, NR);
	if (!err)
		err = frame_send_many(pair->far.sock, XDP_PASS, 0, NR);
	return err ? err : frame_expect_many(pair->near.sock, 0, NR);
}

/*
 * Is there a poll for each queue of the far end when it is up and somebody wants
 * it, and else none? The same for pools, but that GRO may keep some.
 */
static int polls_as_it_should(struct pair *pair)
{
	int gro = veth_get_feature(pair->far.nl, "far", ETHTOOL_GGRO);
	int polls = netdev_count_napis(pair->genl, pair->far.index);
	int pools = netdev_count_pools(pair->genl, pair->far.index);
	struct ethtool_channels ch;
	struct veth_link link;
	bool up, xdp;

	if (gro < 0 || polls < 0 || pools < 0 ||
	    veth_get(pair->far.nl, "far", &link) ||
	    veth_get_channels(pair->far.nl, "far", &ch))
		return 1;
	up = link.flags & IFF_UP;
	xdp = link.xdp_mode == XDP_ATTACHED_DRV;
	if (polls != (up && (xdp || gro) ? (int)ch.rx_count : 0))
		return 2;
	if (up && xdp)
		return pools == (int)ch.rx_count ? 0 : 3;
	return up && gro ? 0 : pools;
}

/* Do polls still count, on top of what they had counted before? */
static int counts_on(struct pair *pair, long long before)
{
	int polls = netdev_count_napis(pair->genl, pair->far.index);
	long long after = before + (polls ? NR : 0);

	return polls < 0 || wait_stat(after, &pair->far, "rx",
				      "xdp_packets") != after;
}

/* Is nothing left of the program, nor of what it took to have it? */
static int leaves_nothing(struct pair *pair)
{
	union bpf_attr attr = { .prog_id = bpf_prog_id(pair->prog) };

	if (veth_down(pair->far.nl, "far") ||
	    !wait_until(!netdev_count_pools(pair->genl, pair->far.index)))
		return 1;
	if (link_del(pair->near.nl, "near"))
		return 2;
	close(pair->prog);
	return !wait_until(sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr) == -ENOENT);
}

/*
 * Everything once, in which the @nth allocation fails. Returns 1 when there
 * are not so many, 0 when all was well, and a number that tells the step if
 * not.
 */
static int act_with_failure(const struct action *action, int nth)
{
	long long counted;
	struct pair pair;
	bool failed;
	int err;

	pair.prog = xdp_constant(XDP_PASS, 0);
	/* Not segmenting, the far end has a poll for it when it has GRO. */
	if (pair.prog < 0 || veth_pair_queues(&pair.near, &pair.far, 2) ||
	    veth_set_feature(pair.near.nl, "near", ETHTOOL_STSO, 0))
		return 2;
	/* The core leaves a second queue to send on without a discipline. */
	if (veth_set_channels(pair.near.nl, "near", 2, 1) ||
	    veth_set_channels(pair.far.nl, "far", 2, 1))
		return 2;
	pair.genl = genl_open_in(pair.far.ns);
	if (pair.genl < 0)
		return 2;
	if (action->prepare && action->prepare(&pair))
		return 3;
	/* Unless it is down. */
	if (action->check && passes(&pair))
		return 3;
	counted = netdev_count_napis(pair.genl, pair.far.index) > 0 ? NR : 0;
	if (wait_stat(counted, &pair.far, "rx", "xdp_packets") != counted)
		return 3;
	if (fail_nth(nth))
		return 4;
	err = action->act(&pair);
	failed = has_failed();
	if (fail_nth(0))
		return 5;
	if (!is_expected(err)) {
		ksft_print_msg("allocation %d: %s\n", nth, strerror(-err));
		return 6;
	}
	if (err && !failed)
		return 7;
	/* A socket that was told to have lost a message is told once. */
	frame_forget_down(pair.near.nl);
	frame_forget_down(pair.far.nl);
	frame_forget_down(pair.near.sock);
	frame_forget_down(pair.far.sock);
	if (polls_as_it_should(&pair))
		return 8;
	/* What it had is what it has; nothing, if it was down. */
	if (err && action->check && (passes(&pair) || counts_on(&pair, counted)))
		return 9;
	if (err && action->act(&pair))
		return 10;
	frame_forget_down(pair.far.sock);
	if (passes(&pair))
		return 11;
	if (action->check && action->check(&pair))
		return 12;
	if (polls_as_it_should(&pair))
		return 13;
	if (leaves_nothing(&pair))
		return 14;
	return failed ? 0 : 1;
}

static int attach_far(struct pair *pair)
{
	struct nl_ack ack;
	int err = xdp_attach(pair->far.nl, "far", pair->prog, &ack);

	if (err == -ENOMEM && !strcmp(ack.msg, "veth: Setup for XDP failed"))
		++*refused;
	return err;
}

static int detach(struct pair *pair)
{
	return xdp_detach(pair->far.nl, "far");
}

static int check_attached(struct pair *pair)
{
	struct veth_link link;

	if (veth_get(pair->far.nl, "far", &link) ||
	    link.xdp_mode != XDP_ATTACHED_DRV)
		return 1;
	return wait_until(stat_of(&pair->far, "rx", "xdp_packets") >= NR) ? 0 :
									    2;
}

static int check_detached(struct pair *pair)
{
	struct veth_link link;

	return veth_get(pair->far.nl, "far", &link) ||
	       link.xdp_mode != XDP_ATTACHED_NONE;
}

/* The ioctl does not tell what the driver said; the feature does. */
static int gro_on(struct pair *pair)
{
	int err = veth_set_feature(pair->far.nl, "far", ETHTOOL_SGRO, 1);

	if (err)
		return err;
	return veth_get_feature(pair->far.nl, "far", ETHTOOL_GGRO) == 1 ?
		       0 :
		       -ENOMEM;
}

static int check_gro(struct pair *pair)
{
	return veth_get_feature(pair->far.nl, "far", ETHTOOL_GGRO) != 1;
}

static int attach_and_down(struct pair *pair)
{
	int err = attach_far(pair);

	return err ? err : veth_down(pair->far.nl, "far");
}

static int gro_and_down(struct pair *pair)
{
	int err = gro_on(pair);

	return err ? err : veth_down(pair->far.nl, "far");
}

static int open_far(struct pair *pair)
{
	return link_up(pair->far.nl, "far");
}

static int one_queue(struct pair *pair)
{
	int err = veth_set_channels(pair->far.nl, "far", 1, 1);

	return err ? err : attach_far(pair);
}

static int one_queue_of_gro(struct pair *pair)
{
	int err = veth_set_channels(pair->far.nl, "far", 1, 1);

	return err ? err : gro_on(pair);
}

static int two_queues(struct pair *pair)
{
	return veth_set_channels(pair->far.nl, "far", 2, 1);
}

static int check_queues(struct pair *pair)
{
	struct ethtool_channels ch;

	return veth_get_channels(pair->far.nl, "far", &ch) ||
	       ch.rx_count != 2 || ch.tx_count != 1;
}

FIXTURE(fail)
{
};

FIXTURE_SETUP(fail)
{
	/* Each allocation has its own process. */
	refused = mmap(NULL, sizeof(*refused), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, refused);
	if (!can_fail())
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, let_fail());
}

FIXTURE_TEARDOWN(fail)
{
}

static int create_with_failure(int nth)
{
	int a, b, nl_a, nl_b, nr_a, nr_b, err;
	bool failed;

	if (new_netns_with_nl(&a, &nl_a) || new_netns_with_nl(&b, &nl_b))
		return 2;
	if (fail_nth(nth))
		return 3;
	err = veth_add(nl_a, "near", "far", b);
	failed = has_failed();
	if (fail_nth(0))
		return 4;
	/* That is what some who hear of a new device make of it. */
	if (!is_expected(err) && err != -EINVAL) {
		ksft_print_msg("allocation %d: %s\n", nth, strerror(-err));
		return 5;
	}
	if (err && !failed)
		return 6;
	frame_forget_down(nl_a);
	nr_a = veth_count(nl_a);
	nr_b = veth_count(nl_b);
	/* Both ends or none, and both if the caller was told so. */
	if (nr_a != nr_b || (nr_a && nr_a != 1) || (!err && !nr_a))
		return 7;
	if (!nr_a && veth_add(nl_a, "near", "far", b))
		return 8;
	if (link_up(nl_a, "near") || link_up(nl_b, "far"))
		return 9;
	if (link_del(nl_a, "near") || veth_count(nl_b))
		return 10;
	return failed ? 0 : 1;
}

TEST_F(fail, create)
{
	EACH_ALLOCATION(50, MOST, create_with_failure(nth));
}

TEST_F(fail, open_with_a_program)
{
	const struct action action = {
		.prepare = attach_and_down, .act = open_far,
	};

	EACH_ALLOCATION(5, MOST, act_with_failure(&action, nth));
}

TEST_F(fail, open_with_gro)
{
	const struct action action = {
		.prepare = gro_and_down, .act = open_far,
	};

	EACH_ALLOCATION(5, MOST, act_with_failure(&action, nth));
}

TEST_F(fail, attach)
{
	const struct action action = {
		.act = attach_far, .check = check_attached,
	};

	EACH_ALLOCATION(5, MOST, act_with_failure(&action, nth));
	EXPECT_LT(0, *refused);
}

TEST_F(fail, attach_with_gro)
{
	const struct action action = {
		.prepare = gro_on, .act = attach_far, .check = check_attached,
	};

	EACH_ALLOCATION(2, MOST, act_with_failure(&action, nth));
	EXPECT_LT(0, *refused);
}

TEST_F(fail, detach)
{
	const struct action action = {
		.prepare = attach_far, .act = detach, .check = check_detached,
	};

	EACH_ALLOCATION(2, MOST, act_with_failure(&action, nth));
}

TEST_F(fail, gro)
{
	const struct action action = {
		.act = gro_on, .check = check_gro,
	};

	EACH_ALLOCATION(5, MOST, act_with_failure(&action, nth));
}

TEST_F(fail, channels_with_a_program)
{
	const struct action action = {
		.prepare = one_queue, .act = two_queues, .check = check_queues,
	};

	EACH_ALLOCATION(5, MOST, act_with_failure(&action, nth));
}

TEST_F(fail, channels_with_gro)
{
	const struct action action = {
		.prepare = one_queue_of_gro, .act = two_queues,
		.check = check_queues,
	};

	EACH_ALLOCATION(5, MOST, act_with_failure(&action, nth));
}

/* Where the module is, or nothing if the driver is part of the kernel. */
static int open_module(void)
{
	FILE *info = popen("modinfo -n veth 2>/dev/null", "re");
	char path[256] = "";
	int fd;

	if (!info)
		return -errno;
	if (fgets(path, sizeof(path), info))
		path[strcspn(path, "\n")] = '\0';
	pclose(info);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int load_module(int file)
{
	return syscall(__NR_finit_module, file, "", 0) ? -errno : 0;
}

static int unload_module(void)
{
	return syscall(__NR_delete_module, "veth", O_NONBLOCK) ? -errno : 0;
}

/* Most is the core's, with errors of its own; the driver must leave nothing. */
static int load_with_failure(int file, int nth)
{
	int nsfd, nl, err;
	bool failed;

	if (new_netns_with_nl(&nsfd, &nl))
		return 2;
	if (fail_nth(nth))
		return 3;
	err = load_module(file);
	failed = has_failed();
	if (fail_nth(0))
		return 4;
	if (err && !failed)
		return 6;
	if (err && !access("/sys/module/veth", F_OK))
		return 7;
	if (err && load_module(file))
		return 8;
	if (veth_add(nl, "near", "far", nsfd) || veth_count(nl) != 2)
		return 9;
	if (unload_module())
		return 10;
	return veth_count(nl) ? 11 : failed ? 0 : 1;
}

TEST_F(fail, load_module)
{
	int file = open_module();

	if (file < 0)
		SKIP(return, "the driver is no module");
	unload_module();
	EACH_ALLOCATION(20, MOST, load_with_failure(file, nth));
	EXPECT_EQ(0, load_module(file));
}

NETNS_TEST_MAIN
