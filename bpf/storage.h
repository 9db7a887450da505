/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the hooks remember of a socket. */
#ifndef KM_STORAGE_H
#define KM_STORAGE_H

#include "base.h"
#include "maps.h"

static __always_inline struct km_sockstorage_value *km_storage(struct bpf_sock *sk)
{
	return bpf_sk_storage_get(&km_sockstorage, sk, 0, 0);
}

/* NULL only without memory. */
static __always_inline struct km_sockstorage_value *km_storage_create(struct bpf_sock *sk)
{
	return bpf_sk_storage_get(&km_sockstorage, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static __always_inline void km_set_original4(struct km_sockstorage_value *storage, __u32 addr, __be16 port)
{
	storage->original_dst.ipv4.daddr = addr;
	storage->original_dst.ipv4.dport = port;
	storage->has_set_ip = 1;
}

static __always_inline void km_set_original6(struct km_sockstorage_value *storage, const struct km_addr *addr,
					     __be16 port)
{
	__builtin_memcpy(storage->original_dst.ipv6.daddr, addr, sizeof(*addr));
	storage->original_dst.ipv6.dport = port;
	storage->has_set_ip = 1;
}

#endif
