// SPDX-License-Identifier: GPL-2.0-only
/*
 * RTM_NEWNSID, RTM_GETNSID and RTM_DELNSID: peer ids over rtnetlink, and
 * their announcement to RTNLGRP_NSID.
 *
 * Works without RTNL and takes no lock of its own. It must never touch the
 * index but through nsid.c's functions, and must name to nobody a namespace
 * that he could not name himself: by a pid or a descriptor of his, or by an
 * id that his namespace (or one over which he has CAP_NET_ADMIN) has given.
 */
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "netns.h"

static const struct nla_policy nsid_policy[NETNSA_MAX + 1] = {
	[NETNSA_NSID]		= { .type = NLA_S32 },
	[NETNSA_PID]		= { .type = NLA_U32 },
	[NETNSA_FD]		= { .type = NLA_U32 },
	[NETNSA_TARGET_NSID]	= { .type = NLA_S32 },
};

#define NSID_GETTABLE	(BIT(NETNSA_NSID) | BIT(NETNSA_PID) | \
			 BIT(NETNSA_FD) | BIT(NETNSA_TARGET_NSID))

/* @strict is what a socket can ask for: unknown types, trailing bytes. */
static int nsid_parse(const struct nlmsghdr *nlh, struct nlattr **tb,
		      bool strict, struct netlink_ext_ack *extack)
{
	enum netlink_validation how = NL_VALIDATE_LIBERAL;

	if (strict)
		how = NL_VALIDATE_DEPRECATED_STRICT;
	return __nlmsg_parse(nlh, sizeof(struct rtgenmsg), tb, NETNSA_MAX,
			     nsid_policy, how, extack);
}

/* The first attribute that a request has beyond @known ones. */
static const struct nlattr *nsid_stranger(struct nlattr **tb,
					  unsigned long known)
{
	int type;

	for (type = 0; type <= NETNSA_MAX; type++)
		if (tb[type] && !(known & BIT(type)))
			return tb[type];
	return NULL;
}

/**
 * struct nsid_msg - what goes into one message
 * @cmd: RTM_NEWNSID or RTM_DELNSID
 * @flags: of the netlink header
 * @portid: whom it answers, 0 for nobody
 * @seq: which request it answers
 * @id: the id, or NETNSA_NSID_NOT_ASSIGNED
 * @has_own_id: tell @own_id as well
 * @own_id: the id by which the asking namespace knows the same peer, when it
 *	    asked about another namespace's ids
 */
struct nsid_msg {
	int	cmd;
	int	flags;
	u32	portid;
	u32	seq;
	int	id;
	bool	has_own_id;
	int	own_id;
};

static int nsid_msg_put(struct sk_buff *skb, const struct nsid_msg *msg)
{
	struct rtgenmsg *family;
	struct nlmsghdr *nlh;
	int err;

	nlh = nlmsg_put(skb, msg->portid, msg->seq, msg->cmd, sizeof(*family),
			msg->flags);
	if (!nlh)
		return -EMSGSIZE;
	family = nlmsg_data(nlh);
	family->rtgen_family = AF_UNSPEC;

	err = nla_put_s32(skb, NETNSA_NSID, msg->id);
	if (!err && msg->has_own_id)
		err = nla_put_s32(skb, NETNSA_CURRENT_NSID, msg->own_id);
	if (err)
		nlmsg_cancel(skb, nlh);
	else
		nlmsg_end(skb, nlh);
	return err;
}

static struct sk_buff *nsid_msg_new(const struct nsid_msg *msg, gfp_t gfp)
{
	struct sk_buff *skb;

	skb = nlmsg_new(NLMSG_ALIGN(sizeof(struct rtgenmsg)) +
			2 * nla_total_size(sizeof(s32)), gfp);
	if (skb && WARN_ON_ONCE(nsid_msg_put(skb, msg))) {
		nlmsg_free(skb);
		skb = NULL;
	}
	return skb;
}

/**
 * netns_nsid_notify - announce that an id came or went
 * @owner: the namespace whose id it is; its listeners are told
 * @cmd: RTM_NEWNSID or RTM_DELNSID
 * @id: the id
 * @portid: whose request brought it about, 0 if nobody's
 * @request: that request, or NULL
 * @gfp: for the message
 *
 * Listeners learn from ENOBUFS that they missed one for which there was no
 * memory.
 *
 * Context: Any in which @gfp is allowed.
 */
