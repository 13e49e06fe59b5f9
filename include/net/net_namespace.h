/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The public face of network namespaces: struct net, references to it, peer
 * ids, and the registration of per-namespace protocol state.
 *
 * This header takes no locks. It must stay usable with CONFIG_NET_NS=n, where
 * init_net is the only namespace and every reference operation folds away,
 * and it must never expose how namespaces are born, torn down or indexed:
 * that belongs to net/core/net_namespace.c and net/core/netns/. The book is
 * Documentation/networking/netns/.
 */
#ifndef __NET_NET_NAMESPACE_H
#define __NET_NET_NAMESPACE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/notifier.h>
#include <linux/ns_common.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/sysctl.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <net/flow.h>
#include <net/net_trackers.h>
#include <net/netns/bpf.h>
#include <net/netns/can.h>
#include <net/netns/core.h>
#include <net/netns/ieee802154_6lowpan.h>
#include <net/netns/ipv4.h>
#include <net/netns/ipv6.h>
#include <net/netns/mctp.h>
#include <net/netns/mib.h>
#include <net/netns/mpls.h>
#include <net/netns/netfilter.h>
#include <net/netns/nexthop.h>
#include <net/netns/nftables.h>
#include <net/netns/packet.h>
#include <net/netns/sctp.h>
#include <net/netns/smc.h>
#include <net/netns/unix.h>
#include <net/netns/xdp.h>
#include <net/netns/xfrm.h>
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
#include <net/netns/conntrack.h>
#endif
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
#include <net/netns/flow_table.h>
#endif

struct bpf_prog;
struct ctl_table;
struct ctl_table_header;
struct key_tag;
struct net_device;
struct net_generic;
struct netns_heritage;
struct netns_ipvs;
struct proc_dir_entry;
struct sock;
struct ucounts;
struct uevent_sock;
struct user_namespace;

/* Buckets of the tables behind dev_name_head and dev_index_head. */
#define NETDEV_HASHBITS		8
#define NETDEV_HASHENTRIES	BIT(NETDEV_HASHBITS)

/**
 * enum netns_state - where in its life a network namespace is
 * @NETNS_DORMANT:	it has an identity (inum, cookie, owner) and nothing
 *			else: no operation has run, nothing can be found in it
 * @NETNS_ACTIVATING:	init operations are running, on behalf of who is the first
 *			to need them
 * @NETNS_PARTIAL:	those of the first tier have run: it has local sockets,
 *			and nothing else
 * @NETNS_LIVE:		it is on net_namespace_list and can be used
 * @NETNS_DYING:	the last reference is gone; only exit operations and
 *			RCU readers still see it
 *
 * Only net/core/net_namespace.c moves a namespace from one to another.
 */
enum netns_state {
	NETNS_DORMANT,
	NETNS_ACTIVATING,
	NETNS_PARTIAL,
	NETNS_LIVE,
	NETNS_DYING,
};

/*
 * A network namespace.
 *
 * Members stand in groups by who owns them. The identity is what a dormant one
 * consists of, and a partial one has the first tier besides; all else is zero
 * then, and is again after an activation that failed.
 *
 * Unless a member says otherwise its protocol initializes it in the init
 * operation and looks after its locking.
 */
struct net {
	/* Counters and locks that are written while the namespace is used. */
	spinlock_t		rules_mod_lock;
	unsigned int		dev_base_seq;	/* under RTNL */
	u32			ifindex;	/* under RTNL: the last one given */
	atomic_t		fnhe_genid;

