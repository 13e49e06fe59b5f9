/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's fault injection, an allocation at a time: what takes N
 * allocations is done N times, each with another one that fails, and once with
 * none.
 */
#ifndef FAIL_NTH_H
#define FAIL_NTH_H

#include "netns_util.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FAILPAGE "/sys/kernel/debug/fail_page_alloc/"

/* Open before anything fails, as opening takes memory. */
static int fail_fd = -1;

/* The @nth allocation of this task fails from here on; 0 for none. */
static inline int fail_nth(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (fail_fd < 0)
		fail_fd = open("/proc/thread-self/fail-nth",
			       O_RDWR | O_CLOEXEC);
	return pwrite(fail_fd, text, len, 0) == len ? 0 : -errno;
}

/* Has it come to that? */
static inline bool has_failed(void)
{
	char text[16] = "";

	return pread(fail_fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
}

static inline bool can_fail(void)
{
	return !access(FAILSLAB "ignore-gfp-wait", W_OK) &&
	       !access(FAILPAGE "ignore-gfp-wait", W_OK);
}

/* Allocations that may sleep fail too, those of one page as well, and silently. */
static inline int let_fail(void)
{
	return write_file(FAILSLAB "ignore-gfp-wait", "N") ?:
	       write_file(FAILSLAB "verbose", "0") ?:
	       write_file(FAILPAGE "ignore-gfp-wait", "N") ?:
	       write_file(FAILPAGE "min-order", "0") ?:
	       write_file(FAILPAGE "verbose", "0");
}

/*
 * What a request by netlink may return then: there was no memory for what was
 * asked, or for the answer, and it may have been fulfilled.
 */
static inline bool is_expected(int err)
{
	return !err || err == -ENOMEM || err == -ENOBUFS || err == -EFAULT;
}

/*
 * Evaluates @call with nth 1, 2, 3, ... in children, until one has nothing to
 * fail, whose status is 1. There must be @least allocations.
 */
#define EACH_ALLOCATION(least, most, call)				\
do {									\
	int nth, status = 0;						\
	pid_t pid;							\
									\
	for (nth = 1; nth < (most); nth++) {				\
		pid = fork();						\
		ASSERT_LE(0, pid);					\
		if (!pid)						\
			_exit(call);					\
		status = wait_exit(pid);				\
		if (status)						\
			break;						\
	}								\
	EXPECT_EQ(1, status) {						\
		TH_LOG("allocation %d", nth);				\
	}								\
	EXPECT_LE(least, nth - 1);					\
	TH_LOG("%d allocations", nth - 1);				\
} while (0)

#endif /* FAIL_NTH_H */
