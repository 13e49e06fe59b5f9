/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ethtool ioctls that the veth tests need. Each takes a socket of the
 * device's namespace, of any family, and returns a negative errno on failure.
 */
#ifndef VETH_ETHTOOL_H
#define VETH_ETHTOOL_H

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "veth_util.h"

static inline int veth_ethtool(int sock, const char *name, void *cmd)
{
	struct ifreq ifr = { .ifr_data = cmd };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(sock, SIOCETHTOOL, &ifr) ? -errno : 0;
}

static inline int veth_get_channels(int sock, const char *name,
				    struct ethtool_channels *ch)
{
	memset(ch, 0, sizeof(*ch));
	ch->cmd = ETHTOOL_GCHANNELS;
	return veth_ethtool(sock, name, ch);
}

static inline int veth_set_channels(int sock, const char *name, int rx, int tx)
{
	struct ethtool_channels ch;
	int err;

	err = veth_get_channels(sock, name, &ch);
	if (err)
		return err;
	ch.cmd = ETHTOOL_SCHANNELS;
	ch.rx_count = rx;
	ch.tx_count = tx;
	return veth_ethtool(sock, name, &ch);
}

/* How many strings there are in a set, such as ETH_SS_STATS. */
static inline int veth_nr_strings(int sock, const char *name, int set)
{
	struct {
		struct ethtool_sset_info info;
		__u32 nr;
	} req = {
		.info.cmd = ETHTOOL_GSSET_INFO,
		.info.sset_mask = 1ULL << set,
	};
	int err = veth_ethtool(sock, name, &req);

	if (err)
		return err;
	return req.info.sset_mask ? (int)req.nr : -EOPNOTSUPP;
}

/* The strings of a set; the caller frees them. */
static inline struct ethtool_gstrings *veth_strings(int sock, const char *name,
						    int set)
{
	int nr = veth_nr_strings(sock, name, set);
	struct ethtool_gstrings *strings;

	if (nr < 0)
		return NULL;
	strings = calloc(1, sizeof(*strings) + nr * ETH_GSTRING_LEN);
	if (!strings)
		return NULL;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = set;
	strings->len = nr;
	if (veth_ethtool(sock, name, strings)) {
		free(strings);
		return NULL;
	}
	return strings;
}

static inline const char *veth_string(const struct ethtool_gstrings *strings,
				      unsigned int n)
{
	return (const char *)strings->data + n * ETH_GSTRING_LEN;
}

static inline int veth_find_string(const struct ethtool_gstrings *strings,
				   const char *string)
{
	unsigned int n;

	for (n = 0; n < strings->len; n++)
		if (!strncmp(veth_string(strings, n), string, ETH_GSTRING_LEN))
			return n;
	return -ENOENT;
}

/* One value of "ethtool -S"; a negative errno when it has no such name. */
static inline long long veth_stat(int sock, const char *name, const char *stat)
{
	struct ethtool_gstrings *strings;
	struct ethtool_stats *stats;
	long long value = -ENOMEM;
	int n, err;

	strings = veth_strings(sock, name, ETH_SS_STATS);
	if (!strings)
		return -EOPNOTSUPP;
	stats = calloc(1, sizeof(*stats) + strings->len * sizeof(__u64));
	if (stats) {
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = strings->len;
		err = veth_ethtool(sock, name, stats);
		n = veth_find_string(strings, stat);
		value = err ? err : n < 0 ? n : (long long)stats->data[n];
	}
	free(stats);
	free(strings);
	return value;
}

/*
 * The sum over the queues of one kind, where @stat is what follows
 * "rx_queue_N_" or "tx_queue_N_".
 */
static inline long long veth_stat_sum(int sock, const char *name,
				      const char *kind, const char *stat)
{
	struct ethtool_channels ch;
	long long sum = 0, value;
	unsigned int i, nr;
	char full[64];
	int err;

	err = veth_get_channels(sock, name, &ch);
	if (err)
		return err;
	nr = *kind == 'r' ? ch.rx_count : ch.tx_count;
	for (i = 0; i < nr; i++) {
		snprintf(full, sizeof(full), "%s_queue_%u_%s", kind, i, stat);
		value = veth_stat(sock, name, full);
		if (value < 0)
			return value;
		sum += value;
	}
	return sum;
}

/* A feature that has ioctls of its own, such as ETHTOOL_SGRO or _STSO. */
static inline int veth_set_feature(int sock, const char *name, __u32 cmd,
				   bool on)
{
	struct ethtool_value value = { .cmd = cmd, .data = on };

	return veth_ethtool(sock, name, &value);
}

static inline int veth_get_feature(int sock, const char *name, __u32 cmd)
{
	struct ethtool_value value = { .cmd = cmd };
	int err = veth_ethtool(sock, name, &value);

	return err ? err : (int)value.data;
}

#endif /* VETH_ETHTOOL_H */
