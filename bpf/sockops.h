/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sockops: what happens when a TCP connection is begun, established and closed. */
#ifndef KM_SOCKOPS_H
#define KM_SOCKOPS_H

#include "address.h"
#include "authority.h"
#include "base.h"
#include "event.h"
#include "gate.h"
#include "maps.h"
#include "options.h"
#include "probe.h"
#include "report.h"
#include "storage.h"

static __always_inline void km_read_connection(const struct bpf_sock_ops *skops, struct km_connection *connection)
{
	connection->local_port = skops->local_port;
	/* The context holds the remote port in network order, in the upper half of a word where that is the layout. */
	connection->remote_port = bpf_ntohl(skops->remote_port);
	connection->is_ipv6 = skops->family == KM_AF_INET6;
	if (connection->is_ipv6) {
		connection->local.word[0] = skops->local_ip6[0];
		connection->local.word[1] = skops->local_ip6[1];
		connection->local.word[2] = skops->local_ip6[2];
		connection->local.word[3] = skops->local_ip6[3];
		connection->remote.word[0] = skops->remote_ip6[0];
		connection->remote.word[1] = skops->remote_ip6[1];
		connection->remote.word[2] = skops->remote_ip6[2];
		connection->remote.word[3] = skops->remote_ip6[3];
	} else {
		connection->local.word[0] = skops->local_ip4;
		connection->remote.word[0] = skops->remote_ip4;
	}
}

/* Whether this end has sent a FIN, judged by the state that it leaves for CLOSE. */
static __always_inline bool km_is_fin_sent(const struct bpf_sock_ops *skops)
{
	if (skops->op != BPF_SOCK_OPS_STATE_CB)
		return 0;
	switch (skops->args[0]) {
	case BPF_TCP_FIN_WAIT1:
	case BPF_TCP_FIN_WAIT2:
	case BPF_TCP_CLOSING:
	case BPF_TCP_LAST_ACK:
	case BPF_TCP_TIME_WAIT:
		return 1;
	default:
		return 0;
	}
}

/*
 * Whether this end has received a FIN, judged by the state that it leaves for CLOSE. FIN_WAIT2 ends with one, or without
 * when the program has closed its descriptor: the kernel's number then has not grown since the state began. (Data and
 * then a reset while half closed look like a FIN: one byte too few.)
 */
static __always_inline bool km_is_fin_received(const struct bpf_sock_ops *skops,
					       const struct km_sockstorage_value *storage)
{
	if (skops->op != BPF_SOCK_OPS_STATE_CB)
		return 0;
	switch (skops->args[0]) {
	case BPF_TCP_CLOSE_WAIT:
	case BPF_TCP_LAST_ACK:
	case BPF_TCP_CLOSING:
	case BPF_TCP_TIME_WAIT:
		return 1;
	case BPF_TCP_FIN_WAIT2:
		return (__u32)skops->bytes_received != storage->fin_wait2_received;
	default:
		return 0;
	}
}

static __always_inline void km_read_numbers(const struct bpf_sock_ops *skops,
					    const struct km_sockstorage_value *storage, bool is_inbound,
					    struct km_tcp_numbers *numbers)
{
	numbers->sent_bytes = km_sent_bytes(skops->bytes_acked, skops->snd_nxt, skops->snd_una, is_inbound,
					    km_is_fin_sent(skops));
	/* The kernel counts a FIN as a byte. */
	numbers->received_bytes = skops->bytes_received - km_is_fin_received(skops, storage);
	numbers->smoothed_rtt = skops->srtt_us;
	numbers->minimum_rtt = skops->rtt_min;
	numbers->retransmissions = skops->total_retrans;
	numbers->lost = skops->lost_out;
}

static __always_inline void km_end_sockops(struct bpf_sock_ops *skops, __u32 reason,
					   const struct km_connection *connection)
{
	struct km_event *event;

	km_count(KM_HOOK_SOCKOPS, reason);
	if (!km_is_heard())
		return;
	event = km_event_begin(KM_HOOK_SOCKOPS, reason);
	if (!event)
		return;
	event->netns_cookie = bpf_get_netns_cookie(skops);
	event->socket_cookie = bpf_get_socket_cookie(skops);
	km_event_ends(event, connection);
	bpf_ringbuf_submit(event, 0);
}

