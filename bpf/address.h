/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses as map values hold them. */
#ifndef KM_ADDRESS_H
#define KM_ADDRESS_H

#include "base.h"

static __always_inline bool km_addr_is_zero(const struct km_addr *addr)
{
	return !(addr->word[0] | addr->word[1] | addr->word[2] | addr->word[3]);
}

/* IPv4 has nothing after the first word. */
static __always_inline bool km_addr_is_v4(const struct km_addr *addr)
{
	return !(addr->word[1] | addr->word[2] | addr->word[3]);
}

static __always_inline bool km_addr_is_mapped(const struct km_addr *addr)
{
	return !addr->word[0] && !addr->word[1] && addr->word[2] == bpf_htonl(0xffff);
}

static __always_inline bool km_addr_equal(const struct km_addr *a, const struct km_addr *b)
{
	return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
		 (a->word[3] ^ b->word[3]));
}

/* ::ffff:a.b.c.d becomes a.b.c.d; other addresses stay. */
static __always_inline void km_addr_unmap(struct km_addr *addr)
{
	if (!km_addr_is_mapped(addr))
		return;
	addr->word[0] = addr->word[3];
	addr->word[2] = 0;
	addr->word[3] = 0;
}

/* a.b.c.d becomes ::ffff:a.b.c.d, whatever follows the first word. */
static __always_inline void km_addr_map(struct km_addr *addr)
{
	addr->word[3] = addr->word[0];
	addr->word[0] = 0;
	addr->word[1] = 0;
	addr->word[2] = bpf_htonl(0xffff);
}

#endif