void netns_nsid_notify(struct net *owner, int cmd, int id, u32 portid,
		       struct nlmsghdr *request, gfp_t gfp)
{
	const struct nsid_msg msg = {
		.cmd	= cmd,
		.portid	= portid,
		.seq	= request ? request->nlmsg_seq : 0,
		.id	= id,
	};
	struct sk_buff *skb = nsid_msg_new(&msg, gfp);

	if (skb)
		rtnl_notify(skb, owner, portid, RTNLGRP_NSID, request, gfp);
	else
		rtnl_set_sk_err(owner, RTNLGRP_NSID, -ENOMEM);
}

/**
 * netns_nsid_lost - announce that an id went with its bearer
 * @owner: the namespace whose id it was
 * @id: the id
 *
 * Context: Process context, may sleep.
 */
void netns_nsid_lost(struct net *owner, int id)
{
	netns_nsid_notify(owner, RTM_DELNSID, id, 0, NULL, GFP_KERNEL);
}

/*
 * The namespace that a request is about, with a reference. @attr becomes the
 * attribute that named it, for later complaints.
 */
static struct net *nsid_request_peer(struct net *net, struct nlattr **tb,
				     bool by_nsid, const struct nlattr **attr,
				     struct netlink_ext_ack *extack)
{
	struct net *peer;

	if (tb[NETNSA_PID]) {
		*attr = tb[NETNSA_PID];
		peer = get_net_ns_by_pid(nla_get_u32(*attr));
	} else if (tb[NETNSA_FD]) {
		*attr = tb[NETNSA_FD];
		peer = get_net_ns_by_fd(nla_get_u32(*attr));
	} else if (by_nsid && tb[NETNSA_NSID]) {
		*attr = tb[NETNSA_NSID];
		peer = get_net_ns_by_id(net, nla_get_s32(*attr));
		if (!peer)
			peer = ERR_PTR(-ENOENT);
	} else {
		NL_SET_ERR_MSG(extack, "Peer netns reference is missing");
		return ERR_PTR(-EINVAL);
	}

	if (IS_ERR(peer))
		NL_SET_ERR_MSG_ATTR(extack, *attr,
				    "Peer netns reference is invalid");
	return peer;
}

static int nsid_doit_new(struct sk_buff *skb, struct nlmsghdr *nlh,
			 struct netlink_ext_ack *extack)
{
	struct net *net = sock_net(skb->sk);
	struct nlattr *tb[NETNSA_MAX + 1];
	const struct nlattr *attr;
	struct net *peer;
	int id, err;

	err = nsid_parse(nlh, tb, false, extack);
	if (err)
		return err;
	if (!tb[NETNSA_NSID]) {
		NL_SET_ERR_MSG(extack, "nsid is missing");
		return -EINVAL;
	}

	peer = nsid_request_peer(net, tb, false, &attr, extack);
	if (IS_ERR(peer))
		return PTR_ERR(peer);

	id = netns_nsid_assign(net, peer, nla_get_s32(tb[NETNSA_NSID]),
			       GFP_KERNEL);
	put_net(peer);
	switch (id) {
	case -EEXIST:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "Peer netns already has a nsid assigned");
		return -EEXIST;
	case -EBUSY:
		NL_SET_ERR_MSG_ATTR(extack, tb[NETNSA_NSID],
				    "The specified nsid is already used");
		return -EEXIST;
	}
	if (id < 0)
		return id;

	netns_nsid_notify(net, RTM_NEWNSID, id, NETLINK_CB(skb).portid, nlh,
			  GFP_KERNEL);
	return 0;
}

/*
 * The namespace whose ids are asked for: the socket's own, or one that it
 * names by an id and over which the caller has CAP_NET_ADMIN. With a
 * reference in either case.
 */
static struct net *nsid_request_owner(struct sock *sk,
				      const struct nlattr *target)
{
	if (!target)
		return get_net(sock_net(sk));
	return rtnl_get_net_ns_capable(sk, nla_get_s32(target));
}

static int nsid_doit_get(struct sk_buff *skb, struct nlmsghdr *nlh,
			 struct netlink_ext_ack *extack)
{
	bool strict = netlink_strict_get_check(skb);
	struct net *net = sock_net(skb->sk);
	struct nsid_msg msg = {
		.cmd	= RTM_NEWNSID,
		.portid	= NETLINK_CB(skb).portid,
		.seq	= nlh->nlmsg_seq,
	};
	struct nlattr *tb[NETNSA_MAX + 1];
	const struct nlattr *attr;
	struct net *peer, *owner;
	struct sk_buff *reply;
	int err;

