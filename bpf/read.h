/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads of what user space replaces. The kernel gives the memory of a replaced element to the next insert into the same
 * map at once, also while a program still holds it: what is read there later may be another key's value, and a lookup
 * that walks over it may miss the key although it is there all the time.
 */
#ifndef KM_READ_H
#define KM_READ_H

#include "base.h"

enum { KM_READ_TRY_COUNT = 4 };

/* Finds a key's value. It is missing when it was not found twice. */
static __always_inline void *km_find(void *map, const void *key)
{
	void *value = bpf_map_lookup_elem(map, key);

	return value ? value : bpf_map_lookup_elem(map, key);
}

/*
 * Copies a key's value, in words of four bytes, before anything else is done with it. The copy counts when another
 * lookup finds the same bytes, so that neither another key's value nor a half of two is believed; the last of several
 * copies is taken all the same. Returns false when the key is missing.
 */
static __always_inline bool km_read(void *map, const void *key, void *copy, __u32 word_count)
{
	const volatile __u32 *value;
	__u32 *words = copy;
	__u32 difference;
	__u32 try;
	__u32 i;

	for (try = 0; try < KM_READ_TRY_COUNT; try++) {
		value = km_find(map, key);
		if (!value)
			return 0;
		for (i = 0; i < word_count; i++)
			words[i] = value[i];
		value = km_find(map, key);
		if (!value)
			return 0;
		difference = 0;
		for (i = 0; i < word_count; i++)
			difference |= words[i] ^ value[i];
		if (!difference)
			break;
	}
	return 1;
}

#endif
