// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a network namespace owns its sockets: ports, raw and packet
 * sockets, the abstract names of UNIX sockets and the devices that sockets can
 * be bound to. Only UNIX sockets with a path cross, which belong to the file
 * system.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/un.h>

#include "isolation_util.h"

#define PORT 4711

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static socklen_t loopback_address(union address *addr, int family)
{
	memset(addr, 0, sizeof(*addr));
	addr->sa.sa_family = family;
	if (family == AF_INET) {
		addr->in.sin_port = htons(PORT);
		addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(addr->in);
	}
	addr->in6.sin6_port = htons(PORT);
	addr->in6.sin6_addr = in6addr_loopback;
	return sizeof(addr->in6);
}

static int bind_and_listen(int nsfd, int type, const union address *addr,
			   socklen_t len)
{
	int sock = socket_in(nsfd, addr->sa.sa_family, type, 0);

	if (sock < 0)
		return sock;
	if (bind(sock, &addr->sa, len) ||
	    (type != SOCK_DGRAM && listen(sock, 8))) {
		int err = -errno;

		close(sock);
		return err;
	}
	return sock;
}

static int connect_in(int nsfd, int type, const union address *addr,
		      socklen_t len)
{
	int sock = socket_in(nsfd, addr->sa.sa_family, type, 0);

	if (sock < 0)
		return sock;
	if (connect(sock, &addr->sa, len)) {
		int err = -errno;

		close(sock);
		return err;
	}
	return sock;
}

static bool has_input(int sock, int timeout_s)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };

	return poll(&pfd, 1, timeout_s * 1000) == 1 &&
	       (pfd.revents & POLLIN);
}

/* Two namespaces with a loopback device each; we are in neither. */
FIXTURE(two)
{
	int a, b;
};

FIXTURE_SETUP(two)
{
	int nl;

	self->a = new_netns();
	ASSERT_LE(0, self->a);
	self->b = new_netns();
	ASSERT_LE(0, self->b);
	nl = nl_open_in(self->a);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, link_up(nl, "lo"));
	close(nl);
	nl = nl_open_in(self->b);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, link_up(nl, "lo"));
	close(nl);
}

FIXTURE_TEARDOWN(two)
{
	close(self->a);
	close(self->b);
}

static const int families[] = { AF_INET, AF_INET6 };

#define for_each_family(family)						\
	for (size_t __i = 0;						\
	     __i < ARRAY_SIZE(families) && ((family) = families[__i], 1);	\
	     __i++)

TEST_F(two, tcp_port_is_free_in_each)
{
	union address addr;
	int family, a, b;
	socklen_t len;

	for_each_family(family) {
		len = loopback_address(&addr, family);
		a = bind_and_listen(self->a, SOCK_STREAM, &addr, len);
		ASSERT_LE(0, a);
		EXPECT_EQ(-EADDRINUSE, bind_and_listen(self->a, SOCK_STREAM,
						       &addr, len));
		b = bind_and_listen(self->b, SOCK_STREAM, &addr, len);
		EXPECT_LE(0, b);
		close(a);
		close(b);
	}
}

TEST_F(two, udp_port_is_free_in_each)
{
	union address addr;
	int family, a, b;
	socklen_t len;

	for_each_family(family) {
		len = loopback_address(&addr, family);
		a = bind_and_listen(self->a, SOCK_DGRAM, &addr, len);
		ASSERT_LE(0, a);
		EXPECT_EQ(-EADDRINUSE, bind_and_listen(self->a, SOCK_DGRAM,
						       &addr, len));
		b = bind_and_listen(self->b, SOCK_DGRAM, &addr, len);
		EXPECT_LE(0, b);
		close(a);
		close(b);
	}
}

TEST_F(two, tcp_connects_within_only)
{
	union address addr;
	int family, a, c, conn;
	socklen_t len;

	for_each_family(family) {
		len = loopback_address(&addr, family);
		a = bind_and_listen(self->a, SOCK_STREAM, &addr, len);
		ASSERT_LE(0, a);
		EXPECT_EQ(-ECONNREFUSED, connect_in(self->b, SOCK_STREAM,
						    &addr, len));
		EXPECT_FALSE(has_input(a, 0));

		c = connect_in(self->a, SOCK_STREAM, &addr, len);
		ASSERT_LE(0, c);
		ASSERT_TRUE(has_input(a, POLL_DEADLINE_S));
		conn = accept(a, NULL, NULL);
		ASSERT_LE(0, conn);
		/* The new one belongs where the listener does. */
		EXPECT_EQ(socket_cookie(a), socket_cookie(conn));
		close(conn);
		close(c);
		close(a);
	}
}

