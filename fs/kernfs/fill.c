// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories that are filled when somebody looks into them: until then it is
 * only remembered what belongs there. User space looks by any access to the
 * directory's entries, the kernel only by asking for a name that is to come: it
 * removes directories name by name, in which nobody else has looked.
 *
 * Nobody can tell the difference but by the time and the memory that a first
 * look takes; it fails with -ENOMEM where there is none, and the next one tries
 * again.
 *
 * Locks: kernfs_fill_mutex, within an active reference of the directory, outside
 * of kernfs_rwsem. It must never be held while something is removed that others
 * have seen, which waits for active references. Who fills holds one, so that the
 * owner of the files, whose removal waits, is there.
 */
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/kernfs_fill.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "kernfs-internal.h"

/**
 * struct kernfs_filling - what is to come into a directory
 * @node: its place in kernfs_fillings
 * @dir: the directory, which frees this with its last reference at the latest
 * @ops: how they are made
 * @what: which they are
 * @uid: who is to own them
 * @gid: which group is to
 * @rcu: who looks for another directory's may be at this one
 */
struct kernfs_filling {
	struct rhlist_head	node;
	struct kernfs_node	*dir;
	const struct kernfs_fill_ops *ops;
	const void		*what;
	kuid_t			uid;
	kgid_t			gid;
	struct rcu_head		rcu;
};

static const struct rhashtable_params kernfs_filling_params = {
	.key_len = sizeof(struct kernfs_node *),
	.key_offset = offsetof(struct kernfs_filling, dir),
	.head_offset = offsetof(struct kernfs_filling, node),
	.automatic_shrinking = true,
};

/* Only the last reference of a directory takes some out without the mutex. */
static struct rhltable kernfs_fillings;

/* Within the RCU read lock. @pos is a &struct rhlist_head */
#define for_each_filling(filling, pos, dir)				\
	rhl_for_each_entry_rcu(filling, pos,				\
			       rhltable_lookup(&kernfs_fillings, &(dir),	\
					       kernfs_filling_params),	\
			       node)

static DEFINE_MUTEX(kernfs_fill_mutex);

/* Who fills a directory, with the mutex. */
static struct task_struct *kernfs_filler;

static void kernfs_mark_unfilled(struct kernfs_node *dir, bool unfilled)
{
	struct kernfs_root *root = kernfs_root(dir);

	lockdep_assert_held(&kernfs_fill_mutex);

	/* All flags change under this lock. */
	down_write(&root->kernfs_rwsem);
	if (unfilled)
		dir->flags |= KERNFS_UNFILLED;
	else
		dir->flags &= ~KERNFS_UNFILLED;
	up_write(&root->kernfs_rwsem);
}

/* One of what is to come into @dir: @what, or any if that is %NULL */
static struct kernfs_filling *kernfs_find_filling(struct kernfs_node *dir,
						  const void *what)
{
	struct kernfs_filling *filling;
	struct rhlist_head *pos;

	lockdep_assert_held(&kernfs_fill_mutex);

	/* With the mutex, nobody else takes one of @dir's away. */
	guard(rcu)();
	for_each_filling(filling, pos, dir) {
		if (!what || filling->what == what)
			return filling;
	}
	return NULL;
}

static void kernfs_free_filling(struct kernfs_filling *filling)
{
	rhltable_remove(&kernfs_fillings, &filling->node, kernfs_filling_params);
	kfree_rcu(filling, rcu);
}

/**
 * kernfs_fill_later - put files into a directory when somebody looks
 * @dir: the directory
 * @ops: how they are made
 * @what: which files, also for kernfs_fill_cancel(). What it points to must not
 *	  end before @dir is removed, or before kernfs_fill_cancel()
 * @uid: who is to own the files
 * @gid: which group is to own the files
 *
 * Context: Process context, may sleep.
 * Return: false if the caller has to make the files by himself.
 */
bool kernfs_fill_later(struct kernfs_node *dir, const struct kernfs_fill_ops *ops,
		       const void *what, kuid_t uid, kgid_t gid)
{
	struct kernfs_filling *filling;

	filling = kmalloc(sizeof(*filling), GFP_KERNEL);
	if (!filling)
		return false;
	filling->dir = dir;
	filling->ops = ops;
	filling->what = what;
	filling->uid = uid;
	filling->gid = gid;

	guard(mutex)(&kernfs_fill_mutex);
	if (rhltable_insert(&kernfs_fillings, &filling->node,
			    kernfs_filling_params)) {
		kfree(filling);
		return false;
	}
	if (!kernfs_is_unfilled(dir))
		kernfs_mark_unfilled(dir, true);
	return true;
}

