/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sk_msg: the first message of a socket to a waypoint gets the original destination before its payload. */
#ifndef KM_SK_MSG_H
#define KM_SK_MSG_H

#include "base.h"
#include "event.h"
#include "maps.h"
#include "options.h"
#include "storage.h"

/* The header: two records of type (1), length (4), value. All in network order. */
struct km_tlv4 {
	__u8 type;
	__be32 length;
	__be32 addr;
	__be16 port;
	__u8 end_type;
	__be32 end_length;
} __attribute__((packed));
KM_ASSERT_SIZE(km_tlv4, 16);

struct km_tlv6 {
	__u8 type;
	__be32 length;
	struct km_addr addr;
	__be16 port;
	__u8 end_type;
	__be32 end_length;
} __attribute__((packed));
KM_ASSERT_SIZE(km_tlv6, 28);

static __always_inline bool km_push4(struct sk_msg_md *msg, const struct km_sockstorage_value *storage)
{
	struct km_tlv4 tlv = {
		.type = KM_TLV_ORIGINAL_DST,
		.length = bpf_htonl(sizeof(tlv.addr) + sizeof(tlv.port)),
		.addr = storage->original_dst.ipv4.daddr,
		.port = storage->original_dst.ipv4.dport,
		.end_type = KM_TLV_END,
	};
	void *data;

	if (bpf_msg_push_data(msg, 0, sizeof(tlv), 0))
		return 0;
	/* Pushing moved the data: read its place anew. */
	data = msg->data;
	if (data + sizeof(tlv) > msg->data_end)
		return 0;
	__builtin_memcpy(data, &tlv, sizeof(tlv));
	return 1;
}

static __always_inline bool km_push6(struct sk_msg_md *msg, const struct km_sockstorage_value *storage)
{
	struct km_tlv6 tlv = {
		.type = KM_TLV_ORIGINAL_DST,
		.length = bpf_htonl(sizeof(tlv.addr) + sizeof(tlv.port)),
		.port = storage->original_dst.ipv6.dport,
		.end_type = KM_TLV_END,
	};
	void *data;

	__builtin_memcpy(&tlv.addr, storage->original_dst.ipv6.daddr, sizeof(tlv.addr));
	if (bpf_msg_push_data(msg, 0, sizeof(tlv), 0))
		return 0;
	/* Pushing moved the data: read its place anew. */
	data = msg->data;
	if (data + sizeof(tlv) > msg->data_end)
		return 0;
	__builtin_memcpy(data, &tlv, sizeof(tlv));
	return 1;
}

static __always_inline __u32 km_encode(struct sk_msg_md *msg, struct bpf_sock *sk)
{
	struct km_sockstorage_value *storage = km_storage(sk);
	bool is_pushed;

	if (!storage || !storage->via_waypoint || storage->has_encoded || !storage->has_set_ip)
		return KM_REASON_TLV_NOT_NEEDED;
	if (!km_options.tlv_marked_after_push)
		storage->has_encoded = 1;
	is_pushed = msg->family == KM_AF_INET6 ? km_push6(msg, storage) : km_push4(msg, storage);
	if (!is_pushed)
		return KM_REASON_TLV_PUSH_FAILED;
	storage->has_encoded = 1;
	return KM_REASON_TLV_PUSHED;
}

static __always_inline void km_end_sk_msg(struct sk_msg_md *msg, __u32 reason)
{
	struct km_event *event;

	km_count(KM_HOOK_SK_MSG, reason);
	if (!km_is_heard())
		return;
	event = km_event_begin(KM_HOOK_SK_MSG, reason);
	if (!event)
		return;
	event->netns_cookie = bpf_get_netns_cookie(msg);
	event->is_ipv6 = msg->family == KM_AF_INET6;
	if (event->is_ipv6) {
		event->before.word[0] = msg->local_ip6[0];
		event->before.word[1] = msg->local_ip6[1];
		event->before.word[2] = msg->local_ip6[2];
		event->before.word[3] = msg->local_ip6[3];
		event->after.word[0] = msg->remote_ip6[0];
		event->after.word[1] = msg->remote_ip6[1];
		event->after.word[2] = msg->remote_ip6[2];
		event->after.word[3] = msg->remote_ip6[3];
	} else {
		event->before.word[0] = msg->local_ip4;
		event->after.word[0] = msg->remote_ip4;
	}
	event->before_port = msg->local_port;
	event->after_port = bpf_ntohl(msg->remote_port);
	bpf_ringbuf_submit(event, 0);
}

SEC("sk_msg")
int km_sk_msg(struct sk_msg_md *msg)
{
	/* For the verifier: one load of the pointer, then the test. */
	struct bpf_sock *sk = msg->sk;

	if (!sk)
		return SK_PASS;
	km_end_sk_msg(msg, km_encode(msg, sk));
	return SK_PASS;
}

#endif
