// SPDX-License-Identifier: GPL-2.0-only
/*
 * The namespaces of a task as one object: struct nsproxy, which tasks share
 * until one of them changes a namespace, and the ways to change: clone(2) and
 * unshare(2) make new namespaces, setns(2) enters existing ones, execve(2)
 * moves on to the time namespace meant for children. (User namespaces are
 * part of the credentials; setns(2) handles them along.)
 *
 * A task's nsproxy pointer changes under its task_lock(), by the task itself
 * only; <linux/nsproxy.h> has the rules for readers. This file takes no other
 * lock. An nsproxy in use must never change: whatever is to differ goes into
 * a new one, which replaces the old one when nothing can fail any more.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/init_task.h>
#include <linux/ipc_namespace.h>
#include <linux/mnt_namespace.h>
#include <linux/nsproxy.h>
#include <linux/perf_event.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/proc_ns.h>
#include <linux/ptrace.h>
#include <linux/sem.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

/* Of these an nsproxy has a member each. */
#define CLONE_NSPROXY	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |	\
			 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP | \
			 CLONE_NEWTIME)

/* Of these this kernel has more than the initial one. */
#define CLONE_CONFIGURED						\
	(CLONE_NEWNS |							\
	 (IS_ENABLED(CONFIG_UTS_NS) ? CLONE_NEWUTS : 0) |		\
	 (IS_ENABLED(CONFIG_IPC_NS) ? CLONE_NEWIPC : 0) |		\
	 (IS_ENABLED(CONFIG_PID_NS) ? CLONE_NEWPID : 0) |		\
	 (IS_ENABLED(CONFIG_NET_NS) ? CLONE_NEWNET : 0) |		\
	 (IS_ENABLED(CONFIG_USER_NS) ? CLONE_NEWUSER : 0) |		\
	 (IS_ENABLED(CONFIG_CGROUPS) ? CLONE_NEWCGROUP : 0) |		\
	 (IS_ENABLED(CONFIG_TIME_NS) ? CLONE_NEWTIME : 0))

static struct kmem_cache *nsproxy_cache __ro_after_init;

/* mnt_ns joins when the first file system is mounted. */
struct nsproxy init_nsproxy = {
	.count			= REFCOUNT_INIT(1),
	.pid_ns_for_children	= &init_pid_ns,
	.uts_ns			= &init_uts_ns,
#if defined(CONFIG_SYSVIPC) || defined(CONFIG_POSIX_MQUEUE)
	.ipc_ns			= &init_ipc_ns,
#endif
#ifdef CONFIG_NET
	.net_ns			= &init_net,
#endif
#ifdef CONFIG_CGROUPS
	.cgroup_ns		= &init_cgroup_ns,
#endif
#ifdef CONFIG_TIME_NS
	.time_ns_for_children	= &init_time_ns,
	.time_ns		= &init_time_ns,
#endif
};

/* Let go of a namespace that may never have been got. */
#define nsproxy_drop(member, put)					\
({									\
	typeof(member) __ns = (member);					\
									\
	if (__ns)							\
		put(__ns);						\
})

/**
 * free_nsproxy - let go of all namespaces in an nsproxy, and of itself
 * @ns: an nsproxy without users; members may be missing
 *
 * For put_nsproxy(), and for one that never came into use.
 *
 * Context: Process context, may sleep.
 */
void free_nsproxy(struct nsproxy *ns)
{
	nsproxy_drop(ns->time_ns_for_children, put_time_ns);
	nsproxy_drop(ns->time_ns, put_time_ns);
	nsproxy_drop(ACCESS_PRIVATE(ns, net_ns), put_net);
	nsproxy_drop(ns->cgroup_ns, put_cgroup_ns);
	nsproxy_drop(ns->pid_ns_for_children, put_pid_ns);
	nsproxy_drop(ns->ipc_ns, put_ipc_ns);
	nsproxy_drop(ns->uts_ns, put_uts_ns);
	nsproxy_drop(ns->mnt_ns, put_mnt_ns);
	kmem_cache_free(nsproxy_cache, ns);
}

/* Keep what a copy_*() returned, unless it is an error. */
#define nsproxy_keep(member, copy)					\
({									\
	typeof(member) __copy = (copy);					\
	int __err = PTR_ERR_OR_ZERO(__copy);				\
									\
	if (!__err)							\
		(member) = __copy;					\
	__err;								\
})

/*
 * @new gets each namespace of @old, or a new one where @flags say so. On
 * failure it keeps those that it has got so far, for free_nsproxy(). The order
 * decides which error is reported when there are several.
 */
