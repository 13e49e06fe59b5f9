// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: what ethtool tells of a veth, by which people and monitoring know
 * it: the names of all statistics and their order, what the driver calls
 * itself, speed, channels, timestamps and features.
 */
#include <linux/net_tstamp.h>

#include "veth_bpf.h"
#include "veth_frames.h"

#define NR 10

FIXTURE(ethtool)
{
	struct veth_endpoint near, far;
};

FIXTURE_SETUP(ethtool)
{
	ASSERT_EQ(0, veth_pair_queues(&self->near, &self->far, 2));
}

FIXTURE_TEARDOWN(ethtool)
{
	veth_release(&self->near);
	veth_release(&self->far);
}

static const char * const names[] = {
	"peer_ifindex",
	"rx_queue_0_xdp_packets",
	"rx_queue_0_xdp_bytes",
	"rx_queue_0_drops",
	"rx_queue_0_xdp_redirect",
	"rx_queue_0_xdp_drops",
	"rx_queue_0_xdp_tx",
	"rx_queue_0_xdp_tx_errors",
	"rx_queue_1_xdp_packets",
	"rx_queue_1_xdp_bytes",
	"rx_queue_1_drops",
	"rx_queue_1_xdp_redirect",
	"rx_queue_1_xdp_drops",
	"rx_queue_1_xdp_tx",
	"rx_queue_1_xdp_tx_errors",
	"tx_queue_0_xdp_xmit",
	"tx_queue_0_xdp_xmit_errors",
	"tx_queue_1_xdp_xmit",
	"tx_queue_1_xdp_xmit_errors",
	"rx_pp_alloc_fast",
	"rx_pp_alloc_slow",
	"rx_pp_alloc_slow_ho",
	"rx_pp_alloc_empty",
	"rx_pp_alloc_refill",
	"rx_pp_alloc_waive",
	"rx_pp_recycle_cached",
	"rx_pp_recycle_cache_full",
	"rx_pp_recycle_ring",
	"rx_pp_recycle_ring_full",
	"rx_pp_recycle_released_ref",
};

TEST_F(ethtool, names_of_statistics)
{
	struct ethtool_gstrings *strings;
	unsigned int i;

	strings = veth_strings(self->near.nl, "near", ETH_SS_STATS);
	ASSERT_NE(NULL, strings);
	ASSERT_EQ(ARRAY_SIZE(names), strings->len);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_STREQ(names[i], veth_string(strings, i));
	free(strings);
}

TEST_F(ethtool, names_are_of_queues_in_use)
{
	struct ethtool_gstrings *strings;

	ASSERT_EQ(0, veth_set_channels(self->near.nl, "near", 1, 2));
	strings = veth_strings(self->near.nl, "near", ETH_SS_STATS);
	ASSERT_NE(NULL, strings);
	EXPECT_LE(0, veth_find_string(strings, "rx_queue_0_drops"));
	EXPECT_EQ(-ENOENT, veth_find_string(strings, "rx_queue_1_drops"));
	EXPECT_LE(0, veth_find_string(strings, "tx_queue_1_xdp_xmit"));
	free(strings);
}

TEST_F(ethtool, no_other_strings)
{
	EXPECT_EQ(-EOPNOTSUPP, veth_nr_strings(self->near.nl, "near",
					       ETH_SS_TEST));
	EXPECT_EQ(-EOPNOTSUPP, veth_nr_strings(self->near.nl, "near",
					       ETH_SS_PRIV_FLAGS));
}

TEST_F(ethtool, peer)
{
	EXPECT_EQ(self->far.index,
		  veth_stat(self->near.nl, "near", "peer_ifindex"));
	EXPECT_EQ(self->near.index,
		  veth_stat(self->far.nl, "far", "peer_ifindex"));
}

/* Frames that do not fit into one page: the driver copies them. */
#define LONG_FRAME 5000

static int take_long_frames(struct veth_endpoint *near, struct veth_endpoint *far)
{
	int err;

	err = veth_set(far->nl, "far", IFLA_MTU, LONG_FRAME, NULL);
	return err ? err : veth_set(near->nl, "near", IFLA_MTU, LONG_FRAME, NULL);
}

static long long pages_taken(struct veth_endpoint *far)
{
	return veth_stat(far->nl, "far", "rx_pp_alloc_fast") +
	       veth_stat(far->nl, "far", "rx_pp_alloc_slow");
}

static long long pages_back(struct veth_endpoint *far)
{
	return veth_stat(far->nl, "far", "rx_pp_recycle_cached") +
	       veth_stat(far->nl, "far", "rx_pp_recycle_ring");
}

