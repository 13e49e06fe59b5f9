/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough of generic netlink for the tests.
 */
#ifndef NETNS_GENETLINK_H
#define NETNS_GENETLINK_H

#include "netns_netlink.h"

#include <linux/genetlink.h>

static inline int genl_open_in(int nsfd)
{
	int fd = socket_in(nsfd, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);

	return fd < 0 ? fd : nl_setup(fd);
}

static inline void genl_note_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta;

	rta = nl_find(nlh, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	if (rta)
		*(int *)arg = *(__u16 *)RTA_DATA(rta);
}

static inline void genl_init(struct nl_req *req, int family, int cmd, int flags)
{
	struct genlmsghdr *hdr = nl_init(req, family, flags, sizeof(*hdr));

	hdr->cmd = cmd;
	hdr->version = 1;
}

static inline int genl_family(int genl, const char *name)
{
	int family = -ENOENT, err;
	struct nl_req req;

	genl_init(&req, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	nl_put_str(&req, CTRL_ATTR_FAMILY_NAME, name);
	err = nl_talk(genl, &req, genl_note_family, &family, NULL);
	return err ? err : family;
}

#endif /* NETNS_GENETLINK_H */
