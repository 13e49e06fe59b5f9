/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many grace periods of RCU begin between two moments.
 *
 * By the kernel's own tracepoints, which are the same in all kernels that are
 * compared. Must never be on while something else is measured that does less
 * than thousands of times what an event costs.
 */
#ifndef BENCH_GRACE_H
#define BENCH_GRACE_H

#include <stdbool.h>

/* False where the kernel has no such tracepoints: then there is no figure. */
bool grace_begin(void);
/* Prints the metrics grace_periods (of both sorts) and expedited. */
void grace_end(const char *name);

#endif /* BENCH_GRACE_H */
