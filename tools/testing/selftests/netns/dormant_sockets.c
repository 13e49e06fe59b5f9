// SPDX-License-Identifier: GPL-2.0
/*
 * A socket of whatever family is a way to use a network namespace, and works
 * as the first way. One that is refused activates nothing.
 */
#include "dormant_util.h"

#include <linux/can.h>
#include <linux/if_pppox.h>
#include <linux/kcm.h>
#include <linux/pfkeyv2.h>

FIXTURE(socket)
{
};

FIXTURE_VARIANT(socket)
{
	int family;
	int type;
	int protocol;
	const char *load;	/* where distributions do not let users do so */
};

#define SOCKET(name, ...) FIXTURE_VARIANT_ADD(socket, name) { __VA_ARGS__ }

SOCKET(tcp, AF_INET, SOCK_STREAM);
SOCKET(udp, AF_INET, SOCK_DGRAM);
SOCKET(udplite, AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
SOCKET(raw, AF_INET, SOCK_RAW, IPPROTO_ICMP);
SOCKET(mptcp, AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
SOCKET(sctp, AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
SOCKET(l2tp, AF_INET, SOCK_DGRAM, IPPROTO_L2TP);
SOCKET(tcp6, AF_INET6, SOCK_STREAM);
SOCKET(udp6, AF_INET6, SOCK_DGRAM);
SOCKET(raw6, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
SOCKET(mptcp6, AF_INET6, SOCK_STREAM, IPPROTO_MPTCP);
SOCKET(sctp6, AF_INET6, SOCK_STREAM, IPPROTO_SCTP);
SOCKET(l2tp6, AF_INET6, SOCK_DGRAM, IPPROTO_L2TP);
SOCKET(packet, AF_PACKET, SOCK_RAW);
SOCKET(xdp, AF_XDP, SOCK_RAW);
SOCKET(route, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
SOCKET(generic, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
SOCKET(uevent, AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
SOCKET(usersock, AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
SOCKET(diag, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
SOCKET(xfrm, AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
SOCKET(audit, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
SOCKET(fib_lookup, AF_NETLINK, SOCK_RAW, NETLINK_FIB_LOOKUP);
SOCKET(netfilter, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
SOCKET(crypto, AF_NETLINK, SOCK_RAW, NETLINK_CRYPTO);
SOCKET(key, AF_KEY, SOCK_RAW, PF_KEY_V2);
SOCKET(alg, AF_ALG, SOCK_SEQPACKET);
SOCKET(can, AF_CAN, SOCK_RAW, CAN_RAW);
SOCKET(can_bcm, AF_CAN, SOCK_DGRAM, CAN_BCM);
SOCKET(vsock, AF_VSOCK, SOCK_STREAM);
SOCKET(kcm, AF_KCM, SOCK_DGRAM, KCMPROTO_CONNECTED);
SOCKET(tipc, AF_TIPC, SOCK_RDM, 0, "modprobe -q tipc");
SOCKET(rds, AF_RDS, SOCK_SEQPACKET, 0, "modprobe -q rds");
SOCKET(rxrpc, AF_RXRPC, SOCK_DGRAM, PF_INET);
SOCKET(phonet, AF_PHONET, SOCK_DGRAM);
SOCKET(mctp, AF_MCTP, SOCK_DGRAM);
SOCKET(pppoe, AF_PPPOX, SOCK_STREAM, PX_PROTO_OE);
SOCKET(pppol2tp, AF_PPPOX, SOCK_DGRAM, PX_PROTO_OL2TP);

FIXTURE_SETUP(socket)
{
	if (variant->load)
		ASSERT_EQ(0, system(variant->load));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(socket)
{
}

/* It may be what loads the module of its family, too. */
TEST_F(socket, wakes)
{
	EXPECT_WAKES(1, makes_socket(variant->family, variant->type,
				     variant->protocol));
	EXPECT_WAKES(0, makes_socket(variant->family, variant->type,
				     variant->protocol));
	EXPECT_EQ(1, own_link_index("lo"));
}

FIXTURE(refused)
{
};

FIXTURE_VARIANT(refused)
{
	int family;
	int type;
	int protocol;
	int err;
};

#define REFUSED(name, ...) FIXTURE_VARIANT_ADD(refused, name) { __VA_ARGS__ }

REFUSED(no_family, 99, SOCK_DGRAM, 0, EAFNOSUPPORT);
REFUSED(no_type, AF_INET, 77, 0, EINVAL);
REFUSED(no_protocol, AF_INET, SOCK_STREAM, 77, EPROTONOSUPPORT);
REFUSED(no_local_protocol, AF_UNIX, SOCK_STREAM, 77, EPROTONOSUPPORT);
REFUSED(no_netlink, AF_NETLINK, SOCK_RAW, 77, EPROTONOSUPPORT);
REFUSED(key_type, AF_KEY, SOCK_DGRAM, PF_KEY_V2, ESOCKTNOSUPPORT);
REFUSED(kcm_type, AF_KCM, SOCK_STREAM, KCMPROTO_CONNECTED, ESOCKTNOSUPPORT);
REFUSED(can_type, AF_CAN, SOCK_STREAM, CAN_RAW, EPROTOTYPE);
REFUSED(alg_type, AF_ALG, SOCK_STREAM, 0, ESOCKTNOSUPPORT);
/* What there is in the initial namespace only, if at all. */
REFUSED(ieee802154, AF_IEEE802154, SOCK_RAW, 0, EAFNOSUPPORT);
REFUSED(appletalk, AF_APPLETALK, SOCK_DGRAM, 0, EAFNOSUPPORT);
REFUSED(atm, AF_ATMPVC, SOCK_DGRAM, 0, EAFNOSUPPORT);
REFUSED(ax25, AF_AX25, SOCK_DGRAM, 0, EAFNOSUPPORT);
REFUSED(bluetooth, AF_BLUETOOTH, SOCK_RAW, 0, EAFNOSUPPORT);
REFUSED(llc, AF_LLC, SOCK_STREAM, 0, EAFNOSUPPORT);
REFUSED(netrom, AF_NETROM, SOCK_SEQPACKET, 0, EAFNOSUPPORT);
REFUSED(nfc, AF_NFC, SOCK_SEQPACKET, 0, EAFNOSUPPORT);
REFUSED(qrtr, AF_QIPCRTR, SOCK_DGRAM, 0, EAFNOSUPPORT);
REFUSED(rose, AF_ROSE, SOCK_SEQPACKET, 0, EAFNOSUPPORT);
REFUSED(x25, AF_X25, SOCK_SEQPACKET, 0, EAFNOSUPPORT);

FIXTURE_SETUP(refused)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(refused)
{
}

static bool is_refused(int family, int type, int protocol, int err)
{
	return !makes_socket(family, type, protocol) && errno == err;
}

TEST_F(refused, wakes_nobody)
{
	EXPECT_WAKES(0, is_refused(variant->family, variant->type,
				   variant->protocol, variant->err));
}

FIXTURE(unprivileged)
{
};

FIXTURE_VARIANT(unprivileged)
{
	int family;
	int type;
	int protocol;
};

#define PRIVILEGED(name, ...)						\
	FIXTURE_VARIANT_ADD(unprivileged, name) { __VA_ARGS__ }

PRIVILEGED(raw, AF_INET, SOCK_RAW, IPPROTO_ICMP);
PRIVILEGED(raw6, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
PRIVILEGED(packet, AF_PACKET, SOCK_RAW);
PRIVILEGED(xdp, AF_XDP, SOCK_RAW);
PRIVILEGED(key, AF_KEY, SOCK_RAW, PF_KEY_V2);

FIXTURE_SETUP(unprivileged)
{
	/* Modules are loaded for root. */
	makes_socket(variant->family, variant->type, variant->protocol);
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	ASSERT_EQ(0, become_user(NOBODY));
}

FIXTURE_TEARDOWN(unprivileged)
{
}

TEST_F(unprivileged, wakes_nobody)
{
	EXPECT_WAKES(0, is_refused(variant->family, variant->type,
				   variant->protocol, EPERM));
}

#define PING_GROUPS "/proc/sys/net/ipv4/ping_group_range"

FIXTURE(ping)
{
};

FIXTURE_VARIANT(ping)
{
	int family;
	int protocol;
};

FIXTURE_VARIANT_ADD(ping, ipv4)
{
	.family = AF_INET,
	.protocol = IPPROTO_ICMP,
};

FIXTURE_VARIANT_ADD(ping, ipv6)
{
	.family = AF_INET6,
	.protocol = IPPROTO_ICMPV6,
};

FIXTURE_SETUP(ping)
{
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(ping)
{
	write_file(EAGER_SYSCTL, "0");
}

/* Who may have one is up to a sysctl of the namespace: at first, nobody. */
TEST_F(ping, wakes_to_know_whether_it_is_refused)
{
	EXPECT_WAKES(1, is_refused(variant->family, SOCK_DGRAM,
				   variant->protocol, EACCES));
	ASSERT_EQ(0, write_file(PING_GROUPS, "0 0"));
	EXPECT_WAKES(0, makes_socket(variant->family, SOCK_DGRAM,
				     variant->protocol));

	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "1"));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, is_refused(variant->family, SOCK_DGRAM,
				   variant->protocol, EACCES));
}

DORMANT_TEST_MAIN
