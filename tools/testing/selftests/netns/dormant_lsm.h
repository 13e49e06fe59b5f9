/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A security module in the tests' hands: BPF programs that tell of what a process
 * does, and in what state its network namespace is then, and refuse it.
 */
#ifndef DORMANT_LSM_H
#define DORMANT_LSM_H

#include <limits.h>
#include <linux/lsm.h>
#include <stddef.h>

#include "netns_bpf.h"
#include "netns_btf.h"

/* As in include/net/net_namespace.h. */
enum netns_state { DORMANT, ACTIVATING, PARTIAL, LIVE };

/* What a hook has to say about a socket, in the order of its arguments. */
enum { FAMILY, TYPE, PROTOCOL, KERN, NR_INTS };

/* What a program tells of a call: its task, and the namespace of that. */
struct call {
	int hook;		/* the number of the rule */
	int ints[NR_INTS];	/* 0 is what the hook has nothing about */
	int uid;
	int state;
	int found;		/* of NR_MEMBERS */
};

/* Some of what only init operations make. */
#define NR_MEMBERS 4
static const char * const members[NR_MEMBERS] = {
	"loopback_dev", "proc_net", "rtnl", "dev_name_head",
};

/* Hooks that are about sockets: from which argument on, and how much. */
struct about {
	const char *hook;
	int first;
	int nr;
};

static const struct about about_sockets[] = {
	{ "socket_create", 0, 4 },
	{ "socket_post_create", 1, 4 },
	{ "sk_alloc_security", 1, 1 },
};

/* Whose sockets, where a hook knows. */
enum who { ANYBODY, USER, KERNEL };

/* Which calls of a hook are told of, and how one of them is refused. */
struct rule {
	const char *hook;
	int number;		/* by which the hook is known in what is told */
	int family;		/* 0 is any */
	enum who who;
	int err;
};

/*
 * As many calls as are in the first element of @armed are told of in @log, and the
 * last of them is refused. None is while it is 0.
 */
struct spy {
	int armed;
	int log;
	struct btf_blob btf;
};

#define NONE 0
#define NO_LIMIT INT_MAX
#define MOST_CALLS 256

static inline bool has_bpf_lsm(void)
{
	__u64 ids[32];
	__u32 size = sizeof(ids);
	long n = syscall(__NR_lsm_list_modules, ids, &size, 0);

	while (n > 0)
		if (ids[--n] == LSM_ID_BPF)
			return true;
	return false;
}

static inline int spy_init(struct spy *spy)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_QUEUE,
		.value_size = sizeof(struct call),
		.max_entries = MOST_CALLS,
	};

	spy->armed = bpf_map(BPF_MAP_TYPE_ARRAY, sizeof(int), 1);
	spy->log = sys_bpf(BPF_MAP_CREATE, &attr);
	if (spy->armed < 0 || spy->log < 0)
		return spy->armed < 0 ? spy->armed : spy->log;
	return btf_open(&spy->btf, NULL, "vmlinux");
}

/* Let so many calls come, of which the last is refused, or none be seen. */
static inline int spy_arm(const struct spy *spy, int calls)
{
	return bpf_map_set(spy->armed, 0, &calls);
}

/* How many calls are still to come, or a negative errno. */
static inline int spy_left(const struct spy *spy)
{
	int left = 0;

	return bpf_map_get(spy->armed, 0, &left) ?: left;
}

/* The calls so far, from the first one on. */
static inline int spy_read(const struct spy *spy, struct call *calls)
{
	union bpf_attr attr = { .map_fd = spy->log };
	int n = 0;

	do {
		attr.value = (unsigned long)&calls[n];
	} while (n < MOST_CALLS &&
		 !sys_bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr) && ++n);
	return n;
}

/* On the stack of a program: the call, and the key of an array. */
#define CALL_AT(member)							\
	((int)offsetof(struct call, member) - (int)sizeof(struct call))
#define KEY_AT (-(int)sizeof(struct call) - 8)

/* The rest is for what passes this. */
#define ONLY_IF(op, reg, value)						\
	JUMP_IMM(op, reg, value, 2), MOV_IMM(BPF_REG_0, 0), EXIT

/* A pointer in the namespace, which may be NULL. */
#define COUNT_MEMBER(i)							\
	LOAD(BPF_DW, BPF_REG_1, BPF_REG_8, btf_member(btf, "net", members[i])), \
	JUMP_IMM(BPF_JEQ, BPF_REG_1, 0, 1),				\
	ADD_IMM(BPF_REG_7, 1)

/* An argument that may be there; in the context each takes eight bytes. */
static inline struct bpf_insn load_int(const struct about *about, int i)
{
	return i < about->nr ?
	       LOAD(BPF_DW, BPF_REG_1, BPF_REG_6, 8 * (about->first + i)) :
	       MOV_IMM(BPF_REG_1, 0);
}

