/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of isolation and of devices share: looking at a namespace
 * through its files and through rtnetlink without staying there.
 */
#ifndef ISOLATION_UTIL_H
#define ISOLATION_UTIL_H

#include "netns_netlink.h"
#include "netns_util.h"

/* Ordinary users: root of a user namespace, and one who has to do with none. */
#define OWNER 1000
#define STRANGER 2000

/* read_file() by a task of @nsfd. */
static inline int read_in(int nsfd, const char *path, char *buf, size_t size)
{
	int home, len, err;

	home = open_self_ns("net");
	if (home < 0)
		return home;
	len = sys_setns(nsfd, CLONE_NEWNET);
	if (!len) {
		len = read_file(path, buf, size);
		err = sys_setns(home, CLONE_NEWNET);
		if (err)
			len = err;
	}
	close(home);
	return len;
}

/* write_file() by a task of @nsfd. */
static inline int write_in(int nsfd, const char *path, const char *value)
{
	int home, err, back;

	home = open_self_ns("net");
	if (home < 0)
		return home;
	err = sys_setns(nsfd, CLONE_NEWNET);
	if (!err) {
		err = write_file(path, "%s", value);
		back = sys_setns(home, CLONE_NEWNET);
		if (back)
			err = back;
	}
	close(home);
	return err;
}

/* A new namespace and a netlink socket in it: 0 or a negative errno. */
static inline int new_netns_with_nl(int *nsfd, int *nl)
{
	*nsfd = new_netns();
	if (*nsfd < 0)
		return *nsfd;
	*nl = nl_open_in(*nsfd);
	return *nl < 0 ? *nl : 0;
}

static inline void note_index(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);

	*(int *)arg = ifi->ifi_index;
}

/* The index of a device in the namespace of the socket, or -ENODEV. */
static inline int link_index(int nl, const char *name)
{
	struct nl_req req;
	int index = 0, err;

	nl_init(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	nl_put_str(&req, IFLA_IFNAME, name);
	err = nl_talk(nl, &req, note_index, &index, NULL);
	return err ? err : index;
}

static inline void count_reply(const struct nlmsghdr *nlh, void *arg)
{
	++*(int *)arg;
}

/* How many objects a dump of this type has. */
static inline int count_dump(int nl, int type, size_t hdrlen)
{
	struct nl_req req;
	int n = 0, err;

	nl_init(&req, type, NLM_F_DUMP, hdrlen);
	err = nl_talk(nl, &req, count_reply, &n, NULL);
	return err ? err : n;
}

/*
 * A namespace that is owned by a user namespace where OWNER is root; the
 * descriptor of it, from outside. Sysfs asks once who is root there, when a
 * device is made: that must be known by then.
 */
static inline int owned_netns(pid_t *pid)
{
	int ready[2], err;

	if (pipe(ready))
		return -errno;
	*pid = fork();
	if (*pid < 0)
		return -errno;
	if (!*pid) {
		err = become_user(OWNER);
		if (!err)
			err = unshare_userns(0);
		if (!err)
			err = sys_unshare(CLONE_NEWNET);
		/* Not before: a change of credentials takes it back. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], &err, sizeof(err)) != sizeof(err))
			_exit(1);
		while (!err)
			pause();
		_exit(1);
	}
	if (read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = -EIO;
	close(ready[0]);
	close(ready[1]);
	return err ? err : open_pid_ns(*pid, "net");
}

/* Becomes @uid, after having entered @nsfd, and tries to set a value. */
static inline int write_as(int nsfd, uid_t uid, const char *path,
			   const char *value)
{
	pid_t pid = fork();
	int err;

	if (pid)
		return pid < 0 ? -errno : -wait_exit(pid);
	err = sys_setns(nsfd, CLONE_NEWNET);
	if (!err)
		err = become_user(uid);
	if (!err)
		err = write_file(path, "%s", value);
	_exit(-err);
}

#endif /* ISOLATION_UTIL_H */
