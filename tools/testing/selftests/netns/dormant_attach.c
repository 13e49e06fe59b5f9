// SPDX-License-Identifier: GPL-2.0
/*
 * Each call of bpf(2) that looks for a device or a hook of the caller's network
 * namespace may be the first use of that, and says what it says in one that was
 * ready at its birth.
 */
#include <linux/if_ether.h>

#include "dormant_lo.h"
#include "dormant_util.h"
#include "netns_bpf.h"

#include <linux/netfilter.h>

/* In a namespace in which nobody has made one. */
#define LO 1
#define NO_INDEX 77

/* With the programs and maps that exist before there is the namespace. */
struct tools {
	int cls;
	int xdp;
	int filter;
	int devmap;
	int devmap_hash;
};

static int make_tools(struct tools *tools)
{
	tools->cls = bpf_prog_return(BPF_PROG_TYPE_SCHED_CLS, 0, TCX_DROP);
	tools->xdp = bpf_prog_return(BPF_PROG_TYPE_XDP, 0, XDP_DROP);
	tools->filter = bpf_prog_return(BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER,
					NF_DROP);
	tools->devmap = bpf_map(BPF_MAP_TYPE_DEVMAP, sizeof(int), 1);
	tools->devmap_hash = bpf_map(BPF_MAP_TYPE_DEVMAP_HASH, sizeof(int), 1);
	return tools->cls < 0 || tools->xdp < 0 || tools->filter < 0 ||
	       tools->devmap < 0 || tools->devmap_hash < 0;
}

static int device_attach(int cmd, int index, int prog, int type)
{
	union bpf_attr attr = {
		.target_ifindex = index,
		.attach_bpf_fd = prog,
		.attach_type = type,
	};

	return sys_bpf(cmd, &attr);
}

/* How many programs, or a negative errno. */
static int device_query(int index, int type)
{
	union bpf_attr attr = {
		.query.target_ifindex = index,
		.query.attach_type = type,
	};
	int err = sys_bpf(BPF_PROG_QUERY, &attr);

	return err ? err : (int)attr.query.count;
}

/* Returns a step's number where what should work does not. */
static int tcx_attach(const struct tools *tools)
{
	int err = device_attach(BPF_PROG_ATTACH, LO, tools->cls,
				BPF_TCX_INGRESS);

	if (err)
		return err;
	if (device_query(LO, BPF_TCX_INGRESS) != 1)
		return 1;
	return device_attach(BPF_PROG_DETACH, LO, tools->cls, BPF_TCX_INGRESS);
}

static int tcx_attach_nowhere(const struct tools *tools)
{
	return device_attach(BPF_PROG_ATTACH, NO_INDEX, tools->cls,
			     BPF_TCX_EGRESS);
}

static int tcx_detach(const struct tools *tools)
{
	return device_attach(BPF_PROG_DETACH, LO, tools->cls, BPF_TCX_INGRESS);
}

static int tcx_query(const struct tools *tools)
{
	return device_query(LO, BPF_TCX_INGRESS);
}

static int tcx_link(const struct tools *tools)
{
	int link = bpf_link(tools->cls, LO, BPF_TCX_EGRESS, 0);

	if (link < 0)
		return link;
	if (device_query(LO, BPF_TCX_EGRESS) != 1)
		return 1;
	close(link);
	return device_query(LO, BPF_TCX_EGRESS);
}

static int xdp_link(const struct tools *tools)
{
	int link = bpf_link(tools->xdp, LO, BPF_XDP, XDP_FLAGS_SKB_MODE);

	if (link < 0)
		return link;
	/* There is room for one. */
	if (bpf_link(tools->xdp, LO, BPF_XDP, XDP_FLAGS_SKB_MODE) != -EBUSY)
		return 1;
	close(link);
	return 0;
}

static int xdp_link_nowhere(const struct tools *tools)
{
	return bpf_link(tools->xdp, NO_INDEX, BPF_XDP, XDP_FLAGS_SKB_MODE);
}

/* There is no such device in a new one, but that has to be seen. */
static int netkit_attach(const struct tools *tools)
{
	return device_attach(BPF_PROG_ATTACH, LO, tools->cls,
			     BPF_NETKIT_PRIMARY);
}