/**
 * kernfs_fill_change_owner - change the owner of files that nobody has seen
 * @dir: the directory
 * @what: as for kernfs_fill_later()
 * @uid: who is to own the files
 * @gid: which group is to own the files
 *
 * Context: Process context, may sleep.
 * Return: false if the files are there, so that the caller has to change them.
 */
bool kernfs_fill_change_owner(struct kernfs_node *dir, const void *what,
			      kuid_t uid, kgid_t gid)
{
	struct kernfs_filling *filling;

	if (!kernfs_is_unfilled(dir))
		return false;

	guard(mutex)(&kernfs_fill_mutex);
	filling = kernfs_find_filling(dir, what);
	if (!filling)
		return false;
	filling->uid = uid;
	filling->gid = gid;
	return true;
}

/**
 * kernfs_fill_cancel - put no files into a directory any more
 * @dir: the directory
 * @what: as for kernfs_fill_later()
 *
 * Context: Process context, may sleep.
 * Return: false if the files are there, so that the caller has to remove them.
 */
bool kernfs_fill_cancel(struct kernfs_node *dir, const void *what)
{
	struct kernfs_filling *filling;

	/* Who removes after the directory has gone is told by others. */
	if (!dir || !kernfs_is_unfilled(dir))
		return false;

	guard(mutex)(&kernfs_fill_mutex);
	filling = kernfs_find_filling(dir, what);
	if (!filling)
		return false;
	kernfs_free_filling(filling);
	if (!kernfs_find_filling(dir, NULL))
		kernfs_mark_unfilled(dir, false);
	return true;
}

/**
 * kernfs_is_filling - does the caller do what was noted down?
 *
 * It happens late then, and must not leave a trace of when.
 *
 * Context: Any.
 * Return: true within &kernfs_fill_ops.fill.
 */
bool kernfs_is_filling(void)
{
	return READ_ONCE(kernfs_filler) == current;
}

static bool kernfs_is_to_have(struct kernfs_node *dir, const char *name)
{
	struct kernfs_filling *filling;
	struct rhlist_head *pos;

	lockdep_assert_held(&kernfs_fill_mutex);

	guard(rcu)();
	for_each_filling(filling, pos, dir) {
		if (filling->ops->has(filling->what, name))
			return true;
	}
	return false;
}

/**
 * __kernfs_fill - somebody looks into an unfilled directory
 * @dir: the directory, of which the caller has a reference
 * @name: what he looks for, to fill only if that is to come, or %NULL
 *
 * Context: Process context, may sleep. kernfs_rwsem must not be held.
 * Return: 0, also if @dir is being removed, or an errno.
 */
int __kernfs_fill(struct kernfs_node *dir, const char *name)
{
	struct kernfs_filling *filling;
	const struct cred *looker;
	int err = 0;

	/* He looks for what he has made, since he could not make the rest. */
	if (kernfs_is_filling() || !kernfs_get_active(dir))
		return 0;

	mutex_lock(&kernfs_fill_mutex);
	if (name && !kernfs_is_to_have(dir, name))
		goto out;

	/* Labels of files must not depend on who looks. */
	looker = override_creds(&init_cred);
	WRITE_ONCE(kernfs_filler, current);
	while (!err && (filling = kernfs_find_filling(dir, NULL))) {
		err = filling->ops->fill(dir, filling->what, filling->uid,
					 filling->gid);
		if (!err)
			kernfs_free_filling(filling);
	}
	WRITE_ONCE(kernfs_filler, NULL);
	revert_creds(looker);

	if (!err && kernfs_is_unfilled(dir))
		kernfs_mark_unfilled(dir, false);
out:
	mutex_unlock(&kernfs_fill_mutex);
	kernfs_put_active(dir);
	return err;
}

/**
 * kernfs_forget_fillings - nobody can look into a directory any more
 * @dir: the directory, whose last reference is gone
 *
 * Context: Any.
 */
void kernfs_forget_fillings(struct kernfs_node *dir)
{
	struct kernfs_filling *filling;
	struct rhlist_head *pos;

	guard(rcu)();
	for_each_filling(filling, pos, dir)
		kernfs_free_filling(filling);
}

/**
 * kernfs_fill_init - be ready for directories that are filled later
 *
 * Context: Process context, at boot.
 */
void __init kernfs_fill_init(void)
{
	if (rhltable_init(&kernfs_fillings, &kernfs_filling_params))
		panic("kernfs: no memory for directories to be filled\n");
}