/* A report needs monitoring, and what connect (or this hook, inbound) remembers of the socket. */
static __always_inline void km_report_sockops(struct bpf_sock_ops *skops, const struct km_connection *connection,
					      struct km_sockstorage_value *storage, bool is_inbound, __u32 tcp_state)
{
	struct km_tcp_numbers numbers;

	if (!km_options.is_monitoring || !storage)
		return;
	km_read_numbers(skops, storage, is_inbound, &numbers);
	km_report(connection, storage, is_inbound, tcp_state, &numbers);
}

/* Before the SYN leaves: the packets that answer a flow of a pod are no requests to it. */
static __always_inline void km_record_flow(struct bpf_sock_ops *skops, const struct km_connection *connection)
{
	struct km_flow_value value = { .opened_ns = bpf_ktime_get_ns() };
	struct km_tuple tuple;

	if (!km_cookie_is_managed(bpf_get_netns_cookie(skops)))
		return;
	/* As the replies have it: from the other end to this one. */
	km_tuple_of_client(&tuple, connection, 1);
	if (bpf_map_update_elem(&km_flow, &tuple, &value, BPF_ANY))
		km_count(KM_HOOK_SOCKOPS, KM_REASON_FLOW_UNRECORDED);
}

/* The pod has accepted a connection with the addresses and ports of a flow that it may have opened before. */
static __always_inline void km_hand_over_flow(const struct km_connection *connection)
{
	struct km_tuple tuple;

	km_tuple_of_client(&tuple, connection, 1);
	/* In this order: who remembers a reply meanwhile looks again whether there is a flow. */
	bpf_map_delete_elem(&km_flow, &tuple);
	bpf_map_delete_elem(&km_verdict, &tuple);
}

/* A connect to a control address manages or releases the socket's own address. */
static __always_inline void km_begun(struct bpf_sock_ops *skops, const struct km_connection *connection)
{
	struct km_addr local = connection->local;
	struct km_manage_key key;

	if (km_options.judges_by_policies)
		km_record_flow(skops, connection);
	km_addr_unmap(&local);
	km_manage_key_of_address(&key, &local);
	switch (km_control(&connection->remote, bpf_htons(connection->remote_port), connection->is_ipv6, &key)) {
	case KM_CONTROL_MANAGE_PORT:
		return km_end_sockops(skops, KM_REASON_CONTROL_MANAGE_ADDRESS, connection);
	case KM_CONTROL_RELEASE_PORT:
		return km_end_sockops(skops, KM_REASON_CONTROL_RELEASE_ADDRESS, connection);
	}
}

/* The key of km_socket: local → remote, ports in network order. */
static __always_inline void km_enter_sockhash(struct bpf_sock_ops *skops, const struct km_connection *connection)
{
	struct km_tuple tuple;

	km_tuple_of_client(&tuple, connection, 0);
	if (km_is_ipv6(connection)) {
		tuple.ipv6.sport = bpf_htons(tuple.ipv6.sport);
		tuple.ipv6.dport = bpf_htons(tuple.ipv6.dport);
	} else {
		tuple.ipv4.sport = bpf_htons(tuple.ipv4.sport);
		tuple.ipv4.dport = bpf_htons(tuple.ipv4.dport);
	}
	bpf_sock_hash_update(skops, &km_socket, &tuple, BPF_ANY);
}