	struct_group(lasting,
		struct_group(identity,
			refcount_t	passive;	/* holds the memory, not the life */
			int		state;		/* enum netns_state */

			/* The namespace among the others. */
			struct list_head list;		/* net_rwsem, RCU: net_namespace_list */
			struct list_head exit_list;	/* pernet_ops_rwsem: batch of exits */
			struct llist_node reap_node;	/* in the reaper's hands */
			struct xarray	nsids;		/* id to edge, see netns/nsid.c */
			struct list_head nsid_named_by;	/* edges that point to us */
			bool		nsid_met;	/* it had an edge, either way */

			/* Written at birth, constant from then on. */
			struct ns_common ns;		/* ns.count holds the life */
			u64		net_cookie;
			struct user_namespace *user_ns;
			struct ucounts	*ucounts;
			struct key_tag	*key_domain;
			struct netns_heritage __rcu *heritage; /* until it is live */
			bool		fallback_tunnels; /* likewise: will it have any? */
			kuid_t		root_uid;	/* likewise: of its files */
			kgid_t		root_gid;

			/* Who holds references: with and without holding the life. */
			struct ref_tracker_dir refcnt_tracker;
			struct ref_tracker_dir notrefcnt_tracker;

			u32		hash_mix;	/* read for every packet */
			struct net_generic __rcu *gen;	/* likewise, see net/netns/generic.h */
		);

		/* What the first tier of operations keeps. */
		struct_group(first_tier,
			struct netns_core core;
			struct netns_unix unx;
		);
	);

	/* Read for every packet, hardly ever written. */
	struct net_device	*loopback_dev;

	/* Devices (net/core/dev.c). */
	struct list_head	dev_base_head;
	struct hlist_head	*dev_name_head;
	struct hlist_head	*dev_index_head;
	struct xarray		dev_by_index;
	struct raw_notifier_head netdev_chain;

	/* What user space looks through. */
	struct proc_dir_entry	*proc_net;
	struct proc_dir_entry	*proc_net_stat;
#ifdef CONFIG_SYSCTL
	struct ctl_table_set	sysctls;
#endif

	/* The kernel's ends of netlink. */
	struct sock		*rtnl;
	struct sock		*genl_sock;
	struct sock		*diag_nlsk;
#if IS_ENABLED(CONFIG_CRYPTO_USER)
	struct sock		*crypto_nlsk;
#endif
	struct uevent_sock	*uevent_sock;
#ifdef CONFIG_WEXT_CORE
	struct sk_buff_head	wext_nlevents;
#endif

	/* Protocols, each with its block from include/net/netns/. */
	struct list_head	rules_ops;	/* fib_rules */
	struct netns_mib	mib;
	struct netns_packet	packet;
	struct netns_nexthop	nexthop;
	struct netns_ipv4	ipv4;
#if IS_ENABLED(CONFIG_IPV6)
	struct netns_ipv6	ipv6;
#endif
#if IS_ENABLED(CONFIG_IEEE802154_6LOWPAN)
	struct netns_ieee802154_lowpan ieee802154_lowpan;
#endif
#if IS_ENABLED(CONFIG_IP_SCTP)
	struct netns_sctp	sctp;
#endif
#ifdef CONFIG_NETFILTER
	struct netns_nf		nf;
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	struct netns_ct		ct;
#endif
#if IS_ENABLED(CONFIG_NF_TABLES)
	struct netns_nftables	nft;
#endif
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	struct netns_ft		ft;
#endif
#endif /* CONFIG_NETFILTER */
#if IS_ENABLED(CONFIG_IP_VS)
	struct netns_ipvs	*ipvs;
#endif
#if IS_ENABLED(CONFIG_MPLS)
	struct netns_mpls	mpls;
#endif
#if IS_ENABLED(CONFIG_CAN)
	struct netns_can	can;
#endif
#if IS_ENABLED(CONFIG_MCTP)
	struct netns_mctp	mctp;
#endif
#if IS_ENABLED(CONFIG_SMC)
	struct netns_smc	smc;
#endif
#ifdef CONFIG_XDP_SOCKETS
	struct netns_xdp	xdp;
#endif
	struct netns_bpf	bpf;		/* attached programs */
#ifdef CONFIG_XFRM
	struct netns_xfrm	xfrm;		/* aligns itself to a cache line */
#endif
#ifdef CONFIG_DEBUG_NET_SMALL_RTNL
	struct mutex		rtnl_mutex;	/* inside RTNL */
#endif
} __randomize_layout;

/* Helpers of /proc/net files need struct net complete. */
#include <linux/seq_file_net.h>

extern struct net init_net;
extern struct list_head net_namespace_list;

struct net *get_net_ns_by_pid(pid_t pid);
struct net *get_net_ns_by_id(const struct net *net, int id);

int peernet2id(const struct net *net, struct net *peer);
int peernet2id_alloc(struct net *net, struct net *peer, gfp_t gfp);
bool peernet_has_id(const struct net *net, struct net *peer);

