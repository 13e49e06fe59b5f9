// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of /proc/sys/net is a namespace's own, and when it is built. A namespace
 * has over a thousand entries, and four directories more for each device, into which
 * most namespaces are never looked. So a table that is registered is only noted
 * down, and its directory and entries are made when somebody looks into
 * /proc/sys/net for the first time. From then on each is made at once.
 *
 * A registrant cannot tell: he gets a header, whose ctl_table_arg is his table.
 * Who looks can only tell by -ENOMEM, which a registrant would have got.
 *
 * Locks: netns_sysctl_view::lock, within RTNL and pernet_ops_rwsem, outside of
 * the sysctl tree's own. It must never be held while a table is taken out of the
 * tree, which waits for handlers, some of which want RTNL.
 */
#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netns/sysctl_view.h>

/**
 * struct netns_sysctl_view - what a namespace has to show in /proc/sys/net
 * @lock: protects all of this, and netns_sysctl_table::shown
 * @noted: tables that nobody has been shown, in the order of their registration
 * @shown: nothing is noted any more, nor will it be. Once set, it stays
 */
struct netns_sysctl_view {
	struct mutex		lock;	/* see above */
	struct list_head	noted;
	bool			shown;
};

/**
 * struct netns_sysctl_table - a table that was registered before the first look
 * @header: what its registrant knows it by. Not in the tree: it has no set
 * @view: whose it is
 * @list: its place in @view->noted
 * @shown: what is in the tree, or %NULL as long as nobody has looked
 * @path: its directory
 */
struct netns_sysctl_table {
	struct ctl_table_header		header;
	struct netns_sysctl_view	*view;
	struct list_head		list;
	struct ctl_table_header		*shown;
	char				path[];
};

static unsigned int netns_sysctl_id __ro_after_init;

static int __net_init netns_sysctl_view_init(struct net *net)
{
	struct netns_sysctl_view *view = net_generic(net, netns_sysctl_id);

	mutex_init(&view->lock);
	INIT_LIST_HEAD(&view->noted);
	/* Those who register there are the kernel and its modules, once each. */
	view->shown = net_eq(net, &init_net);
	return 0;
}

static void __net_exit netns_sysctl_view_exit(struct net *net)
{
	struct netns_sysctl_view *view = net_generic(net, netns_sysctl_id);

	WARN_ON(!list_empty(&view->noted));
}

static struct pernet_operations netns_sysctl_view_ops = {
	.init = netns_sysctl_view_init,
	.exit = netns_sysctl_view_exit,
	.id = &netns_sysctl_id,
	.size = sizeof(struct netns_sysctl_view),
};

/**
 * netns_sysctl_setup - be ready for tables
 *
 * Context: Process context, at boot, before a table of a namespace's own is
 *	    registered.
 * Return: 0, or -ENOMEM.
 */
int __init netns_sysctl_setup(void)
{
	return register_pernet_subsys(&netns_sysctl_view_ops);
}

/**
 * netns_sysctl_register - have a table shown to who looks
 * @net: whose /proc/sys/net it belongs to
 * @path: its directory, which may lie in the caller's stack
 * @table: its entries, which stay the caller's, and must stay where they are
 * @table_size: the number of entries
 *
 * Context: Process context, may sleep. RTNL and others may be held.
 * Return: what netns_sysctl_unregister() takes, or %NULL without memory.
 */
struct ctl_table_header *
netns_sysctl_register(struct net *net, const char *path,
		      struct ctl_table *table, size_t table_size)
{
	struct netns_sysctl_view *view = net_generic(net, netns_sysctl_id);
	size_t path_size = strlen(path) + 1;
	struct netns_sysctl_table *noted;

	if (netns_sysctl_is_shown(net))
		return net_sysctl_insert(net, path, table, table_size);

	noted = kzalloc(struct_size(noted, path, path_size),
			GFP_KERNEL_ACCOUNT);
	if (!noted)
		return NULL;
	noted->header.ctl_table = table;
	noted->header.ctl_table_size = table_size;
	noted->header.ctl_table_arg = table;
	noted->view = view;
	memcpy(noted->path, path, path_size);

	scoped_guard(mutex, &view->lock) {
		if (!view->shown) {
			list_add_tail(&noted->list, &view->noted);
			return &noted->header;
		}
	}
	kfree(noted);
	return net_sysctl_insert(net, path, table, table_size);
}

/**
 * netns_sysctl_unregister - show a table no more
 * @header: what netns_sysctl_register() returned, %NULL included
 *
 * Nobody is in a handler of the table's afterwards.
 *
 * Context: Process context, may sleep.
 */
void netns_sysctl_unregister(struct ctl_table_header *header)
{
	struct netns_sysctl_table *noted;

	if (!header || header->set) {
		unregister_sysctl_table(header);
		return;
	}

	noted = container_of(header, struct netns_sysctl_table, header);
	scoped_guard(mutex, &noted->view->lock) {
		if (!noted->shown)
			list_del(&noted->list);
	}
	unregister_sysctl_table(noted->shown);
	kfree(noted);
}

/**
 * netns_sysctl_is_shown - is all of /proc/sys/net there?
 * @net: a namespace that is live
 *
 * Context: Any.
 * Return: false when netns_sysctl_show() has something to do.
 */
bool netns_sysctl_is_shown(const struct net *net)
{
	const struct netns_sysctl_view *view = net_generic(net, netns_sysctl_id);

	/* Pairs with the release in netns_sysctl_show(): the tables are there. */
	return smp_load_acquire(&view->shown);
}

/**
 * netns_sysctl_show - build /proc/sys/net, for somebody looks
 * @net: a namespace that is live
 *
 * Context: Process context, may sleep. The caller must hold no header of the
 *	    sysctl tree, and no lock that a registrant may hold.
 * Return: 0, or -ENOMEM, when the next look tries the rest.
 */
int netns_sysctl_show(struct net *net)
{
	struct netns_sysctl_view *view = net_generic(net, netns_sysctl_id);
	struct netns_sysctl_table *noted, *next;

	guard(mutex)(&view->lock);
	list_for_each_entry_safe(noted, next, &view->noted, list) {
		noted->shown = net_sysctl_insert(net, noted->path,
						 noted->header.ctl_table,
						 noted->header.ctl_table_size);
		if (!noted->shown)
			return -ENOMEM;
		list_del(&noted->list);
	}
	/* Pairs with the acquire in netns_sysctl_is_shown(). */
	smp_store_release(&view->shown, true);
	return 0;
}
