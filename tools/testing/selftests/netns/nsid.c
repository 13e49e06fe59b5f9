// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace can name others by small numbers of its own: RTM_NEWNSID and
 * RTM_GETNSID with their errors and explanations, complete dumps, and events
 * that tell who changed what. A name ends with the namespace that it names.
 */
#include <limits.h>

#include "netns_netlink.h"

#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

/* More than the kernel puts into one message of a dump. */
#define MANY 300

/* Where the attributes of such a message are, each of which has four bytes. */
#define ATTR_OFFSET(n) \
	(NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtgenmsg)) + \
	 (n) * RTA_SPACE(sizeof(int)))

struct attr {
	int type;
	int value;
};

struct reply {
	int nr;
	int type;
	int nsid;
	int current;
	__u32 seq;
	__u32 portid;
};

static int get_attr(const struct nlmsghdr *nlh, int type)
{
	const struct rtattr *rta;

	rta = nl_find(nlh, sizeof(struct rtgenmsg), type);
	return rta ? nl_get_int(rta) : NSID_NO_REPLY;
}

static void take_reply(const struct nlmsghdr *nlh, void *arg)
{
	struct reply *reply = arg;

	reply->nr++;
	reply->type = nlh->nlmsg_type;
	reply->nsid = get_attr(nlh, NETNSA_NSID);
	reply->current = get_attr(nlh, NETNSA_CURRENT_NSID);
	reply->seq = nlh->nlmsg_seq;
	reply->portid = nlh->nlmsg_pid;
}

static int ask(int fd, int type, int flags, const struct attr *attrs,
	       struct nl_ack *ack, struct reply *reply)
{
	struct nl_req req;
	int i;

	memset(reply, 0, sizeof(*reply));
	memset(ack, 0, sizeof(*ack));
	nl_init_nsid(&req, type, flags);
	for (i = 0; i < 3 && attrs[i].type; i++)
		nl_put_int(&req, attrs[i].type, attrs[i].value);
	return nl_talk(fd, &req, take_reply, reply, ack);
}

/* The next event about an id, or the error when there is none in time. */
static int next_event(int fd, struct reply *event, int flags)
{
	union {
		struct nlmsghdr nlh;
		char data[8192];
	} buf;

	memset(event, 0, sizeof(*event));
	if (recv(fd, &buf, sizeof(buf), flags) < 0)
		return -errno;
	take_reply(&buf.nlh, event);
	return 0;
}

static int open_events(int nsfd)
{
	int fd, err;

	fd = nsfd < 0 ? nl_open() : nl_open_in(nsfd);
	if (fd < 0)
		return fd;
	err = nl_subscribe(fd, RTNLGRP_NSID);
	return err ? err : fd;
}

static int set_strict(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
			  sizeof(one)) ? -errno : 0;
}

FIXTURE(nsid)
{
	/* Two peers, and a socket in the namespace that is to name them. */
	int peer;
	int other;
	int fd;
};

FIXTURE_SETUP(nsid)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->fd = nl_open();
	ASSERT_LE(0, self->fd);
	self->peer = new_netns();
	ASSERT_LE(0, self->peer);
	self->other = new_netns();
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(nsid)
{
}

TEST_F(nsid, by_descriptor_pid_and_id)
{
	int nsid, me;
	pid_t pid;

	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, self->peer, &nsid));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, nsid);

	EXPECT_EQ(0, nsid_set(self->fd, 7, NETNSA_FD, self->peer));
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, self->peer, &nsid));
	EXPECT_EQ(7, nsid);
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_NSID, 7, &nsid));
	EXPECT_EQ(7, nsid);

	pid = park_child(CLONE_NEWNET);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_PID, pid, &nsid));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, nsid);
	EXPECT_EQ(0, nsid_set(self->fd, INT_MAX, NETNSA_PID, pid));
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_PID, pid, &nsid));
	EXPECT_EQ(INT_MAX, nsid);
	EXPECT_EQ(0, kill_child(pid));

	/* It may name itself too, and does not know itself without that. */
	me = open_self_ns("net");
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, me, &nsid));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, nsid);
	EXPECT_EQ(0, nsid_set(self->fd, 0, NETNSA_FD, me));
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, me, &nsid));
	EXPECT_EQ(0, nsid);
}

