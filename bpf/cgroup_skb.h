/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgroup_skb, ingress and egress: a periodic report of long connections. Attached only where these are wanted. */
#ifndef KM_CGROUP_SKB_H
#define KM_CGROUP_SKB_H

#include "base.h"
#include "event.h"
#include "gate.h"
#include "maps.h"
#include "options.h"
#include "report.h"
#include "storage.h"

static __always_inline void km_read_connection_of_skb(const struct bpf_sock *sk, struct km_connection *connection)
{
	connection->local_port = sk->src_port;
	connection->remote_port = bpf_ntohs(sk->dst_port);
	connection->is_ipv6 = sk->family == KM_AF_INET6;
	if (connection->is_ipv6) {
		connection->local.word[0] = sk->src_ip6[0];
		connection->local.word[1] = sk->src_ip6[1];
		connection->local.word[2] = sk->src_ip6[2];
		connection->local.word[3] = sk->src_ip6[3];
		connection->remote.word[0] = sk->dst_ip6[0];
		connection->remote.word[1] = sk->dst_ip6[1];
		connection->remote.word[2] = sk->dst_ip6[2];
		connection->remote.word[3] = sk->dst_ip6[3];
	} else {
		connection->local.word[0] = sk->src_ip4;
		connection->remote.word[0] = sk->dst_ip4;
	}
}

static __always_inline void km_end_cgroup_skb(struct __sk_buff *skb, __u32 reason,
					      const struct km_connection *connection)
{
	struct km_event *event;

	km_count(KM_HOOK_CGROUP_SKB, reason);
	if (!km_is_heard())
		return;
	event = km_event_begin(KM_HOOK_CGROUP_SKB, reason);
	if (!event)
		return;
	event->socket_cookie = bpf_get_socket_cookie(skb);
	km_event_ends(event, connection);
	bpf_ringbuf_submit(event, 0);
}

static __always_inline __u32 km_report_if_due(struct bpf_sock *sk, const struct km_connection *connection)
{
	struct km_sockstorage_value *storage = km_storage(sk);
	struct km_tcp_numbers numbers = {};
	struct bpf_tcp_sock *tcp;
	bool is_inbound;

	if (!storage || !storage->connect_success)
		return KM_REASON_REPORT_NOT_DUE;
	if (!km_options.managed_by_record && !km_address_is_managed(&connection->local))
		return KM_REASON_NOT_MANAGED;
	if (bpf_ktime_get_ns() - storage->last_report_ns < KM_REPORT_PERIOD_NS)
		return KM_REASON_REPORT_NOT_DUE;
	tcp = bpf_tcp_sock(sk);
	if (!tcp)
		return KM_REASON_REPORT_NOT_DUE;
	is_inbound = storage->direction == KM_DIRECTION_INBOUND;
	numbers.sent_bytes = km_sent_bytes(tcp->bytes_acked, tcp->snd_nxt, tcp->snd_una, is_inbound, 0);
	numbers.received_bytes = tcp->bytes_received;
	numbers.smoothed_rtt = tcp->srtt_us;
	numbers.minimum_rtt = tcp->rtt_min;
	numbers.retransmissions = tcp->total_retrans;
	numbers.lost = tcp->lost_out;
	km_report(connection, storage, is_inbound, BPF_TCP_ESTABLISHED, &numbers);
	return KM_REASON_PERIODIC_REPORT;
}

/* Lets every packet pass. */
static __always_inline int km_cgroup_skb(struct __sk_buff *skb)
{
	struct km_connection connection = {};
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != IPPROTO_TCP)
		return 1;
	km_read_connection_of_skb(sk, &connection);
	km_end_cgroup_skb(skb, km_report_if_due(sk, &connection), &connection);
	return 1;
}

SEC("cgroup_skb/ingress")
int km_skb_ingress(struct __sk_buff *skb)
{
	return km_cgroup_skb(skb);
}

SEC("cgroup_skb/egress")
int km_skb_egress(struct __sk_buff *skb)
{
	return km_cgroup_skb(skb);
}

#endif
