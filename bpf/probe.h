/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who probes pods: this node and its pods' gateways. */
#ifndef KM_PROBE_H
#define KM_PROBE_H

#include "address.h"
#include "base.h"
#include "options.h"

/* addr is not a mapped address. */
static __always_inline bool km_is_probe_source(const struct km_addr *addr)
{
	__u32 i;

	for (i = 0; i < KM_PROBE_SOURCE_COUNT && i < km_options.probe_source_count; i++) {
		struct km_addr source = km_options.probe_source[i];

		if (km_addr_equal(addr, &source))
			return 1;
	}
	return 0;
}

#endif
