/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A datagram for the loopback address, which hooks on the way may refuse.
 */
#ifndef DORMANT_LO_H
#define DORMANT_LO_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "netns_util.h"

#define PORT 4711

/* Does that to a socket with the address: connect() or send_byte(). */
static inline int
datagram_to_lo(int (*apply)(int sock, const struct sockaddr *addr,
			    socklen_t len))
{
	const struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	ret = apply(sock, (const struct sockaddr *)&addr, sizeof(addr));
	ret = ret < 0 ? -errno : 0;
	close(sock);
	return ret;
}

static inline int send_byte(int sock, const struct sockaddr *addr, socklen_t len)
{
	return sendto(sock, "x", 1, 0, addr, len);
}

static inline int send_to_lo(void)
{
	return datagram_to_lo(send_byte);
}

#endif /* DORMANT_LO_H */
