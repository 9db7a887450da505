// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ReferenceLookup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline __u64 mixed(__u64 bits)
{
	__u64 product = bits * 0x9E3779B97F4A7C15ull;

	return product ^ product >> 32;
}

static inline __u64 hash_halves(const void *bytes)
{
	__u64 halves[2];

	memcpy(halves, bytes, sizeof(halves));
	return mixed(halves[0] ^ mixed(halves[1]));
}

static inline __u64 hash_frontend(const struct km_frontend_key *key)
{
	return hash_halves(key);
}

static inline __u64 hash_manage(const struct km_manage_key *key)
{
	return hash_halves(key);
}

static inline __u64 hash_service(const struct km_service_key *key)
{
	return mixed(key->service_id);
}

static inline __u64 hash_backend(const struct km_backend_key *key)
{
	return mixed(key->backend_uid);
}

static inline __u64 hash_endpoint(const struct km_endpoint_key *key)
{
	return mixed(key->service_id | (__u64)key->backend_index << 32) ^ mixed((__u64)key->prio + 1);
}

/* A hash table with linear probing, at most seven eighths full; tag 0 is a free slot. */
#define DEFINE_TABLE(name)									\
struct name##_slot {										\
	__u32 tag;										\
	struct km_##name##_key key;								\
	struct km_##name##_value value;								\
};												\
												\
struct name##_table {										\
	struct name##_slot *slots;								\
	size_t mask;										\
	size_t count;										\
};												\
												\
static inline const struct km_##name##_value *name##_lookup(const struct name##_table *table,	\
							    const struct km_##name##_key *key)	\
{												\
	__u64 hash = hash_##name(key);								\
	__u32 tag = (__u32)(hash >> 32) | 1;							\
												\
	if (!table->slots)									\
		return NULL;									\
	for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {			\
		const struct name##_slot *slot = &table->slots[i];				\
												\
		if (slot->tag == tag && !memcmp(&slot->key, key, sizeof(*key)))			\
			return &slot->value;							\
		if (!slot->tag)									\
			return NULL;								\
	}											\
}												\
												\
static void name##_insert(struct name##_table *table, const struct name##_slot *slot)		\
{												\
	size_t i = hash_##name(&slot->key) & table->mask;					\
												\
	while (table->slots[i].tag)								\
		i = (i + 1) & table->mask;							\
	table->slots[i] = *slot;								\
}												\
												\
static int name##_grow(struct name##_table *table)						\
{												\
	size_t old_size = table->slots ? table->mask + 1 : 0;					\
	size_t size = old_size ? old_size * 2 : 16;						\
	struct name##_slot *old = table->slots;							\
												\
	table->slots = calloc(size, sizeof(*table->slots));					\
	if (!table->slots) {									\
		table->slots = old;								\
		return -1;									\
	}											\
	table->mask = size - 1;									\
	for (size_t i = 0; i < old_size; i++)							\
		if (old[i].tag)									\
			name##_insert(table, &old[i]);						\
	free(old);										\
	return 0;										\
}												\
												\
