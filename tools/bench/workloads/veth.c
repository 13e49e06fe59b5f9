// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic through a pair of devices between two namespaces:
 * veth CASE KIND TRAFFIC BATCHES [gro] [fq]
 *
 * Prints for each batch the work, system calls at both ends included, of a
 * datagram of 64 bytes (udp64), of a MiB (tcp_stream), of a request and its answer
 * of a byte each (tcp_rr), of that with its own connection (tcp_crr). It must
 * never lose a packet.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "path.h"

#define CHUNK	65536
#define MIB	(16 * CHUNK)

/* As many as are in flight at once. */
#define BURST	16

#define DATAGRAMS	2000
#define MIBS		8
#define REQUESTS	1000
#define CONNECTIONS	100

static char data[CHUNK];

static int64_t udp64(struct path *path)
{
	int near, far, i, j;
	int64_t start;

	path_datagrams(path, &near, &far);
	pass(near, far, data, 64);
	start = work_now();
	for (i = 0; i < DATAGRAMS / BURST; i++) {
		for (j = 0; j < BURST; j++)
			must(send(near, data, 64, 0));
		for (j = 0; j < BURST; j++)
			must(recv(far, data, sizeof(data), 0));
	}
	start = drained(NULL, NULL) - start;
	close(near);
	close(far);
	return start / DATAGRAMS;
}

static int64_t tcp_stream(struct path *path)
{
	int listener = path_listen(path), near, far, i;
	int64_t start;

	near = socket_in(path->near, SOCK_STREAM);
	path_connect(listener, near, &far);
	for (i = 0; i < MIB / CHUNK; i++)
		pass(near, far, data, CHUNK);
	start = work_now();
	for (i = 0; i < MIBS * (MIB / CHUNK); i++)
		pass(near, far, data, CHUNK);
	start = drained(NULL, NULL) - start;
	close(near);
	close(far);
	close(listener);
	return start / MIBS;
}

static int64_t tcp_rr(struct path *path)
{
	int listener = path_listen(path), near, far, i;
	int64_t start;

	near = socket_in(path->near, SOCK_STREAM);
	path_connect(listener, near, &far);
	pass(near, far, data, 1);
	pass(far, near, data, 1);
	start = work_now();
	for (i = 0; i < REQUESTS; i++) {
		pass(near, far, data, 1);
		pass(far, near, data, 1);
	}
	start = drained(NULL, NULL) - start;
	close(near);
	close(far);
	close(listener);
	return start / REQUESTS;
}

/* Sockets of the near end are made before: they need its namespace. */
static int64_t tcp_crr(struct path *path)
{
	int listener = path_listen(path), near[CONNECTIONS], far, i;
	int64_t start;

	for (i = 0; i < CONNECTIONS; i++)
		near[i] = socket_in(path->near, SOCK_STREAM);
	start = work_now();
	for (i = 0; i < CONNECTIONS; i++) {
		path_connect(listener, near[i], &far);
		pass(near[i], far, data, 1);
		pass(far, near[i], data, 1);
		close(near[i]);
		close(far);
	}
	start = drained(NULL, NULL) - start;
	close(listener);
	return start / CONNECTIONS;
}

static const struct {
	const char *name;
	int64_t (*work)(struct path *path);
} traffics[] = {
	{ "udp64", udp64 },
	{ "tcp_stream", tcp_stream },
	{ "tcp_rr", tcp_rr },
	{ "tcp_crr", tcp_crr },
};

int main(int argc, char **argv)
{
	int batches, i;
	struct path path;
	unsigned long t;
	int64_t work;

	if (argc < 5)
		die("usage: veth CASE KIND TRAFFIC BATCHES [gro] [fq]");
	for (t = 0; strcmp(traffics[t].name, argv[3]); t++)
		if (t + 1 == sizeof(traffics) / sizeof(*traffics))
			die("no traffic is called %s", argv[3]);
	batches = parse_count(argv[4]);
	bench_init();
	path_make(&path, argv[2]);
	for (i = 5; i < argc; i++) {
		if (!strcmp(argv[i], "gro"))
			path_gro(&path);
		else
			path_qdisc(&path, argv[i]);
	}
	path_up(&path);
	drained(NULL, NULL);
	/* The first finds neighbours and fills caches. */
	for (i = -1; i < batches; i++) {
		work = traffics[t].work(&path);
		if (i >= 0)
			print_sample(argv[1], "raw", work);
	}
	return 0;
}
