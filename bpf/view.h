/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiled policies: which view a destination has, and which alternatives of it a connection matches. */
#ifndef KM_VIEW_H
#define KM_VIEW_H

#include "address.h"
#include "base.h"
#include "maps.h"
#include "options.h"
#include "read.h"

enum {
	KM_HALVING_COUNT = 16,			/* KM_RANGE_LIMIT ranges, halved */
	KM_DESTINATION_ABSENT = 3,		/* beside enum km_view_state */
	KM_ALTERNATIVE_NONE = 0xffffffff,
	KM_ALTERNATIVE_MISSING = 0xfffffffe,	/* the maps do not hold what the view tells of */
};

enum km_lookup {
	KM_FOUND,
	KM_ABSENT,
	KM_REUSED,	/* again and again another key's value */
};

static __always_inline __u32 km_addr_check(const struct km_addr *addr, bool is_ipv6)
{
	return addr->word[0] ^ addr->word[1] ^ addr->word[2] ^ addr->word[3] ^ (is_ipv6 ? KM_CHECK_IPV6 : 0);
}

/*
 * Who a source address is, 0 for nobody. An update in place may hide the entry from one lookup, so nobody is who was not
 * found twice.
 */
static __always_inline enum km_lookup km_find_identity(const struct km_addr *addr, bool is_ipv6, __u32 *identity)
{
	const volatile __u64 *value;
	__u64 both;
	__u32 try;

#pragma unroll 1
	for (try = 0; try < KM_READ_TRY_COUNT; try++) {
		value = km_find(&km_identity, addr);
		if (!value)
			return KM_ABSENT;
		both = *value;
		if (both >> 32 == km_addr_check(addr, is_ipv6)) {
			*identity = both;
			return KM_FOUND;
		}
	}
	return KM_REUSED;
}

/* Finds the slot of an address that is judged. KM_REUSED: its entry is being written, or another family's. */
static __always_inline enum km_lookup km_find_slot(const struct km_addr *addr, bool is_ipv6, __u32 *slot)
{
	__u32 index = km_authz_bucket_index(addr, km_options.authz_bucket_mask);
	const struct km_authz_bucket *bucket = bpf_map_lookup_elem(&km_authz_dst, &index);
	const struct km_authz_dst *dst;
	__u64 both;
	__u32 i;

	if (!bucket)
		return KM_REUSED;
#pragma unroll
	for (i = 0; i < KM_BUCKET_SIZE; i++) {
		dst = &bucket->dst[i];
		if (!km_addr_equal(&dst->addr, addr))
			continue;
		both = *(const volatile __u64 *)&dst->slot_number;
		if (!(__u32)both)
			continue;
		*slot = (__u32)both - 1;
		return both >> 32 == km_addr_check(addr, is_ipv6) ? KM_FOUND : KM_REUSED;
	}
	return KM_ABSENT;
}

/*
 * Finds the view of a destination. Returns its enum km_view_state, or KM_DESTINATION_ABSENT. The slot is set where there
 * is one.
 */
static __always_inline __u32 km_find_view(const struct km_addr *destination, bool is_ipv6, struct km_authz_slot *found)
{
	const struct km_authz_view *view;
	const volatile __u64 *slot;
	__u32 index;
	__u64 both;

	switch (km_find_slot(destination, is_ipv6, &index)) {
	case KM_FOUND:
		break;
	case KM_ABSENT:
		return KM_DESTINATION_ABSENT;
	default:
		return KM_VIEW_CLOSED;
	}
	slot = bpf_map_lookup_elem(&km_authz_slot, &index);
	if (!slot)
		return KM_VIEW_CLOSED;
	both = *slot;
	found->view = both;
	found->backend_uid = both >> 32;
	view = bpf_map_lookup_elem(&km_authz_view, &found->view);
	if (!view)
		return KM_VIEW_CLOSED;
	return view->state == KM_VIEW_OPEN || view->state == KM_VIEW_JUDGED ? view->state : KM_VIEW_CLOSED;
}