static inline int spy_load(const struct spy *spy, const struct rule *rule,
			   const struct about *about)
{
	const struct btf_blob *btf = &spy->btf;
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		CALL(BPF_FUNC_get_current_pid_tgid),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
		ONLY_IF(BPF_JEQ, BPF_REG_0, getpid()),
		load_int(about, FAMILY),
		STORE(BPF_W, BPF_REG_10, CALL_AT(ints[FAMILY]), BPF_REG_1),
		load_int(about, TYPE),
		STORE(BPF_W, BPF_REG_10, CALL_AT(ints[TYPE]), BPF_REG_1),
		load_int(about, PROTOCOL),
		STORE(BPF_W, BPF_REG_10, CALL_AT(ints[PROTOCOL]), BPF_REG_1),
		load_int(about, KERN),
		STORE(BPF_W, BPF_REG_10, CALL_AT(ints[KERN]), BPF_REG_1),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_10, CALL_AT(ints[FAMILY])),
		ONLY_IF(rule->family ? BPF_JEQ : BPF_JGE, BPF_REG_1,
			rule->family),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_10, CALL_AT(ints[KERN])),
		ONLY_IF(rule->who ? BPF_JEQ : BPF_JGE, BPF_REG_1,
			rule->who == KERNEL),
		STORE_IMM(BPF_W, BPF_REG_10, KEY_AT, 0),
		LOAD_MAP(BPF_REG_1, spy->armed),
		LOAD_MAP_END,
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, KEY_AT),
		CALL(BPF_FUNC_map_lookup_elem),
		ONLY_IF(BPF_JNE, BPF_REG_0, 0),
		MOV_REG(BPF_REG_9, BPF_REG_0),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_9, 0),
		ONLY_IF(BPF_JNE, BPF_REG_1, NONE),
		ADD_IMM(BPF_REG_1, -1),
		STORE(BPF_W, BPF_REG_9, 0, BPF_REG_1),

		STORE_IMM(BPF_W, BPF_REG_10, CALL_AT(hook), rule->number),
		CALL(BPF_FUNC_get_current_uid_gid),
		STORE(BPF_W, BPF_REG_10, CALL_AT(uid), BPF_REG_0),
		CALL(BPF_FUNC_get_current_task_btf),
		LOAD(BPF_DW, BPF_REG_8, BPF_REG_0,
		     btf_member(btf, "task_struct", "nsproxy")),
		LOAD(BPF_DW, BPF_REG_8, BPF_REG_8,
		     btf_member(btf, "nsproxy", "net_ns")),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_8,
		     btf_member(btf, "net", "state")),
		STORE(BPF_W, BPF_REG_10, CALL_AT(state), BPF_REG_1),
		MOV_IMM(BPF_REG_7, 0),
		COUNT_MEMBER(0),
		COUNT_MEMBER(1),
		COUNT_MEMBER(2),
		COUNT_MEMBER(3),
		STORE(BPF_W, BPF_REG_10, CALL_AT(found), BPF_REG_7),
		LOAD_MAP(BPF_REG_1, spy->log),
		LOAD_MAP_END,
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, CALL_AT(hook)),
		MOV_IMM(BPF_REG_3, 0),
		CALL(BPF_FUNC_map_push_elem),

		LOAD(BPF_W, BPF_REG_1, BPF_REG_9, 0),
		ONLY_IF(BPF_JEQ, BPF_REG_1, 0),
		MOV_IMM(BPF_REG_0, -rule->err),
		EXIT,
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.expected_attach_type = BPF_LSM_MAC,
	};
	char name[64];
	int id;

	snprintf(name, sizeof(name), "bpf_lsm_%s", rule->hook);
	id = btf_find(btf, BTF_KIND_FUNC, name);
	if (id < 0)
		return id;
	attr.attach_btf_id = id;
	return bpf_load_attr(&attr, insns, ARRAY_SIZE(insns));
}

/* Has a hook follow a rule for what the calling process does. */
static inline int spy_attach(const struct spy *spy, const struct rule *rule)
{
	struct about about = {};
	unsigned int i;
	int prog, link;

	for (i = 0; i < ARRAY_SIZE(about_sockets); i++)
		if (!strcmp(about_sockets[i].hook, rule->hook))
			about = about_sockets[i];
	prog = spy_load(spy, rule, &about);
	if (prog < 0)
		return prog;
	link = bpf_link(prog, 0, BPF_LSM_MAC, 0);
	close(prog);
	return link;
}

/* How many of the members there have to be for who sees the namespace so. */
static inline int due(const struct call *call)
{
	return call->state == LIVE ? NR_MEMBERS : 0;
}

#endif /* DORMANT_LSM_H */
