/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace inherits: values which its init operations take
 * from the initial namespace or from its creator, as they were when it was
 * born. Its first user, who runs the operations, may come much later.
 *
 * Here is what the operations ask; net/core/netns/heritage.c keeps the
 * records. This header takes no locks, and must never tell how a record looks.
 */
#ifndef __NET_NETNS_HERITAGE_H
#define __NET_NETNS_HERITAGE_H

#include <linux/types.h>

struct ipv4_devconf;
struct ipv6_devconf;
struct net;
struct sock_cgroup_data;
struct tcp_congestion_ops;

#ifdef CONFIG_NET_NS
void netns_inherit_ipv4_devconf(const struct net *net, struct ipv4_devconf *all,
				struct ipv4_devconf *dflt);
void netns_inherit_ipv6_devconf(const struct net *net, struct ipv6_devconf *all,
				struct ipv6_devconf *dflt);
void netns_inherit_tcp_mem(struct net *net);
const struct tcp_congestion_ops *
netns_inherit_congestion_control(const struct net *net);
unsigned int netns_inherit_tcp_ehash_entries(const struct net *net);
unsigned int netns_inherit_udp_hash_entries(const struct net *net);
void netns_heritage_flush(void);
bool netns_inherit_cgroups(struct net *net, struct sock_cgroup_data *cgroups);
#else
static inline void netns_inherit_ipv4_devconf(const struct net *net,
					      struct ipv4_devconf *all,
					      struct ipv4_devconf *dflt)
{
}

static inline void netns_inherit_ipv6_devconf(const struct net *net,
					      struct ipv6_devconf *all,
					      struct ipv6_devconf *dflt)
{
}

static inline void netns_inherit_tcp_mem(struct net *net)
{
}

static inline const struct tcp_congestion_ops *
netns_inherit_congestion_control(const struct net *net)
{
	return NULL;
}

static inline unsigned int
netns_inherit_tcp_ehash_entries(const struct net *net)
{
	return 0;
}

static inline unsigned int
netns_inherit_udp_hash_entries(const struct net *net)
{
	return 0;
}

static inline void netns_heritage_flush(void)
{
}

static inline bool netns_inherit_cgroups(struct net *net,
					 struct sock_cgroup_data *cgroups)
{
	return false;
}
#endif /* CONFIG_NET_NS */

#endif /* __NET_NETNS_HERITAGE_H */
