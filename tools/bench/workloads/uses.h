/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process first does with its network namespace.
 *
 * Each leaves nothing open: what the namespace holds after is its own. Must
 * never be called in a namespace whose processes matter: ports are fixed.
 */
#ifndef BENCH_USES_H
#define BENCH_USES_H

#include <stdbool.h>

struct use {
	const char *name;
	void (*run)(void);
	/* Whether it changes the state of a link, lo's. */
	bool links;
};

/* Dies when there is none of this name. */
const struct use *use_by_name(const char *name);

#endif /* BENCH_USES_H */