TEST_F(nsid, each_namespace_has_its_own)
{
	int there, home, nsid;

	home = open_self_ns("net");
	there = nl_open_in(self->peer);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, nsid_set(self->fd, 3, NETNSA_FD, self->peer));
	EXPECT_EQ(0, nsid_get(there, NETNSA_FD, home, &nsid));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, nsid);
	EXPECT_EQ(0, nsid_set(there, 3, NETNSA_FD, self->other));
	EXPECT_EQ(0, nsid_set(there, 4, NETNSA_FD, home));
	EXPECT_EQ(-ENOENT, nsid_get(self->fd, NETNSA_NSID, 4, &nsid));
	EXPECT_EQ(1, nsid_count(self->fd));
	EXPECT_EQ(2, nsid_count(there));
}

struct error_case {
	int type;
	struct attr attrs[3];
	int err;
	/* Which attribute the kernel points at, or -1. */
	int bad;
	const char *msg;
};

static void check_errors(struct __test_metadata *_metadata, int fd,
			 const struct error_case *cases, int nr)
{
	const struct error_case *c;
	struct reply reply;
	struct nl_ack ack;

	for (c = cases; c < cases + nr; c++) {
		EXPECT_EQ(c->err, ask(fd, c->type, 0, c->attrs, &ack, &reply))
			TH_LOG("case %d", (int)(c - cases));
		EXPECT_STREQ(c->msg, ack.msg)
			TH_LOG("case %d", (int)(c - cases));
		EXPECT_EQ(c->bad < 0 ? 0 : ATTR_OFFSET(c->bad), ack.offset)
			TH_LOG("case %d", (int)(c - cases));
		EXPECT_EQ(0, reply.nr);
	}
}

static const char missing[] = "Peer netns reference is missing";
static const char invalid[] = "Peer netns reference is invalid";
static const char assigned[] = "Peer netns already has a nsid assigned";
static const char in_use[] = "The specified nsid is already used";

static pid_t reaped_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	wait_exit(pid);
	return pid;
}

TEST_F(nsid, errors_of_new)
{
	const pid_t gone = reaped_pid();
	const struct error_case cases[] = {
		{ RTM_NEWNSID, { }, -EINVAL, -1, "nsid is missing" },
		{ RTM_NEWNSID, { { NETNSA_FD, self->peer } },
		  -EINVAL, -1, "nsid is missing" },
		{ RTM_NEWNSID, { { NETNSA_NSID, 1 } }, -EINVAL, -1, missing },
		{ RTM_NEWNSID, { { NETNSA_NSID, 1 }, { NETNSA_FD, -1 } },
		  -EBADF, 1, invalid },
		{ RTM_NEWNSID, { { NETNSA_NSID, 1 }, { NETNSA_FD, self->fd } },
		  -EINVAL, 1, invalid },
		{ RTM_NEWNSID, { { NETNSA_PID, gone }, { NETNSA_NSID, 1 } },
		  -ESRCH, 0, invalid },
		/* A process counts more than a descriptor. */
		{ RTM_NEWNSID, { { NETNSA_NSID, 1 }, { NETNSA_FD, self->peer },
				 { NETNSA_PID, gone } }, -ESRCH, 2, invalid },
		{ RTM_NEWNSID, { { NETNSA_NSID, 6 }, { NETNSA_FD, self->peer } },
		  -EEXIST, 1, assigned },
		{ RTM_NEWNSID, { { NETNSA_NSID, 5 }, { NETNSA_FD, self->peer } },
		  -EEXIST, 1, assigned },
		{ RTM_NEWNSID, { { NETNSA_NSID, -1 }, { NETNSA_FD, self->peer } },
		  -EEXIST, 1, assigned },
		{ RTM_NEWNSID, { { NETNSA_NSID, 5 }, { NETNSA_FD, self->other } },
		  -EEXIST, 0, in_use },
	};

	ASSERT_EQ(0, nsid_set(self->fd, 5, NETNSA_FD, self->peer));
	check_errors(_metadata, self->fd, cases, ARRAY_SIZE(cases));
	EXPECT_EQ(1, nsid_count(self->fd));
}

