/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Objects that the kernel tells of by netlink. */
#ifndef NETLINK_DUMP_H
#define NETLINK_DUMP_H

#include <libmnl/libmnl.h>

/*
 * Asks for all objects of a type, by a header of that type's family; anew when they change while they are told.
 * Returns 0, or an error number: EINTR when they change again and again.
 */
int km_netlink_dump(struct mnl_socket *socket, int type, const void *header, size_t header_size, mnl_cb_t take,
		    void *context);
/* Asks for the one object that the header names. Returns 0, or an error number. */
int km_netlink_get(struct mnl_socket *socket, int type, const void *header, size_t header_size, mnl_cb_t take,
		   void *context);

#endif
