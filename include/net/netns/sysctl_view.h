/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/sys/net of a network namespace, of which nothing is built until somebody
 * looks. net/sysctl_net.c says here what there is to show, and fs/proc/ asks for
 * it; net/core/netns/sysctl_view.c keeps it. This header takes no locks.
 */
#ifndef __NET_NETNS_SYSCTL_VIEW_H
#define __NET_NETNS_SYSCTL_VIEW_H

#include <linux/sysctl.h>
#include <linux/types.h>

struct net;

struct ctl_table_header *
net_sysctl_insert(struct net *net, const char *path, struct ctl_table *table,
		  size_t table_size);

#ifdef CONFIG_NET_NS
int netns_sysctl_setup(void);
struct ctl_table_header *
netns_sysctl_register(struct net *net, const char *path,
		      struct ctl_table *table, size_t table_size);
void netns_sysctl_unregister(struct ctl_table_header *header);
bool netns_sysctl_is_shown(const struct net *net);
int netns_sysctl_show(struct net *net);
#else
static inline int netns_sysctl_setup(void)
{
	return 0;
}

static inline struct ctl_table_header *
netns_sysctl_register(struct net *net, const char *path,
		      struct ctl_table *table, size_t table_size)
{
	return net_sysctl_insert(net, path, table, table_size);
}

static inline void netns_sysctl_unregister(struct ctl_table_header *header)
{
	unregister_sysctl_table(header);
}
#endif

#endif /* __NET_NETNS_SYSCTL_VIEW_H */
