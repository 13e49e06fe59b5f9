/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the veth tests share: asking for a pair attribute by attribute, so that
 * a request can be as wrong as a test wants it, and seeing what a link says.
 */
#ifndef VETH_UTIL_H
#define VETH_UTIL_H

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <sys/mount.h>

#include "isolation_util.h"

/* if.h of the C library lacks it, and the kernel's cannot be included too. */
#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif

/* What the package's driver allows. */
#define VETH_MIN_MTU 68
#define VETH_MAX_MTU 65535

struct veth_req {
	struct nl_req req;
	struct rtattr *info;
	struct rtattr *data;
	struct rtattr *peer;
};

/* A request of which all attributes of the near end, if any, come next. */
static inline struct ifinfomsg *veth_begin(struct veth_req *v)
{
	v->info = NULL;
	v->data = NULL;
	v->peer = NULL;
	return nl_init(&v->req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		       sizeof(struct ifinfomsg));
}

static inline void veth_kind(struct veth_req *v)
{
	v->info = nl_put(&v->req, IFLA_LINKINFO, NULL, 0);
	nl_put_str(&v->req, IFLA_INFO_KIND, "veth");
}

/* A nest whose header is of any length: the far end's attributes come next. */
static inline struct ifinfomsg *veth_peer_len(struct veth_req *v, size_t len)
{
	static const struct ifinfomsg none;

	veth_kind(v);
	v->data = nl_put(&v->req, IFLA_INFO_DATA, NULL, 0);
	v->peer = nl_put(&v->req, VETH_INFO_PEER, &none, len);
	return RTA_DATA(v->peer);
}

static inline struct ifinfomsg *veth_peer(struct veth_req *v)
{
	return veth_peer_len(v, sizeof(struct ifinfomsg));
}

static inline void veth_end(struct veth_req *v)
{
	if (!v->info)
		veth_kind(v);
	if (v->peer)
		nl_end_nest(&v->req, v->peer);
	if (v->data)
		nl_end_nest(&v->req, v->data);
	nl_end_nest(&v->req, v->info);
}

static inline int veth_send(int nl, struct veth_req *v, struct nl_ack *ack)
{
	veth_end(v);
	if (ack)
		memset(ack, 0, sizeof(*ack));
	return nl_talk(nl, &v->req, NULL, NULL, ack);
}

/* What RTM_GETLINK says; NONE where the attribute is missing. */
#define NONE (-1000)

struct veth_link {
	int index;
	unsigned int flags;
	char name[IFNAMSIZ];
	char kind[16];
	unsigned char addr[ETH_ALEN];
	int mtu;
	int min_mtu;
	int max_mtu;
	int group;
	int txqlen;
	int num_tx;
	int num_rx;
	int gso_max_size;
	int gso_max_segs;
	int tso_max_size;
	int link;
	int nsid;
	int carrier;
	int operstate;
	int xdp_mode;
	int xdp_id;
	struct rtnl_link_stats64 stats;
};

static inline int veth_attr_int(const struct nlmsghdr *nlh, int type)
{
	const struct rtattr *rta = nl_find(nlh, sizeof(struct ifinfomsg), type);

	return rta ? nl_get_int(rta) : NONE;
}

static inline int veth_attr_u8(const struct nlmsghdr *nlh, int type)
{
	const struct rtattr *rta = nl_find(nlh, sizeof(struct ifinfomsg), type);

	return rta ? *(__u8 *)RTA_DATA(rta) : NONE;
}

static inline const struct rtattr *veth_nested(const struct rtattr *nest,
					       int type)
{
	const struct rtattr *rta = RTA_DATA(nest);
	int len = RTA_PAYLOAD(nest);

	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if ((rta->rta_type & NLA_TYPE_MASK) == type)
			return rta;
	return NULL;
}