TEST_F(two, udp_delivers_within_only)
{
	union address addr;
	int family, a, b, c;
	socklen_t len;

	for_each_family(family) {
		len = loopback_address(&addr, family);
		a = bind_and_listen(self->a, SOCK_DGRAM, &addr, len);
		ASSERT_LE(0, a);

		/* Nobody has the port in b: the error comes back to c. */
		c = connect_in(self->b, SOCK_DGRAM, &addr, len);
		ASSERT_LE(0, c);
		ASSERT_EQ(1, send(c, "x", 1, 0));
		ASSERT_TRUE(wait_until(send(c, "x", 1, 0) < 0));
		EXPECT_EQ(ECONNREFUSED, errno);
		EXPECT_FALSE(has_input(a, 0));
		close(c);

		b = bind_and_listen(self->b, SOCK_DGRAM, &addr, len);
		ASSERT_LE(0, b);
		c = connect_in(self->b, SOCK_DGRAM, &addr, len);
		ASSERT_LE(0, c);
		ASSERT_EQ(1, send(c, "x", 1, 0));
		EXPECT_TRUE(has_input(b, POLL_DEADLINE_S));
		EXPECT_FALSE(has_input(a, 0));
		close(c);

		c = connect_in(self->a, SOCK_DGRAM, &addr, len);
		ASSERT_LE(0, c);
		ASSERT_EQ(1, send(c, "x", 1, 0));
		EXPECT_TRUE(has_input(a, POLL_DEADLINE_S));
		close(c);
		close(b);
		close(a);
	}
}

/* A datagram to ourselves in @nsfd: something for observers to see. */
static int make_noise(int nsfd, int family)
{
	union address addr;
	socklen_t len = loopback_address(&addr, family);
	int sock, err = 0;

	sock = bind_and_listen(nsfd, SOCK_DGRAM, &addr, len);
	if (sock < 0)
		return sock;
	if (sendto(sock, "noise", 5, 0, &addr.sa, len) != 5)
		err = -errno;
	else if (!has_input(sock, POLL_DEADLINE_S))
		err = -ETIMEDOUT;
	close(sock);
	return err;
}

TEST_F(two, raw_socket_sees_its_own_packets_only)
{
	int family, a, b;

	for_each_family(family) {
		a = socket_in(self->a, family, SOCK_RAW, IPPROTO_UDP);
		ASSERT_LE(0, a);
		b = socket_in(self->b, family, SOCK_RAW, IPPROTO_UDP);
		ASSERT_LE(0, b);
		ASSERT_EQ(0, make_noise(self->b, family));
		EXPECT_TRUE(has_input(b, POLL_DEADLINE_S));
		EXPECT_FALSE(has_input(a, 0));
		ASSERT_EQ(0, make_noise(self->a, family));
		EXPECT_TRUE(has_input(a, POLL_DEADLINE_S));
		close(a);
		close(b);
	}
}

TEST_F(two, packet_socket_sees_its_own_packets_only)
{
	/* Bound to every device, and to lo, which is 1 in both. */
	static const int indexes[] = { 0, 1 };
	int a, b;

	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		struct sockaddr_ll sll = {
			.sll_family = AF_PACKET,
			.sll_protocol = htons(ETH_P_ALL),
			.sll_ifindex = indexes[i],
		};

		a = socket_in(self->a, AF_PACKET, SOCK_RAW, 0);
		ASSERT_LE(0, a);
		ASSERT_EQ(0, bind(a, (void *)&sll, sizeof(sll)));
		b = socket_in(self->b, AF_PACKET, SOCK_RAW, 0);
		ASSERT_LE(0, b);
		ASSERT_EQ(0, bind(b, (void *)&sll, sizeof(sll)));
		ASSERT_EQ(0, make_noise(self->b, AF_INET));
		EXPECT_TRUE(has_input(b, POLL_DEADLINE_S));
		EXPECT_FALSE(has_input(a, 0));
		ASSERT_EQ(0, make_noise(self->a, AF_INET));
		EXPECT_TRUE(has_input(a, POLL_DEADLINE_S));
		close(a);
		close(b);
	}
}

static int bind_to_device(int sock, const char *name)
{
	return setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, name,
			  strlen(name) + 1) ? -errno : 0;
}

TEST_F(two, device_is_found_in_the_sockets_namespace)
{
	int nl, a, b;

	nl = nl_open_in(self->a);
	ASSERT_LE(0, nl);
	ASSERT_EQ(0, veth_add(nl, "only0", "only1", self->a));
	a = socket_in(self->a, AF_INET, SOCK_DGRAM, 0);
	b = socket_in(self->b, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	EXPECT_EQ(0, bind_to_device(a, "only0"));
	EXPECT_EQ(-ENODEV, bind_to_device(b, "only0"));

	/* Whatever namespace the caller is in. */
	ASSERT_EQ(0, sys_setns(self->b, CLONE_NEWNET));
	EXPECT_EQ(0, bind_to_device(a, "only1"));
	ASSERT_EQ(0, sys_setns(self->a, CLONE_NEWNET));
	EXPECT_EQ(-ENODEV, bind_to_device(b, "only1"));
	close(a);
	close(b);
	close(nl);
}

TEST_F(two, socket_stays_where_it_was_made)
{
	union address addr;
	socklen_t len = loopback_address(&addr, AF_INET);
	int sock, client;

	ASSERT_EQ(0, sys_setns(self->a, CLONE_NEWNET));
	sock = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, sys_setns(self->b, CLONE_NEWNET));
	ASSERT_EQ(0, bind(sock, &addr.sa, len));
	ASSERT_EQ(0, listen(sock, 1));
	EXPECT_EQ(-ECONNREFUSED, connect_in(self->b, SOCK_STREAM, &addr, len));
	client = connect_in(self->a, SOCK_STREAM, &addr, len);
	EXPECT_LE(0, client);
	close(client);
	close(sock);
}

