// SPDX-License-Identifier: GPL-2.0
/*
 * For the shell tests, no test itself: "pin_xdp PATH [frags]" makes an XDP
 * program that lets all pass, which knows fragments if so asked, and leaves it
 * at PATH of a file system of BPF's, from which ip(8) and bpftool(8) take it.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.prog_name = "let_pass",
		.insns = (unsigned long)insns,
		.insn_cnt = sizeof(insns) / sizeof(*insns),
		.license = (unsigned long)"GPL",
	};
	union bpf_attr pin = {};
	int prog;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "frags"))) {
		fprintf(stderr, "usage: %s PATH [frags]\n", argv[0]);
		return 2;
	}
	if (argc == 3)
		load.prog_flags = BPF_F_XDP_HAS_FRAGS;
	prog = sys_bpf(BPF_PROG_LOAD, &load);
	pin.pathname = (unsigned long)argv[1];
	pin.bpf_fd = prog;
	if (prog < 0 || sys_bpf(BPF_OBJ_PIN, &pin)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