/* The poll's pages come from a pool, which tells of them. */
TEST_F(ethtool, page_pool)
{
	int prog = xdp_constant(XDP_PASS, BPF_F_XDP_HAS_FRAGS);

	ASSERT_LE(0, prog);
	EXPECT_EQ(0, pages_taken(&self->far));
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	ASSERT_EQ(0, take_long_frames(&self->near, &self->far));
	ASSERT_EQ(0, frame_send(self->near.sock, 0, 0, LONG_FRAME));
	EXPECT_EQ(0, frame_expect(self->far.sock, 0, LONG_FRAME));
	EXPECT_LT(0, pages_taken(&self->far));
	close(prog);
}

/* And go back there. */
TEST_F(ethtool, page_pool_recycles)
{
	int prog = xdp_constant(XDP_DROP, BPF_F_XDP_HAS_FRAGS), i;

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	ASSERT_EQ(0, take_long_frames(&self->near, &self->far));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, frame_send(self->near.sock, 0, i, LONG_FRAME));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_drops");
	EXPECT_LT(0, pages_back(&self->far));
	close(prog);
}

/*
 * A device whose peer has a program makes senders leave the room that programs
 * may have: there is no reason to copy what they send.
 */
TEST_F(ethtool, headroom_for_programs)
{
	int prog = xdp_constant(XDP_PASS, 0);

	ASSERT_LE(0, prog);
	ASSERT_EQ(0, xdp_attach(self->far.nl, "far", prog, NULL));
	ASSERT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
	EXPECT_STAT(NR, &self->far, "rx", "xdp_packets");
	EXPECT_EQ(0, pages_taken(&self->far));
	close(prog);
}

TEST_F(ethtool, driver)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	ASSERT_EQ(0, veth_ethtool(self->near.nl, "near", &info));
	EXPECT_STREQ("veth", info.driver);
	EXPECT_STREQ("1.0", info.version);
	EXPECT_STREQ("", info.bus_info);
	EXPECT_STREQ("", info.fw_version);
}

TEST_F(ethtool, link_settings)
{
	struct ethtool_cmd cmd = { .cmd = ETHTOOL_GSET };

	ASSERT_EQ(0, veth_ethtool(self->near.nl, "near", &cmd));
	EXPECT_EQ(10000U, ethtool_cmd_speed(&cmd));
	EXPECT_EQ(DUPLEX_FULL, cmd.duplex);
	EXPECT_EQ(PORT_TP, cmd.port);
	EXPECT_EQ(AUTONEG_DISABLE, cmd.autoneg);
	cmd.cmd = ETHTOOL_SSET;
	EXPECT_EQ(-EOPNOTSUPP, veth_ethtool(self->near.nl, "near", &cmd));
}

TEST_F(ethtool, link)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };

	ASSERT_EQ(0, veth_ethtool(self->near.nl, "near", &value));
	EXPECT_EQ(1U, value.data);
	ASSERT_EQ(0, veth_down(self->far.nl, "far"));
	ASSERT_EQ(0, veth_ethtool(self->near.nl, "near", &value));
	EXPECT_EQ(0U, value.data);
}

TEST_F(ethtool, channels)
{
	struct ethtool_channels ch;

	ASSERT_EQ(0, veth_get_channels(self->near.nl, "near", &ch));
	EXPECT_EQ(2U, ch.rx_count);
	EXPECT_EQ(2U, ch.tx_count);
	EXPECT_EQ(2U, ch.max_rx);
	EXPECT_EQ(2U, ch.max_tx);
	EXPECT_EQ(0U, ch.combined_count);
	EXPECT_EQ(0U, ch.max_combined);
	EXPECT_EQ(0U, ch.other_count);

	EXPECT_EQ(0, veth_set_channels(self->near.nl, "near", 1, 2));
	ASSERT_EQ(0, veth_get_channels(self->near.nl, "near", &ch));
	EXPECT_EQ(1U, ch.rx_count);
	EXPECT_EQ(2U, ch.tx_count);
	EXPECT_EQ(2U, ch.max_rx);

	EXPECT_EQ(-EINVAL, veth_set_channels(self->near.nl, "near", 0, 2));
	EXPECT_EQ(-EINVAL, veth_set_channels(self->near.nl, "near", 2, 0));
	EXPECT_EQ(-EINVAL, veth_set_channels(self->near.nl, "near", 3, 2));
	EXPECT_EQ(-EINVAL, veth_set_channels(self->near.nl, "near", 2, 3));
	ch.cmd = ETHTOOL_SCHANNELS;
	ch.combined_count = 1;
	EXPECT_EQ(-EINVAL, veth_ethtool(self->near.nl, "near", &ch));
	ASSERT_EQ(0, veth_get_channels(self->near.nl, "near", &ch));
	EXPECT_EQ(1U, ch.rx_count);
	EXPECT_EQ(2U, ch.tx_count);
}