#ifdef CONFIG_NET_NS

struct net *copy_net_ns(unsigned long flags, struct user_namespace *user_ns,
			struct net *old_net);
int net_make_partial(struct net *net);
int net_make_live(struct net *net);
struct net *current_net(void);
struct net *current_net_live(void);
struct net *net_get_shown(struct net *net);
struct ns_common *get_net_ns(struct ns_common *ns);
struct net *get_net_ns_by_fd(int fd);
void net_ns_get_ownership(const struct net *net, kuid_t *uid, kgid_t *gid);
void net_ns_barrier(void);
void __put_net(struct net *net);
void net_passive_dec(struct net *net);
void net_drop_ns(void *p);

/**
 * get_net - hold a namespace's life
 * @net: a namespace on which the caller has a reference already
 *
 * Prefer get_net_track(), which tells who forgot to give it back.
 *
 * Context: Any.
 * Return: @net.
 */
static inline struct net *get_net(struct net *net)
{
	refcount_inc(&net->ns.count);
	return net;
}

/**
 * maybe_get_net - hold a namespace's life unless it has ended
 * @net: a namespace whose memory is safe (RCU, a list's lock, a passive
 *	 reference) but which may be dying
 *
 * Context: Any.
 * Return: @net, or NULL when its last reference is gone.
 */
static inline struct net *maybe_get_net(struct net *net)
{
	return refcount_inc_not_zero(&net->ns.count) ? net : NULL;
}

/**
 * put_net - give back what get_net() took
 * @net: the namespace; not to be touched afterwards
 *
 * The last one frees what was never live and never had a peer id; any other
 * namespace it hands to the reaper. It does not wait.
 *
 * Context: Any, softirq included.
 */
static inline void put_net(struct net *net)
{
	if (refcount_dec_and_test(&net->ns.count))
		__put_net(net);
}

static inline int check_net(const struct net *net)
{
	return refcount_read(&net->ns.count) > 0;
}

static inline int net_eq(const struct net *net1, const struct net *net2)
{
	return net1 == net2;
}

/* Per-namespace operations are ordinary code and data. */
#define __net_init
#define __net_exit
#define __net_initdata
#define __net_initconst

#else /* !CONFIG_NET_NS: init_net, which nobody counts and nothing ends */

#include <linux/nsproxy.h>
#include <linux/sched.h>

static inline struct net *copy_net_ns(unsigned long flags,
				      struct user_namespace *user_ns,
				      struct net *old_net)
{
	return flags & CLONE_NEWNET ? ERR_PTR(-EINVAL) : old_net;
}

static inline int net_make_partial(struct net *net)
{
	return 0;
}

static inline int net_make_live(struct net *net)
{
	return 0;
}

/* NULL where there is no network. */
static inline struct net *current_net(void)
{
	return ACCESS_PRIVATE(current->nsproxy, net_ns);
}

static inline struct net *current_net_live(void)
{
	return current_net();
}

static inline struct net *net_get_shown(struct net *net)
{
	return net;
}

static inline struct ns_common *get_net_ns(struct ns_common *ns)
{
	return ERR_PTR(-EINVAL);
}

static inline struct net *get_net_ns_by_fd(int fd)
{
	return ERR_PTR(-EINVAL);
}

static inline void net_ns_get_ownership(const struct net *net, kuid_t *uid,
					kgid_t *gid)
{
	*uid = GLOBAL_ROOT_UID;
	*gid = GLOBAL_ROOT_GID;
}

static inline void net_ns_barrier(void)
{
}

static inline struct net *get_net(struct net *net)
{
	return net;
}

static inline struct net *maybe_get_net(struct net *net)
{
	return net;
}

static inline void put_net(struct net *net)
{
}

static inline int check_net(const struct net *net)
{
	return 1;
}

static inline int net_eq(const struct net *net1, const struct net *net2)
{
	return 1;
}

static inline void net_passive_dec(struct net *net)
{
	refcount_dec(&net->passive);
}

/* For operation tables, which test it before they call it. */
#define net_drop_ns	NULL

/* The init operations run once, at boot, and no exit operation ever does. */
#define __net_init	__init
#define __net_exit	__ref
#define __net_initdata	__initdata
#define __net_initconst	__initconst

