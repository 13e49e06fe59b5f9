// SPDX-License-Identifier: GPL-2.0
/*
 * Packets through a pair for the plugin that counts what happens between the
 * driver's transmit function and the stack at the other end:
 * driver CASE KIND udp64|gso RECORDS [gro|pass|tx|redirect] [burst]
 *
 * udp64 is a datagram of 64 bytes, gso one packet of 44 segments. They go through
 * GRO, or XDP at the peer passes them on, sends them back or redirects them into
 * a second pair. One at a time, or 64 that the driver gets in a row: the stack
 * cuts them from what the sender wrote at once.
 * The plugin prints the figures, not this. It must never have more in flight.
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

#define TIMES		200
#define BURSTS		60
#define BURST		64
#define DATAGRAM	64
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

/* The plugin is told where these begin, whatever suffix the compiler gave them. */
static bool is_function(const char *symbol, char type, const char *name)
{
	size_t len = strlen(name);

	return (type == 't' || type == 'T') && !strncmp(symbol, name, len) &&
	       !strstr(symbol, ".cold") && (!symbol[len] || symbol[len] == '.');
}

static bool is_of_stack(const char *symbol, char type)
{
	return is_function(symbol, type, "__netif_receive_skb") ||
	       is_function(symbol, type, "__netif_receive_skb_one_core") ||
	       is_function(symbol, type, "__netif_receive_skb_core") ||
	       is_function(symbol, type, "__netif_receive_skb_list") ||
	       is_function(symbol, type, "__netif_receive_skb_list_core") ||
	       is_function(symbol, type, "napi_gro_receive");
}

static void tell(const char *name, const char *kind, int packets)
{
	char line[512], symbol[256], xmit[32], type;
	unsigned long address;
	int pass, told;
	uint64_t word;
	FILE *file;

	snprintf(xmit, sizeof(xmit), "%s_xmit", kind);
	for (pass = 0; pass < 2; pass++) {
		told = 0;
		file = fopen("/proc/kallsyms", "r");
		if (!file)
			die("/proc/kallsyms: %m");
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, "%lx %c %255s", &address, &type, symbol) != 3)
				continue;
			if (pass ? !is_of_stack(symbol, type) :
				   !is_function(symbol, type, xmit))
				continue;
			say(address);
			if (pass)
				mark(MARK_END);
			else
				mark(MARK_BEGIN);
			told++;
		}
		fclose(file);
		if (!told || (!pass && told > 1))
			die("%d functions of %s", told, pass ? "the stack" : xmit);
	}
	while (*name) {
		word = 0;
		memcpy(&word, name, strnlen(name, sizeof(word)));
		say(word);
		mark(MARK_NAME);
		name += strnlen(name, sizeof(word));
	}
	say(packets);
	mark(MARK_PACKETS);
}

static int load(const struct bpf_insn *code, int count)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insn_cnt = count,
		.insns = (uint64_t)code,
		.license = (uint64_t)"GPL",
	};

	return must(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

static int returning(enum xdp_action action)
{
	struct bpf_insn code[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, action },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return load(code, sizeof(code) / sizeof(*code));
}

static int redirecting_to(int ifindex)
{
	struct bpf_insn code[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, ifindex },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0 },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return load(code, sizeof(code) / sizeof(*code));
}

/* From the far end of the path on through a second one. */
static int second_path(struct path *path, const char *kind)
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
		err = nl_carrier(nl, "near");
	close(nl);
	if (err)
		die("up: %s", strerror(-err));
	return redirecting_to(if_nametoindex("near"));
}

static void attach(int ns, const char *name, int program)
{
	int nl, err;

	enter(ns);
	nl = must(nl_open());
	err = nl_xdp(nl, name, program);
	close(nl);
	if (err)
		die("XDP: %s", strerror(-err));
}

/* Whether packets still come to the socket at the far end. */
static bool take_way(struct path *path, const char *kind, const char *way)
{
	if (!strcmp(way, "gro"))
		return true;
	if (!strcmp(way, "pass")) {
		attach(path->far, "far", returning(XDP_PASS));
		return true;
	}
	if (!strcmp(way, "tx")) {
		/* Stock serves what is sent back only where there is a program, too. */
		attach(path->near, "near", returning(XDP_PASS));
		attach(path->far, "far", returning(XDP_TX));
	} else {
		attach(path->far, "far", second_path(path, kind));
	}
	return false;
}

int main(int argc, char **argv)
{
	int records, times, near, far, i, j, k, size = DATAGRAM, segment = 0, on = 1;
	int packets = 1, received = 1;
	const char *way = NULL;
	struct path path;

	if (argc < 5)
		die("usage: driver CASE KIND udp64|gso RECORDS [gro|pass|tx|redirect] [burst]");
	records = parse_count(argv[4]);
	for (i = 5; i < argc; i++) {
		if (!strcmp(argv[i], "burst"))
			packets = BURST;
		else
			way = argv[i];
	}
	bench_init();
	path_make(&path, argv[2]);
	if (way)
		path_gro(&path);
	path_up(&path);
	path_datagrams(&path, &near, &far);
	if (!strcmp(argv[3], "gso")) {
		segment = SEGMENT;
		size = SEGMENT * SEGMENTS;
		must(setsockopt(far, SOL_UDP, UDP_GRO, &on, sizeof(on)));
	} else if (packets > 1) {
		path_cut(&path);
		segment = DATAGRAM;
		size = DATAGRAM * packets;
		received = packets;
	}
	if (segment)
		must(setsockopt(near, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
	pass(near, far, data, size);
	if (way && !take_way(&path, argv[2], way))
		received = 0;
	tell(argv[1], argv[2], packets);
	times = packets > 1 ? BURSTS : TIMES;
	/* The first fills caches. */
	for (i = -1; i < records; i++) {
		if (i >= 0)
			mark(MARK_RECORD);
		for (j = 0; j < times; j++) {
			must(send(near, data, size, 0));
			for (k = 0; k < received; k++)
				must(recv(far, data, size, 0));
			mark(MARK_ARRIVED);
		}
		if (i >= 0)
			mark(MARK_STOP);
		drained(NULL, NULL);
	}
	return 0;
}
