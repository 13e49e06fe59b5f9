// SPDX-License-Identifier: GPL-2.0
/*
 * Packets through a pair, one at a time, for the plugin that counts what happens
 * between the driver's transmit function and the stack at the other end:
 * driver CASE KIND udp64|gso|xdp_redirect RECORDS
 *
 * udp64 is a datagram of 64 bytes, gso one packet of 44 segments; xdp_redirect a
 * datagram that XDP in the peer redirects into a second pair, to the stack there.
 * The plugin prints the figures, not this. It must never have two packets in
 * flight.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../plugin/mark.h"
#include "bench.h"
#include "netlink.h"
#include "path.h"

#define PACKETS		200
#define SEGMENT		1400
#define SEGMENTS	44

static char data[SEGMENT * SEGMENTS];

#define mark(number)							\
({									\
	asm volatile("nopl %c0(%%rax)" : : "i"(MARK_NUMBER + (number)));	\
})

static void say(uint64_t word)
{
	int bit;

	for (bit = 63; bit >= 0; bit--) {
		if (word >> bit & 1)
			mark(MARK_ONE);
		else
			mark(MARK_ZERO);
	}
}

/* Where a function begins, whatever suffix the compiler gave it. */
static uint64_t address_of(const char *function)
{
	size_t len = strlen(function);
	char line[512], symbol[256];
	unsigned long address, found = 0;
	FILE *file;

	file = fopen("/proc/kallsyms", "r");
	if (!file)
		die("/proc/kallsyms: %m");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %*c %255s", &address, symbol) != 2 ||
		    strncmp(symbol, function, len) ||
		    (symbol[len] && symbol[len] != '.') || strstr(symbol, ".cold"))
			continue;
		if (found)
			die("there are two of %s", function);
		found = address;
	}
	fclose(file);
	if (!found)
		die("no function is called %s", function);
	return found;
}

static void tell(const char *name, const char *kind)
{
	uint64_t word;
	char function[32];

	snprintf(function, sizeof(function), "%s_xmit", kind);
	say(address_of(function));
	mark(MARK_BEGIN);
	say(address_of("__netif_receive_skb_core"));
	mark(MARK_END);
	while (*name) {
		word = 0;
		memcpy(&word, name, strnlen(name, sizeof(word)));
		say(word);
		mark(MARK_NAME);
		name += strnlen(name, sizeof(word));
	}
}

static int redirect_to(int ifindex)
{
	struct bpf_insn code[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, ifindex },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0 },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insn_cnt = sizeof(code) / sizeof(*code),
		.insns = (uint64_t)code,
		.license = (uint64_t)"GPL",
	};

	return must(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

/* From the far end of the path on through a second one. */
static void redirect(struct path *path, const char *kind)
{
	struct path next;
	int nl, err;

	path_make(&next, kind);
	path_gro(&next);
	path_up(&next);
	enter(next.near);
	nl = must(nl_open());
	err = nl_move(nl, "near", path->far);
	close(nl);
	if (err)
		die("moving: %s", strerror(-err));
	enter(path->far);
	nl = must(nl_open());
	err = nl_up(nl, "near");
	if (!err)
		err = nl_xdp(nl, "far", redirect_to(if_nametoindex("near")));
	close(nl);
	if (err)
		die("XDP: %s", strerror(-err));
}

int main(int argc, char **argv)
{
	bool gso, redirected;
	int records, near, far, i, j, size = 64, segment = SEGMENT, on = 1;
	struct path path;

	if (argc != 5)
		die("usage: driver CASE KIND udp64|gso|xdp_redirect RECORDS");
	records = parse_count(argv[4]);
	gso = !strcmp(argv[3], "gso");
	redirected = !strcmp(argv[3], "xdp_redirect");
	bench_init();
	path_make(&path, argv[2]);
	path_up(&path);
	path_datagrams(&path, &near, &far);
	if (gso) {
		size = SEGMENT * SEGMENTS;
		must(setsockopt(near, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
		must(setsockopt(far, SOL_UDP, UDP_GRO, &on, sizeof(on)));
	}
	pass(near, far, data, size);
	if (redirected)
		redirect(&path, argv[2]);
	tell(argv[1], argv[2]);
	/* The first fills caches. */
	for (i = -1; i < records; i++) {
		if (i >= 0)
			mark(MARK_RECORD);
		for (j = 0; j < PACKETS; j++) {
			must(send(near, data, size, 0));
			if (!redirected)
				must(recv(far, data, size, 0));
		}
		if (i >= 0)
			mark(MARK_STOP);
		drained(NULL, NULL);
	}
	return 0;
}
