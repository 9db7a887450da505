/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report of one connection. */
#ifndef KM_REPORT_H
#define KM_REPORT_H

#include "address.h"
#include "base.h"
#include "event.h"
#include "maps.h"

/* Wakes the reader when this much waits for it; a reader that looks by the clock as well misses nothing. */
enum { KM_REPORT_WAKE_BYTES = 64 * 1024 };

/* One end of a connection. Ports in host order. */
struct km_connection {
	struct km_addr local;
	struct km_addr remote;
	__u16 local_port;
	__u16 remote_port;
	bool is_ipv6;		/* the socket's family; its addresses may be mapped */
};

/* Shows a connection in an event: from this end to the other. */
static __always_inline void km_event_ends(struct km_event *event, const struct km_connection *connection)
{
	event->is_ipv6 = connection->is_ipv6;
	event->before = connection->local;
	event->before_port = connection->local_port;
	event->after = connection->remote;
	event->after_port = connection->remote_port;
}

/* What the connection is on the wire: of mapped addresses IPv4. */
static __always_inline bool km_is_ipv6(const struct km_connection *connection)
{
	return connection->is_ipv6 && !km_addr_is_mapped(&connection->remote);
}

/* The tuple in the client's view. */
static __always_inline void km_tuple_of_client(struct km_tuple *tuple, const struct km_connection *connection,
					       bool is_inbound)
{
	const struct km_addr *client = is_inbound ? &connection->remote : &connection->local;
	const struct km_addr *server = is_inbound ? &connection->local : &connection->remote;
	__u16 client_port = is_inbound ? connection->remote_port : connection->local_port;
	__u16 server_port = is_inbound ? connection->local_port : connection->remote_port;

	__builtin_memset(tuple, 0, sizeof(*tuple));
	if (km_is_ipv6(connection)) {
		__builtin_memcpy(tuple->ipv6.saddr, client, sizeof(*client));
		__builtin_memcpy(tuple->ipv6.daddr, server, sizeof(*server));
		tuple->ipv6.sport = client_port;
		tuple->ipv6.dport = server_port;
	} else {
		tuple->ipv4.saddr = connection->is_ipv6 ? client->word[3] : client->word[0];
		tuple->ipv4.daddr = connection->is_ipv6 ? server->word[3] : server->word[0];
		tuple->ipv4.sport = client_port;
		tuple->ipv4.dport = server_port;
	}
}

/* is_ipv6: the socket's family, which tells where the storage holds the address. */
static __always_inline void km_original_of_report(struct km_original_dst *original,
						  const struct km_sockstorage_value *storage, bool is_ipv6)
{
	if (!storage->has_set_ip)
		return;
	if (is_ipv6) {
		__builtin_memcpy(&original->addr, storage->original_dst.ipv6.daddr, sizeof(original->addr));
		km_addr_unmap(&original->addr);
		original->port = bpf_ntohs(storage->original_dst.ipv6.dport);
	} else {
		original->addr.word[0] = storage->original_dst.ipv4.daddr;
		original->port = bpf_ntohs(storage->original_dst.ipv4.dport);
	}
}

/* Numbers of a connection that only the kernel knows. */
struct km_tcp_numbers {
	__u32 sent_bytes;
	__u32 received_bytes;
	__u32 smoothed_rtt;
	__u32 minimum_rtt;
	__u32 retransmissions;
	__u32 lost;
};

/*
 * Payload bytes sent, acknowledged or not. The kernel's numbers count the SYN of whoever connects, and each FIN.
 */
static __always_inline __u32 km_sent_bytes(__u64 bytes_acked, __u32 snd_nxt, __u32 snd_una, bool is_inbound,
					   bool is_fin_sent)
{
	__u32 sequence_numbers = bytes_acked + (snd_nxt - snd_una);
	__u32 flags = (is_inbound ? 0 : 1) + (is_fin_sent ? 1 : 0);

	return sequence_numbers > flags ? sequence_numbers - flags : 0;
}

/*
 * Sends a report; when the buffer is full it is lost. Who listens to events hears of it too, and then also when nobody
 * reads the reports: a record of another size in that buffer.
 */
static __always_inline void km_report(const struct km_connection *connection, struct km_sockstorage_value *storage,
				      bool is_inbound, __u32 tcp_state, const struct km_tcp_numbers *numbers)
{
	__u64 now = bpf_ktime_get_ns();
	struct km_connection_report report = {
		.type = km_is_ipv6(connection),
		.sent_bytes = numbers->sent_bytes,
		.received_bytes = numbers->received_bytes,
		.connected = storage->connect_success,
		.direction = is_inbound ? KM_DIRECTION_INBOUND : KM_DIRECTION_OUTBOUND,
		.tcp_state = tcp_state,
		.duration_ns = now - storage->connect_ns,
		.start_ns = storage->connect_ns,
		.last_report_ns = storage->last_report_ns,
		.smoothed_rtt = numbers->smoothed_rtt,
		.minimum_rtt = numbers->minimum_rtt,
		.retransmissions = numbers->retransmissions,
		.lost = numbers->lost,
	};
	__u64 waiting = bpf_ringbuf_query(&km_tcp_probe, BPF_RB_AVAIL_DATA);

	storage->last_report_ns = now;
	km_tuple_of_client(&report.tuple, connection, is_inbound);
	km_original_of_report(&report.original_dst, storage, connection->is_ipv6);
	bpf_ringbuf_output(&km_tcp_probe, &report, sizeof(report),
			   waiting >= KM_REPORT_WAKE_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	if (km_is_heard())
		bpf_ringbuf_output(&km_event, &report, sizeof(report), 0);
}

#endif