static int nsproxy_fill(struct nsproxy *new, const struct nsproxy *old,
			unsigned long flags, struct user_namespace *owner,
			struct fs_struct *fs)
{
	int err;

	err = nsproxy_keep(new->mnt_ns,
			   copy_mnt_ns(flags, old->mnt_ns, owner, fs));
	if (err)
		return err;
	err = nsproxy_keep(new->uts_ns,
			   copy_utsname(flags, owner, old->uts_ns));
	if (err)
		return err;
	err = nsproxy_keep(new->ipc_ns, copy_ipcs(flags, owner, old->ipc_ns));
	if (err)
		return err;
	err = nsproxy_keep(new->pid_ns_for_children,
			   copy_pid_ns(flags, owner, old->pid_ns_for_children));
	if (err)
		return err;
	err = nsproxy_keep(new->cgroup_ns,
			   copy_cgroup_ns(flags, owner, old->cgroup_ns));
	if (err)
		return err;
	err = nsproxy_keep(ACCESS_PRIVATE(new, net_ns),
			   copy_net_ns(flags, owner,
				       ACCESS_PRIVATE(old, net_ns)));
	if (err)
		return err;
	/* A new time namespace is for children: nobody's clocks may jump. */
	err = nsproxy_keep(new->time_ns_for_children,
			   copy_time_ns(flags, owner,
					old->time_ns_for_children));
	if (err)
		return err;
	new->time_ns = get_time_ns(old->time_ns);
	return 0;
}

/* A copy of @task's nsproxy with new namespaces where @flags say so. */
static struct nsproxy *nsproxy_copy(struct task_struct *task,
				    unsigned long flags,
				    struct user_namespace *owner,
				    struct fs_struct *fs)
{
	struct nsproxy *new;
	int err;

	new = kmem_cache_alloc(nsproxy_cache, GFP_KERNEL);
	if (!new)
		return ERR_PTR(-ENOMEM);
	*new = (struct nsproxy) { .count = REFCOUNT_INIT(1) };

	err = nsproxy_fill(new, task->nsproxy, flags, owner, fs);
	if (err) {
		free_nsproxy(new);
		return ERR_PTR(err);
	}
	return new;
}

static bool time_ns_is_due(const struct nsproxy *ns)
{
	return ns->time_ns != ns->time_ns_for_children;
}

/**
 * copy_namespaces - the namespaces of a task that clone(2) is making
 * @flags: of clone(2)
 * @tsk: the new task, whose nsproxy is still its parent's, without a
 *	 reference of its own, and whose credentials and fs are its own
 *
 * Context: Process context, sleeps.
 * Return: 0, and @tsk->nsproxy is its own reference; -EPERM without
 *	   CAP_SYS_ADMIN where new namespaces are asked for, which comes before
 *	   -EINVAL for those that this kernel does not have or that cannot be
 *	   combined; or the errno of the namespace that could not be made.
 */
int copy_namespaces(unsigned long flags, struct task_struct *tsk)
{
	struct user_namespace *owner = task_cred_xxx(tsk, user_ns);
	struct nsproxy *new;

	if (unlikely(flags & CLONE_NSPROXY)) {
		if (!ns_capable(owner, CAP_SYS_ADMIN))
			return -EPERM;
	} else if ((flags & CLONE_VM) || likely(!time_ns_is_due(tsk->nsproxy))) {
		/* Who shares its memory shares the vdso's clocks as well. */
		get_nsproxy(tsk->nsproxy);
		return 0;
	}

	/* The parent's undo list names semaphores of the old namespace. */
	if ((flags & CLONE_NEWIPC) && (flags & CLONE_SYSVSEM))
		return -EINVAL;

	new = nsproxy_copy(tsk, flags, owner, tsk->fs);
	if (IS_ERR(new))
		return PTR_ERR(new);
	if (!(flags & CLONE_VM))
		timens_on_fork(new, tsk);
	tsk->nsproxy = new;
	return 0;
}

/**
 * unshare_nsproxy_namespaces - the new namespaces of unshare(2)
 * @unshare_flags: of unshare(2)
 * @new_nsp: where to put the new nsproxy, untouched where none is needed.
 *	     Holds the ERR_PTR on failure
 * @new_cred: the credentials that the caller is to get, or NULL
 * @new_fs: the fs_struct that the caller is to get, or NULL
 *
 * Context: Process context, sleeps.
 * Return: 0, -EPERM without CAP_SYS_ADMIN, which comes before -EINVAL for
 *	   those that this kernel does not have, or the errno of the namespace
 *	   that could not be made.
 */
int unshare_nsproxy_namespaces(unsigned long unshare_flags,
			       struct nsproxy **new_nsp, struct cred *new_cred,
			       struct fs_struct *new_fs)
{
	struct user_namespace *owner;