#endif /* CONFIG_NET_NS */

/**
 * net_passive_inc - hold a namespace's memory, not its life
 * @net: a namespace whose memory is safe to touch
 *
 * For who must be able to compare or dereference @net after it ended, and
 * copes with that. Given back by net_passive_dec().
 *
 * Context: Any.
 */
static inline void net_passive_inc(struct net *net)
{
	refcount_inc(&net->passive);
}

/**
 * net_initialized - have all init operations of a namespace succeeded?
 * @net: the namespace
 *
 * What the init operations wrote is visible to who sees this true. It stays
 * true while the namespace dies.
 *
 * Context: Any.
 * Return: true from the moment it went live.
 */
static inline bool net_initialized(const struct net *net)
{
	/* Pairs with the release in netns_enter(). */
	return smp_load_acquire(&net->state) >= NETNS_LIVE;
}

static inline void __netns_tracker_alloc(struct net *net,
					 netns_tracker *tracker,
					 bool refcounted, gfp_t gfp)
{
#ifdef CONFIG_NET_NS_REFCNT_TRACKER
	struct ref_tracker_dir *dir = &net->notrefcnt_tracker;

	if (refcounted)
		dir = &net->refcnt_tracker;
	ref_tracker_alloc(dir, tracker, gfp);
#endif
}

static inline void __netns_tracker_free(struct net *net,
					netns_tracker *tracker,
					bool refcounted)
{
#ifdef CONFIG_NET_NS_REFCNT_TRACKER
	struct ref_tracker_dir *dir = &net->notrefcnt_tracker;

	if (refcounted)
		dir = &net->refcnt_tracker;
	ref_tracker_free(dir, tracker);
#endif
}

static inline void netns_tracker_alloc(struct net *net, netns_tracker *tracker,
				       gfp_t gfp)
{
	__netns_tracker_alloc(net, tracker, true, gfp);
}

static inline struct net *get_net_track(struct net *net,
					netns_tracker *tracker, gfp_t gfp)
{
	netns_tracker_alloc(get_net(net), tracker, gfp);
	return net;
}

static inline void put_net_track(struct net *net, netns_tracker *tracker)
{
	__netns_tracker_free(net, tracker, true);
	put_net(net);
}

/* A pointer to a namespace that costs nothing where there is only one. */
typedef struct {
#ifdef CONFIG_NET_NS
	struct net __rcu *net;
#endif
} possible_net_t;

#ifdef CONFIG_NET_NS

static inline void write_pnet(possible_net_t *pnet, struct net *net)
{
	rcu_assign_pointer(pnet->net, net);
}

/* For who knows that the pointer cannot change now. */
static inline struct net *read_pnet(const possible_net_t *pnet)
{
	return rcu_dereference_protected(pnet->net, true);
}

static inline struct net *read_pnet_rcu(const possible_net_t *pnet)
{
	return rcu_dereference(pnet->net);
}

#else /* !CONFIG_NET_NS */

static inline void write_pnet(possible_net_t *pnet, struct net *net)
{
}

static inline struct net *read_pnet(const possible_net_t *pnet)
{
	return &init_net;
}

static inline struct net *read_pnet_rcu(const possible_net_t *pnet)
{
	return &init_net;
}

#endif /* CONFIG_NET_NS */

/*
 * Walks over all live namespaces, for holders of net_rwsem, of
 * pernet_ops_rwsem for writing, or (the _rcu form) of the RCU read lock. The
 * RCU form can meet one that is dying: maybe_get_net() tells.
 */
#define for_each_net(net)						\
	list_for_each_entry(net, &net_namespace_list, list)
#define for_each_net_rcu(net)						\
	list_for_each_entry_rcu(net, &net_namespace_list, list)
#define for_each_net_continue_reverse(net)				\
	list_for_each_entry_continue_reverse(net, &net_namespace_list, list)

