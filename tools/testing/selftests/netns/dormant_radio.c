// SPDX-License-Identifier: GPL-2.0
/*
 * Radios, which are moved by requests of their own, may be what a network
 * namespace is used for first.
 */
#include "dormant_util.h"
#include "netns_genetlink.h"

#include <linux/nl80211.h>

/* From net/nl802154.h, which is not for user space. */
#define NL802154_CMD_GET_WPAN_PHY 1
#define NL802154_CMD_SET_WPAN_PHY_NETNS 20
#define NL802154_ATTR_WPAN_PHY 1
#define NL802154_ATTR_PID 28
#define NL802154_ATTR_NETNS_FD 29

/* Radios, which are found by a number and go home to the initial namespace. */
FIXTURE(radio)
{
	int genl;
	int family;
	int phy;
};

FIXTURE_VARIANT(radio)
{
	const char *module;
	const char *family;
	int cmd_get;
	int cmd_move;
	int attr_phy;
	int attr_fd;
	int attr_pid;
};

FIXTURE_VARIANT_ADD(radio, wifi)
{
	.module = "modprobe -q mac80211_hwsim radios=1",
	.family = NL80211_GENL_NAME,
	.cmd_get = NL80211_CMD_GET_WIPHY,
	.cmd_move = NL80211_CMD_SET_WIPHY_NETNS,
	.attr_phy = NL80211_ATTR_WIPHY,
	.attr_fd = NL80211_ATTR_NETNS_FD,
	.attr_pid = NL80211_ATTR_PID,
};

FIXTURE_VARIANT_ADD(radio, wpan)
{
	.module = "modprobe -q mac802154_hwsim",
	.family = "nl802154",
	.cmd_get = NL802154_CMD_GET_WPAN_PHY,
	.cmd_move = NL802154_CMD_SET_WPAN_PHY_NETNS,
	.attr_phy = NL802154_ATTR_WPAN_PHY,
	.attr_fd = NL802154_ATTR_NETNS_FD,
	.attr_pid = NL802154_ATTR_PID,
};

static int note_attr;

/* The first number that is told by @note_attr. */
static void note_number(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtattr *rta = nl_find(nlh, GENL_HDRLEN, note_attr);

	if (rta && *(int *)arg < 0)
		*(int *)arg = nl_get_int(rta);
}

static int first_phy(int genl, int family, int cmd, int attr)
{
	struct nl_req req;
	int phy = -ENODEV;
	int err;

	genl_init(&req, family, cmd, NLM_F_DUMP);
	note_attr = attr;
	err = nl_talk(genl, &req, note_number, &phy, NULL);
	return err ? err : phy;
}

FIXTURE_SETUP(radio)
{
	int home = open_self_ns("net");

	if (system(variant->module))
		SKIP(return, "no such radios in this kernel");
	self->genl = genl_open_in(home);
	ASSERT_LE(0, self->genl);
	self->family = genl_family(self->genl, variant->family);
	ASSERT_LT(0, self->family);
	/* It may still be on its way home from where another test has been. */
	ASSERT_TRUE(wait_until((self->phy = first_phy(self->genl, self->family,
						      variant->cmd_get,
						      variant->attr_phy)) >= 0));
}

FIXTURE_TEARDOWN(radio)
{
}

static int move_phy(int genl, int family, int cmd, int attr_phy, int phy,
		    int attr, int value)
{
	struct nl_req req;

	genl_init(&req, family, cmd, 0);
	nl_put_int(&req, attr_phy, phy);
	if (attr)
		nl_put_int(&req, attr, value);
	return nl_talk(genl, &req, NULL, NULL, NULL);
}

#define MOVE_PHY(phy, attr, value)					\
	move_phy(self->genl, self->family, variant->cmd_move,		\
		 variant->attr_phy, phy, attr, value)

/* Is it in the namespace of @nsfd, and not in the one where it was? */
#define PHY_HAS_MOVED(nsfd)						\
({									\
	int __there = genl_open_in(nsfd);				\
									\
	first_phy(__there, self->family, variant->cmd_get,		\
		  variant->attr_phy) == self->phy &&			\
	first_phy(self->genl, self->family, variant->cmd_get,		\
		  variant->attr_phy) != self->phy;			\
})

TEST_F(radio, moving_by_descriptor_wakes)
{
	int nsfd = new_netns();

	ASSERT_LE(0, nsfd);
	EXPECT_WAKES(1, !MOVE_PHY(self->phy, variant->attr_fd, nsfd));
	EXPECT_TRUE(PHY_HAS_MOVED(nsfd));
	EXPECT_EQ(1, link_index(nl_open_in(nsfd), "lo"));
}

TEST_F(radio, moving_by_pid_wakes)
{
	pid_t pid = park_child(CLONE_NEWNET);

	ASSERT_LT(0, pid);
	EXPECT_WAKES(1, !MOVE_PHY(self->phy, variant->attr_pid, pid));
	EXPECT_TRUE(PHY_HAS_MOVED(open_pid_ns(pid, "net")));
	EXPECT_EQ(0, kill_child(pid));
}

TEST_F(radio, what_is_not_allowed_wakes_nobody)
{
	int nsfd = new_netns();

	ASSERT_LE(0, nsfd);
	EXPECT_WAKES(0, MOVE_PHY(self->phy, 0, 0) == -EINVAL);
	EXPECT_WAKES(0, MOVE_PHY(self->phy, variant->attr_fd, -1) == -EBADF);
	ASSERT_EQ(0, become_user(NOBODY));
	EXPECT_WAKES(0, MOVE_PHY(self->phy, variant->attr_fd, nsfd) == -EPERM);
}

DORMANT_TEST_MAIN
