// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose control groups the kernel's own sockets in a namespace are in: those of
 * the task that made the namespace, though it may be a stranger, in other groups,
 * who makes the sockets by being the first to use it. Programs that are attached
 * to a group would else filter neighbour discovery in somebody else's namespace,
 * and it could not be removed for good as long as that namespace is there.
 *
 * Takes no lock. A namespace holds the groups from its birth to its end, as its
 * sockets would. This file must never look at the calling task once the
 * namespace is born.
 */
#include <linux/cgroup.h>
#include <net/cls_cgroup.h>
#include <net/net_namespace.h>
#include <net/netns/heritage.h>
#include <net/netprio_cgroup.h>

#include "netns.h"

/**
 * netns_cgroups_take - fix the groups of the sockets to come
 * @net: a namespace that is being born, by the calling task
 *
 * Context: Process context.
 */
void netns_cgroups_take(struct net *net)
{
	struct sock_cgroup_data *cgroups = &netns_made_of(net)->cgroups;

	cgroup_sk_alloc(cgroups);
	sock_update_classid(cgroups);
	sock_update_netprioidx(cgroups);
}

/**
 * netns_cgroups_drop - give back what netns_cgroups_take() took
 * @net: a namespace without sockets that nobody uses any more
 *
 * Context: Any, softirq included.
 */
void netns_cgroups_drop(struct net *net)
{
	cgroup_sk_free(&netns_made_of(net)->cgroups);
}

/**
 * netns_inherit_cgroups - the groups of a socket of the kernel's
 * @net: the namespace whose init operation makes the socket
 * @cgroups: of the socket, to be given back by cgroup_sk_free()
 *
 * Context: Process context, within an init operation.
 * Return: false if @net has nothing to hand on, since nobody has made it.
 */
bool netns_inherit_cgroups(struct net *net, struct sock_cgroup_data *cgroups)
{
	if (net_eq(net, &init_net))
		return false;
	*cgroups = netns_made_of(net)->cgroups;
	cgroup_sk_clone(cgroups);
	return true;
}