TEST_F(nsid, errors_of_get)
{
	const struct error_case cases[] = {
		{ RTM_GETNSID, { }, -EINVAL, -1, missing },
		{ RTM_GETNSID, { { NETNSA_NSID, 1 } }, -ENOENT, 0, invalid },
		{ RTM_GETNSID, { { NETNSA_NSID, -1 } }, -ENOENT, 0, invalid },
		{ RTM_GETNSID, { { NETNSA_FD, -1 } }, -EBADF, 0, invalid },
		{ RTM_GETNSID, { { NETNSA_FD, self->fd } },
		  -EINVAL, 0, invalid },
		{ RTM_GETNSID, { { NETNSA_PID, reaped_pid() } },
		  -ESRCH, 0, invalid },
		{ RTM_GETNSID, { { NETNSA_TARGET_NSID, 5 } },
		  -EINVAL, -1, missing },
		{ RTM_GETNSID, { { NETNSA_NSID, 5 }, { NETNSA_TARGET_NSID, 1 } },
		  -EINVAL, 1, "Target netns reference is invalid" },
	};

	ASSERT_EQ(0, nsid_set(self->fd, 5, NETNSA_FD, self->peer));
	check_errors(_metadata, self->fd, cases, ARRAY_SIZE(cases));

	/* A strict socket is told what others may put in vain. */
	ASSERT_EQ(0, set_strict(self->fd));
	check_errors(_metadata, self->fd, cases, ARRAY_SIZE(cases));
	check_errors(_metadata, self->fd, (struct error_case[]) {
		{ RTM_GETNSID,
		  { { NETNSA_NSID, 5 }, { NETNSA_CURRENT_NSID, 5 } },
		  -EINVAL, -1,
		  "Unsupported attribute in peer netns getid request" },
	}, 1);
}

TEST_F(nsid, truncated_attribute)
{
	struct nl_req req;

	nl_init_nsid(&req, RTM_NEWNSID, 0);
	nl_put(&req, NETNSA_NSID, "x", 1);
	nl_put_int(&req, NETNSA_FD, self->peer);
	EXPECT_EQ(-ERANGE, nl_talk(self->fd, &req, NULL, NULL, NULL));
	EXPECT_EQ(0, nsid_count(self->fd));
}

/* What the peer calls a third one, asked here. */
TEST_F(nsid, target)
{
	struct reply reply;
	struct nl_ack ack;
	int there;

	there = nl_open_in(self->peer);
	ASSERT_LE(0, there);
	ASSERT_EQ(0, nsid_set(self->fd, 1, NETNSA_FD, self->peer));
	ASSERT_EQ(0, nsid_set(self->fd, 2, NETNSA_FD, self->other));
	ASSERT_EQ(0, nsid_set(there, 33, NETNSA_FD, self->other));

	EXPECT_EQ(0, ask(self->fd, RTM_GETNSID, 0, (struct attr[3]) {
			{ NETNSA_NSID, 2 }, { NETNSA_TARGET_NSID, 1 } },
			&ack, &reply));
	EXPECT_EQ(1, reply.nr);
	EXPECT_EQ(33, reply.nsid);
	EXPECT_EQ(2, reply.current);

	EXPECT_EQ(0, ask(self->fd, RTM_GETNSID, 0, (struct attr[3]) {
			{ NETNSA_NSID, 1 }, { NETNSA_TARGET_NSID, 1 } },
			&ack, &reply));
	EXPECT_EQ(NETNSA_NSID_NOT_ASSIGNED, reply.nsid);
	EXPECT_EQ(1, reply.current);

	EXPECT_EQ(0, ask(self->fd, RTM_GETNSID, 0, (struct attr[3]) {
			{ NETNSA_NSID, 2 } }, &ack, &reply));
	EXPECT_EQ(NSID_NO_REPLY, reply.current);
}

TEST_F(nsid, target_needs_capability)
{
	struct reply reply;
	struct nl_ack ack;
	int fd;

	ASSERT_EQ(0, become_user(NOBODY));
	/* To look does not take any privilege, to change does. */
	EXPECT_EQ(0, ask(self->fd, RTM_GETNSID, 0, (struct attr[3]) {
			{ NETNSA_FD, self->peer } }, &ack, &reply));
	EXPECT_EQ(-EPERM, nsid_set(self->fd, 1, NETNSA_FD, self->peer));

	/* Nor does it take any over the one that is named. */
	ASSERT_EQ(0, unshare_userns(CLONE_NEWNET));
	fd = nl_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, nsid_set(fd, 1, NETNSA_FD, self->peer));
	check_errors(_metadata, fd, (struct error_case[]) {
		{ RTM_GETNSID, { { NETNSA_NSID, 1 }, { NETNSA_TARGET_NSID, 1 } },
		  -EACCES, 1, "Target netns reference is invalid" } }, 1);
	ASSERT_EQ(0, set_strict(fd));
	EXPECT_EQ(-EACCES, ask(fd, RTM_GETNSID, NLM_F_DUMP, (struct attr[3]) {
			{ NETNSA_TARGET_NSID, 1 } }, &ack, &reply));
	EXPECT_STREQ("Invalid target network namespace id", ack.msg);
}