static __always_inline void km_active(struct bpf_sock_ops *skops, struct bpf_sock *sk,
				      const struct km_connection *connection)
{
	struct km_sockstorage_value *storage = km_storage(sk);
	bool is_managed;

	/* connect remembers something of the sockets of managed namespaces only. */
	if (km_options.managed_by_record)
		is_managed = storage && (storage->connect_ns || storage->has_set_ip);
	else
		is_managed = km_address_is_managed(&connection->local);
	if (!is_managed)
		return km_end_sockops(skops, KM_REASON_NOT_MANAGED, connection);
	bpf_sock_ops_cb_flags_set(skops, skops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	if (storage) {
		storage->connect_success = 1;
		storage->direction = KM_DIRECTION_OUTBOUND;
		km_report_sockops(skops, connection, storage, 0, BPF_TCP_ESTABLISHED);
		if (storage->via_waypoint)
			km_enter_sockhash(skops, connection);
	}
	km_end_sockops(skops, KM_REASON_ACTIVE_ESTABLISHED, connection);
}

static __always_inline bool km_is_probe(const struct km_connection *connection)
{
	struct km_addr remote = connection->remote;

	km_addr_unmap(&remote);
	return km_is_probe_source(&remote);
}

static __always_inline void km_ask_for_verdict(const struct km_connection *connection)
{
	struct km_auth_request *request;

	if (!km_options.asks_for_verdicts && !km_authz_user_space)
		return;
	request = bpf_ringbuf_reserve(&km_auth_req, sizeof(*request), 0);
	if (!request) {
		km_count(KM_HOOK_SOCKOPS, KM_REASON_VERDICT_UNASKED);
		return;
	}
	request->type = km_is_ipv6(connection);
	km_tuple_of_client(&request->tuple, connection, 1);
	bpf_ringbuf_submit(request, 0);
}

static __always_inline void km_passive(struct bpf_sock_ops *skops, struct bpf_sock *sk,
				       const struct km_connection *connection)
{
	struct km_sockstorage_value *storage;
	bool is_managed;

	if (km_options.managed_by_record)
		is_managed = km_cookie_is_managed(bpf_get_netns_cookie(skops));
	else
		is_managed = km_address_is_managed(&connection->local);
	if (!is_managed)
		return km_end_sockops(skops, KM_REASON_NOT_MANAGED, connection);
	if (km_options.judges_by_policies)
		km_hand_over_flow(connection);
	if (km_is_probe(connection))
		return km_end_sockops(skops, KM_REASON_NODE_PROBE, connection);
	bpf_sock_ops_cb_flags_set(skops, skops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	storage = km_storage_create(sk);
	if (storage) {
		storage->connect_ns = bpf_ktime_get_ns();
		storage->connect_success = 1;
		storage->direction = KM_DIRECTION_INBOUND;
		km_report_sockops(skops, connection, storage, 1, BPF_TCP_ESTABLISHED);
	}
	km_ask_for_verdict(connection);
	km_end_sockops(skops, KM_REASON_PASSIVE_ESTABLISHED, connection);
}

static __always_inline void km_closed(struct bpf_sock_ops *skops, struct bpf_sock *sk,
				      const struct km_connection *connection)
{
	struct km_sockstorage_value *storage = km_storage(sk);
	bool is_inbound = storage && storage->direction == KM_DIRECTION_INBOUND;
	struct km_tuple tuple;

	km_report_sockops(skops, connection, storage, is_inbound, BPF_TCP_CLOSE);
	km_tuple_of_client(&tuple, connection, is_inbound);
	bpf_map_delete_elem(&km_auth_res, &tuple);
	km_end_sockops(skops, KM_REASON_CLOSED, connection);
}

/* The other end has acknowledged our FIN. */
static __always_inline void km_half_closed(struct bpf_sock_ops *skops)
{
	struct bpf_sock *sk = skops->sk;
	struct km_sockstorage_value *storage;

	if (!sk)
		return;
	storage = km_storage(sk);
	if (storage)
		storage->fin_wait2_received = skops->bytes_received;
}

SEC("sockops")
int km_sockops(struct bpf_sock_ops *skops)
{
	struct km_connection connection = {};
	struct bpf_sock *sk;

	switch (skops->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		if (!km_options.control_address_obeyed && !km_options.judges_by_policies)
			return 0;
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (skops->args[1] == BPF_TCP_FIN_WAIT2)
			km_half_closed(skops);
		if (skops->args[1] != BPF_TCP_CLOSE)
			return 0;
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		break;
	default:
		return 0;
	}
	/* For the verifier: one load of the pointer, then the test. */
	sk = skops->sk;
	if (!sk)
		return 0;
	km_read_connection(skops, &connection);
	switch (skops->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		km_begun(skops, &connection);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		km_active(skops, sk, &connection);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		km_passive(skops, sk, &connection);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		km_closed(skops, sk, &connection);
		break;
	}
	return 0;
}

#endif
