/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories of kernfs that are filled when somebody looks into them. For who
 * has many that nobody looks into, as sysfs has for network devices;
 * fs/kernfs/fill.c does it. This header takes no locks.
 */
#ifndef __LINUX_KERNFS_FILL_H
#define __LINUX_KERNFS_FILL_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct kernfs_node;

/**
 * struct kernfs_fill_ops - how to fill a directory
 * @fill: makes the files that @what names in @dir, which is not being removed,
 *	  with @uid and @gid as their owner. Returns 0, or an errno when there
 *	  are none of these. It runs for whoever looks first, and must take no
 *	  lock that is held when files or directories are removed
 * @has: whether @what names a file called @name
 */
struct kernfs_fill_ops {
	int (*fill)(struct kernfs_node *dir, const void *what, kuid_t uid,
		    kgid_t gid);
	bool (*has)(const void *what, const char *name);
};

bool kernfs_fill_later(struct kernfs_node *dir, const struct kernfs_fill_ops *ops,
		       const void *what, kuid_t uid, kgid_t gid);
bool kernfs_fill_change_owner(struct kernfs_node *dir, const void *what,
			      kuid_t uid, kgid_t gid);
bool kernfs_fill_cancel(struct kernfs_node *dir, const void *what);

#endif /* __LINUX_KERNFS_FILL_H */