TEST_F(nsid, automatic_ids_are_the_lowest_free)
{
	int fds[3], nsid, events, i;
	struct reply event;

	ASSERT_EQ(0, nsid_set(self->fd, 1, NETNSA_FD, self->peer));
	for (i = 0; i < 3; i++) {
		fds[i] = new_netns();
		ASSERT_LE(0, fds[i]);
		/* Any negative number asks for one. */
		EXPECT_EQ(0, nsid_set(self->fd, -1 - i, NETNSA_FD, fds[i]));
		EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, fds[i], &nsid));
		EXPECT_EQ(i ? i + 1 : 0, nsid);
	}

	events = open_events(-1);
	ASSERT_LE(0, events);
	close(fds[1]);
	ASSERT_EQ(0, next_event(events, &event, 0));
	EXPECT_EQ(RTM_DELNSID, event.type);
	EXPECT_EQ(2, event.nsid);
	EXPECT_EQ(-ENOENT, nsid_get(self->fd, NETNSA_NSID, 2, &nsid));
	EXPECT_EQ(0, nsid_set(self->fd, -1, NETNSA_FD, self->other));
	EXPECT_EQ(0, nsid_get(self->fd, NETNSA_FD, self->other, &nsid));
	EXPECT_EQ(2, nsid);
}

struct dump {
	unsigned char seen[MANY];
	int wrong;
	int no_current;
};

static void take_dumped(const struct nlmsghdr *nlh, void *arg)
{
	struct dump *dump = arg;
	int nsid = get_attr(nlh, NETNSA_NSID);

	if (nlh->nlmsg_type != RTM_NEWNSID || nsid < 0 || nsid >= MANY ||
	    !(nlh->nlmsg_flags & NLM_F_MULTI)) {
		dump->wrong++;
		return;
	}
	dump->seen[nsid]++;
	dump->no_current += get_attr(nlh, NETNSA_CURRENT_NSID) ==
			    NSID_NO_REPLY;
}

TEST_F(nsid, dump_of_many)
{
	struct dump dump = {}, target = {};
	struct nl_req req;
	int i, fd, home;

	for (i = 0; i < MANY; i++) {
		fd = new_netns();
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, nsid_set(self->fd, i, NETNSA_FD, fd));
	}

	nl_init_nsid(&req, RTM_GETNSID, NLM_F_DUMP);
	EXPECT_EQ(0, nl_talk(self->fd, &req, take_dumped, &dump, NULL));
	EXPECT_EQ(0, dump.wrong);
	EXPECT_EQ(MANY, dump.no_current);
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(1, dump.seen[i])
			TH_LOG("id %d", i);

	/* The same seen from the peer, which must be allowed to ask. */
	home = open_self_ns("net");
	fd = nl_open_in(self->peer);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, set_strict(fd));
	ASSERT_EQ(0, nsid_set(fd, 4, NETNSA_FD, home));
	nl_init_nsid(&req, RTM_GETNSID, NLM_F_DUMP);
	nl_put_int(&req, NETNSA_TARGET_NSID, 4);
	EXPECT_EQ(0, nl_talk(fd, &req, take_dumped, &target, NULL));
	EXPECT_EQ(0, target.wrong);
	EXPECT_EQ(0, target.no_current);
	EXPECT_EQ(0, memcmp(dump.seen, target.seen, sizeof(dump.seen)));
}

TEST_F(nsid, dump_errors)
{
	const struct attr attrs[3] = { { NETNSA_NSID, 1 } };
	struct reply reply;
	struct nl_ack ack;

	ASSERT_EQ(0, nsid_set(self->fd, 1, NETNSA_FD, self->peer));
	EXPECT_EQ(0, ask(self->fd, RTM_GETNSID, NLM_F_DUMP, attrs, &ack,
			 &reply));
	EXPECT_EQ(1, reply.nr);

	ASSERT_EQ(0, set_strict(self->fd));
	EXPECT_EQ(-EINVAL, ask(self->fd, RTM_GETNSID, NLM_F_DUMP, attrs, &ack,
			       &reply));
	EXPECT_STREQ("Unsupported attribute in dump request", ack.msg);
	EXPECT_EQ(ATTR_OFFSET(0), ack.offset);
	EXPECT_EQ(-EINVAL, ask(self->fd, RTM_GETNSID, NLM_F_DUMP,
			       (struct attr[3]) { { NETNSA_TARGET_NSID, 9 } },
			       &ack, &reply));
	EXPECT_STREQ("Invalid target network namespace id", ack.msg);
	EXPECT_EQ(ATTR_OFFSET(0), ack.offset);
}

