/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loopback device and routes of a network namespace (rtnetlink(7)). */
#include "addresses.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int sc_start_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int failure;

	if (descriptor < 0)
		return -errno;
	failure = ioctl(descriptor, SIOCSIFFLAGS, &request) ? -errno : 0;
	close(descriptor);
	return failure;
}

/* Sends one request and reads the kernel's answer. */
static int ask(int descriptor, const void *request, size_t count)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	ssize_t received;

	if (send(descriptor, request, count, 0) < 0)
		return -errno;
	received = recv(descriptor, &answer, sizeof(answer), 0);
	if (received < 0)
		return -errno;
	if (received < (ssize_t)(sizeof(answer.header) + sizeof(answer.error.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

/* Like "ip route add local default dev lo". */
static int add_local_route(int descriptor, int family, unsigned int device)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
		struct rtattr attribute;
		__u32 device;
	} request = {
		.header = {
			.nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		},
		.route = {
			.rtm_family = family, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = RTPROT_STATIC,
			.rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE, .rtm_type = RTN_LOCAL,
		},
		.attribute = { .rta_len = RTA_LENGTH(sizeof(__u32)), .rta_type = RTA_OIF },
		.device = device,
	};

	return ask(descriptor, &request, sizeof(request));
}

int sc_localize_addresses(void)
{
	unsigned int device = if_nametoindex("lo");
	int descriptor;
	int failure;

	if (!device)
		return -errno;
	descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (descriptor < 0)
		return -errno;
	failure = add_local_route(descriptor, AF_INET, device);
	if (!failure)
		failure = add_local_route(descriptor, AF_INET6, device);
	close(descriptor);
	return failure;
}

int sc_open_network_namespace(void)
{
	int descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return descriptor < 0 ? -errno : descriptor;
}
