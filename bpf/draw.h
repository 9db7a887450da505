/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random numbers: the kernel's own, or in deterministic mode those of the simulator. */
#ifndef KM_DRAW_H
#define KM_DRAW_H

#include "base.h"
#include "options.h"

/* State of the deterministic generator; user space sets the seed. */
__u64 km_generator = 0;

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the upper half of the next number. */
static __always_inline __u32 km_draw(void)
{
	const __u64 increment = 0x9E3779B97F4A7C15ULL;
	__u64 z;

	if (!km_options.is_deterministic)
		return bpf_get_prandom_u32();
	z = __sync_fetch_and_add(&km_generator, increment) + increment;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	z ^= z >> 31;
	return z >> 32;
}

#endif