TEST_F(two, cookie_tells_namespaces_apart)
{
	int a1, a2, b;

	a1 = socket_in(self->a, AF_INET, SOCK_STREAM, 0);
	a2 = socket_in(self->a, AF_UNIX, SOCK_DGRAM, 0);
	b = socket_in(self->b, AF_INET, SOCK_STREAM, 0);
	EXPECT_NE((uint64_t)0, socket_cookie(a1));
	EXPECT_EQ(socket_cookie(a1), socket_cookie(a2));
	EXPECT_NE(socket_cookie(a1), socket_cookie(b));
	EXPECT_NE(socket_cookie(a1), self_cookie());
	close(a1);
	close(a2);
	close(b);
}

static socklen_t abstract_address(union address *addr)
{
	static const char name[] = "\0netns selftest";

	memset(addr, 0, sizeof(*addr));
	addr->un.sun_family = AF_UNIX;
	memcpy(addr->un.sun_path, name, sizeof(name));
	return offsetof(struct sockaddr_un, sun_path) + sizeof(name);
}

static const int unix_types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

TEST_F(two, abstract_name_is_free_in_each)
{
	union address addr;
	socklen_t len = abstract_address(&addr);
	int a, b;

	for (size_t i = 0; i < ARRAY_SIZE(unix_types); i++) {
		a = bind_and_listen(self->a, unix_types[i], &addr, len);
		ASSERT_LE(0, a);
		EXPECT_EQ(-EADDRINUSE, bind_and_listen(self->a, unix_types[i],
						       &addr, len));
		b = bind_and_listen(self->b, unix_types[i], &addr, len);
		EXPECT_LE(0, b);
		close(a);
		close(b);
	}
}

TEST_F(two, abstract_name_connects_within_only)
{
	union address addr;
	socklen_t len = abstract_address(&addr);
	int a, c;

	for (size_t i = 0; i < ARRAY_SIZE(unix_types); i++) {
		a = bind_and_listen(self->a, unix_types[i], &addr, len);
		ASSERT_LE(0, a);
		EXPECT_EQ(-ECONNREFUSED, connect_in(self->b, unix_types[i],
						    &addr, len));
		c = connect_in(self->a, unix_types[i], &addr, len);
		EXPECT_LE(0, c);
		close(c);
		close(a);
	}

	/* An address given with each message is no way round. */
	a = bind_and_listen(self->a, SOCK_DGRAM, &addr, len);
	ASSERT_LE(0, a);
	c = socket_in(self->b, AF_UNIX, SOCK_DGRAM, 0);
	ASSERT_LE(0, c);
	EXPECT_EQ(-1, sendto(c, "x", 1, 0, &addr.sa, len));
	EXPECT_EQ(ECONNREFUSED, errno);
	close(c);
	close(a);
}

TEST_F(two, unix_path_crosses)
{
	union address addr = { .un.sun_family = AF_UNIX };
	socklen_t len = sizeof(addr.un);
	int a, c, conn;
	char byte;

	snprintf(addr.un.sun_path, sizeof(addr.un.sun_path),
		 "/tmp/netns-selftest-%d", getpid());
	unlink(addr.un.sun_path);
	a = bind_and_listen(self->a, SOCK_STREAM, &addr, len);
	ASSERT_LE(0, a);
	EXPECT_EQ(-EADDRINUSE,
		  bind_and_listen(self->b, SOCK_STREAM, &addr, len));
	c = connect_in(self->b, SOCK_STREAM, &addr, len);
	EXPECT_LE(0, c);
	unlink(addr.un.sun_path);
	conn = accept(a, NULL, NULL);
	ASSERT_LE(0, conn);
	EXPECT_EQ(1, send(c, "x", 1, 0));
	EXPECT_EQ(1, recv(conn, &byte, 1, 0));
	EXPECT_EQ('x', byte);
	/*
	 * Connected, and yet of two namespaces. The socket that accept()
	 * returns was made by connect(), in the client's.
	 */
	EXPECT_NE(socket_cookie(a), socket_cookie(c));
	EXPECT_EQ(socket_cookie(c), socket_cookie(conn));
	close(conn);
	close(c);
	close(a);
}

NETNS_TEST_MAIN
