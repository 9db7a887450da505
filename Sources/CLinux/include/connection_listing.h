/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP sockets of a network namespace, as sock_diag(7) tells of them. */
#ifndef CONNECTION_LISTING_H
#define CONNECTION_LISTING_H

struct km_tcp_socket {
	unsigned char is_ipv6;
	unsigned char is_listening;	/* else it is a connection, or one that is being opened or closed */
	unsigned short local_port;	/* host order, as the next */
	unsigned short remote_port;
	unsigned char local[16];	/* network order; of IPv4 the first four */
	unsigned char remote[16];
};

/*
 * Lists the sockets in the namespace of a descriptor, on a thread of its own; those that only wait for the time of
 * their addresses to pass are left out. The list is for the caller to free. Returns 0, or an error number.
 */
int km_list_tcp_sockets(int netns, struct km_tcp_socket **list, unsigned int *count);

#endif
