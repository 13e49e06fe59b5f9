// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that tools/check/sparse (a mixed byte order, a use of a namespace that
 * may be dormant) and tools/check/warnings (a value that nobody uses) must report,
 * or they check nothing.
 */
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/types.h>

static u32 value;

static int __init seed_init(void)
{
	__be32 mixed = value;
	int unused;

	unused = mixed ? 1 : 0;
	return current->nsproxy->net_ns ? 0 : -ENOENT;
}
module_init(seed_init);

MODULE_DESCRIPTION("Faults for the static checks");
MODULE_LICENSE("GPL");