static int name##_put(struct name##_table *table, const struct km_##name##_key *key,		\
		      const struct km_##name##_value *value)					\
{												\
	struct name##_slot slot = { (__u32)(hash_##name(key) >> 32) | 1, *key, *value };	\
	size_t size = table->slots ? table->mask + 1 : 0;					\
												\
	if ((table->count + 1) * 8 > size * 7 && name##_grow(table))				\
		return -1;									\
	name##_insert(table, &slot);								\
	table->count++;										\
	return 0;										\
}

DEFINE_TABLE(frontend)
DEFINE_TABLE(service)
DEFINE_TABLE(endpoint)
DEFINE_TABLE(backend)
DEFINE_TABLE(manage)

struct reference_maps {
	struct frontend_table frontend;
	struct service_table service;
	struct endpoint_table endpoint;
	struct backend_table backend;
	struct manage_table manage;
};

struct reference_maps *reference_maps_create(void)
{
	return calloc(1, sizeof(struct reference_maps));
}

void reference_maps_destroy(struct reference_maps *maps)
{
	free(maps->frontend.slots);
	free(maps->service.slots);
	free(maps->endpoint.slots);
	free(maps->backend.slots);
	free(maps->manage.slots);
	free(maps);
}

#define DEFINE_PUT(name)									\
int reference_put_##name(struct reference_maps *maps, const struct km_##name##_key *key,	\
			 const struct km_##name##_value *value)					\
{												\
	return name##_put(&maps->name, key, value);						\
}

DEFINE_PUT(frontend)
DEFINE_PUT(service)
DEFINE_PUT(endpoint)
DEFINE_PUT(backend)
DEFINE_PUT(manage)

static inline __u32 draw(__u64 *state)
{
	__u64 z = *state += 0x9E3779B97F4A7C15ull;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
	z = (z ^ z >> 27) * 0x94D049BB133111EBull;
	return (z ^ z >> 31) >> 32;
}

static inline __u32 map_port(__u16 port)
{
	return __builtin_bswap16(port);
}

static inline bool is_zero(const struct km_addr *addr)
{
	return !(addr->word[0] | addr->word[1] | addr->word[2] | addr->word[3]);
}

static inline bool is_ipv4(const struct km_addr *addr)
{
	return !(addr->word[1] | addr->word[2] | addr->word[3]);
}

enum verdict {
	VERDICT_LEAVE,
	VERDICT_REFUSE,
	VERDICT_BACKEND,
	VERDICT_WAYPOINT,
};

/* Sets *to to the endpoint at an index from 0. Returns VERDICT_REFUSE when it is missing or has the other family. */
static inline enum verdict candidate(const struct reference_maps *maps, __u32 service_id, __u32 prio, __u32 index,
				     struct reference_destination *to)
{
	struct km_endpoint_key key = { service_id, prio, index + 1 };
	const struct km_endpoint_value *endpoint = endpoint_lookup(&maps->endpoint, &key);
	const struct km_backend_value *backend;

	if (!endpoint)
		return VERDICT_REFUSE;
	backend = backend_lookup(&maps->backend, &(struct km_backend_key){ endpoint->backend_uid });
	if (!backend)
		return VERDICT_REFUSE;
	if (backend->waypoint_port && !is_zero(&backend->wp_addr)) {
		if (!is_ipv4(&backend->wp_addr))
			return VERDICT_REFUSE;
		to->address = __builtin_bswap32(backend->wp_addr.word[0]);
		to->port = __builtin_bswap16(backend->waypoint_port);
		return VERDICT_WAYPOINT;
	}
	if (!is_ipv4(&backend->addr))
		return VERDICT_REFUSE;
	to->address = __builtin_bswap32(backend->addr.word[0]);
	return VERDICT_BACKEND;
}

/* Picks an endpoint: the first that is usable, from the drawn one on. */
static inline enum verdict pick(const struct reference_maps *maps, __u32 service_id,
				const struct km_service_value *service, __u64 *generator,
				struct reference_destination *to)
{
	__u32 last = service->lb_policy == KM_LB_FAILOVER ? KM_PRIORITY_COUNT - 1 : 0;
	bool is_drawn = false;
	__u32 number = 0;

	if (service->lb_policy > KM_LB_FAILOVER)
		return service->lb_policy == KM_LB_PASSTHROUGH ? VERDICT_LEAVE : VERDICT_REFUSE;
	for (__u32 prio = 0; prio <= last; prio++) {
		__u32 count = service->prio_endpoint_count[prio];
		__u32 tries = count < KM_ENDPOINT_TRY_COUNT ? count : KM_ENDPOINT_TRY_COUNT;

		if (!count)
			continue;
		if (!is_drawn)
			number = draw(generator);
		is_drawn = true;
		for (__u32 step = 0, start = number % count; step < tries; step++) {
			__u32 index = step ? ((__u64)start + step) % count : start;
			enum verdict verdict = candidate(maps, service_id, prio, index, to);

			if (verdict != VERDICT_REFUSE)
				return verdict;
		}
	}
	return VERDICT_REFUSE;
}

/* The lookup chain of one pass. */
static inline enum verdict resolve(const struct reference_maps *maps, struct reference_destination *to,
				   __u64 *generator)
{
	struct km_frontend_key key = { .addr.word[0] = __builtin_bswap32(to->address) };
	const struct km_frontend_value *frontend = frontend_lookup(&maps->frontend, &key);
	const struct km_service_value *service;
	__u32 wanted = map_port(to->port);
	enum verdict verdict;

	if (!frontend)
		return VERDICT_LEAVE;
	service = service_lookup(&maps->service, &(struct km_service_key){ frontend->upstream_id });
	if (!service) /* the address of a workload; not reached here */
		return VERDICT_LEAVE;
	if (service->waypoint_port && !is_zero(&service->wp_addr)) {
		if (!is_ipv4(&service->wp_addr))
			return VERDICT_REFUSE;
		to->address = __builtin_bswap32(service->wp_addr.word[0]);
		to->port = __builtin_bswap16(service->waypoint_port);
		return VERDICT_WAYPOINT;
	}
	verdict = pick(maps, frontend->upstream_id, service, generator, to);
	if (verdict != VERDICT_BACKEND)
		return verdict;
	for (int i = 0; i < KM_SERVICE_PORT_COUNT; i++) {
		if (service->service_port[i] == wanted) {
			to->port = __builtin_bswap16(service->target_port[i]);
			return VERDICT_BACKEND;
		}
	}
	return VERDICT_REFUSE;
}

static inline void remember(struct km_sockstorage_value *storage, const struct reference_destination *destination)
{
	if (storage->has_set_ip)
		return;
	memset(&storage->original_dst, 0, sizeof(storage->original_dst));
	storage->original_dst.ipv4.daddr = __builtin_bswap32(destination->address);
	storage->original_dst.ipv4.dport = __builtin_bswap16(destination->port);
	storage->has_set_ip = 1;
}

/* connect4 on one TCP socket: rewrites *to, and leaves it where the connect is not the mesh's or is refused. */
static inline void connect4(const struct reference_maps *maps, __u64 cookie, struct reference_destination *to,
			    struct km_sockstorage_value *storage, __u64 *generator, __u64 now)
{
	struct km_manage_key manage = {};

	memcpy(manage.bytes, &cookie, sizeof(cookie));
	for (int pass = 0; pass <= KM_TAIL_CALL_LIMIT; pass++) {
		struct reference_destination asked = *to;
		enum verdict verdict;

		if (!manage_lookup(&maps->manage, &manage))
			return;
		if (to->port == KM_DNS_PORT) {
			const struct km_backend_value *proxy =
				backend_lookup(&maps->backend, &(struct km_backend_key){ KM_DNS_PROXY_UID });

			if (proxy) {
				remember(storage, &asked);
				to->address = __builtin_bswap32(proxy->addr.word[0]);
			}
			return;
		}
		storage->connect_ns = now;
		verdict = resolve(maps, to, generator);
		if (verdict == VERDICT_LEAVE || verdict == VERDICT_REFUSE) {
			*to = asked;
			return;
		}
		remember(storage, &asked);
		if (verdict == VERDICT_BACKEND)
			return;
		storage->via_waypoint = 1;
	}
}

__u64 reference_connect(const struct reference_maps *maps, __u64 cookie,
			const struct reference_destination *destinations, __u32 destination_count, __u64 seed,
			__u32 count)
{
	__u64 chooser = ~seed, generator = seed, checksum = 0;

	for (__u32 i = 0; i < count; i++) {
		struct reference_destination to =
			destinations[(__u64)draw(&chooser) * destination_count >> 32];
		struct km_sockstorage_value storage = {};

		connect4(maps, cookie, &to, &storage, &generator, i);
		checksum = (checksum ^ ((__u64)to.address << 16 | to.port)) * 0x100000001B3ull;
		checksum += storage.original_dst.ipv4.daddr + storage.connect_ns;
	}
	return checksum;
}