/**
 * struct pernet_operations - what a protocol does for each namespace
 * @list:	the registry's
 * @init:	give @net the protocol's state. Returns 0 or an errno, in which
 *		case nothing of it may stay behind: no exit is called for it
 * @pre_exit:	first step of the end, before a grace period: make the state
 *		unreachable for RCU readers
 * @exit_rtnl:	after that grace period, under RTNL: queue the protocol's
 *		devices on the list for their removal
 * @exit_batch_rtnl: the same for many namespaces (linked by
 *		net->exit_list) in one call
 * @exit:	take the state down. All devices queued so far are gone
 * @exit_batch:	the same for many namespaces in one call, after their @exit;
 *		the place for whatever waits for RCU
 * @id:		where to put the id under which net_generic() finds the
 *		protocol's block, NULL for none
 * @size:	bytes of that block, zeroed before @init and freed after the
 *		last exit operation of the namespace; 0 exactly when @id is
 *		NULL
 *
 * Init operations run in the order of registration, subsystems before
 * devices; each kind of exit operation in the reverse order, over those
 * whose init has succeeded.
 *
 * All of them may sleep. Several namespaces come and go at the same time on
 * several CPUs: what they share needs a lock of its own. pernet_ops_rwsem is
 * held, so none of them may register or unregister operations, wait for a
 * module to load or for net_ns_barrier().
 */
struct pernet_operations {
	struct list_head list;
	int (*init)(struct net *net);
	void (*pre_exit)(struct net *net);
	void (*exit)(struct net *net);
	void (*exit_batch)(struct list_head *net_exit_list);
	void (*exit_rtnl)(struct net *net, struct list_head *dev_kill_list);
	void (*exit_batch_rtnl)(struct list_head *net_exit_list,
				struct list_head *dev_kill_list);
	unsigned int * const id;
	const size_t size;
};

/*
 * Most protocols are subsystems: their state is taken down when the last
 * device has left the namespace and no packet can arrive any more. Register
 * as a device only what creates or owns network devices: its exits run while
 * the subsystems still work. The first tier is for what local sockets need.
 */
int register_pernet_first_tier(struct pernet_operations *ops);
int register_pernet_subsys(struct pernet_operations *ops);
void unregister_pernet_subsys(struct pernet_operations *ops);
int register_pernet_device(struct pernet_operations *ops);
void unregister_pernet_device(struct pernet_operations *ops);

#define register_net_sysctl(net, path, table)				\
	register_net_sysctl_sz(net, path, table, ARRAY_SIZE(table))

#ifdef CONFIG_SYSCTL
int net_sysctl_init(void);
struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t table_size);
void unregister_net_sysctl_table(struct ctl_table_header *header);
#else
static inline int net_sysctl_init(void)
{
	return 0;
}

static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t table_size)
{
	return NULL;
}

static inline void unregister_net_sysctl_table(struct ctl_table_header *header)
{
}
#endif /* CONFIG_SYSCTL */

/* Generations: a cached exception or route of an older one is stale. */
static inline int fnhe_genid(const struct net *net)
{
	return atomic_read(&net->fnhe_genid);
}

static inline void fnhe_genid_bump(struct net *net)
{
	atomic_inc(&net->fnhe_genid);
}

/* NULL until IPv6, which can be a module, is there. */
extern void (*__fib6_flush_trees)(struct net *net);

static inline void rt_genid_bump_ipv6(struct net *net)
{
	if (__fib6_flush_trees)
		__fib6_flush_trees(net);
}

static inline void rt_genid_bump_ipv4(struct net *net)
{
	atomic_inc(&net->ipv4.rt_genid);
}

static inline void rt_genid_bump_all(struct net *net)
{
	rt_genid_bump_ipv6(net);
	rt_genid_bump_ipv4(net);
}

#if IS_ENABLED(CONFIG_IPV6)
static inline int rt_genid_ipv6(const struct net *net)
{
	return atomic_read(&net->ipv6.fib6_sernum);
}
#endif

static inline int rt_genid_ipv4(const struct net *net)
{
	return atomic_read(&net->ipv4.rt_genid);
}

#if IS_ENABLED(CONFIG_IEEE802154_6LOWPAN)
static inline struct netns_ieee802154_lowpan *
net_ieee802154_lowpan(struct net *net)
{
	return &net->ieee802154_lowpan;
}
#endif

#ifdef CONFIG_NET
void net_ns_init(void);
#else
static inline void net_ns_init(void)
{
}
#endif

#endif /* __NET_NET_NAMESPACE_H */
