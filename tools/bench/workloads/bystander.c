// SPDX-License-Identifier: GPL-2.0
/*
 * What a process that knows nothing of namespaces does, in the initial one:
 * bystander CASE ITERATIONS BATCHES
 *
 * Prints the work of one iteration for each batch. It must never be run where
 * another network namespace than the initial one is in use.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static int sender, receiver;

static void init_socket(void)
{
	close(must(socket(AF_INET, SOCK_DGRAM, 0)));
	close(must(socket(AF_UNIX, SOCK_STREAM, 0)));
}

static void read_once(const char *path)
{
	char buf[4096];
	int fd = must(open(path, O_RDONLY));

	must(read(fd, buf, sizeof(buf)));
	close(fd);
}

static void init_proc_net(void)
{
	read_once("/proc/net/dev");
}

static void init_sysctl(void)
{
	read_once("/proc/sys/net/ipv4/ip_forward");
}

static void init_udp_lo(void)
{
	char data[64] = "";

	must(send(sender, data, sizeof(data), 0));
	must(recv(receiver, data, sizeof(data), 0));
}

static void connect_over_lo(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(4242),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	receiver = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(receiver, (void *)&addr, sizeof(addr)));
	sender = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(connect(sender, (void *)&addr, sizeof(addr)));
}

static const struct {
	const char *name;
	void (*once)(void);
} cases[] = {
	{ "init_socket", init_socket },
	{ "init_proc_net", init_proc_net },
	{ "init_sysctl", init_sysctl },
	{ "init_udp_lo", init_udp_lo },
};

static int64_t batch(void (*once)(void), int iterations)
{
	int64_t start;
	int i;

	drained(NULL, NULL);
	start = work_now();
	for (i = 0; i < iterations; i++)
		once();
	return (drained(NULL, NULL) - start) / iterations;
}

int main(int argc, char **argv)
{
	int iterations, batches, i;
	unsigned long c;

	if (argc != 4)
		die("usage: bystander CASE ITERATIONS BATCHES");
	for (c = 0; strcmp(cases[c].name, argv[1]); c++)
		if (c + 1 == sizeof(cases) / sizeof(*cases))
			die("no case %s", argv[1]);
	iterations = parse_count(argv[2]);
	batches = parse_count(argv[3]);
	bench_init();
	connect_over_lo();
	/* The first batch fills caches. */
	batch(cases[c].once, iterations);
	for (i = 0; i < batches; i++)
		print_sample(argv[1], "raw", batch(cases[c].once, iterations));
	return 0;
}
