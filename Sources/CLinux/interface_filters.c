/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "interface_filters.h"

#include "netlink_dump.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of <linux/bpf.h> since Linux 6.6. */
enum {
	TCX_INGRESS = 46,	/* BPF_TCX_INGRESS */
	TCX_BEFORE = 1 << 3,	/* BPF_F_BEFORE; without naming another program: before all */
};

/* The part of union bpf_attr for a tcx link. */
struct tcx_link_attributes {
	__u32 program;
	__u32 interface;
	__u32 attach_type;
	__u32 flags;
	__u32 relative;
	__u32 pad;
	__u64 expected_revision;
};

static int take_interface(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct km_host_interface *interface = context;
	const struct nlattr *attribute;

	interface->index = link->ifi_index;
	interface->type = link->ifi_type;
	mnl_attr_for_each(attribute, message, sizeof(*link)) {
		if (mnl_attr_get_type(attribute) == IFLA_IFNAME && !mnl_attr_validate(attribute, MNL_TYPE_STRING))
			strncpy(interface->name, mnl_attr_get_str(attribute), sizeof(interface->name) - 1);
		if (mnl_attr_get_type(attribute) == IFLA_LINK && !mnl_attr_validate(attribute, MNL_TYPE_U32))
			interface->peer_index = mnl_attr_get_u32(attribute);
	}
	return MNL_CB_OK;
}

static struct mnl_socket *open_route_socket(int *error)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);

	if (socket && !mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID))
		return socket;
	*error = errno;
	if (socket)
		mnl_socket_close(socket);
	return NULL;
}

int km_look_at_interface(unsigned int index, struct km_host_interface *interface)
{
	struct ifinfomsg link = { .ifi_index = index };
	struct mnl_socket *socket;
	int error = 0;

	memset(interface, 0, sizeof(*interface));
	socket = open_route_socket(&error);
	if (!socket)
		return error;
	error = km_netlink_get(socket, RTM_GETLINK, &link, sizeof(link), take_interface, interface);
	mnl_socket_close(socket);
	return error;
}

int km_link_tcx(unsigned int index, int program)
{
	struct tcx_link_attributes attributes = {
		.program = program,
		.interface = index,
		.attach_type = TCX_INGRESS,
		.flags = TCX_BEFORE,
	};
	int link = syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));

	return link < 0 ? -errno : link;
}

static int count_filter(const struct nlmsghdr *message, void *context)
{
	unsigned int *count = context;

	(void)message;
	(*count)++;
	return MNL_CB_OK;
}

int km_count_filters(unsigned int index, unsigned int *count)
{
	static const __u32 directions[] = { TC_H_MIN_INGRESS, TC_H_MIN_EGRESS };
	struct mnl_socket *socket;
	int error = 0;

	*count = 0;
	socket = open_route_socket(&error);
	if (!socket)
		return error;
	for (unsigned int i = 0; i < sizeof(directions) / sizeof(directions[0]) && !error; i++) {
		struct tcmsg filter = {
			.tcm_ifindex = index,
			.tcm_parent = TC_H_MAKE(TC_H_CLSACT, directions[i]),
		};

		error = km_netlink_dump(socket, RTM_GETTFILTER, &filter, sizeof(filter), count_filter, count);
	}
	mnl_socket_close(socket);
	return error;
}