	if (!(unshare_flags & CLONE_NSPROXY))
		return 0;

	owner = new_cred ? new_cred->user_ns : current_user_ns();
	if (!ns_capable(owner, CAP_SYS_ADMIN))
		return -EPERM;

	*new_nsp = nsproxy_copy(current, unshare_flags, owner,
				new_fs ?: current->fs);
	return PTR_ERR_OR_ZERO(*new_nsp);
}

/**
 * switch_task_namespaces - give a task another nsproxy
 * @p: the task: current, or one that does not run yet
 * @new: the nsproxy, whose reference passes to the task; NULL for none
 *
 * Context: Process context, sleeps. Takes task_lock().
 */
void switch_task_namespaces(struct task_struct *p, struct nsproxy *new)
{
	struct nsproxy *old = new;

	might_sleep();

	task_lock(p);
	swap(p->nsproxy, old);
	task_unlock(p);

	if (old)
		put_nsproxy(old);
}

/**
 * exit_task_namespaces - a task leaves its namespaces for good
 * @p: the task: current, or one that will never run
 *
 * Context: Process context, sleeps. Takes task_lock().
 */
void exit_task_namespaces(struct task_struct *p)
{
	switch_task_namespaces(p, NULL);
}

/**
 * exec_task_namespaces - enter the time namespace that waits for an execve(2)
 *
 * Context: Process context, sleeps. The new memory is in place, and nobody
 *	    has read a clock in it.
 * Return: 0 or an errno.
 */
int exec_task_namespaces(void)
{
	struct nsproxy *new;

	if (!time_ns_is_due(current->nsproxy))
		return 0;

	new = nsproxy_copy(current, 0, current_user_ns(), current->fs);
	if (IS_ERR(new))
		return PTR_ERR(new);
	timens_on_fork(new, current);
	switch_task_namespaces(current, new);
	return 0;
}

/* Does the mount namespace bring a root and a working directory of its own? */
static bool nsset_has_own_fs(unsigned int flags)
{
	/* Alone it sets those of the caller, as nothing can fail after it. */
	return (flags & CLONE_NEWNS) && flags != CLONE_NEWNS;
}

static void nsset_release(struct nsset *set)
{
	struct cred *cred = nsset_cred(set);

	if (cred)
		put_cred(cred);
	if (set->fs && nsset_has_own_fs(set->flags))
		free_fs_struct(set->fs);
	if (set->nsproxy)
		free_nsproxy(set->nsproxy);
}

/* Copies of all that entering the namespaces of @flags changes. */
static int nsset_prepare(struct nsset *set, unsigned int flags)
{
	struct nsproxy *copy;

	copy = nsproxy_copy(current, 0, current_user_ns(), current->fs);
	if (IS_ERR(copy))
		return PTR_ERR(copy);

	set->flags = flags;
	set->nsproxy = copy;
	set->cred = flags & CLONE_NEWUSER ? prepare_creds() : current_cred();
	if (nsset_has_own_fs(flags))
		set->fs = copy_fs_struct(current->fs);
	else if (flags & CLONE_NEWNS)
		set->fs = current->fs;

	if (!set->cred || ((flags & CLONE_NEWNS) && !set->fs)) {
		nsset_release(set);
		return -ENOMEM;
	}
	return 0;
}

/* Nothing can fail from here on: the caller becomes what @set says. */
static void nsset_commit(struct nsset *set)
{
	if (set->flags & CLONE_NEWUSER) {
		commit_creds(nsset_cred(set));
		set->cred = NULL;
	}
	if (nsset_has_own_fs(set->flags)) {
		set_fs_root(current->fs, &set->fs->root);
		set_fs_pwd(current->fs, &set->fs->pwd);
	}
	if (set->flags & CLONE_NEWIPC)
		exit_sem(current);
	if (set->flags & CLONE_NEWTIME)
		timens_commit(current, set->nsproxy->time_ns);

	switch_task_namespaces(current, no_free_ptr(set->nsproxy));
}

static int nsset_install(struct nsset *set, struct ns_common *ns)
{
	return ns->ops->install(set, ns);
}

/* What a pidfd's process is in, as it was at one moment. */
struct task_namespaces {
	struct nsproxy		*nsproxy;
	struct user_namespace	*user_ns;
	struct pid_namespace	*pid_ns;
};

static void task_namespaces_put(struct task_namespaces *of)
{
	if (of->nsproxy)
		put_nsproxy(of->nsproxy);
	put_user_ns(of->user_ns);
	if (of->pid_ns)
		put_pid_ns(of->pid_ns);
}

