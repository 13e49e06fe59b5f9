// SPDX-License-Identifier: GPL-2.0-only
/*
 * What strangers see of a network namespace that nobody has used.
 *
 * Everybody may read /proc/PID/net of every task. Whoever walks through /proc
 * would so make each namespace that is there in order not to be used cost what
 * one in use costs. A stranger, who is neither a member of it nor may
 * administer it, is shown another one instead, which nobody ever has used
 * either: all of them look alike, but for whom their files belong to. When
 * that differs the showcase is made anew. It is the stranger's memory.
 *
 * What has local sockets and nothing else cannot be stood for, because they can
 * be seen in there. It becomes one in use, at the stranger's expense.
 *
 * Takes showcase_lock, and what net_make_live() takes inside. It must never
 * hand out the showcase for anything but reading, nor keep a stranger from
 * seeing what is in a namespace that somebody has used.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "netns.h"

/* So long after the last stranger, who may be on his way through all of /proc. */
#define SHOWCASE_CLOSES	(60 * HZ)

static DEFINE_MUTEX(showcase_lock);
static struct net *showcase;

/* Somebody may wait for the last namespace to go, and with it what it refers to. */
static void showcase_close(struct work_struct *work)
{
	guard(mutex)(&showcase_lock);
	if (showcase)
		put_net(showcase);
	showcase = NULL;
}

static DECLARE_DELAYED_WORK(showcase_closing, showcase_close);

static bool looks_like_showcase(const struct net *net)
{
	return showcase && uid_eq(net->root_uid, showcase->root_uid) &&
	       gid_eq(net->root_gid, showcase->root_gid);
}

/* No user has asked for it, so none finds it under a limit. */
static struct net *showcase_make(const struct net *like)
{
	struct net *net;
	int err;

	net = netns_birth(&init_user_ns, NULL, &init_net);
	if (IS_ERR(net))
		return net;
	net->root_uid = like->root_uid;
	net->root_gid = like->root_gid;
	err = net_make_live(net);
	if (err) {
		put_net(net);
		return ERR_PTR(err);
	}
	return net;
}

static int showcase_update(const struct net *like)
{
	struct net *net;

	lockdep_assert_held(&showcase_lock);

	if (looks_like_showcase(like))
		return 0;
	net = showcase_make(like);
	if (IS_ERR(net))
		return PTR_ERR(net);
	if (showcase)
		put_net(showcase);
	showcase = net;
	return 0;
}

static struct net *showcase_get(const struct net *like)
{
	struct net *net;
	int err;

	if (mutex_lock_killable(&showcase_lock))
		return ERR_PTR(-EINTR);
	err = showcase_update(like);
	net = err ? ERR_PTR(err) : get_net(showcase);
	mod_delayed_work(system_unbound_wq, &showcase_closing, SHOWCASE_CLOSES);
	mutex_unlock(&showcase_lock);
	return net;
}

/* Whom the files belong to may write to some. */
static bool is_stranger(const struct net *net)
{
	return !net_eq(net, current_net()) &&
	       !uid_eq(net->root_uid, current_fsuid()) &&
	       !ns_capable_noaudit(net->user_ns, CAP_NET_ADMIN);
}

/**
 * net_get_shown - the namespace whose files stand for those of another
 * @net: a namespace; the caller's reference is taken over
 *
 * Context: As net_make_live().
 * Return: @net, live; for a stranger, if @net is dormant, one that looks the
 *	   same; with a reference for the caller. Or an ERR_PTR with what
 *	   net_make_live() returns, or -ENOSPC.
 */
struct net *net_get_shown(struct net *net)
{
	struct net *shown = net;
	int err = 0;

	if (net_initialized(net) || !is_stranger(net))
		err = net_make_live(net);
	else if (READ_ONCE(net->state) == NETNS_DORMANT)
		shown = showcase_get(net);
	else
		err = netns_make_live_paying(net);

	if (err || shown != net)
		put_net(net);
	return err ? ERR_PTR(err) : shown;
}
