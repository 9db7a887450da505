/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets and connections. */
#include "addresses.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

static int set_option(int descriptor, int level, int name)
{
	int on = 1;

	return setsockopt(descriptor, level, name, &on, sizeof(on)) ? -errno : 0;
}

static int set_options(int descriptor, int is_ipv6, int is_tcp)
{
	int failure = set_option(descriptor, SOL_SOCKET, SO_REUSEADDR);

	if (!failure && !is_ipv6)
		failure = set_option(descriptor, IPPROTO_IP, IP_FREEBIND);
	if (!failure && is_ipv6)
		failure = set_option(descriptor, IPPROTO_IPV6, IPV6_FREEBIND);
	if (failure || is_tcp)
		return failure;
	return is_ipv6 ? set_option(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO)
		       : set_option(descriptor, IPPROTO_IP, IP_PKTINFO);
}

int sc_open(int is_ipv6, int is_tcp)
{
	int type = (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
	int descriptor = socket(is_ipv6 ? AF_INET6 : AF_INET, type, 0);
	int failure;

	if (descriptor < 0)
		return -errno;
	failure = set_options(descriptor, is_ipv6, is_tcp);
	if (!failure)
		return descriptor;
	close(descriptor);
	return failure;
}

int sc_limit_connect(int descriptor, unsigned int milliseconds)
{
	struct timeval limit = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 };

	return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ? -errno : 0;
}

int sc_bind(int descriptor, const struct sc_end *end)
{
	union any_address address;
	socklen_t length = to_sockaddr(end, &address);

	return bind(descriptor, &address.any, length) ? -errno : 0;
}

int sc_refuse_ipv4(int descriptor)
{
	return set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
}

int sc_listen(int descriptor)
{
	if (listen(descriptor, 4096) || fcntl(descriptor, F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

int sc_connect(int descriptor, const struct sc_end *destination)
{
	union any_address address;
	socklen_t length = to_sockaddr(destination, &address);

	if (!connect(descriptor, &address.any, length))
		return 0;
	return errno == EINPROGRESS ? -ETIMEDOUT : -errno;
}

int sc_disconnect(int descriptor)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	return connect(descriptor, &nowhere, sizeof(nowhere)) ? -errno : 0;
}

int sc_accept(int descriptor)
{
	int accepted = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);

	return accepted < 0 ? -errno : accepted;
}

int sc_local_end(int descriptor, struct sc_end *end)
{
	union any_address address;
	socklen_t length = sizeof(address);

	if (getsockname(descriptor, &address.any, &length))
		return -errno;
	return from_sockaddr(&address, end);
}

int sc_remote_end(int descriptor, struct sc_end *end)
{
	union any_address address;
	socklen_t length = sizeof(address);

	if (getpeername(descriptor, &address.any, &length))
		return -errno;
	return from_sockaddr(&address, end);
}

int sc_cookie(int descriptor, uint64_t *cookie)
{
	socklen_t length = sizeof(*cookie);

	return getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, cookie, &length) ? -errno : 0;
}

int sc_tcp_state(int descriptor)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) ? -errno : info.tcpi_state;
}

int sc_shutdown_sending(int descriptor)
{
	return shutdown(descriptor, SHUT_WR) ? -errno : 0;
}

int sc_reset_on_close(int descriptor)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ? -errno : 0;
}

static int wait_for(int descriptor, short events, int milliseconds)
{
	struct pollfd wanted = { .fd = descriptor, .events = events };
	int ready;

	do
		ready = poll(&wanted, 1, milliseconds);
	while (ready < 0 && errno == EINTR);
	return ready < 0 ? -errno : ready;
}

int sc_wait_readable(int descriptor, int milliseconds)
{
	return wait_for(descriptor, POLLIN, milliseconds);
}

int sc_wait_writable(int descriptor, int milliseconds)
{
	return wait_for(descriptor, POLLOUT, milliseconds);
}

long sc_send(int descriptor, const void *bytes, size_t count)
{
	ssize_t sent = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent < 0 ? -errno : sent;
}

long sc_receive(int descriptor, void *bytes, size_t count)
{
	ssize_t received = recv(descriptor, bytes, count, MSG_DONTWAIT);

	return received < 0 ? -errno : received;
}
