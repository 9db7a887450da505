/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef KM_MICROHTTPD_SHIM_H
#define KM_MICROHTTPD_SHIM_H

#include <microhttpd.h>

/*
 * MHD_start_daemon, whose arguments are of a variable number: one thread that waits with epoll, so that a slow client
 * holds nobody up. Takes over the listening socket. NULL with errno set on failure.
 */
static inline struct MHD_Daemon *km_http_start(int listening, MHD_AccessHandlerCallback handler, void *closure,
					       unsigned int connection_limit, unsigned int timeout_seconds)
{
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handler, closure,
				MHD_OPTION_LISTEN_SOCKET, listening,
				MHD_OPTION_CONNECTION_LIMIT, connection_limit,
				MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds,
				MHD_OPTION_END);
}

#endif
