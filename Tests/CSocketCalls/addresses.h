/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* struct sc_end to and from the kernel's addresses. Include it first: it sets _GNU_SOURCE. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#define _GNU_SOURCE
#include "socket_calls.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static inline void to_in6(const struct sc_end *end, struct in6_addr *address)
{
	uint64_t halves[2] = { htobe64(end->high), htobe64(end->low) };

	memcpy(address, halves, sizeof(halves));
}

static inline void from_in6(const struct in6_addr *address, struct sc_end *end)
{
	uint64_t halves[2];

	memcpy(halves, address, sizeof(halves));
	*end = (struct sc_end){ .high = be64toh(halves[0]), .low = be64toh(halves[1]), .is_ipv6 = 1 };
}

static inline socklen_t to_sockaddr(const struct sc_end *end, union any_address *address)
{
	memset(address, 0, sizeof(*address));
	if (!end->is_ipv6) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(end->port);
		address->v4.sin_addr.s_addr = htonl(end->low);
		return sizeof(address->v4);
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(end->port);
	to_in6(end, &address->v6.sin6_addr);
	return sizeof(address->v6);
}

static inline int from_sockaddr(const union any_address *address, struct sc_end *end)
{
	switch (address->any.sa_family) {
	case AF_INET:
		*end = (struct sc_end){
			.low = ntohl(address->v4.sin_addr.s_addr),
			.port = ntohs(address->v4.sin_port),
		};
		return 0;
	case AF_INET6:
		from_in6(&address->v6.sin6_addr, end);
		end->port = ntohs(address->v6.sin6_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}

#endif