TEST_F(ethtool, channels_while_down)
{
	struct ethtool_channels ch;

	ASSERT_EQ(0, veth_down(self->near.nl, "near"));
	EXPECT_EQ(0, veth_set_channels(self->near.nl, "near", 1, 1));
	ASSERT_EQ(0, veth_up_again(&self->near, &self->far));
	ASSERT_EQ(0, veth_get_channels(self->near.nl, "near", &ch));
	EXPECT_EQ(1U, ch.rx_count);
	EXPECT_EQ(1U, ch.tx_count);
	EXPECT_EQ(0, frame_send_many(self->near.sock, 0, 0, NR));
	EXPECT_EQ(0, frame_expect_many(self->far.sock, 0, NR));
}

/* As many as there may be CPUs, and one in use. */
TEST_F(ethtool, channels_by_default)
{
	struct ethtool_channels ch;

	ASSERT_EQ(0, veth_add(self->near.nl, "one", "two", self->far.ns));
	ASSERT_EQ(0, veth_get_channels(self->far.nl, "two", &ch));
	EXPECT_EQ(1U, ch.rx_count);
	EXPECT_EQ(1U, ch.tx_count);
	EXPECT_EQ((__u32)possible_cpus(), ch.max_rx);
	EXPECT_EQ((__u32)possible_cpus(), ch.max_tx);
}

TEST_F(ethtool, who_may_not_set_channels)
{
	ASSERT_EQ(0, limit_caps(0));
	EXPECT_EQ(-EPERM, veth_set_channels(self->near.nl, "near", 1, 1));
}

TEST_F(ethtool, timestamps)
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };

	ASSERT_EQ(0, veth_ethtool(self->near.nl, "near", &info));
	EXPECT_EQ((__u32)(SOF_TIMESTAMPING_TX_SOFTWARE |
			  SOF_TIMESTAMPING_RX_SOFTWARE |
			  SOF_TIMESTAMPING_SOFTWARE), info.so_timestamping);
	EXPECT_EQ(-1, info.phc_index);
	EXPECT_EQ(0U, info.tx_types);
	EXPECT_EQ(0U, info.rx_filters);
}

/* What is on and what is off until somebody changes it. */
TEST_F(ethtool, features_by_default)
{
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GTXCSUM));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GRXCSUM));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GSG));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GGSO));
	EXPECT_EQ(0, veth_get_feature(self->near.nl, "near", ETHTOOL_GGRO));
	EXPECT_EQ(0, veth_get_feature(self->far.nl, "far", ETHTOOL_GGRO));
}

TEST_F(ethtool, features_of_one_end_only)
{
	EXPECT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_SGRO, 1));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GGRO));
	EXPECT_EQ(0, veth_get_feature(self->far.nl, "far", ETHTOOL_GGRO));
	EXPECT_EQ(0, veth_set_feature(self->near.nl, "near", ETHTOOL_STSO, 0));
	EXPECT_EQ(0, veth_get_feature(self->near.nl, "near", ETHTOOL_GTSO));
	EXPECT_EQ(1, veth_get_feature(self->far.nl, "far", ETHTOOL_GTSO));
	/* Segmenting needs scattered packets, and those a checksum. */
	EXPECT_EQ(0, veth_set_feature(self->far.nl, "far", ETHTOOL_STXCSUM, 0));
	EXPECT_EQ(0, veth_get_feature(self->far.nl, "far", ETHTOOL_GTSO));
	EXPECT_EQ(1, veth_get_feature(self->near.nl, "near", ETHTOOL_GTXCSUM));
}

/* What the driver has no answer to. */
TEST_F(ethtool, nothing_else)
{
	struct ethtool_coalesce coalesce = { .cmd = ETHTOOL_GCOALESCE };
	struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };
	struct ethtool_pauseparam pause = { .cmd = ETHTOOL_GPAUSEPARAM };
	struct ethtool_wolinfo wol = { .cmd = ETHTOOL_GWOL };

	EXPECT_EQ(-EOPNOTSUPP, veth_ethtool(self->near.nl, "near", &coalesce));
	EXPECT_EQ(-EOPNOTSUPP, veth_ethtool(self->near.nl, "near", &ring));
	EXPECT_EQ(-EOPNOTSUPP, veth_ethtool(self->near.nl, "near", &pause));
	EXPECT_EQ(-EOPNOTSUPP, veth_ethtool(self->near.nl, "near", &wol));
}

NETNS_TEST_MAIN
