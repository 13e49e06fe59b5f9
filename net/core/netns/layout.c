// SPDX-License-Identifier: GPL-2.0-only
/*
 * Build-time checks that the members of struct netns_ipv4 which packets read
 * lie in the cache line groups where the analysis in
 * Documentation/networking/net_cachelines/ wants them, and that no group
 * grows unnoticed.
 *
 * Takes no locks, generates no code, and must never do either.
 */
#include <linux/cache.h>
#include <linux/init.h>
#include <net/net_namespace.h>

#include "netns.h"

#define IPV4_MEMBER(group, member) \
	CACHELINE_ASSERT_GROUP_MEMBER(struct netns_ipv4, group, member)
#define IPV4_SIZE(group, bytes) \
	CACHELINE_ASSERT_GROUP_SIZE(struct netns_ipv4, group, bytes)

/**
 * netns_layout_check - fail the build when a group's layout has changed
 *
 * Context: Boot. Does nothing at run time.
 */
void __init netns_layout_check(void)
{
	IPV4_MEMBER(netns_ipv4_read_rx, sysctl_ip_early_demux);
	IPV4_MEMBER(netns_ipv4_read_rx, sysctl_tcp_early_demux);
	IPV4_MEMBER(netns_ipv4_read_rx, sysctl_tcp_reordering);
	IPV4_MEMBER(netns_ipv4_read_rx, sysctl_tcp_rmem);
	IPV4_SIZE(netns_ipv4_read_rx, 18);

	IPV4_MEMBER(netns_ipv4_read_txrx, sysctl_tcp_moderate_rcvbuf);
	IPV4_SIZE(netns_ipv4_read_txrx, 1);

	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_ip_fwd_use_pmtu);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_autocorking);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_early_retrans);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_limit_output_bytes);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_min_rtt_wlen);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_min_snd_mss);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_notsent_lowat);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_tso_rtt_log);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_tso_win_divisor);
	IPV4_MEMBER(netns_ipv4_read_tx, sysctl_tcp_wmem);
	IPV4_SIZE(netns_ipv4_read_tx, 33);
}
