// SPDX-License-Identifier: GPL-2.0
/*
 * A pair of devices between two namespaces, ready for traffic.
 *
 * One process has the sockets of both ends: nothing is measured but the path of
 * the packets. IPv6 is off, as it sends of its own accord. It must never use a
 * library that would add its own work.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "netlink.h"
#include "path.h"
#include "uses.h"

#define PORT	4244

static void need(int err, const char *what)
{
	if (err)
		die("%s: %s", what, strerror(-err));
}

void enter(int ns)
{
	must(setns(ns, CLONE_NEWNET));
}

int used_namespace(void)
{
	int home = must(open_namespace(CLONE_NEWNET)), fd;

	must(unshare(CLONE_NEWNET));
	use_by_name("lo_up")->run();
	fd = must(open_namespace(CLONE_NEWNET));
	must(setns(home, CLONE_NEWNET));
	close(home);
	return fd;
}

static int quiet_namespace(void)
{
	int ns;

	must(unshare(CLONE_NEWNET));
	if (!access("/proc/sys/net/ipv6", F_OK))
		write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	ns = must(open_namespace(CLONE_NEWNET));
	return ns;
}

void path_make(struct path *path, const char *kind)
{
	int nl;

	path->near = quiet_namespace();
	path->far = quiet_namespace();
	nl = must(nl_open());
	need(nl_pair(nl, kind, "near", path->near, "far", path->far), kind);
	close(nl);
}

static void end_up(int ns, const char *name, const char *address)
{
	int nl;

	enter(ns);
	nl = must(nl_open());
	need(nl_up(nl, name), name);
	need(nl_address(nl, name, address), address);
	close(nl);
}

static void end_carrier(int ns, const char *name)
{
	int nl;

	enter(ns);
	nl = must(nl_open());
	need(nl_carrier(nl, name), name);
	close(nl);
}

void path_up(struct path *path)
{
	end_up(path->near, "near", NEAR_ADDRESS);
	end_up(path->far, "far", FAR_ADDRESS);
	end_carrier(path->near, "near");
	end_carrier(path->far, "far");
}

static void set_feature(int sock, struct ifreq *ifr, int set, int get, int on)
{
	struct ethtool_value value = { set, on };

	ifr->ifr_data = (void *)&value;
	must(ioctl(sock, SIOCETHTOOL, ifr));
	value.cmd = get;
	must(ioctl(sock, SIOCETHTOOL, ifr));
	if (!!value.data != on)
		die("%s refuses a feature", ifr->ifr_name);
}

/* veth leaves NAPI aside for a sender that hands it unsegmented TCP. */
static void end_gro(int ns, const char *name)
{
	int sock = socket_in(ns, SOCK_DGRAM);
	struct ifreq ifr;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	set_feature(sock, &ifr, ETHTOOL_SGRO, ETHTOOL_GGRO, 1);
	set_feature(sock, &ifr, ETHTOOL_STSO, ETHTOOL_GTSO, 0);
	close(sock);
}

void path_gro(struct path *path)
{
	end_gro(path->near, "near");
	end_gro(path->far, "far");
}

#define FEATURE_WORDS	2

static unsigned int feature_bit(int sock, struct ifreq *ifr, const char *name)
{
	struct {
		struct ethtool_gstrings head;
		char names[32 * FEATURE_WORDS][ETH_GSTRING_LEN];
	} strings = {
		.head = {
			.cmd = ETHTOOL_GSTRINGS,
			.string_set = ETH_SS_FEATURES,
		},
	};
	unsigned int i;

	ifr->ifr_data = (void *)&strings;
	must(ioctl(sock, SIOCETHTOOL, ifr));
	for (i = 0; i < strings.head.len; i++)
		if (!strcmp(strings.names[i], name))
			return i;
	die("no feature is called %s", name);
}

static void clear_feature(int sock, struct ifreq *ifr, const char *name)
{
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block words[FEATURE_WORDS];
	} features = {
		.head = {
			.cmd = ETHTOOL_SFEATURES,
			.size = FEATURE_WORDS,
		},
	};
	unsigned int bit = feature_bit(sock, ifr, name);

	features.words[bit / 32].valid = 1U << bit % 32;
	ifr->ifr_data = (void *)&features;
	if (must(ioctl(sock, SIOCETHTOOL, ifr)))
		die("%s refuses to clear %s", ifr->ifr_name, name);
}

void path_cut(struct path *path)
{
	int sock = socket_in(path->near, SOCK_DGRAM);
	struct ifreq ifr = { .ifr_name = "near" };

	set_feature(sock, &ifr, ETHTOOL_SSG, ETHTOOL_GSG, 0);
	clear_feature(sock, &ifr, "tx-udp-segmentation");
	close(sock);
}

static void end_qdisc(int ns, const char *name, const char *kind)
{
	int nl;

	enter(ns);
	nl = must(nl_open());
	need(nl_qdisc(nl, name, kind), kind);
	close(nl);
}

void path_qdisc(struct path *path, const char *kind)
{
	end_qdisc(path->near, "near", kind);
	end_qdisc(path->far, "far", kind);
}

int socket_in(int ns, int type)
{
	enter(ns);
	return must(socket(AF_INET, type, 0));
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};

	inet_aton(text, &addr.sin_addr);
	return addr;
}

void path_datagrams(struct path *path, int *near, int *far)
{
	struct sockaddr_in near_addr = address_of(NEAR_ADDRESS);
	struct sockaddr_in far_addr = address_of(FAR_ADDRESS);

	*near = socket_in(path->near, SOCK_DGRAM);
	must(bind(*near, (void *)&near_addr, sizeof(near_addr)));
	must(connect(*near, (void *)&far_addr, sizeof(far_addr)));
	*far = socket_in(path->far, SOCK_DGRAM);
	must(bind(*far, (void *)&far_addr, sizeof(far_addr)));
	must(connect(*far, (void *)&near_addr, sizeof(near_addr)));
}

int path_listen(struct path *path)
{
	struct sockaddr_in addr = address_of(FAR_ADDRESS);
	int sock = socket_in(path->far, SOCK_STREAM);

	must(bind(sock, (void *)&addr, sizeof(addr)));
	must(listen(sock, 16));
	return sock;
}

void path_connect(int listener, int near, int *far)
{
	struct sockaddr_in addr = address_of(FAR_ADDRESS);

	must(connect(near, (void *)&addr, sizeof(addr)));
	*far = must(accept(listener, NULL, NULL));
}

void pass(int from, int to, const void *data, size_t len)
{
	char buf[65536];
	ssize_t ret;
	size_t sent = 0, received = 0;

	while (received < len) {
		if (sent < len) {
			ret = send(from, data + sent, len - sent, MSG_DONTWAIT);
			if (ret < 0 && errno != EAGAIN)
				die("send: %m");
			if (ret > 0)
				sent += ret;
		}
		if (sent > received) {
			ret = must(recv(to, buf, sizeof(buf), 0));
			if (!ret)
				die("the other end is closed");
			received += ret;
		}
	}
}
