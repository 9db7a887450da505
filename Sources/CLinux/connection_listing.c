/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "connection_listing.h"

#include "linux_calls.h"
#include "netlink_dump.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	int netns;
	int error;
	struct km_tcp_socket *list;
	unsigned int count;
	unsigned int capacity;
};

/* SYN_RECV belongs to a listener; TIME_WAIT and CLOSE are over. */
static const unsigned int states = 1 << TCP_ESTABLISHED | 1 << TCP_SYN_SENT | 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2 |
				   1 << TCP_CLOSE_WAIT | 1 << TCP_LAST_ACK | 1 << TCP_CLOSING | 1 << TCP_LISTEN;

static int take_socket(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *found = mnl_nlmsg_get_payload(message);
	struct listing *listing = context;
	struct km_tcp_socket *taken;

	if (listing->count == listing->capacity) {
		unsigned int capacity = listing->capacity ? 2 * listing->capacity : 256;
		struct km_tcp_socket *list = reallocarray(listing->list, capacity, sizeof(*list));

		if (!list)
			return MNL_CB_ERROR;
		listing->list = list;
		listing->capacity = capacity;
	}
	taken = &listing->list[listing->count++];
	memset(taken, 0, sizeof(*taken));
	taken->is_ipv6 = found->idiag_family == AF_INET6;
	taken->is_listening = found->idiag_state == TCP_LISTEN;
	taken->local_port = ntohs(found->id.idiag_sport);
	taken->remote_port = ntohs(found->id.idiag_dport);
	memcpy(taken->local, found->id.idiag_src, taken->is_ipv6 ? 16 : 4);
	memcpy(taken->remote, found->id.idiag_dst, taken->is_ipv6 ? 16 : 4);
	return MNL_CB_OK;
}

static int list_family(struct mnl_socket *socket, int family, struct listing *listing)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = states,
	};

	return km_netlink_dump(socket, SOCK_DIAG_BY_FAMILY, &request, sizeof(request), take_socket, listing);
}

static void *list(void *context)
{
	struct listing *listing = context;
	struct mnl_socket *socket;

	if (km_enter_network_namespace(listing->netns)) {
		listing->error = errno;
		return NULL;
	}
	socket = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		listing->error = errno;
	if (!listing->error)
		listing->error = list_family(socket, AF_INET, listing);
	if (!listing->error)
		listing->error = list_family(socket, AF_INET6, listing);
	if (socket)
		mnl_socket_close(socket);
	return NULL;
}

int km_list_tcp_sockets(int netns, struct km_tcp_socket **found, unsigned int *count)
{
	struct listing listing = { .netns = netns };
	pthread_t thread;
	int error;

	*found = NULL;
	*count = 0;
	/* A thread that enters a namespace stays there; it ends instead of coming back. */
	error = pthread_create(&thread, NULL, list, &listing);
	if (error)
		return error;
	pthread_join(thread, NULL);
	if (listing.error) {
		free(listing.list);
		return listing.error;
	}
	*found = listing.list;
	*count = listing.count;
	return 0;
}