static inline void veth_parse_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	struct veth_link *link = arg;
	const struct rtattr *rta, *sub;

	memset(link, 0, sizeof(*link));
	link->index = ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	link->mtu = veth_attr_int(nlh, IFLA_MTU);
	link->min_mtu = veth_attr_int(nlh, IFLA_MIN_MTU);
	link->max_mtu = veth_attr_int(nlh, IFLA_MAX_MTU);
	link->group = veth_attr_int(nlh, IFLA_GROUP);
	link->txqlen = veth_attr_int(nlh, IFLA_TXQLEN);
	link->num_tx = veth_attr_int(nlh, IFLA_NUM_TX_QUEUES);
	link->num_rx = veth_attr_int(nlh, IFLA_NUM_RX_QUEUES);
	link->gso_max_size = veth_attr_int(nlh, IFLA_GSO_MAX_SIZE);
	link->gso_max_segs = veth_attr_int(nlh, IFLA_GSO_MAX_SEGS);
	link->tso_max_size = veth_attr_int(nlh, IFLA_TSO_MAX_SIZE);
	link->link = veth_attr_int(nlh, IFLA_LINK);
	link->nsid = veth_attr_int(nlh, IFLA_LINK_NETNSID);
	link->carrier = veth_attr_u8(nlh, IFLA_CARRIER);
	link->operstate = veth_attr_u8(nlh, IFLA_OPERSTATE);

	rta = nl_find(nlh, sizeof(*ifi), IFLA_IFNAME);
	if (rta)
		snprintf(link->name, sizeof(link->name), "%s",
			 (const char *)RTA_DATA(rta));
	rta = nl_find(nlh, sizeof(*ifi), IFLA_ADDRESS);
	if (rta && RTA_PAYLOAD(rta) == ETH_ALEN)
		memcpy(link->addr, RTA_DATA(rta), ETH_ALEN);
	rta = nl_find(nlh, sizeof(*ifi), IFLA_STATS64);
	if (rta)
		memcpy(&link->stats, RTA_DATA(rta), sizeof(link->stats));
	rta = nl_find(nlh, sizeof(*ifi), IFLA_LINKINFO);
	sub = rta ? veth_nested(rta, IFLA_INFO_KIND) : NULL;
	if (sub)
		snprintf(link->kind, sizeof(link->kind), "%s",
			 (const char *)RTA_DATA(sub));
	rta = nl_find(nlh, sizeof(*ifi), IFLA_XDP);
	sub = rta ? veth_nested(rta, IFLA_XDP_ATTACHED) : NULL;
	link->xdp_mode = sub ? *(__u8 *)RTA_DATA(sub) : NONE;
	sub = rta ? veth_nested(rta, IFLA_XDP_PROG_ID) : NULL;
	link->xdp_id = sub ? nl_get_int(sub) : NONE;
}

static inline int veth_get(int nl, const char *name, struct veth_link *link)
{
	struct nl_req req;

	memset(link, 0, sizeof(*link));
	nl_init(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(nl, &req, veth_parse_link, link, NULL);
}

/* One of the counters of struct rtnl_link_stats64, or -1. */
#define veth_counter(nl, name, field)					\
({									\
	struct veth_link __link;					\
									\
	veth_get(nl, name, &__link) ? -1LL :				\
				      (long long)__link.stats.field;	\
})

/* Changes one attribute of a device. */
static inline int veth_set(int nl, const char *name, int attr, int value,
			   struct nl_ack *ack)
{
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	nl_put_int(&req, attr, value);
	if (ack)
		memset(ack, 0, sizeof(*ack));
	return nl_talk(nl, &req, NULL, NULL, ack);
}

static inline int veth_down(int nl, const char *name)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ifi = nl_init(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_change = IFF_UP;
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(nl, &req, NULL, NULL, NULL);
}

static inline void veth_count_reply(const struct nlmsghdr *nlh, void *arg)
{
	struct veth_link link;

	veth_parse_link(nlh, &link);
	*(int *)arg += !strcmp(link.kind, "veth");
}

/* How many ends there are in the namespace of the socket. */
static inline int veth_count(int nl)
{
	struct nl_req req;
	int n = 0, err;

	nl_init(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	err = nl_talk(nl, &req, veth_count_reply, &n, NULL);
	return err ? err : n;
}

/* How many CPUs this machine may ever have: what the queues go by. */
static inline int possible_cpus(void)
{
	int first, last, nr;
	char text[64];

	if (read_file("/sys/devices/system/cpu/possible", text,
		      sizeof(text)) < 0)
		return -1;
	nr = sscanf(text, "%d-%d", &first, &last);
	if (nr == 1)
		return 1;
	return nr == 2 ? last - first + 1 : -1;
}

/* Enters a namespace, and has its sysfs, for this process alone. */
static inline int see_sysfs_of(int nsfd)
{
	int err;

	err = sys_setns(nsfd, CLONE_NEWNET);
	if (!err)
		err = sys_unshare(CLONE_NEWNS);
	if (err)
		return err;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		return -errno;
	return 0;
}

/* What CPU @n sends goes to queue @n. For whoever sees the sysfs of it. */
static inline int veth_queue_per_cpu(const char *name, int cpus)
{
	char path[96];
	int cpu, err = 0;

	for (cpu = 0; cpu < cpus && !err; cpu++) {
		snprintf(path, sizeof(path),
			 "/sys/class/net/%s/queues/tx-%d/xps_cpus", name, cpu);
		err = write_file(path, "%x", 1U << cpu);
	}
	return err;
}

static inline int run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

#endif /* VETH_UTIL_H */
