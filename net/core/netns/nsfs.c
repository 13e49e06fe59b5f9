// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network namespaces by their names in the file system and in the process
 * table: /proc/PID/ns/net and what user space does with it, a namespace from
 * a descriptor or a pid, and who owns what is shown of one.
 *
 * Takes task_lock() for a moment; expects nothing held. It must never use a
 * namespace, only refer to it: whoever asks here may just want to compare.
 */
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "netns.h"

/*
 * The namespace that @task is in, with a reference, or NULL when the task is
 * past the point of its exit where it leaves its namespaces.
 */
static struct net *net_of_task(struct task_struct *task)
{
	struct net *net = NULL;

	task_lock(task);
	if (task->nsproxy)
		net = get_net(ACCESS_PRIVATE(task->nsproxy, net_ns));
	task_unlock(task);
	return net;
}

/**
 * get_net_ns_by_pid - the namespace of a process
 * @pid: its number in the caller's pid namespace
 *
 * Checks no permission: that is the caller's business, who knows what the
 * namespace is wanted for.
 *
 * Context: Any but interrupts.
 * Return: the namespace, with a reference for the caller, or
 *	   ERR_PTR(-ESRCH) when there is no such process or it is exiting.
 */
struct net *get_net_ns_by_pid(pid_t pid)
{
	struct task_struct *task;
	struct net *net = NULL;

	guard(rcu)();
	task = find_task_by_vpid(pid);
	if (task)
		net = net_of_task(task);
	return net ?: ERR_PTR(-ESRCH);
}
EXPORT_SYMBOL_GPL(get_net_ns_by_pid);

#ifdef CONFIG_NET_NS
static struct net *net_of_common(struct ns_common *ns)
{
	return container_of(ns, struct net, ns);
}

/**
 * get_net_ns_by_fd - the namespace that an nsfs file refers to
 * @fd: a descriptor of the caller
 *
 * Context: Process context.
 * Return: the namespace, with a reference for the caller, ERR_PTR(-EBADF) for
 *	   a descriptor that is not open, or ERR_PTR(-EINVAL) for one of
 *	   something else.
 */
struct net *get_net_ns_by_fd(int fd)
{
	CLASS(fd, file)(fd);
	struct ns_common *ns = NULL;

	if (fd_empty(file))
		return ERR_PTR(-EBADF);

	if (proc_ns_file(fd_file(file)))
		ns = get_proc_ns(file_inode(fd_file(file)));
	if (!ns || ns->ops != &netns_operations)
		return ERR_PTR(-EINVAL);

	/* The open file holds one, so the count is not zero. */
	return get_net(net_of_common(ns));
}
EXPORT_SYMBOL_GPL(get_net_ns_by_fd);

/**
 * get_net_ns - hold the namespace of an nsfs file about to be opened
 * @ns: the ns_common inside struct net, whose memory is safe
 *
 * Context: Any.
 * Return: @ns, with a reference for the caller, or ERR_PTR(-EINVAL) when the
 *	   namespace is dying.
 */
struct ns_common *get_net_ns(struct ns_common *ns)
{
	return maybe_get_net(net_of_common(ns)) ? ns : ERR_PTR(-EINVAL);
}
EXPORT_SYMBOL_GPL(get_net_ns);

/**
 * net_ns_get_ownership - who owns what /sys and /proc show of a namespace
 * @net: the namespace, or NULL for none
 * @uid: where to put the user; left alone where the namespace's owner has no
 *	 root user
 * @gid: where to put the group; likewise
 *
 * That is root of the user namespace which owns @net, and global root where
 * there is none. For what init operations show it is whoever that was at the
 * birth of @net: a user namespace made by the same call had no root yet.
 *
 * Context: Any.
 */
void net_ns_get_ownership(const struct net *net, kuid_t *uid, kgid_t *gid)
{
	kuid_t root = GLOBAL_ROOT_UID;
	kgid_t wheel = GLOBAL_ROOT_GID;

	if (net && READ_ONCE(net->state) == NETNS_ACTIVATING) {
		root = net->root_uid;
		wheel = net->root_gid;
	} else if (net) {
		root = make_kuid(net->user_ns, 0);
		wheel = make_kgid(net->user_ns, 0);
	}
	if (uid_valid(root))
		*uid = root;
	if (gid_valid(wheel))
		*gid = wheel;
}
EXPORT_SYMBOL_GPL(net_ns_get_ownership);

static struct ns_common *netns_get(struct task_struct *task)
{
	struct net *net = net_of_task(task);

	return net ? &net->ns : NULL;
}

static void netns_put(struct ns_common *ns)
{
	put_net(net_of_common(ns));
}

/*
 * setns(2): entering takes CAP_SYS_ADMIN both where the namespace belongs and
 * where the caller will be. @set->nsproxy is the caller's alone.
 */
static int netns_install(struct nsset *set, struct ns_common *ns)
{
	struct net *net = net_of_common(ns);
	struct net *left;

	if (!ns_capable(net->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (!ns_capable(set->cred->user_ns, CAP_SYS_ADMIN))
		return -EPERM;

	left = ACCESS_PRIVATE(set->nsproxy, net_ns);
	ACCESS_PRIVATE(set->nsproxy, net_ns) = get_net(net);
	put_net(left);
	return 0;
}

static struct user_namespace *netns_owner(struct ns_common *ns)
{
	return net_of_common(ns)->user_ns;
}

const struct proc_ns_operations netns_operations = {
	.name		= "net",
	.type		= CLONE_NEWNET,
	.get		= netns_get,
	.put		= netns_put,
	.install	= netns_install,
	.owner		= netns_owner,
};
#endif /* CONFIG_NET_NS */
