/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the netdev family of generic netlink says of a device, for the tests of
 * veth.
 */
#ifndef VETH_NETDEV_H
#define VETH_NETDEV_H

#include <linux/netdev.h>

#include "netns_genetlink.h"
#include "veth_util.h"

struct netdev_said {
	__u64 xdp;
	__u64 metadata;
};

static inline void netdev_note(const struct nlmsghdr *nlh, void *arg)
{
	struct netdev_said *said = arg;
	const struct rtattr *rta;

	rta = nl_find(nlh, GENL_HDRLEN, NETDEV_A_DEV_XDP_FEATURES);
	if (rta)
		memcpy(&said->xdp, RTA_DATA(rta), sizeof(said->xdp));
	rta = nl_find(nlh, GENL_HDRLEN, NETDEV_A_DEV_XDP_RX_METADATA_FEATURES);
	if (rta)
		memcpy(&said->metadata, RTA_DATA(rta), sizeof(said->metadata));
}

static inline int netdev_get(int genl, int index, struct netdev_said *said)
{
	int family = genl_family(genl, NETDEV_FAMILY_NAME);
	struct nl_req req;

	memset(said, 0, sizeof(*said));
	if (family < 0)
		return family;
	genl_init(&req, family, NETDEV_CMD_DEV_GET, 0);
	nl_put_int(&req, NETDEV_A_DEV_IFINDEX, index);
	return nl_talk(genl, &req, netdev_note, said, NULL);
}

static inline void netdev_count_reply(const struct nlmsghdr *nlh, void *arg)
{
	++*(int *)arg;
}

/* How many polls (NAPI instances) a device has. */
static inline int netdev_count_napis(int genl, int index)
{
	int family = genl_family(genl, NETDEV_FAMILY_NAME);
	struct nl_req req;
	int n = 0, err;

	if (family < 0)
		return family;
	genl_init(&req, family, NETDEV_CMD_NAPI_GET, NLM_F_DUMP);
	nl_put_int(&req, NETDEV_A_NAPI_IFINDEX, index);
	err = nl_talk(genl, &req, netdev_count_reply, &n, NULL);
	return err ? err : n;
}

static inline void netdev_note_napi(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta;

	rta = nl_find(nlh, GENL_HDRLEN, NETDEV_A_QUEUE_NAPI_ID);
	*(int *)arg = rta ? nl_get_int(rta) : 0;
}

/* The id of the poll of a receive queue, or 0 when there is none. */
static inline int netdev_queue_napi(int genl, int index, int queue)
{
	int family = genl_family(genl, NETDEV_FAMILY_NAME);
	struct nl_req req;
	int napi = 0, err;

	if (family < 0)
		return family;
	genl_init(&req, family, NETDEV_CMD_QUEUE_GET, 0);
	nl_put_int(&req, NETDEV_A_QUEUE_IFINDEX, index);
	nl_put_int(&req, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	nl_put_int(&req, NETDEV_A_QUEUE_ID, queue);
	err = nl_talk(genl, &req, netdev_note_napi, &napi, NULL);
	return err ? err : napi;
}

/* What there is of page pools of a device. */
struct netdev_pools {
	int index;
	int nr;
	/* Of the pools' polls, in any order. */
	int napis[4];
};

static inline void netdev_note_pool(const struct nlmsghdr *nlh, void *arg)
{
	struct netdev_pools *pools = arg;
	const struct rtattr *rta;

	rta = nl_find(nlh, GENL_HDRLEN, NETDEV_A_PAGE_POOL_IFINDEX);
	if (!rta || nl_get_int(rta) != pools->index)
		return;
	rta = nl_find(nlh, GENL_HDRLEN, NETDEV_A_PAGE_POOL_NAPI_ID);
	if (pools->nr < (int)ARRAY_SIZE(pools->napis))
		pools->napis[pools->nr] = rta ? nl_get_int(rta) : 0;
	pools->nr++;
}

/* A pool is there until the last of its pages is back. */
static inline int netdev_get_pools(int genl, int index,
				   struct netdev_pools *pools)
{
	int family = genl_family(genl, NETDEV_FAMILY_NAME);
	struct nl_req req;

	memset(pools, 0, sizeof(*pools));
	pools->index = index;
	if (family < 0)
		return family;
	genl_init(&req, family, NETDEV_CMD_PAGE_POOL_GET, NLM_F_DUMP);
	return nl_talk(genl, &req, netdev_note_pool, pools, NULL);
}

static inline int netdev_count_pools(int genl, int index)
{
	struct netdev_pools pools;
	int err = netdev_get_pools(genl, index, &pools);

	return err ? err : pools.nr;
}

#endif /* VETH_NETDEV_H */