static int task_namespaces_get(struct task_namespaces *of, struct pid *pid,
			       unsigned int flags)
{
	struct task_struct *task;

	guard(rcu)();
	task = pid_task(pid, PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	if (!ptrace_may_access(task, PTRACE_MODE_READ_REALCREDS))
		return -EPERM;

	scoped_guard(task_lock, task) {
		if (!task->nsproxy)
			return -ESRCH;
		get_nsproxy(task->nsproxy);
		of->nsproxy = task->nsproxy;
	}
	if (IS_ENABLED(CONFIG_PID_NS) && (flags & CLONE_NEWPID)) {
		/* The one it lives in, not the one for its children. */
		struct pid_namespace *pid_ns = task_active_pid_ns(task);

		if (unlikely(!pid_ns))
			return -ESRCH;
		of->pid_ns = get_pid_ns(pid_ns);
	}
	if (IS_ENABLED(CONFIG_USER_NS) && (flags & CLONE_NEWUSER))
		of->user_ns = get_user_ns(__task_cred(task)->user_ns);
	return 0;
}

/* Only for namespaces that nsset_supports() has let pass. */
static struct ns_common *task_namespaces_of(struct task_namespaces *of,
					    unsigned int type)
{
	switch (type) {
	case CLONE_NEWNS:
		return from_mnt_ns(of->nsproxy->mnt_ns);
#ifdef CONFIG_USER_NS
	case CLONE_NEWUSER:
		return &of->user_ns->ns;
#endif
#ifdef CONFIG_UTS_NS
	case CLONE_NEWUTS:
		return &of->nsproxy->uts_ns->ns;
#endif
#ifdef CONFIG_IPC_NS
	case CLONE_NEWIPC:
		return &of->nsproxy->ipc_ns->ns;
#endif
#ifdef CONFIG_PID_NS
	case CLONE_NEWPID:
		return &of->pid_ns->ns;
#endif
#ifdef CONFIG_CGROUPS
	case CLONE_NEWCGROUP:
		return &of->nsproxy->cgroup_ns->ns;
#endif
#ifdef CONFIG_NET_NS
	case CLONE_NEWNET:
		return &ACCESS_PRIVATE(of->nsproxy, net_ns)->ns;
#endif
#ifdef CONFIG_TIME_NS
	case CLONE_NEWTIME:
		return &of->nsproxy->time_ns->ns;
#endif
	}
	return NULL;
}

/*
 * The user namespace comes first: capabilities in the others are checked with
 * the credentials that the caller will have there.
 */
static int nsset_install_task(struct nsset *set, struct pid *pid)
{
	static const unsigned int order[] = {
		CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWPID, CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWTIME,
	};
	struct task_namespaces of = {};
	unsigned int i;
	int err;

	err = task_namespaces_get(&of, pid, set->flags);
	for (i = 0; !err && i < ARRAY_SIZE(order); i++)
		if (set->flags & order[i])
			err = nsset_install(set,
					    task_namespaces_of(&of, order[i]));
	task_namespaces_put(&of);
	return err;
}

/* May a pidfd be used with these flags? */
static bool nsset_supports(unsigned int flags)
{
	return flags && !(flags & ~CLONE_CONFIGURED);
}

/* With an nsfs file one namespace, with a pidfd all that @flags name. */
static int nsset_enter(struct file *file, unsigned int flags)
{
	struct ns_common *ns = NULL;
	struct nsset set = {};
	struct pid *pid = NULL;
	int err;

	if (proc_ns_file(file)) {
		ns = get_proc_ns(file_inode(file));
		if (flags && flags != ns->ops->type)
			return -EINVAL;
		flags = ns->ops->type;
	} else {
		pid = pidfd_pid(file);
		if (IS_ERR(pid) || !nsset_supports(flags))
			return -EINVAL;
	}

	err = nsset_prepare(&set, flags);
	if (err)
		return err;

	err = ns ? nsset_install(&set, ns) : nsset_install_task(&set, pid);
	if (!err) {
		nsset_commit(&set);
		perf_event_namespaces(current);
	}
	nsset_release(&set);
	return err;
}

SYSCALL_DEFINE2(setns, int, fd, int, flags)
{
	CLASS(fd, f)(fd);

	return fd_empty(f) ? -EBADF : nsset_enter(fd_file(f), flags);
}

/**
 * nsproxy_cache_init - be ready to make namespaces
 *
 * Context: Boot, once.
 * Return: 0.
 */
int __init nsproxy_cache_init(void)
{
	nsproxy_cache = KMEM_CACHE(nsproxy, SLAB_PANIC | SLAB_ACCOUNT);
	return 0;
}
