// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to rtnetlink, one function each, built by hand: a library would add
 * its own work to what is measured. It must never retry a request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "netlink.h"

/* VETH_INFO_PEER and IFLA_NETKIT_PEER_INFO: the same for both kinds. */
#define INFO_PEER	1

struct request {
	struct nlmsghdr header;
	char data[512];
};

static void *put(struct request *req, const void *data, int len)
{
	void *to = (char *)req + NLMSG_ALIGN(req->header.nlmsg_len);

	memset(to, 0, NLMSG_ALIGN(len));
	if (data)
		memcpy(to, data, len);
	req->header.nlmsg_len = NLMSG_ALIGN(req->header.nlmsg_len) + len;
	return to;
}

static struct rtattr *put_attr(struct request *req, int type, const void *data,
			       int len)
{
	struct rtattr attr = { RTA_LENGTH(len), type };
	struct rtattr *to = put(req, &attr, sizeof(attr));

	put(req, data, len);
	return to;
}

static void end_nest(struct request *req, struct rtattr *nest)
{
	nest->rta_len = (char *)req + req->header.nlmsg_len - (char *)nest;
}

static void put_name(struct request *req, int type, const char *name)
{
	put_attr(req, type, name, strlen(name) + 1);
}

static void begin(struct request *req, int type, int flags)
{
	req->header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
	};
}

/* Whose answer has the type @wanted. */
static int ask(int nl, struct request *req, int wanted)
{
	union {
		struct nlmsghdr header;
		char buf[4096];
	} answer;
	struct nlmsgerr *error = NLMSG_DATA(&answer.header);

	if (send(nl, req, req->header.nlmsg_len, 0) < 0 ||
	    recv(nl, &answer, sizeof(answer), 0) < 0)
		return -errno;
	if (answer.header.nlmsg_type == NLMSG_ERROR)
		return error->error;
	return answer.header.nlmsg_type == wanted ? 0 : -EPROTO;
}

static int talk(int nl, struct request *req)
{
	return ask(nl, req, NLMSG_ERROR);
}

int nl_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* As many as the kind has by default, if there are to be none. */
static void put_queues(struct request *req, unsigned int queues)
{
	if (!queues)
		return;
	put_attr(req, IFLA_NUM_TX_QUEUES, &queues, sizeof(queues));
	put_attr(req, IFLA_NUM_RX_QUEUES, &queues, sizeof(queues));
}

int nl_pair_queues(int nl, const char *kind, const char *name, int ns,
		   const char *peer, int peer_ns, unsigned int queues)
{
	struct rtattr *info, *data, *end;
	struct ifinfomsg ifi = { 0 };
	struct request req;

	begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	put(&req, &ifi, sizeof(ifi));
	put_name(&req, IFLA_IFNAME, name);
	put_attr(&req, IFLA_NET_NS_FD, &ns, sizeof(ns));
	put_queues(&req, queues);
	info = put_attr(&req, IFLA_LINKINFO, NULL, 0);
	put_name(&req, IFLA_INFO_KIND, kind);
	data = put_attr(&req, IFLA_INFO_DATA, NULL, 0);
	end = put_attr(&req, INFO_PEER, NULL, 0);
	put(&req, &ifi, sizeof(ifi));
	put_name(&req, IFLA_IFNAME, peer);
	put_attr(&req, IFLA_NET_NS_FD, &peer_ns, sizeof(peer_ns));
	put_queues(&req, queues);
	end_nest(&req, end);
	end_nest(&req, data);
	end_nest(&req, info);
	return talk(nl, &req);
}

int nl_pair(int nl, const char *kind, const char *name, int ns,
	    const char *peer, int peer_ns)
{
	return nl_pair_queues(nl, kind, name, ns, peer, peer_ns, 0);
}

int nl_dummy_queues(int nl, const char *name, unsigned int queues)
{
	struct ifinfomsg ifi = { 0 };
	struct rtattr *info;
	struct request req;

	begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	put(&req, &ifi, sizeof(ifi));
	put_name(&req, IFLA_IFNAME, name);
	put_queues(&req, queues);
	info = put_attr(&req, IFLA_LINKINFO, NULL, 0);
	put_name(&req, IFLA_INFO_KIND, "dummy");
	end_nest(&req, info);
	return talk(nl, &req);
}

int nl_dummy(int nl, const char *name)
{
	return nl_dummy_queues(nl, name, 0);
}

static void begin_link(struct request *req, int type, const char *name, int up)
{
	struct ifinfomsg ifi = { .ifi_flags = up, .ifi_change = up };

	begin(req, type, 0);
	put(req, &ifi, sizeof(ifi));
	put_name(req, IFLA_IFNAME, name);
}

int nl_move(int nl, const char *name, int ns)
{
	struct request req;

	begin_link(&req, RTM_NEWLINK, name, 0);
	put_attr(&req, IFLA_NET_NS_FD, &ns, sizeof(ns));
	return talk(nl, &req);
}

int nl_delete(int nl, const char *name)
{
	struct request req;

	begin_link(&req, RTM_DELLINK, name, 0);
	return talk(nl, &req);
}

int nl_up(int nl, const char *name)
{
	struct request req;

	begin_link(&req, RTM_NEWLINK, name, IFF_UP);
	return talk(nl, &req);
}

int nl_carrier(int nl, const char *name)
{
	struct request req;

	begin_link(&req, RTM_GETLINK, name, 0);
	req.header.nlmsg_flags = NLM_F_REQUEST;
	return ask(nl, &req, RTM_NEWLINK);
}

int nl_address(int nl, const char *name, const char *address)
{
	struct ifaddrmsg ifa = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = 24,
		.ifa_index = if_nametoindex(name),
	};
	struct in_addr addr;
	struct request req;

	if (!inet_aton(address, &addr))
		return -EINVAL;
	begin(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	put(&req, &ifa, sizeof(ifa));
	put_attr(&req, IFA_LOCAL, &addr, sizeof(addr));
	put_attr(&req, IFA_ADDRESS, &addr, sizeof(addr));
	return talk(nl, &req);
}

int nl_qdisc(int nl, const char *name, const char *kind)
{
	struct tcmsg tcm = {
		.tcm_ifindex = if_nametoindex(name),
		.tcm_parent = TC_H_ROOT,
	};
	struct request req;

	begin(&req, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
	put(&req, &tcm, sizeof(tcm));
	put_name(&req, TCA_KIND, kind);
	return talk(nl, &req);
}

int nl_xdp(int nl, const char *name, int program)
{
	struct rtattr *xdp;
	struct request req;

	begin_link(&req, RTM_NEWLINK, name, 0);
	xdp = put_attr(&req, IFLA_XDP, NULL, 0);
	put_attr(&req, IFLA_XDP_FD, &program, sizeof(program));
	end_nest(&req, xdp);
	return talk(nl, &req);
}

int nl_nsid(int nl, int ns, int id)
{
	struct rtgenmsg gen = { AF_UNSPEC };
	struct request req;

	begin(&req, RTM_NEWNSID, 0);
	put(&req, &gen, sizeof(gen));
	put_attr(&req, NETNSA_FD, &ns, sizeof(ns));
	put_attr(&req, NETNSA_NSID, &id, sizeof(id));
	return talk(nl, &req);
}
