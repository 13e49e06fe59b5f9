/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough rtnetlink for the network namespace selftests: no library stands
 * between a test and what the kernel says.
 */
#ifndef NETNS_NETLINK_H
#define NETNS_NETLINK_H

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/time.h>

#include "netns_util.h"

struct nl_req {
	struct nlmsghdr nlh;
	unsigned char body[1024];
};

/* What the kernel adds to an error; offset 0 means that it named none. */
struct nl_ack {
	__u32 offset;
	char msg[128];
};

typedef void (*nl_reply_fn)(const struct nlmsghdr *nlh, void *arg);

static inline void *nl_init(struct nl_req *req, int type, int flags,
			    size_t hdrlen)
{
	memset(req, 0, sizeof(*req));
	req->nlh.nlmsg_type = type;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	req->nlh.nlmsg_len = NLMSG_LENGTH(hdrlen);
	return NLMSG_DATA(&req->nlh);
}

/* The header of rtnetlink's nsid messages has nothing to say. */
static inline void nl_init_nsid(struct nl_req *req, int type, int flags)
{
	nl_init(req, type, flags, sizeof(struct rtgenmsg));
}

static inline struct rtattr *nl_put(struct nl_req *req, int type,
				    const void *data, size_t len)
{
	struct rtattr *rta = (void *)((char *)req +
				      NLMSG_ALIGN(req->nlh.nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	req->nlh.nlmsg_len = NLMSG_ALIGN(req->nlh.nlmsg_len) +
			     RTA_ALIGN(rta->rta_len);
	return rta;
}

static inline void nl_put_int(struct nl_req *req, int type, int value)
{
	nl_put(req, type, &value, sizeof(value));
}

static inline void nl_put_str(struct nl_req *req, int type, const char *str)
{
	nl_put(req, type, str, strlen(str) + 1);
}

static inline void nl_end_nest(struct nl_req *req, struct rtattr *nest)
{
	nest->rta_len = (char *)req + req->nlh.nlmsg_len - (char *)nest;
}

static inline const struct rtattr *nl_find(const struct nlmsghdr *nlh,
					   size_t hdrlen, int type)
{
	const struct rtattr *rta = (void *)((char *)NLMSG_DATA(nlh) +
					    NLMSG_ALIGN(hdrlen));
	int len = nlh->nlmsg_len - NLMSG_SPACE(hdrlen);

	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if ((rta->rta_type & NLA_TYPE_MASK) == type)
			return rta;
	return NULL;
}

static inline int nl_get_int(const struct rtattr *rta)
{
	int value;

	memcpy(&value, RTA_DATA(rta), sizeof(value));
	return value;
}

/*
 * A reply that never comes is a failure, not a test that hangs. Bound, because
 * a socket without an address gets no events.
 */
static inline int nl_setup(int fd)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct timeval tv = { .tv_sec = POLL_DEADLINE_S };
	int one = 1;

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)))
		return -errno;
	return fd;
}

static inline int nl_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : nl_setup(fd);
}