static int netkit_detach(const struct tools *tools)
{
	return device_attach(BPF_PROG_DETACH, LO, tools->cls,
			     BPF_NETKIT_PRIMARY);
}

static int netkit_query(const struct tools *tools)
{
	return device_query(LO, BPF_NETKIT_PRIMARY);
}

static int netkit_link(const struct tools *tools)
{
	return bpf_link(tools->cls, LO, BPF_NETKIT_PEER, 0);
}

static int filter_link(const struct tools *tools)
{
	union bpf_attr attr = {
		.link_create.prog_fd = tools->filter,
		.link_create.attach_type = BPF_NETFILTER,
		.link_create.netfilter.pf = NFPROTO_IPV4,
		.link_create.netfilter.hooknum = NF_INET_LOCAL_OUT,
		.link_create.netfilter.priority = 10,
	};
	int link = sys_bpf(BPF_LINK_CREATE, &attr);
	int nl, err;

	if (link < 0)
		return link;
	nl = nl_open();
	err = link_up(nl, "lo");
	close(nl);
	if (err || send_to_lo() != -EPERM)
		return 1;
	close(link);
	return send_to_lo();
}

static int devmap_set(const struct tools *tools)
{
	int index = LO, found = 0;
	int err = bpf_map_set(tools->devmap, 0, &index);

	return err ?: bpf_map_get(tools->devmap, 0, &found) ?: found - index;
}

static int devmap_hash_set(const struct tools *tools)
{
	int index = LO, found = 0;
	int err = bpf_map_set(tools->devmap_hash, 5, &index);

	return err ?: bpf_map_get(tools->devmap_hash, 5, &found) ?:
	       found - index;
}

static int devmap_hash_set_nowhere(const struct tools *tools)
{
	int index = NO_INDEX;

	return bpf_map_set(tools->devmap_hash, 6, &index);
}

/* A program for one device, from its loading on; lo takes none. */
static int bound_load(int index, __u32 flags)
{
	const struct bpf_insn insns[] = { MOV_IMM(BPF_REG_0, 0), EXIT };
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.prog_ifindex = index,
		.prog_flags = flags,
	};
	int prog = bpf_load_attr(&attr, insns, ARRAY_SIZE(insns));

	if (prog >= 0)
		close(prog);
	return prog < 0 ? prog : 0;
}

static int xdp_load_bound(const struct tools *tools)
{
	return bound_load(LO, BPF_F_XDP_DEV_BOUND_ONLY);
}

static int xdp_load_bound_nowhere(const struct tools *tools)
{
	return bound_load(NO_INDEX, BPF_F_XDP_DEV_BOUND_ONLY);
}

/* On a packet, as if it had come from or went to the caller's lo. */
static int test_run(int prog, void *ctx, unsigned int ctx_size)
{
	/* Ethernet's type and the beginning of an IPv4 header. */
	char packet[64] = { [12] = ETH_P_IP >> 8, [14] = 0x45 };
	union bpf_attr attr = {
		.test.prog_fd = prog,
		.test.data_in = (unsigned long)packet,
		.test.data_size_in = sizeof(packet),
		.test.ctx_in = (unsigned long)ctx,
		.test.ctx_size_in = ctx_size,
	};
	int err;

	if (prog < 0)
		return prog;
	err = sys_bpf(BPF_PROG_TEST_RUN, &attr);
	return err ? err : (int)attr.test.retval;
}

static int run_cls(const struct tools *tools)
{
	return test_run(tools->cls, NULL, 0);
}

static int run_cls_of_device(const struct tools *tools)
{
	struct __sk_buff skb = { .ifindex = LO };

	return test_run(tools->cls, &skb, sizeof(skb));
}

static int run_cls_of_no_device(const struct tools *tools)
{
	struct __sk_buff skb = { .ifindex = NO_INDEX };

	return test_run(tools->cls, &skb, sizeof(skb));
}

static int run_xdp(const struct tools *tools)
{
	return test_run(tools->xdp, NULL, 0);
}

static int run_filter(const struct tools *tools)
{
	return test_run(tools->filter, NULL, 0);
}

static int run_of_type(int type, int attach_type)
{
	int prog = bpf_prog_return(type, attach_type, 0);
	int ret = test_run(prog, NULL, 0);

	close(prog);
	return ret;
}

