/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough of bpf(2) for the tests: programs are written as instructions,
 * so that neither a compiler for BPF nor a library is needed.
 */
#ifndef NETNS_BPF_H
#define NETNS_BPF_H

#include <linux/bpf.h>

#include "netns_util.h"

#define INSN(c, d, s, o, i)						\
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s),	\
			    .off = (o), .imm = (i) })
#define MOV_IMM(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV_REG(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD_IMM(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define LOAD(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, o, s) INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define STORE_IMM(size, d, o, i) INSN(BPF_ST | BPF_MEM | (size), d, 0, o, i)
#define JUMP_REG(op, d, s, o) INSN(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JUMP_IMM(op, d, i, o) INSN(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* One load of a map takes both, one after the other. */
#define LOAD_MAP(d, fd)							\
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_FD, 0, fd)
#define LOAD_MAP_END INSN(0, 0, 0, 0, 0)

static inline int sys_bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static inline int bpf_load_attr(union bpf_attr *attr,
				const struct bpf_insn *insns, unsigned int n)
{
	static char log[16384];
	int fd;

	attr->insns = (unsigned long)insns;
	attr->insn_cnt = n;
	attr->license = (unsigned long)"GPL";
	fd = sys_bpf(BPF_PROG_LOAD, attr);
	if (fd >= 0)
		return fd;
	attr->log_buf = (unsigned long)log;
	attr->log_size = sizeof(log);
	attr->log_level = 1;
	sys_bpf(BPF_PROG_LOAD, attr);
	if (*log)
		ksft_print_msg("%s\n", log);
	return fd;
}

/* A program of @type; @flags are those of BPF_PROG_LOAD. */
static inline int bpf_load(int type, __u32 flags, const struct bpf_insn *insns,
			   unsigned int n)
{
	union bpf_attr attr = { .prog_type = type, .prog_flags = flags };

	return bpf_load_attr(&attr, insns, n);
}

/* A program that does nothing else. */
static inline int bpf_prog_return(int type, int attach_type, int value)
{
	const struct bpf_insn insns[] = { MOV_IMM(BPF_REG_0, value), EXIT };
	union bpf_attr attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
	};

	return bpf_load_attr(&attr, insns, ARRAY_SIZE(insns));
}

/* @target is a cgroup or a map, or nothing: the caller's namespace is meant. */
static inline int bpf_attach(int target, int prog, int type)
{
	union bpf_attr attr = {
		.target_fd = target,
		.attach_bpf_fd = prog,
		.attach_type = type,
	};

	return sys_bpf(BPF_PROG_ATTACH, &attr);
}

static inline int bpf_map(int type, int value_size, int entries)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = sizeof(__u32),
		.value_size = value_size,
		.max_entries = entries,
	};

	return sys_bpf(BPF_MAP_CREATE, &attr);
}

static inline int bpf_map_set(int map, __u32 key, const void *value)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
		.value = (unsigned long)value,
	};

	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static inline int bpf_map_get(int map, __u32 key, void *value)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
		.value = (unsigned long)value,
	};

	return sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

/* A program that tells in the first element of a map that it has run, and lets pass. */
static inline int bpf_prog_noting(int type, int attach_type, int map)
{
	const struct bpf_insn insns[] = {
		STORE_IMM(BPF_W, BPF_REG_10, -4, 0),
		STORE_IMM(BPF_W, BPF_REG_10, -8, 1),
		LOAD_MAP(BPF_REG_1, map),
		LOAD_MAP_END,
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -4),
		MOV_REG(BPF_REG_3, BPF_REG_10),
		ADD_IMM(BPF_REG_3, -8),
		MOV_IMM(BPF_REG_4, 0),
		CALL(BPF_FUNC_map_update_elem),
		MOV_IMM(BPF_REG_0, 1),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
	};

	return bpf_load_attr(&attr, insns, ARRAY_SIZE(insns));
}

static inline int bpf_prog_id(int prog)
{
	struct bpf_prog_info info = {};
	union bpf_attr attr = {
		.info.bpf_fd = prog,
		.info.info_len = sizeof(info),
		.info.info = (unsigned long)&info,
	};
	int err = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);

	return err ? err : (int)info.id;
}

/* A device of the caller's own namespace gets a program until fd is closed. */
static inline int bpf_link(int prog, int index, int type, __u32 flags)
{
	union bpf_attr attr = {
		.link_create.prog_fd = prog,
		.link_create.target_ifindex = index,
		.link_create.attach_type = type,
		.link_create.flags = flags,
	};

	return sys_bpf(BPF_LINK_CREATE, &attr);
}

/* bpf_link() by a task of @nsfd. */
static inline int bpf_link_in(int nsfd, int prog, int index, int type,
			      __u32 flags)
{
	int home = open_self_ns("net");
	int link, err;

	if (home < 0)
		return home;
	link = sys_setns(nsfd, CLONE_NEWNET);
	if (!link) {
		link = bpf_link(prog, index, type, flags);
		err = sys_setns(home, CLONE_NEWNET);
		if (err && link >= 0) {
			close(link);
			link = err;
		}
	}
	close(home);
	return link;
}

/* A map value that is resolved in the namespace of the task that sets it. */
static inline int bpf_map_set_in(int nsfd, int map, __u32 key,
				 const void *value)
{
	int home = open_self_ns("net");
	int err, back;

	if (home < 0)
		return home;
	err = sys_setns(nsfd, CLONE_NEWNET);
	if (!err) {
		err = bpf_map_set(map, key, value);
		back = sys_setns(home, CLONE_NEWNET);
		if (back)
			err = back;
	}
	close(home);
	return err;
}

#endif /* NETNS_BPF_H */
