/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "namespace_inspection.h"

#include "linux_calls.h"
#include "netlink_dump.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>

struct inspection {
	int descriptor;
	int error;
	unsigned int index;	/* of the interface */
	struct km_namespace *result;
};

/* The number of the XDP program in a link's attribute. */
static unsigned int xdp_program(const struct nlattr *nest)
{
	const struct nlattr *attribute;
	unsigned int program = 0;

	mnl_attr_for_each_nested(attribute, nest) {
		if (mnl_attr_get_type(attribute) == IFLA_XDP_PROG_ID && !mnl_attr_validate(attribute, MNL_TYPE_U32))
			program = mnl_attr_get_u32(attribute);
	}
	return program;
}

static void list_link(struct km_namespace *result, unsigned int index, const char *name, unsigned int program,
		      unsigned int peer)
{
	struct km_namespace_interface *listed;

	if (result->interface_count < KM_NAMESPACE_INTERFACE_COUNT) {
		listed = &result->interfaces[result->interface_count];
		strncpy(listed->name, name, sizeof(listed->name) - 1);
		listed->index = index;
		listed->xdp_program = program;
		listed->peer_index = peer;
	}
	result->interface_count++;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
	struct inspection *inspection = context;
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	const char *name = NULL;
	unsigned int peer = 0, program = 0;
	struct nlattr *attribute;

	if ((link->ifi_flags & IFF_LOOPBACK) || !(link->ifi_flags & IFF_UP))
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*link)) {
		if (mnl_attr_get_type(attribute) == IFLA_IFNAME && !mnl_attr_validate(attribute, MNL_TYPE_STRING))
			name = mnl_attr_get_str(attribute);
		if (mnl_attr_get_type(attribute) == IFLA_LINK && !mnl_attr_validate(attribute, MNL_TYPE_U32))
			peer = mnl_attr_get_u32(attribute);
		if (mnl_attr_get_type(attribute) == IFLA_XDP)
			program = xdp_program(attribute);
	}
	if (!name)
		return MNL_CB_OK;
	list_link(inspection->result, link->ifi_index, name, program, peer);
	if (inspection->index)
		return MNL_CB_OK;
	inspection->index = link->ifi_index;
	strncpy(inspection->result->interface, name, sizeof(inspection->result->interface) - 1);
	inspection->result->peer_index = peer;
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *message, void *context)
{
	struct inspection *inspection = context;
	const struct ifaddrmsg *address = mnl_nlmsg_get_payload(message);
	struct km_namespace *result = inspection->result;
	struct km_namespace_address *taken;
	struct nlattr *attribute;
	unsigned int size = address->ifa_family == AF_INET6 ? 16 : 4;

	if (address->ifa_index != inspection->index || address->ifa_scope == RT_SCOPE_LINK)
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*address)) {
		/* IPv4 has its own address here, and the peer's in IFA_ADDRESS. */
		if (mnl_attr_get_type(attribute) != (address->ifa_family == AF_INET6 ? IFA_ADDRESS : IFA_LOCAL))
			continue;
		if (mnl_attr_get_payload_len(attribute) != size || result->address_count == KM_NAMESPACE_ADDRESS_COUNT)
			continue;
		taken = &result->addresses[result->address_count++];
		taken->is_ipv6 = size == 16;
		memcpy(taken->bytes, mnl_attr_get_payload(attribute), size);
	}
	return MNL_CB_OK;
}

static void *inspect(void *context)
{
	struct inspection *inspection = context;
	struct ifinfomsg links = {};
	struct ifaddrmsg addresses = {};
	struct mnl_socket *socket;

	if (km_enter_network_namespace(inspection->descriptor)) {
		inspection->error = errno;
		return NULL;
	}
	inspection->result->cookie = km_network_namespace_cookie();
	if (!inspection->result->cookie) {
		inspection->error = errno;
		return NULL;
	}
	socket = mnl_socket_open(NETLINK_ROUTE);
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		inspection->error = errno;
	if (!inspection->error)
		inspection->error = km_netlink_dump(socket, RTM_GETLINK, &links, sizeof(links), take_link, inspection);
	if (!inspection->error && inspection->index)
		inspection->error = km_netlink_dump(socket, RTM_GETADDR, &addresses, sizeof(addresses), take_address,
						    inspection);
	if (socket)
		mnl_socket_close(socket);
	return NULL;
}

int km_inspect_namespace(int descriptor, struct km_namespace *result)
{
	struct inspection inspection = { .descriptor = descriptor, .result = result };
	pthread_t thread;
	int error;

	memset(result, 0, sizeof(*result));
	/* A thread that enters a namespace stays there; it ends instead of coming back. */
	error = pthread_create(&thread, NULL, inspect, &inspection);
	if (error)
		return error;
	pthread_join(thread, NULL);
	return inspection.error;
}