static int run_socket_filter(const struct tools *tools)
{
	return run_of_type(BPF_PROG_TYPE_SOCKET_FILTER, 0);
}

static int run_cgroup_skb(const struct tools *tools)
{
	return run_of_type(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS);
}

static int run_lwt(const struct tools *tools)
{
	return run_of_type(BPF_PROG_TYPE_LWT_XMIT, 0);
}

FIXTURE(attach)
{
	struct tools tools;
};

FIXTURE_VARIANT(attach)
{
	int (*use)(const struct tools *tools);
	int ret;
};

#define ATTACH(name, ...) FIXTURE_VARIANT_ADD(attach, name) { __VA_ARGS__ }

ATTACH(tcx_attach, tcx_attach, 0);
ATTACH(tcx_attach_nowhere, tcx_attach_nowhere, -ENODEV);
ATTACH(tcx_detach, tcx_detach, -ENOENT);
ATTACH(tcx_query, tcx_query, 0);
ATTACH(tcx_link, tcx_link, 0);
ATTACH(xdp_link, xdp_link, 0);
ATTACH(xdp_link_nowhere, xdp_link_nowhere, -EINVAL);
ATTACH(netkit_attach, netkit_attach, -ENXIO);
ATTACH(netkit_detach, netkit_detach, -ENXIO);
ATTACH(netkit_query, netkit_query, -ENXIO);
ATTACH(netkit_link, netkit_link, -ENXIO);
ATTACH(filter_link, filter_link, 0);
ATTACH(devmap_set, devmap_set, 0);
ATTACH(devmap_hash_set, devmap_hash_set, 0);
ATTACH(devmap_hash_set_nowhere, devmap_hash_set_nowhere, -EINVAL);
ATTACH(xdp_load_bound, xdp_load_bound, -EOPNOTSUPP);
ATTACH(xdp_load_bound_nowhere, xdp_load_bound_nowhere, -EINVAL);
ATTACH(run_cls, run_cls, TCX_DROP);
ATTACH(run_cls_of_device, run_cls_of_device, TCX_DROP);
ATTACH(run_cls_of_no_device, run_cls_of_no_device, -ENODEV);
ATTACH(run_xdp, run_xdp, XDP_DROP);
ATTACH(run_filter, run_filter, NF_DROP);
ATTACH(run_socket_filter, run_socket_filter, 0);
ATTACH(run_cgroup_skb, run_cgroup_skb, 0);
ATTACH(run_lwt, run_lwt, 0);

FIXTURE_SETUP(attach)
{
	if (access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK))
		SKIP(return, "no bpf(2) in this kernel");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(0, make_tools(&self->tools));
}

FIXTURE_TEARDOWN(attach)
{
	write_file(EAGER_SYSCTL, "0");
}

TEST_F(attach, first_use)
{
	int ret = -1;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(1, ((ret = variant->use(&self->tools)), true));
	EXPECT_EQ(variant->ret, ret);
	EXPECT_WAKES(0, variant->use(&self->tools) == variant->ret);
	EXPECT_EQ(1, own_link_index("lo"));

	/* Local sockets are not enough. */
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES_PART(1, makes_socket(AF_UNIX, SOCK_STREAM, 0));
	EXPECT_WAKES(1, variant->use(&self->tools) == variant->ret);

	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "1"));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, variant->use(&self->tools) == variant->ret);
}

/* Programs that have to do with no device need none. */
TEST(others_wake_nobody)
{
	struct tools tools;

	if (access("/proc/sys/kernel/unprivileged_bpf_disabled", F_OK))
		SKIP(return, "no bpf(2) in this kernel");
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, !make_tools(&tools));
	EXPECT_WAKES(0, bpf_prog_id(tools.xdp) > 0);
	EXPECT_WAKES(0, run_of_type(BPF_PROG_TYPE_FLOW_DISSECTOR, 0) == 0);
	EXPECT_WAKES(0, device_attach(BPF_PROG_ATTACH, LO, tools.xdp,
				      BPF_TCX_INGRESS) == -EINVAL);
	EXPECT_WAKES(0, bpf_link(-1, LO, BPF_TCX_INGRESS, 0) == -EBADF);
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_WAKES(0, device_query(LO, BPF_TCX_INGRESS) == -EPERM);
}

DORMANT_TEST_MAIN