TEST_F(nsid, events_name_the_requester)
{
	struct reply event, reply;
	struct nl_req req;
	int member, events;

	events = open_events(-1);
	ASSERT_LE(0, events);
	member = open_events(-1);
	ASSERT_LE(0, member);

	/* One who does not listen gets a copy only when he wants an echo. */
	nl_init_nsid(&req, RTM_NEWNSID, 0);
	nl_put_int(&req, NETNSA_NSID, 8);
	nl_put_int(&req, NETNSA_FD, self->peer);
	memset(&reply, 0, sizeof(reply));
	EXPECT_EQ(0, nl_talk(self->fd, &req, take_reply, &reply, NULL));
	EXPECT_EQ(0, reply.nr);
	ASSERT_EQ(0, next_event(events, &event, 0));
	EXPECT_EQ(RTM_NEWNSID, event.type);
	EXPECT_EQ(8, event.nsid);
	EXPECT_EQ(req.nlh.nlmsg_seq, event.seq);
	EXPECT_EQ(nl_portid(self->fd), event.portid);
	ASSERT_EQ(0, next_event(member, &event, 0));

	/* One who listens gets it once, with or without an echo. */
	nl_init_nsid(&req, RTM_NEWNSID, NLM_F_ECHO);
	nl_put_int(&req, NETNSA_NSID, 9);
	nl_put_int(&req, NETNSA_FD, self->other);
	EXPECT_EQ(0, nl_talk(member, &req, take_reply, &reply, NULL));
	EXPECT_EQ(1, reply.nr);
	EXPECT_EQ(9, reply.nsid);
	EXPECT_EQ(nl_portid(member), reply.portid);
	EXPECT_EQ(-EAGAIN, next_event(member, &event, MSG_DONTWAIT));
	ASSERT_EQ(0, next_event(events, &event, 0));
	EXPECT_EQ(9, event.nsid);
	EXPECT_EQ(req.nlh.nlmsg_seq, event.seq);
	EXPECT_EQ(nl_portid(member), event.portid);

	/* A request that fails changes nothing, and nobody hears of it. */
	EXPECT_EQ(-EEXIST, nsid_set(self->fd, 9, NETNSA_FD, self->peer));
	EXPECT_EQ(-EAGAIN, next_event(events, &event, MSG_DONTWAIT));

	close(self->other);
	ASSERT_EQ(0, next_event(events, &event, 0));
	EXPECT_EQ(RTM_DELNSID, event.type);
	EXPECT_EQ(9, event.nsid);
	EXPECT_EQ(0U, event.seq);
	EXPECT_EQ(0U, event.portid);
}

TEST_F(nsid, death_is_told_to_all_that_knew)
{
	const int ids[] = { 3, 0, 9 };
	int nsfds[3], fds[3], events[3], stranger, nsid, i;
	struct reply event;

	for (i = 0; i < 3; i++) {
		nsfds[i] = new_netns();
		ASSERT_LE(0, nsfds[i]);
		fds[i] = nl_open_in(nsfds[i]);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, nsid_set(fds[i], ids[i], NETNSA_FD, self->peer));
		events[i] = open_events(nsfds[i]);
		ASSERT_LE(0, events[i]);
	}
	stranger = open_events(-1);
	ASSERT_LE(0, stranger);

	close(self->peer);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, next_event(events[i], &event, 0));
		EXPECT_EQ(RTM_DELNSID, event.type);
		EXPECT_EQ(ids[i], event.nsid);
		EXPECT_EQ(-ENOENT, nsid_get(fds[i], NETNSA_NSID, ids[i],
					    &nsid));
		EXPECT_EQ(0, nsid_count(fds[i]));
		EXPECT_EQ(0, nsid_set(fds[i], ids[i], NETNSA_FD,
				      self->other));
	}
	ASSERT_EQ(0, nsid_set(self->fd, 4, NETNSA_FD, self->other));
	ASSERT_EQ(0, next_event(stranger, &event, 0));
	EXPECT_EQ(RTM_NEWNSID, event.type);
}

NETNS_TEST_MAIN
