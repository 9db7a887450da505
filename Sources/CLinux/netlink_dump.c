/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "netlink_dump.h"

#include <errno.h>
#include <string.h>

static int ask(struct mnl_socket *socket, int type, int flags, const void *header, size_t header_size, mnl_cb_t take,
	       void *context)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int received;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlmsg_seq = type;
	memcpy(mnl_nlmsg_put_extra_header(request, header_size), header, header_size);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return errno;
	while ((received = mnl_socket_recvfrom(socket, buffer, sizeof(buffer))) > 0) {
		int status = mnl_cb_run(buffer, received, type, mnl_socket_get_portid(socket), take, context);

		if (status < 0)
			return errno;
		if (status == MNL_CB_STOP)
			return 0;
	}
	return received < 0 ? errno : 0;
}

int km_netlink_dump(struct mnl_socket *socket, int type, const void *header, size_t header_size, mnl_cb_t take,
		    void *context)
{
	return ask(socket, type, NLM_F_DUMP, header, header_size, take, context);
}

int km_netlink_get(struct mnl_socket *socket, int type, const void *header, size_t header_size, mnl_cb_t take,
		   void *context)
{
	return ask(socket, type, NLM_F_ACK, header, header_size, take, context);
}
