/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first steps of the hooks: the control addresses, who is managed, and the DNS proxy. */
#ifndef KM_GATE_H
#define KM_GATE_H

#include "address.h"
#include "base.h"
#include "maps.h"
#include "options.h"

static __always_inline void km_manage_key_of_cookie(struct km_manage_key *key, __u64 cookie)
{
	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memcpy(key->bytes, &cookie, sizeof(cookie));
}

/* addr is not a mapped address. */
static __always_inline void km_manage_key_of_address(struct km_manage_key *key, const struct km_addr *addr)
{
	__builtin_memcpy(key->bytes, addr, sizeof(key->bytes));
}

/* Is a namespace in km_manage, whatever the value. */
static __always_inline bool km_cookie_is_managed(__u64 cookie)
{
	struct km_manage_key key;

	km_manage_key_of_cookie(&key, cookie);
	return bpf_map_lookup_elem(&km_manage, &key);
}

/* Is a local address, possibly mapped, in km_manage with value 0. */
static __always_inline bool km_address_is_managed(const struct km_addr *local)
{
	struct km_addr addr = *local;
	struct km_manage_key key;
	struct km_manage_value *value;

	km_addr_unmap(&addr);
	km_manage_key_of_address(&key, &addr);
	value = bpf_map_lookup_elem(&km_manage, &key);
	return value && !value->state;
}

/*
 * Obeys a control address: 0.0.0.2 or ::2 with one of two ports. Returns the port in host order, or 0 when the
 * destination is another or control addresses are not obeyed.
 */
static __always_inline __u32 km_control(const struct km_addr *destination, __be16 port, bool is_ipv6,
					const struct km_manage_key *key)
{
	const __u32 two = bpf_htonl(2);
	struct km_manage_value value = {};

	if (!km_options.control_address_obeyed)
		return 0;
	if (destination->word[1] || destination->word[2] || destination->word[0] != (is_ipv6 ? 0 : two) ||
	    destination->word[3] != (is_ipv6 ? two : 0))
		return 0;
	if (port == bpf_htons(KM_CONTROL_MANAGE_PORT)) {
		bpf_map_update_elem(&km_manage, key, &value, BPF_ANY);
		return KM_CONTROL_MANAGE_PORT;
	}
	if (port == bpf_htons(KM_CONTROL_RELEASE_PORT)) {
		bpf_map_delete_elem(&km_manage, key);
		return KM_CONTROL_RELEASE_PORT;
	}
	return 0;
}

/* Step 1 of the sock_addr hooks, for the caller's namespace. Returns a reason, or KM_REASON_NONE to go on. */
static __always_inline __u32 km_control_namespace(const struct km_addr *destination, __be16 port, bool is_ipv6,
						  __u64 cookie)
{
	struct km_manage_key key;

	km_manage_key_of_cookie(&key, cookie);
	switch (km_control(destination, port, is_ipv6, &key)) {
	case KM_CONTROL_MANAGE_PORT:
		return KM_REASON_CONTROL_MANAGE;
	case KM_CONTROL_RELEASE_PORT:
		return KM_REASON_CONTROL_RELEASE;
	default:
		return KM_REASON_NONE;
	}
}

/* Backend 0, or NULL without one. Its hooks are for IPv4: one of the other family is none where that is told apart. */
static __always_inline const struct km_backend_value *km_dns_proxy(void)
{
	struct km_backend_key key = { .backend_uid = KM_DNS_PROXY_UID };
	const struct km_backend_value *proxy = bpf_map_lookup_elem(&km_backend, &key);

	if (proxy && km_options.other_family_skipped && !km_addr_is_v4(&proxy->addr))
		return 0;
	return proxy;
}

#endif
