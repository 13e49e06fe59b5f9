/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a program in the guest talks to the plugin outside: by instructions that
 * do nothing, except that the plugin sees them.
 *
 * A word goes over bit by bit and is then taken for what the last mark says.
 * Must never be other than a no-op to a CPU without the plugin.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

/* The displacement that a no-op with an operand in memory has: plus enum mark. */
#define MARK_NUMBER	0x6e620000

enum mark {
	MARK_ZERO,
	MARK_ONE,
	/* The word is the address of the driver's function, and of one of the stack's. */
	MARK_BEGIN,
	MARK_END,
	/* The word is the next eight characters of the case's name. */
	MARK_NAME,
	/* The word is how many packets are sent at a time; nothing more is to tell. */
	MARK_PACKETS,
	/* What is between these two is recorded. */
	MARK_RECORD,
	MARK_STOP,
	/* All that was sent at a time has arrived. */
	MARK_ARRIVED,
	MARKS
};

#endif /* BENCH_MARK_H */