/* The row of the last range that begins at or before a value. False: there is no such range in the map. */
static __always_inline bool km_find_row(const struct km_authz_axis *axis, __u32 value, __u32 *row)
{
	__u32 first = axis->first, count = axis->count, middle, step;
	const struct km_authz_range *range;

	for (step = 0; step < KM_HALVING_COUNT && count > 1; step++) {
		middle = first + count / 2;
		range = bpf_map_lookup_elem(&km_authz_range, &middle);
		if (!range)
			return 0;
		if (range->from <= value) {
			first = middle;
			count -= count / 2;
		} else {
			count /= 2;
		}
	}
	range = bpf_map_lookup_elem(&km_authz_range, &first);
	if (!range)
		return 0;
	*row = range->row;
	return 1;
}

/* The same for an IPv6 address. */
static __always_inline bool km_find_row6(const struct km_authz_axis *axis, const struct km_addr *addr, __u32 *row)
{
	__u64 high = (__u64)bpf_ntohl(addr->word[0]) << 32 | bpf_ntohl(addr->word[1]);
	__u64 low = (__u64)bpf_ntohl(addr->word[2]) << 32 | bpf_ntohl(addr->word[3]);
	__u32 first = axis->first, count = axis->count, middle, step;
	const struct km_authz_range6 *range;

	for (step = 0; step < KM_HALVING_COUNT && count > 1; step++) {
		middle = first + count / 2;
		range = bpf_map_lookup_elem(&km_authz_range6, &middle);
		if (!range)
			return 0;
		if (range->high < high || (range->high == high && range->low <= low)) {
			first = middle;
			count -= count / 2;
		} else {
			count /= 2;
		}
	}
	range = bpf_map_lookup_elem(&km_authz_range6, &first);
	if (!range)
		return 0;
	*row = range->row;
	return 1;
}

/* Where the rows of a connection begin. */
struct km_rows {
	__u32 identity;
	__u32 source;
	__u32 port;
};

/* The lowest bit that is set; bits are not 0. Counts the ones below it, without a branch for the verifier to follow. */
static __always_inline __u32 km_lowest_bit(__u64 bits)
{
	bits = (bits & -bits) - 1;
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return bits * 0x0101010101010101 >> 56;
}

/*
 * The first alternative in words of a section, from `word` to before `end`, that all three rows hold. Not inlined, and
 * so verified by itself.
 */
__noinline __u32 km_first_match(const struct km_rows *rows, __u32 word, __u32 end)
{
	const struct km_authz_row *identity, *source, *port;
	__u32 block, index = 0, i;
	__u64 bits = 0;

	/* The first for the verifier. */
	if (!rows || end > KM_ROW_LIMIT * KM_ROW_WORD_COUNT)
		return KM_ALTERNATIVE_MISSING;
	for (block = word / KM_ROW_WORD_COUNT; block < KM_ROW_LIMIT && block * KM_ROW_WORD_COUNT < end; block++) {
		index = rows->identity + block;
		identity = bpf_map_lookup_elem(&km_authz_row, &index);
		index = rows->source + block;
		source = bpf_map_lookup_elem(&km_authz_row, &index);
		index = rows->port + block;
		port = bpf_map_lookup_elem(&km_authz_row, &index);
		if (!identity || !source || !port)
			return KM_ALTERNATIVE_MISSING;
		index = block * KM_ROW_WORD_COUNT;
#pragma unroll
		for (i = 0; i < KM_ROW_WORD_COUNT; i++, index++) {
			bits = identity->word[i] & source->word[i] & port->word[i];
			if (bits && index >= word)
				goto found;
		}
	}
	return KM_ALTERNATIVE_NONE;
found:
	return index < end ? index * 64 + km_lowest_bit(bits) : KM_ALTERNATIVE_NONE;
}

#endif
