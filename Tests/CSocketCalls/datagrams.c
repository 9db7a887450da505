/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams with their source and destination addresses (ip(7) IP_PKTINFO, ipv6(7) IPV6_PKTINFO). */
#include "addresses.h"

#include <sys/socket.h>
#include <sys/uio.h>

/* Room for the control message of either family, aligned as one. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void set_source(struct msghdr *message, union control *control, const struct sc_end *from)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	message->msg_control = control;
	message->msg_controllen = sizeof(*control);
	header = CMSG_FIRSTHDR(message);
	if (from->is_ipv6) {
		struct in6_pktinfo info = {};

		to_in6(from, &info.ipi6_addr);
		header->cmsg_level = IPPROTO_IPV6;
		header->cmsg_type = IPV6_PKTINFO;
		header->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(header), &info, sizeof(info));
	} else {
		struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(from->low) };

		header->cmsg_level = IPPROTO_IP;
		header->cmsg_type = IP_PKTINFO;
		header->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(header), &info, sizeof(info));
	}
	message->msg_controllen = CMSG_ALIGN(header->cmsg_len);
}

static void read_destination(struct msghdr *message, struct sc_end *to)
{
	struct cmsghdr *header;

	for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(header), sizeof(info));
			*to = (struct sc_end){ .low = ntohl(info.ipi_addr.s_addr) };
		} else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(header), sizeof(info));
			from_in6(&info.ipi6_addr, to);
		}
	}
}

long sc_send_datagram(int descriptor, const void *bytes, size_t count, const struct sc_end *from,
		      const struct sc_end *to)
{
	union any_address address;
	union control control;
	struct iovec data = { .iov_base = (void *)bytes, .iov_len = count };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	ssize_t sent;

	if (to) {
		message.msg_namelen = to_sockaddr(to, &address);
		message.msg_name = &address;
	}
	if (from)
		set_source(&message, &control, from);
	sent = sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? -errno : sent;
}

long sc_receive_datagram(int descriptor, void *bytes, size_t count, struct sc_end *from, struct sc_end *to)
{
	union any_address address;
	union control control;
	struct iovec data = { .iov_base = bytes, .iov_len = count };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = sizeof(address),
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t received = recvmsg(descriptor, &message, MSG_DONTWAIT);
	int failure;

	if (received < 0)
		return -errno;
	*to = (struct sc_end){};
	failure = from_sockaddr(&address, from);
	if (failure)
		return failure;
	read_destination(&message, to);
	return received;
}
