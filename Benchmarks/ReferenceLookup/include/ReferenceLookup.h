/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The connect decision of the preset `hardened` in C: what the simulator's speed is compared with.
 *
 * Same layouts, same hashes, same load factor, same draws, and no less work than ConnectHook.connect4.
 */
#ifndef REFERENCE_LOOKUP_H
#define REFERENCE_LOOKUP_H

#include <kernel_abi.h>

/* Where a connect goes. */
struct reference_destination {
	__u32 address;	/* host order */
	__u16 port;	/* host order */
	__u16 pad;
};

struct reference_maps;

/* Returns empty maps, or NULL without memory. */
struct reference_maps *reference_maps_create(void);
void reference_maps_destroy(struct reference_maps *maps);

/* Each adds one entry; the key must be new. Returns 0, or -1 without memory. */
int reference_put_frontend(struct reference_maps *maps, const struct km_frontend_key *key,
			   const struct km_frontend_value *value);
int reference_put_service(struct reference_maps *maps, const struct km_service_key *key,
			  const struct km_service_value *value);
int reference_put_endpoint(struct reference_maps *maps, const struct km_endpoint_key *key,
			   const struct km_endpoint_value *value);
int reference_put_backend(struct reference_maps *maps, const struct km_backend_key *key,
			  const struct km_backend_value *value);
int reference_put_manage(struct reference_maps *maps, const struct km_manage_key *key,
			 const struct km_manage_value *value);

/*
 * Makes count connects to destinations drawn from a list, each on a new socket.
 * Returns a checksum over where they went.
 */
__u64 reference_connect(const struct reference_maps *maps, __u64 cookie,
			const struct reference_destination *destinations, __u32 destination_count, __u64 seed,
			__u32 count);

#endif
