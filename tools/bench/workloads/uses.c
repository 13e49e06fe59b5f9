// SPDX-License-Identifier: GPL-2.0
/*
 * What a process first does with its network namespace: by system calls, or by
 * the programs that people use for it where that is the point. It must never
 * succeed without having done what its name says.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "uses.h"

static const struct sockaddr_in here = {
	.sin_family = AF_INET,
};

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in addr = here;

	addr.sin_port = htons(port);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return addr;
}

static void unused(void)
{
}

static void unix_socket(void)
{
	close(must(socket(AF_UNIX, SOCK_STREAM, 0)));
}

static void lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock = must(socket(AF_INET, SOCK_DGRAM, 0));

	must(ioctl(sock, SIOCSIFFLAGS, &ifr));
	close(sock);
}

static void udp_lo(void)
{
	struct sockaddr_in addr = loopback(4242);
	int sock;
	char c;

	lo_up();
	sock = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(sock, (void *)&addr, sizeof(addr)));
	must(sendto(sock, "x", 1, 0, (void *)&addr, sizeof(addr)));
	must(recv(sock, &c, 1, 0));
	close(sock);
}

static void tcp_lo(void)
{
	struct sockaddr_in addr = loopback(4243);
	int listener, client, server;
	char c;

	lo_up();
	listener = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(listener, (void *)&addr, sizeof(addr)));
	must(listen(listener, 1));
	client = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(client, (void *)&addr, sizeof(addr)));
	server = must(accept(listener, NULL, NULL));
	must(send(client, "x", 1, 0));
	must(recv(server, &c, 1, 0));
	must(send(server, "y", 1, 0));
	must(recv(client, &c, 1, 0));
	/* A reset: a socket in TIME-WAIT would keep the next from binding. */
	must(setsockopt(client, SOL_SOCKET, SO_LINGER,
			&(struct linger){ 1, 0 }, sizeof(struct linger)));
	close(client);
	close(server);
	close(listener);
}

static void read_all(const char *path)
{
	char buf[4096];
	ssize_t len;
	int fd;

	fd = must(open(path, O_RDONLY));
	do {
		len = must(read(fd, buf, sizeof(buf)));
	} while (len);
	close(fd);
}

static void sysctl_touch(void)
{
	read_all("/proc/sys/net/ipv4/ip_forward");
}

static void proc_net_touch(void)
{
	read_all("/proc/self/net/dev");
}

static void program(const char *const argv[])
{
	pid_t pid = must(fork());
	int null;

	if (!pid) {
		null = must(open("/dev/null", O_WRONLY));
		dup2(null, STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		die("%s: %m", argv[0]);
	}
	wait_for(pid);
}

static void ip_link_list(void)
{
	program((const char *const[]){ "ip", "link", "list", NULL });
}

/* A /sys of its own is how `ip netns exec` shows the right devices, too. */
static void list_views(void)
{
	must(unshare(CLONE_NEWNS));
	must(mount("", "/", NULL, MS_REC | MS_SLAVE, NULL));
	must(umount2("/sys", MNT_DETACH));
	must(mount("sys", "/sys", "sysfs", 0, NULL));
	program((const char *const[]){ "ls", "/proc/self/net/", "/sys/class/net/", NULL });
}

static void whole(void)
{
	udp_lo();
	tcp_lo();
	program((const char *const[]){ "ip", "addr", NULL });
	/* Errors of single files are normal: some cannot be read. */
	program((const char *const[]){ "sh", "-c", "sysctl -a 2> /dev/null; :", NULL });
	list_views();
}

static const struct use uses[] = {
	{ "unused", unused, false },
	{ "unix_socket", unix_socket, false },
	{ "lo_up", lo_up, true },
	{ "udp_lo", udp_lo, true },
	{ "tcp_lo", tcp_lo, true },
	{ "sysctl_touch", sysctl_touch, false },
	{ "proc_net_touch", proc_net_touch, false },
	{ "ip_link_list", ip_link_list, false },
	{ "whole", whole, true },
};

const struct use *use_by_name(const char *name)
{
	unsigned long i;

	for (i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (!strcmp(uses[i].name, name))
			return &uses[i];
	die("no use is called %s", name);
}
