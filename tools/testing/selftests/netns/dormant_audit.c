// SPDX-License-Identifier: GPL-2.0
/*
 * Records of audit tell of tasks, who are in some network namespace, but nothing
 * of that: what is audited does not activate it.
 */
#include <linux/audit.h>
#include <sys/utsname.h>

#include "dormant_util.h"

struct request {
	struct nlmsghdr nlh;
	union {
		struct audit_status status;
		struct audit_rule_data rule;
	};
};

/* Returns the error that the kernel answers. */
static int audit_talk(int fd, int type, struct request *req, size_t size)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		char rest[8192];
	} reply;

	req->nlh = (struct nlmsghdr) {
		.nlmsg_len = NLMSG_LENGTH(size),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	if (send(fd, req, req->nlh.nlmsg_len, 0) < 0)
		return -errno;
	do {
		if (recv(fd, &reply, sizeof(reply), 0) < 0)
			return -errno;
	} while (reply.nlh.nlmsg_type != NLMSG_ERROR);
	return reply.err.error;
}

static int audit_enable(int fd, bool on)
{
	struct request req = {
		.status.mask = AUDIT_STATUS_ENABLED,
		.status.enabled = on,
	};

	return audit_talk(fd, AUDIT_SET, &req, sizeof(req.status));
}

/* AUDIT_ADD_RULE or AUDIT_DEL_RULE: each uname(2) is recorded. */
static int audit_uname(int fd, int type)
{
	struct request req = {
		.rule.flags = AUDIT_FILTER_EXIT,
		.rule.action = AUDIT_ALWAYS,
	};

	req.rule.mask[AUDIT_WORD(__NR_uname)] = AUDIT_BIT(__NR_uname);
	return audit_talk(fd, type, &req, sizeof(req.rule));
}

/* The next record about a system call of that process. */
static bool is_recorded(int log, pid_t pid)
{
	struct {
		struct nlmsghdr nlh;
		char text[8192];
	} record = {};
	char ours[32];

	snprintf(ours, sizeof(ours), " pid=%d ", pid);
	while (recv(log, &record, sizeof(record) - 1, 0) > 0)
		if (record.nlh.nlmsg_type == AUDIT_SYSCALL &&
		    strstr(record.text, ours))
			return true;
	return false;
}

static int open_log(void)
{
	int group = AUDIT_NLGRP_READLOG;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return -errno;
	fd = nl_setup(fd);
	if (fd < 0)
		return fd;
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) ? -errno : fd;
}

FIXTURE(audit)
{
	int fd;
};

FIXTURE_SETUP(audit)
{
	self->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (self->fd < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "no audit in this kernel");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, audit_enable(self->fd, true));
	ASSERT_EQ(0, audit_uname(self->fd, AUDIT_ADD_RULE));
}

FIXTURE_TEARDOWN(audit)
{
	EXPECT_EQ(0, audit_uname(self->fd, AUDIT_DEL_RULE));
	EXPECT_EQ(0, audit_enable(self->fd, false));
}

/* Only who is born with it on is audited. */
TEST_F(audit, of_system_calls_wakes_nobody)
{
	int log = open_log(), before = activations();
	int before_part = partial_activations();
	struct utsname name;
	pid_t pid;

	ASSERT_LE(0, log);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(sys_unshare(CLONE_NEWNET) || uname(&name));
	EXPECT_TRUE(is_recorded(log, pid));
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(before, activations());
	EXPECT_EQ(before_part, partial_activations());
}

DORMANT_TEST_MAIN
