// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: whatever kind of map a program takes its targets from, and without a
 * map, frames go where it says, and the entry's own program decides about them
 * on their way; those that a target does not take go back to their pool.
 *
 *                                   .-> out ----> sink
 *   near ---> far = the program ---<
 *                                   `-> other --> last
 */
#include "veth_bpf.h"
#include "veth_frames.h"
#include "veth_netdev.h"

#define NR 100
/* Of a hash: no index. */
#define KEY 123456789

FIXTURE(map)
{
	struct veth_endpoint near, far, out, sink, other, last;
	int pass;
};

FIXTURE_SETUP(map)
{
	self->pass = xdp_constant(XDP_PASS, 0);
	ASSERT_LE(0, self->pass);
	veth_name(&self->near, "near");
	veth_name(&self->far, "far");
	ASSERT_EQ(0, silent_netns(&self->near.ns, &self->near.nl));
	ASSERT_EQ(0, silent_netns(&self->far.ns, &self->far.nl));
	/* The targets first, so that no other device has the index of "far". */
	ASSERT_EQ(0, veth_pair_behind(&self->far, &self->out, &self->sink));
	self->other = self->far;
	veth_name(&self->other, "other");
	veth_name(&self->last, "last");
	ASSERT_EQ(0, silent_netns(&self->last.ns, &self->last.nl));
	ASSERT_EQ(0, veth_connect(&self->other, &self->last, 0));
	ASSERT_EQ(0, veth_connect(&self->near, &self->far, 0));
	/* So that all can receive frames. */
	ASSERT_EQ(0, xdp_attach(self->near.nl, "near", self->pass, NULL));
	ASSERT_EQ(0, xdp_attach(self->sink.nl, "sink", self->pass, NULL));
	ASSERT_EQ(0, xdp_attach(self->last.nl, "last", self->pass, NULL));
}

FIXTURE_TEARDOWN(map)
{
	int genl = genl_open_in(self->far.ns);

	ASSERT_LE(0, genl);
	EXPECT_EQ(1, netdev_count_pools(genl, self->far.index));
	EXPECT_EQ(0, xdp_detach(self->far.nl, "far"));
	EXPECT_TRUE(wait_until(!netdev_count_pools(genl, self->far.index)));
	close(genl);
	close(self->pass);
	close(self->out.sock);
	close(self->other.sock);
	veth_release(&self->near);
	veth_release(&self->far);
	veth_release(&self->sink);
	veth_release(&self->last);
}

static int answer_at(int place)
{
	return xdp_ask_packet_at(place, offsetof(struct frame, verdict), 0);
}

/* A program that lets pass what came in at one device to leave by the other. */
static int xdp_want_way(int in, int out)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_0, XDP_DROP),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1,
		     offsetof(struct xdp_md, ingress_ifindex)),
		JUMP_IMM(BPF_JNE, BPF_REG_2, in, 3),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1,
		     offsetof(struct xdp_md, egress_ifindex)),
		JUMP_IMM(BPF_JNE, BPF_REG_2, out, 1),
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return xdp_load(BPF_XDP_DEVMAP, 0, insns, ARRAY_SIZE(insns));
}

/* A map of devices with one entry, and a program in it that it takes over. */
static int devmap_of(const struct veth_endpoint *end, int type, int key, int prog)
{
	struct bpf_devmap_val val = {
		.ifindex = end->index,
		.bpf_prog.fd = prog,
	};
	int map = bpf_map(type, sizeof(val), 4);
	int err;

	if (map < 0 || prog < 0)
		return map < 0 ? map : prog;
	err = bpf_map_set_in(end->ns, map, key, &val);
	close(prog);
	return err ? err : map;
}

/* The frames of which every second one is not to be passed. */
static int send_every_second(const struct veth_endpoint *end)
{
	int i, err = 0;

	for (i = 0; i < NR && !err; i++)
		err = frame_send(end->sock, i % 2 ? XDP_DROP : XDP_PASS, i,
				 FRAME_MIN);
	return err;
}

static int expect_every_second(const struct veth_endpoint *end)
{
	int i, err = 0;

	for (i = 0; i < NR && !err; i += 2)
		err = frame_expect(end->sock, i, FRAME_MIN);
	return err;
}

TEST_F(map, entry_of_a_device_decides)
{
	int map = devmap_of(&self->out, BPF_MAP_TYPE_DEVMAP, 1,
			    answer_at(BPF_XDP_DEVMAP));

	ASSERT_LE(0, map);
	ASSERT_EQ(0, attach(&self->far, xdp_redirect(map, 1, 0)));
	ASSERT_EQ(0, send_every_second(&self->near));
	EXPECT_EQ(0, expect_every_second(&self->sink));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	EXPECT_STAT(NR / 2, &self->out, "tx", "xdp_xmit");
	EXPECT_STAT(0, &self->out, "tx", "xdp_xmit_errors");
	EXPECT_TRUE(frame_none(self->sink.sock));
	close(map);
}

TEST_F(map, entry_of_a_device_sees_the_way)
{
	int map = devmap_of(&self->out, BPF_MAP_TYPE_DEVMAP, 0,
			    xdp_want_way(self->far.index, self->out.index));

	ASSERT_LE(0, map);
	ASSERT_EQ(0, attach(&self->far, xdp_redirect(map, 0, 0)));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(NR, &self->out, "tx", "xdp_xmit");
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	close(map);
}

TEST_F(map, hash_of_devices)
{
	int map = devmap_of(&self->out, BPF_MAP_TYPE_DEVMAP_HASH, KEY,
			    answer_at(BPF_XDP_DEVMAP));

	ASSERT_LE(0, map);
	ASSERT_EQ(0, attach(&self->far, xdp_redirect(map, KEY, 0)));
	ASSERT_EQ(0, send_every_second(&self->near));
	EXPECT_EQ(0, expect_every_second(&self->sink));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(NR / 2, &self->out, "tx", "xdp_xmit");
	close(map);
}

/* A map with all three devices. */
static int devmap_of_all(int type, int nsfd)
{
	static const char * const names[] = { "out", "far", "other" };
	int map = bpf_map(type, sizeof(__u32), ARRAY_SIZE(names));
	int nl = nl_open_in(nsfd);
	int index, err = map;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names) && err >= 0; i++) {
		index = link_index(nl, names[i]);
		err = bpf_map_set_in(nsfd, map, i, &index);
	}
	close(nl);
	return err < 0 ? err : map;
}

/* Each gets a copy, who sent it among them. */
TEST_F(map, all_devices)
{
	int map = devmap_of_all(BPF_MAP_TYPE_DEVMAP, self->far.ns);

	ASSERT_LE(0, map);
	ASSERT_EQ(0, attach(&self->far, xdp_redirect_at(0, map, 0, BPF_F_BROADCAST,
							0)));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->last.sock, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->near.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(NR, &self->far, "tx", "xdp_xmit");
	EXPECT_STAT(NR, &self->out, "tx", "xdp_xmit");
	EXPECT_STAT(NR, &self->other, "tx", "xdp_xmit");
	close(map);
}

static const int map_types[] = {
	BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH,
};

TEST_F(map, all_devices_but_the_one_it_came_from)
{
	unsigned int i;
	int map;

	for (i = 0; i < ARRAY_SIZE(map_types); i++) {
		map = devmap_of_all(map_types[i], self->far.ns);
		ASSERT_LE(0, map);
		ASSERT_EQ(0, attach(&self->far,
				    xdp_redirect_at(0, map, 0,
						    BPF_F_BROADCAST |
						    BPF_F_EXCLUDE_INGRESS, 0)));
		ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
		EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
		EXPECT_EQ(0, frame_expect_many(self->last.sock, 0, NR));
		EXPECT_STAT((i + 1) * NR, &self->far, "rx", "xdp_redirect");
		EXPECT_EQ(0, stat_of(&self->far, "tx", "xdp_xmit"));
		EXPECT_TRUE(frame_none(self->near.sock));
		close(map);
	}
}

/* The copy that one target does not take is no matter of the other's. */
TEST_F(map, all_devices_though_one_refuses)
{
	int map = devmap_of_all(BPF_MAP_TYPE_DEVMAP, self->far.ns);

	ASSERT_LE(0, map);
	ASSERT_EQ(0, attach(&self->far,
			    xdp_redirect_at(0, map, 0, BPF_F_BROADCAST |
					    BPF_F_EXCLUDE_INGRESS, 0)));
	ASSERT_EQ(0, veth_set(self->sink.nl, "sink", IFLA_MTU, 500, NULL));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 0, 1000));
	EXPECT_EQ(0, frame_expect(self->last.sock, 0, 1000));
	EXPECT_STAT(1, &self->out, "tx", "xdp_xmit_errors");
	EXPECT_STAT(1, &self->other, "tx", "xdp_xmit");
	EXPECT_TRUE(frame_none(self->sink.sock));
	close(map);
}

/* By the index of a device in the namespace of the one it came in at. */
TEST_F(map, none)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_1, self->out.index),
		MOV_IMM(BPF_REG_2, 0),
		CALL(BPF_FUNC_redirect),
		EXIT,
	};

	ASSERT_EQ(0, attach(&self->far, xdp_load(0, 0, insns, ARRAY_SIZE(insns))));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(NR, &self->out, "tx", "xdp_xmit");
}

/* All that comes in at "far" goes to another CPU, whose entry has a program. */
static int attach_cpumap(const struct veth_endpoint *far, int prog)
{
	struct bpf_cpumap_val val = { .qsize = 2 * NR, .bpf_prog.fd = prog };
	int map = bpf_map(BPF_MAP_TYPE_CPUMAP, sizeof(val), possible_cpus());
	int cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	int err;

	if (map < 0 || prog < 0)
		return map < 0 ? map : prog;
	err = bpf_map_set(map, cpu, &val);
	if (!err)
		err = attach(far, xdp_redirect(map, cpu, 0));
	close(prog);
	/* The other program keeps it. */
	close(map);
	return err;
}

TEST_F(map, entry_of_a_cpu_decides)
{
	ASSERT_EQ(0, attach_cpumap(&self->far, answer_at(BPF_XDP_CPUMAP)));
	ASSERT_EQ(0, send_every_second(&self->near));
	EXPECT_EQ(0, expect_every_second(&self->far));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(0, &self->far, "rx", "drops");
	EXPECT_TRUE(frame_none(self->far.sock));
}

TEST_F(map, entry_of_a_cpu_sends_on)
{
	int map = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(__u32), 1);

	ASSERT_LE(0, map);
	ASSERT_EQ(0, bpf_map_set_in(self->far.ns, map, 0, &self->out.index));
	ASSERT_EQ(0, attach_cpumap(&self->far, xdp_redirect_at(BPF_XDP_CPUMAP,
							       map, 0, 0, 0)));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->sink.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_redirect");
	EXPECT_STAT(NR, &self->out, "tx", "xdp_xmit");
	EXPECT_TRUE(frame_none(self->far.sock));
	close(map);
}

/* Such a program is none for a device, nor one of a device for an entry. */
TEST_F(map, programs_keep_to_their_place)
{
	int device = answer_at(0), entry = answer_at(BPF_XDP_DEVMAP);

	ASSERT_LE(0, device);
	ASSERT_LE(0, entry);
	EXPECT_EQ(-EINVAL, xdp_attach(self->far.nl, "far", entry, NULL));
	EXPECT_EQ(-EINVAL, devmap_of(&self->out, BPF_MAP_TYPE_DEVMAP, 0, device));
	ASSERT_EQ(0, attach(&self->far, answer_at(0)));
	close(entry);
}

NETNS_TEST_MAIN
