/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the network namespace core know of each other. Nothing
 * outside net/core/net_namespace.c and net/core/netns/ includes it.
 *
 * Locks, outermost first:
 *
 *	pernet_ops_rwsem	registry.c: the operations. Read: a namespace
 *				is activated or torn down; write: an operation
 *				comes or goes
 *	rtnl_mutex		taken by the exits, and by many an operation
 *	net_rwsem		net_namespace.c: net_namespace_list
 *	nsid_lock		nsid.c: who knows whom by which id. BH-safe
 */
#ifndef __NET_CORE_NETNS_H
#define __NET_CORE_NETNS_H

#include <linux/bits.h>
#include <linux/cgroup-defs.h>
#include <linux/llist.h>
#include <linux/rwsem.h>
#include <net/net_namespace.h>

struct nlmsghdr;

/**
 * struct netns_made - a namespace that somebody has made, which init_net is not
 * @net: what everybody knows of it
 * @cgroups: see cgroups.c
 */
struct netns_made {
	struct net		net;
	struct sock_cgroup_data	cgroups;
};

static inline struct netns_made *netns_made_of(struct net *net)
{
	return container_of(net, struct netns_made, net);
}

/* net_namespace.c: life cycle */
struct net *netns_birth(struct user_namespace *owner, struct ucounts *ucounts,
			struct net *creator);
int netns_make_live_paying(struct net *net);
void netns_unlist(struct list_head *batch);
void netns_dispossess(struct net *net);
void netns_free(struct net *net);

/**
 * netns_may_follow - is this step of a life allowed?
 * @now: the state that the namespace is in
 * @next: the state that it is to enter
 *
 * Context: Any.
 * Return: true when @next may follow upon @now.
 */
static inline bool netns_may_follow(enum netns_state now, enum netns_state next)
{
	static const u8 successors[] = {
		[NETNS_DORMANT]		= BIT(NETNS_ACTIVATING),
		[NETNS_ACTIVATING]	= BIT(NETNS_DORMANT) | BIT(NETNS_PARTIAL) |
					  BIT(NETNS_LIVE),
		[NETNS_PARTIAL]		= BIT(NETNS_ACTIVATING),
		[NETNS_LIVE]		= BIT(NETNS_DYING),
		[NETNS_DYING]		= 0,
	};

	return successors[now] & BIT(next);
}

/**
 * struct pernet_batch - namespaces that end together
 * @nets: they, linked by net->exit_list
 * @devices: those of their devices that somebody may still refer to
 * @mute: whether they have become unknown to some of those whom @devices would
 *	  otherwise ask again to let go
 * @pending: among those between the two parts of their end
 * @last: the operation whose exit the second part begins with
 */
struct pernet_batch {
	struct list_head		nets;
	struct list_head		devices;
	bool				mute;
	struct list_head		pending;
	struct pernet_operations	*last;
};

/* registry.c: the operations */
void netns_generic_none(struct net *net);
int netns_generic_alloc(struct net *net);
void netns_generic_free(struct net *net);
int pernet_init_first_tier(struct net *net);
void pernet_exit_first_tier(struct net *net);
int pernet_init_rest(struct net *net);
void pernet_batch_init(struct pernet_batch *batch);
void pernet_exit_devices(struct pernet_batch *batch);
void pernet_exit_subsystems(struct pernet_batch *batch);

/* heritage.c: what a namespace gets from those before it */
#if defined(CONFIG_NET_NS) && defined(CONFIG_INET)
int netns_heritage_take(struct net *net, struct net *creator);
void netns_heritage_drop(struct net *net);
#else
static inline int netns_heritage_take(struct net *net, struct net *creator)
{
	return 0;
}

static inline void netns_heritage_drop(struct net *net)
{
}
#endif

/* cgroups.c: whose control groups the kernel's sockets are in */
void netns_cgroups_take(struct net *net);
void netns_cgroups_drop(struct net *net);

/* nsid.c: the index of peer ids */

/* What netns_nsid_detach() and netns_nsid_walk() tell of an id. */
typedef void netns_nsid_lost_t(struct net *owner, int id);
typedef int netns_nsid_visit_t(struct net *peer, int id, void *arg);

void netns_nsid_setup(struct net *net);
int netns_nsid_assign(struct net *owner, struct net *peer, int wanted,
		      gfp_t gfp);
void netns_nsid_detach(struct net *net, netns_nsid_lost_t *lost);
int netns_nsid_walk(const struct net *owner, unsigned long *next,
		    netns_nsid_visit_t *visit, void *arg);
void netns_nsid_init(void);

/* nsid_netlink.c: RTM_*NSID */
void netns_nsid_notify(struct net *owner, int cmd, int id, u32 portid,
		       struct nlmsghdr *request, gfp_t gfp);
void netns_nsid_lost(struct net *owner, int id);
void netns_nsid_netlink_init(void);

/* layout.c: build-time checks */
void netns_layout_check(void);

/* reaper.c: the end */
void netns_reap(struct net *net);
void netns_bury(struct net *net);
void netns_reaper_init(void);

#endif /* __NET_CORE_NETNS_H */
