/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF for the veth tests: programs that several of them need, and attaching them,
 * XDP by netlink.
 */
#ifndef VETH_BPF_H
#define VETH_BPF_H

#include "netns_bpf.h"
#include "veth_frames.h"

/* No program that is expected to be replaced. */
#define XDP_ANY (-1)

/*
 * By netlink: @prog is -1 to detach. With XDP_FLAGS_REPLACE in @flags, only
 * @expected is replaced.
 */
static inline int xdp_change(int nl, const char *name, int prog, __u32 flags,
			     int expected, struct nl_ack *ack)
{
	struct rtattr *nest;
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	nest = nl_put(&req, IFLA_XDP | NLA_F_NESTED, NULL, 0);
	nl_put_int(&req, IFLA_XDP_FD, prog);
	nl_put_int(&req, IFLA_XDP_FLAGS, flags);
	if (expected != XDP_ANY)
		nl_put_int(&req, IFLA_XDP_EXPECTED_FD, expected);
	nl_end_nest(&req, nest);
	if (ack)
		memset(ack, 0, sizeof(*ack));
	return nl_talk(nl, &req, NULL, NULL, ack);
}

/* In driver mode, over what may be there. */
static inline int xdp_attach(int nl, const char *name, int prog,
			     struct nl_ack *ack)
{
	return xdp_change(nl, name, prog, XDP_FLAGS_DRV_MODE, XDP_ANY, ack);
}

static inline int xdp_detach(int nl, const char *name)
{
	return xdp_change(nl, name, -1, XDP_FLAGS_DRV_MODE, XDP_ANY, NULL);
}

/* At an end of a pair; takes the program over. */
static inline int attach(const struct veth_endpoint *end, int prog)
{
	int err;

	if (prog < 0)
		return prog;
	err = xdp_attach(end->nl, end->name, prog, NULL);
	close(prog);
	return err;
}

/* A program that gives the same answer to all. */
static inline int xdp_constant(int verdict, __u32 flags)
{
	const struct bpf_insn insns[] = { MOV_IMM(BPF_REG_0, verdict), EXIT };

	return bpf_load(BPF_PROG_TYPE_XDP, flags, insns, ARRAY_SIZE(insns));
}

/*
 * A program that changes an end of the frame by @delta, by way of @helper, and
 * then gives its answer.
 */
static inline int xdp_adjust(int helper, int delta, int verdict, __u32 flags)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_2, delta),
		CALL(helper),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, 2),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		EXIT,
		MOV_IMM(BPF_REG_0, verdict),
		EXIT,
	};

	return bpf_load(BPF_PROG_TYPE_XDP, flags, insns, ARRAY_SIZE(insns));
}

/* A program for a place, such as BPF_XDP_DEVMAP, or 0 for a device's. */
static inline int xdp_load(int place, __u32 flags, const struct bpf_insn *insns,
			   unsigned int n)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.prog_flags = flags,
		.expected_attach_type = place,
	};

	return bpf_load_attr(&attr, insns, n);
}

/* xdp_redirect() for a place, with the helper's flags. */
static inline int xdp_redirect_at(int place, int map, int key, int how,
				  __u32 flags)
{
	const struct bpf_insn insns[] = {
		LOAD_MAP(BPF_REG_1, map),
		LOAD_MAP_END,
		MOV_IMM(BPF_REG_2, key),
		MOV_IMM(BPF_REG_3, how),
		CALL(BPF_FUNC_redirect_map),
		EXIT,
	};

	return xdp_load(place, flags, insns, ARRAY_SIZE(insns));
}

/* A program that sends all to entry @key of a map. */
static inline int xdp_redirect(int map, int key, __u32 flags)
{
	return xdp_redirect_at(0, map, key, 0, flags);
}

/* xdp_ask_packet() for a place. */
static inline int xdp_ask_packet_at(int place, int off, __u32 flags)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1,
		     offsetof(struct xdp_md, data)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1,
		     offsetof(struct xdp_md, data_end)),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, off + 1),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		JUMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 1),
		LOAD(BPF_B, BPF_REG_0, BPF_REG_2, off),
		EXIT,
	};

	return xdp_load(place, flags, insns, ARRAY_SIZE(insns));
}

/* A program that gives the answer at offset @off of the packet. */
static inline int xdp_ask_packet(int off, __u32 flags)
{
	return xdp_ask_packet_at(0, off, flags);
}

/*
 * All that comes to an end goes to device @index by way of @helper, until the
 * descriptor of the link is closed.
 */
static inline int tc_redirect(const struct veth_endpoint *end, int helper,
			      int index, __u32 flags)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_1, index),
		MOV_IMM(BPF_REG_2, flags),
		CALL(helper),
		EXIT,
	};
	int prog, link;

	prog = bpf_load(BPF_PROG_TYPE_SCHED_CLS, 0, insns, ARRAY_SIZE(insns));
	if (prog < 0)
		return prog;
	link = bpf_link_in(end->ns, prog, end->index, BPF_TCX_INGRESS, 0);
	close(prog);
	return link;
}

#endif /* VETH_BPF_H */
