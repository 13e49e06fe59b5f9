/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Charging memory to a memory cgroup whose members have not asked for it, and which
 * must not suffer for it: at its limit, it is the guest who goes without.
 * Takes no lock but its own; the code is in mm/memcontrol.c.
 * Must never be left on by a task that returns to user space.
 */
#ifndef _LINUX_MEMCG_GUEST_H
#define _LINUX_MEMCG_GUEST_H

#include <linux/list.h>

struct mem_cgroup;
struct task_struct;

/**
 * struct memcg_guest - a scope in which a task charges others, on its stack
 * @node: in the list of all
 * @task: the guest
 * @outer: whom it charged before
 */
struct memcg_guest {
	struct list_head	node;
	struct task_struct	*task;
	struct mem_cgroup	*outer;
};

#ifdef CONFIG_MEMCG
void memcg_guest_enter(struct memcg_guest *guest, struct mem_cgroup *host);
void memcg_guest_leave(struct memcg_guest *guest);
#else
static inline void memcg_guest_enter(struct memcg_guest *guest, struct mem_cgroup *host)
{
}

static inline void memcg_guest_leave(struct memcg_guest *guest)
{
}
#endif

#endif /* _LINUX_MEMCG_GUEST_H */