static inline int nl_open_in(int nsfd)
{
	int fd = socket_in(nsfd, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	return fd < 0 ? fd : nl_setup(fd);
}

static inline int nl_subscribe(int fd, int group)
{
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		return -errno;
	return 0;
}

static inline __u32 nl_portid(int fd)
{
	struct sockaddr_nl addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		return 0;
	return addr.nl_pid;
}

static inline void nl_parse_ack(const struct nlmsghdr *nlh, size_t skip,
				struct nl_ack *ack)
{
	const struct rtattr *rta;

	memset(ack, 0, sizeof(*ack));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	rta = nl_find(nlh, skip, NLMSGERR_ATTR_MSG);
	if (rta)
		snprintf(ack->msg, sizeof(ack->msg), "%s",
			 (const char *)RTA_DATA(rta));
	rta = nl_find(nlh, skip, NLMSGERR_ATTR_OFFS);
	if (rta)
		ack->offset = nl_get_int(rta);
}

static inline int nl_parse_error(const struct nlmsghdr *nlh,
				 struct nl_ack *ack)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);
	size_t skip = sizeof(*err);

	/* Success and NLM_F_CAPPED echo the header of the request only. */
	if (err->error && !(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (ack)
		nl_parse_ack(nlh, skip, ack);
	return err->error;
}

/*
 * Sends a request and returns the error that the kernel answers, after having
 * handed each reply to @fn. Events that are not about this request are lost.
 */
static inline int nl_talk(int fd, struct nl_req *req, nl_reply_fn fn,
			  void *arg, struct nl_ack *ack)
{
	static union {
		struct nlmsghdr nlh;
		char data[65536];
	} buf;
	static __u32 seq = 1000;
	struct nlmsghdr *nlh;
	ssize_t len;
	size_t left;

	req->nlh.nlmsg_seq = ++seq;
	if ((req->nlh.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		req->nlh.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, req, req->nlh.nlmsg_len, 0) < 0)
		return -errno;

	for (;;) {
		len = recv(fd, &buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		left = len;
		for (nlh = &buf.nlh; NLMSG_OK(nlh, left);
		     nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return nl_parse_error(nlh, ack);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				if (ack)
					nl_parse_ack(nlh, sizeof(int), ack);
				return *(int *)NLMSG_DATA(nlh);
			}
			if (fn)
				fn(nlh, arg);
		}
	}
}

/*
 * The peer of @attr (NETNSA_PID or NETNSA_FD) and @value gets @nsid in the
 * namespace of the socket.
 */
static inline int nsid_set(int fd, int nsid, int attr, int value)
{
	struct nl_req req;

	nl_init_nsid(&req, RTM_NEWNSID, 0);
	nl_put_int(&req, NETNSA_NSID, nsid);
	nl_put_int(&req, attr, value);
	return nl_talk(fd, &req, NULL, NULL, NULL);
}

static inline void nsid_reply(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta;

	rta = nl_find(nlh, sizeof(struct rtgenmsg), NETNSA_NSID);
	if (rta && nlh->nlmsg_type == RTM_NEWNSID)
		*(int *)arg = nl_get_int(rta);
}

#define NSID_NO_REPLY (-1000)

/* The error, and the id in *nsid, which may be NETNSA_NSID_NOT_ASSIGNED. */
static inline int nsid_get(int fd, int attr, int value, int *nsid)
{
	struct nl_req req;

	*nsid = NSID_NO_REPLY;
	nl_init_nsid(&req, RTM_GETNSID, 0);
	nl_put_int(&req, attr, value);
	return nl_talk(fd, &req, nsid_reply, nsid, NULL);
}

static inline void nsid_count_reply(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type == RTM_NEWNSID)
		++*(int *)arg;
}

/* How many peers have an id in the namespace of the socket. */
static inline int nsid_count(int fd)
{
	struct nl_req req;
	int n = 0, err;

	nl_init_nsid(&req, RTM_GETNSID, NLM_F_DUMP);
	err = nl_talk(fd, &req, nsid_count_reply, &n, NULL);
	return err ? err : n;
}

/* A request for a link with one more attribute; returns its nest, still open. */
static inline struct rtattr *nl_init_link(struct nl_req *req, const char *kind,
					  const char *name, int attr, int value)
{
	struct rtattr *info;

	nl_init(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		sizeof(struct ifinfomsg));
	nl_put_str(req, IFLA_IFNAME, name);
	nl_put_int(req, attr, value);
	info = nl_put(req, IFLA_LINKINFO, NULL, 0);
	nl_put_str(req, IFLA_INFO_KIND, kind);
	return info;
}

/* A pair of veth, netkit or vxcan: all name the other end alike. */
static inline int pair_add(int fd, const char *kind, const char *name,
			   const char *peer, int peer_nsfd)
{
	struct rtattr *info, *data, *end;
	struct ifinfomsg ifi = {};
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(ifi));
	nl_put_str(&req, IFLA_IFNAME, name);
	info = nl_put(&req, IFLA_LINKINFO, NULL, 0);
	nl_put_str(&req, IFLA_INFO_KIND, kind);
	data = nl_put(&req, IFLA_INFO_DATA, NULL, 0);
	end = nl_put(&req, VETH_INFO_PEER, &ifi, sizeof(ifi));
	nl_put_str(&req, IFLA_IFNAME, peer);
	nl_put_int(&req, IFLA_NET_NS_FD, peer_nsfd);
	nl_end_nest(&req, end);
	nl_end_nest(&req, data);
	nl_end_nest(&req, info);
	return nl_talk(fd, &req, NULL, NULL, NULL);
}

static inline int veth_add(int fd, const char *name, const char *peer,
			   int peer_nsfd)
{
	return pair_add(fd, "veth", name, peer, peer_nsfd);
}

/* Changes a device found by its name: @attr is IFLA_NET_NS_FD or _PID. */
static inline int link_move(int fd, const char *name, int attr, int value)
{
	struct nl_req req;

	nl_init(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	nl_put_int(&req, attr, value);
	return nl_talk(fd, &req, NULL, NULL, NULL);
}

static inline int link_up(int fd, const char *name)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ifi = nl_init(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(fd, &req, NULL, NULL, NULL);
}

static inline int link_rename(int fd, int index, const char *name)
{
	struct ifinfomsg *ifi;
	struct nl_req req;

	ifi = nl_init(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = index;
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(fd, &req, NULL, NULL, NULL);
}

static inline int link_del(int fd, const char *name)
{
	struct nl_req req;

	nl_init(&req, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	return nl_talk(fd, &req, NULL, NULL, NULL);
}

#endif /* NETNS_NETLINK_H */
