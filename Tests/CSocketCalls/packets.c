/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whole frames (packet(7)), pings, and what interfaces leave to hardware. */
#include "addresses.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int set_up_capture(int descriptor, const char *interface)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int size = 32 << 20;
	int on = 1;

	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		return -errno;
	if (interface) {
		address.sll_ifindex = if_nametoindex(interface);
		if (!address.sll_ifindex)
			return -errno;
	}
	return bind(descriptor, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

int sc_open_capture(const char *interface)
{
	int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int failure;

	if (descriptor < 0)
		return -errno;
	failure = set_up_capture(descriptor, interface);
	if (!failure)
		return descriptor;
	close(descriptor);
	return failure;
}

long sc_receive_frame(int descriptor, void *bytes, size_t count, struct sc_frame *frame)
{
	char control[CMSG_SPACE(sizeof(struct timespec))] __attribute__((aligned(8)));
	struct sockaddr_ll address;
	struct iovec data = { .iov_base = bytes, .iov_len = count };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_name = &address, .msg_namelen = sizeof(address),
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t received = recvmsg(descriptor, &message, MSG_DONTWAIT);
	struct cmsghdr *header;

	if (received < 0)
		return -errno;
	*frame = (struct sc_frame){
		.interface = address.sll_ifindex, .is_outgoing = address.sll_pkttype == PACKET_OUTGOING,
	};
	for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec time;

			memcpy(&time, CMSG_DATA(header), sizeof(time));
			frame->timestamp_ns = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
		}
	}
	return received;
}

int sc_send_frame(int descriptor, const char *interface, const void *bytes, size_t count)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(interface) };

	if (!address.sll_ifindex)
		return -errno;
	return sendto(descriptor, bytes, count, 0, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int sc_lost_frames(int descriptor)
{
	struct tpacket_stats statistics;
	socklen_t size = sizeof(statistics);

	if (getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &statistics, &size))
		return -errno;
	return statistics.tp_drops;
}

int sc_open_ping(int is_ipv6)
{
	int descriptor = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC,
				is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	return descriptor < 0 ? -errno : descriptor;
}

int sc_set_header(int descriptor, int is_ipv6, int field, int value)
{
	static const int names[][2] = {
		[SC_TRAFFIC_CLASS] = { IP_TOS, IPV6_TCLASS },
		[SC_TIME_TO_LIVE] = { IP_TTL, IPV6_UNICAST_HOPS },
		[SC_PATH_MTU] = { IP_MTU_DISCOVER, IPV6_MTU_DISCOVER },
	};

	if (field < 0 || field > SC_PATH_MTU)
		return -EINVAL;
	return setsockopt(descriptor, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, names[field][!!is_ipv6], &value,
			  sizeof(value)) ? -errno : 0;
}

int sc_refuse_offloads(const char *interface)
{
	static const __u32 commands[] = { ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM };
	struct ethtool_value value = {};
	struct ifreq request = {};
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int failure = 0;

	if (descriptor < 0)
		return -errno;
	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	request.ifr_data = (char *)&value;
	for (size_t index = 0; index < sizeof(commands) / sizeof(*commands); index++) {
		value.cmd = commands[index];
		if (ioctl(descriptor, SIOCETHTOOL, &request) && !failure)
			failure = -errno;
	}
	close(descriptor);
	return failure;
}
