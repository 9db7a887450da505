/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets, namespaces and child processes for tests, without sockaddr, cmsghdr and netlink in Swift.
 *
 * Functions return 0 or a result that is not negative, else minus an error number.
 */
#ifndef SOCKET_CALLS_H
#define SOCKET_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* One end of a connection. The address and port are in host order; an IPv4 address is in the low half of low. */
struct sc_end {
	uint64_t high;
	uint64_t low;
	uint16_t port;
	uint8_t is_ipv6;
};

/* TCP states as in the kernel's <net/tcp_states.h>. */
enum sc_tcp_state {
	SC_TCP_ESTABLISHED = 1,
	SC_TCP_CLOSED = 7,
	SC_TCP_CLOSE_WAIT = 8,
};

/* A socket, close-on-exec. Every address can be bound; datagrams tell their destination. */
int sc_open(int is_ipv6, int is_tcp);
/* Bounds the time that connect takes; it then gives ETIMEDOUT. */
int sc_limit_connect(int descriptor, unsigned int milliseconds);
int sc_bind(int descriptor, const struct sc_end *end);
/* An IPv6 socket then gets nothing of IPv4. */
int sc_refuse_ipv4(int descriptor);
/* A TCP listener, which never blocks in accept. */
int sc_listen(int descriptor);
int sc_connect(int descriptor, const struct sc_end *destination);
/* Undoes connect (AF_UNSPEC); a TCP connection is reset. */
int sc_disconnect(int descriptor);
/* The descriptor of an accepted connection; EAGAIN when there is none. */
int sc_accept(int descriptor);
int sc_local_end(int descriptor, struct sc_end *end);
int sc_remote_end(int descriptor, struct sc_end *end);
int sc_cookie(int descriptor, uint64_t *cookie);
int sc_tcp_state(int descriptor);
int sc_shutdown_sending(int descriptor);
/* What happens to the connection on close: it is reset. */
int sc_reset_on_close(int descriptor);

/* Waits until the socket can be read, or its peer has closed: 1, or 0 when the time is up. */
int sc_wait_readable(int descriptor, int milliseconds);
/* The same for writing. */
int sc_wait_writable(int descriptor, int milliseconds);
/* These do not wait: EAGAIN. */
long sc_send(int descriptor, const void *bytes, size_t count);
long sc_receive(int descriptor, void *bytes, size_t count);
/* from and to may be NULL: the kernel chooses the source address, the socket is connected. from's port is not used. */
long sc_send_datagram(int descriptor, const void *bytes, size_t count, const struct sc_end *from,
		      const struct sc_end *to);
/* to: the address to which the datagram was sent; its port is 0. */
long sc_receive_datagram(int descriptor, void *bytes, size_t count, struct sc_end *from, struct sc_end *to);

/* A frame as it was seen at an interface. */
struct sc_frame {
	uint64_t timestamp_ns;		/* since 1970 */
	unsigned int interface;		/* its index */
	unsigned char is_outgoing;	/* the system sends it, else it was received */
};

/* A socket that sees what passes an interface of the caller's network namespace, or all of them with NULL. */
int sc_open_capture(const char *interface);
/* Does not wait: EAGAIN. */
long sc_receive_frame(int descriptor, void *bytes, size_t count, struct sc_frame *frame);
int sc_send_frame(int descriptor, const char *interface, const void *bytes, size_t count);
/* How many frames found no room since the last call. */
int sc_lost_frames(int descriptor);
/* A socket for echo requests; the kernel fills in identifiers and checksums, and gives it its answers alone. */
int sc_open_ping(int is_ipv6);
/* Fields of the headers that a socket sends: the path MTU is one of IP_PMTUDISC_. */
enum sc_header_field {
	SC_TRAFFIC_CLASS,
	SC_TIME_TO_LIVE,
	SC_PATH_MTU,
};
int sc_set_header(int descriptor, int is_ipv6, int field, int value);
/* Packets of the interface have their checksums and their size on the wire before they leave. */
int sc_refuse_offloads(const char *interface);

/* Sets the loopback device up in the caller's network namespace. */
int sc_start_loopback(void);
/* Makes every address of both families an address of the loopback device. */
int sc_localize_addresses(void);
/* A descriptor of the caller's network namespace. */
int sc_open_network_namespace(void);

/* Starts a program in a process group of its own, with these standard streams; the process id. */
struct sc_program {
	char *const *arguments;	/* ends with NULL */
	int input;
	int output;
	int errors;
	int dies_with_parent;	/* killed when the calling thread ends */
};
int sc_spawn(const struct sc_program *program);
/*
 * Waits for the process: 1, or 0 when the time is up; -1 milliseconds: for ever. status as of waitpid. When it has
 * ended, what is left of its process group is killed.
 */
int sc_wait_process(int process, int milliseconds, int *status);
/* Kills the process group that sc_spawn made. */
int sc_kill_group(int process, int signal);
/* A pair of pipe ends, read and write, close-on-exec. */
int sc_pipe(int *ends);
/* A file in memory, close-on-exec. */
int sc_memory_file(void);
uint64_t sc_monotonic_ns(void);

#endif