	err = nsid_parse(nlh, tb, strict, extack);
	if (err)
		return err;
	if (strict && nsid_stranger(tb, NSID_GETTABLE)) {
		NL_SET_ERR_MSG(extack,
			       "Unsupported attribute in peer netns getid request");
		return -EINVAL;
	}

	peer = nsid_request_peer(net, tb, true, &attr, extack);
	if (IS_ERR(peer))
		return PTR_ERR(peer);

	owner = nsid_request_owner(NETLINK_CB(skb).sk, tb[NETNSA_TARGET_NSID]);
	if (IS_ERR(owner)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[NETNSA_TARGET_NSID],
				    "Target netns reference is invalid");
		err = PTR_ERR(owner);
		goto put_peer;
	}

	msg.id = peernet2id(owner, peer);
	if (tb[NETNSA_TARGET_NSID]) {
		msg.has_own_id = true;
		msg.own_id = peernet2id(net, peer);
	}

	reply = nsid_msg_new(&msg, GFP_KERNEL);
	if (reply)
		err = rtnl_unicast(reply, net, NETLINK_CB(skb).portid);
	else
		err = -ENOMEM;

	put_net(owner);
put_peer:
	put_net(peer);
	return err;
}

struct nsid_dump {
	struct sk_buff	*skb;
	struct net	*asking;
	struct nsid_msg	msg;
};

static int nsid_dump_one(struct net *peer, int id, void *arg)
{
	struct nsid_dump *dump = arg;

	dump->msg.id = id;
	if (dump->msg.has_own_id)
		dump->msg.own_id = peernet2id(dump->asking, peer);
	return nsid_msg_put(dump->skb, &dump->msg);
}

/* Only who asks for strict checking can name another namespace's ids. */
static int nsid_parse_dump(struct netlink_callback *cb,
			   const struct nlattr **target)
{
	struct nlattr *tb[NETNSA_MAX + 1];
	const struct nlattr *stranger;
	int err;

	*target = NULL;
	if (!cb->strict_check)
		return 0;

	err = nsid_parse(cb->nlh, tb, true, cb->extack);
	if (err)
		return err;
	stranger = nsid_stranger(tb, BIT(NETNSA_TARGET_NSID));
	if (stranger) {
		NL_SET_ERR_MSG_ATTR(cb->extack, stranger,
				    "Unsupported attribute in dump request");
		return -EINVAL;
	}
	*target = tb[NETNSA_TARGET_NSID];
	return 0;
}

static int nsid_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nsid_dump dump = {
		.skb	= skb,
		.asking	= sock_net(skb->sk),
		.msg	= {
			.cmd	= RTM_NEWNSID,
			.flags	= NLM_F_MULTI,
			.portid	= NETLINK_CB(cb->skb).portid,
			.seq	= cb->nlh->nlmsg_seq,
		},
	};
	const struct nlattr *target;
	unsigned long next = cb->args[0];
	struct net *owner;
	int err;

	err = nsid_parse_dump(cb, &target);
	if (err)
		return err;
	owner = nsid_request_owner(skb->sk, target);
	if (IS_ERR(owner)) {
		NL_SET_ERR_MSG_ATTR(cb->extack, target,
				    "Invalid target network namespace id");
		return PTR_ERR(owner);
	}

	dump.msg.has_own_id = target;
	err = netns_nsid_walk(owner, &next, nsid_dump_one, &dump);
	cb->args[0] = next;

	put_net(owner);
	return err;
}

/**
 * netns_nsid_netlink_init - answer RTM_*NSID from now on
 *
 * Context: Boot, once.
 */
void __init netns_nsid_netlink_init(void)
{
	rtnl_register(PF_UNSPEC, RTM_NEWNSID, nsid_doit_new, NULL,
		      RTNL_FLAG_DOIT_UNLOCKED);
	rtnl_register(PF_UNSPEC, RTM_GETNSID, nsid_doit_get, nsid_dumpit,
		      RTNL_FLAG_DOIT_UNLOCKED | RTNL_FLAG_DUMP_UNLOCKED);
}
