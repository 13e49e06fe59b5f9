// SPDX-License-Identifier: GPL-2.0
/*
 * How long a datagram waits behind others: delay CASE KIND QDISC PROBES
 *
 * One process sends as fast as it can into a pair, packets that are many datagrams
 * each. The far end's NAPI, in a thread on another CPU, takes long for each of
 * these: what is sent piles up, where it may. Prints what passes between the
 * sending of a datagram of another flow and its receipt. What is sent for load is
 * lost in the end.
 *
 * It must never be run with a queueing discipline that does not keep flows apart,
 * which would lose the datagram, too, nor where there is but one CPU: how long
 * that lets the thread wait would be all that is seen.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "path.h"

#define LOAD_PORT	4245
#define LOAD_BUFFER	(16 << 20)
#define PAUSE_NS	5000000
#define FIRST		10
/* Of the classic machine's, what one datagram of the load costs the far end. */
#define INSNS		BPF_MAXINSNS

/* Of a datagram, and of a packet of as many as there may be. */
#define LOAD_SIZE	1400
#define LOAD_PACKET	(44 * LOAD_SIZE)

static char data[LOAD_PACKET];

/* Of threads of the kernel, the directory's name is all there is to know. */
static bool is_poll_of_far(const char *pid)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.10s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	fclose(file);
	return !strncmp(comm, "napi/far-", 9);
}

static void poll_elsewhere(int ns)
{
	struct dirent *entry;
	int found = 0;
	DIR *proc;

	/* sysfs shows the devices of the namespace that mounts it. */
	must(unshare(CLONE_NEWNS));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	enter(ns);
	must(mount("sysfs", "/sys", "sysfs", 0, NULL));
	write_text("/sys/class/net/far/threaded", "1");
	proc = opendir("/proc");
	if (!proc)
		die("/proc: %m");
	while ((entry = readdir(proc))) {
		if (!is_poll_of_far(entry->d_name))
			continue;
		run_on(atoi(entry->d_name), 1);
		found++;
	}
	closedir(proc);
	if (!found)
		die("the poll has no thread");
}

/* Takes its time to look at each datagram, and wants none. */
static int slow_sink(int ns, const struct sockaddr_in *at)
{
	static struct sock_filter insns[INSNS];
	const struct sock_fprog filter = { .len = INSNS, .filter = insns };
	int sink = socket_in(ns, SOCK_DGRAM), i;

	for (i = 0; i < INSNS - 1; i++)
		insns[i] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1);
	insns[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	must(setsockopt(sink, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)));
	must(bind(sink, (void *)at, sizeof(*at)));
	return sink;
}

static void load(struct path *path, const struct sockaddr_in *to)
{
	int near = socket_in(path->near, SOCK_DGRAM);
	int size = LOAD_BUFFER, segment = LOAD_SIZE;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	must(setsockopt(near, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)));
	must(setsockopt(near, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
	must(connect(near, (void *)to, sizeof(*to)));
	for (;;)
		send(near, data, sizeof(data), 0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(LOAD_PORT),
	};
	const struct sched_param first = { .sched_priority = 1 };
	int probes, sink, near, far, i;
	struct path path;
	int64_t start;
	pid_t pid;

	if (argc != 5)
		die("usage: delay CASE KIND QDISC PROBES");
	probes = parse_count(argv[4]);
	bench_init();
	path_make(&path, argv[2]);
	path_gro(&path);
	path_qdisc(&path, argv[3]);
	path_up(&path);
	poll_elsewhere(path.far);
	sink = slow_sink(path.far, &addr);
	path_datagrams(&path, &near, &far);
	pass(near, far, data, 64);
	inet_aton(FAR_ADDRESS, &addr.sin_addr);
	run_on(0, 0);
	pid = must(fork());
	if (!pid)
		load(&path, &addr);
	/* The load must not keep us from seeing that the datagram is there. */
	must(sched_setscheduler(0, SCHED_FIFO, &first));
	for (i = -FIRST; i < probes; i++) {
		sleep_ns(PAUSE_NS);
		start = clock_now();
		must(send(near, data, 64, 0));
		must(recv(far, data, 64, 0));
		if (i >= 0)
			print_sample(argv[1], "raw", clock_now() - start);
	}
	must(kill(pid, SIGKILL));
	must(waitpid(pid, NULL, 0));
	close(sink);
	return 0;
}
