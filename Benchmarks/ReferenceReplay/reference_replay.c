// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ReferenceReplay.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PCAP_HEADER_SIZE = 24,
	PCAP_RECORD_SIZE = 16,
	ETHERNET_SIZE = 14,
	CHUNK_BITS = 8,
	CHUNK_SIZE = 1 << CHUNK_BITS,
	CHUNK_LIMIT = 1 << 14,
};

/* The same 128 bytes as the replay has. */
struct entry {
	uint64_t client[2];
	uint64_t server[2];
	uint64_t spare[2];
	uint16_t client_port;
	uint16_t server_port;
	uint16_t spare_port;
	uint8_t protocol;
	uint8_t state;
	uint64_t sent_bytes;
	uint64_t received_bytes;
	uint32_t sent_packets;
	uint32_t received_packets;
	uint64_t first_packet;
	uint64_t first_timestamp;
	uint32_t last_tick;
	uint32_t rest[7];
};
_Static_assert(sizeof(struct entry) == 128, "entry size");

struct key {
	uint64_t source;
	uint64_t destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol;
};

struct reference_replay {
	const uint8_t *bytes;
	size_t size;
	size_t offset;
	uint64_t packets;
	struct entry *chunks[CHUNK_LIMIT];
	uint32_t count;
	uint32_t *slots;
	unsigned int slot_bits;
};

static uint16_t get16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return __builtin_bswap16(value);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return __builtin_bswap32(value);
}

static uint32_t native32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint64_t mixed(uint64_t address, uint16_t port)
{
	uint64_t product = (address ^ (uint64_t)port << 40) * 0xBF58476D1CE4E5B9u;

	return product ^ product >> 31;
}

static uint64_t hash_of(const struct key *key)
{
	uint64_t sum = mixed(key->source, key->source_port) + mixed(key->destination, key->destination_port) +
		       ((uint64_t)key->protocol << 1);
	uint64_t product = sum * 0x9E3779B97F4A7C15u;

	return product ^ product >> 32;
}

static struct entry *entry_at(struct reference_replay *replay, uint32_t number)
{
	return &replay->chunks[number >> CHUNK_BITS][number & (CHUNK_SIZE - 1)];
}

static uint32_t slot_of(uint64_t hash, uint32_t number, unsigned int bits)
{
	return (uint32_t)(hash >> (33 + bits)) << (bits + 1) | (number + 1) << 1;
}

static void place(struct reference_replay *replay, uint64_t hash, uint32_t number)
{
	uint32_t mask = (1u << replay->slot_bits) - 1;
	uint32_t position = (uint32_t)hash & mask;

	while (replay->slots[position])
		position = (position + 1) & mask;
	replay->slots[position] = slot_of(hash, number, replay->slot_bits);
}

static bool grow(struct reference_replay *replay)
{
	replay->slot_bits++;
	free(replay->slots);
	replay->slots = calloc((size_t)1 << replay->slot_bits, sizeof(*replay->slots));
	if (!replay->slots)
		return false;
	for (uint32_t number = 0; number < replay->count; number++) {
		const struct entry *entry = entry_at(replay, number);
		struct key key = {entry->client[1], entry->server[1], entry->client_port, entry->server_port,
				  entry->protocol};

		place(replay, hash_of(&key), number);
	}
	return true;
}

static struct entry *find(struct reference_replay *replay, const struct key *key, uint64_t hash, bool *forward)
{
	unsigned int bits = replay->slot_bits;
	uint32_t mask = (1u << bits) - 1;
	uint32_t position = (uint32_t)hash & mask;
	uint32_t wanted = (uint32_t)(hash >> (33 + bits));
	uint32_t slot;

	while ((slot = replay->slots[position])) {
		if (slot >> (bits + 1) == wanted) {
			struct entry *entry = entry_at(replay, (slot >> 1 & mask) - 1);

			if (entry->protocol == key->protocol) {
				if (entry->client_port == key->source_port &&
				    entry->server_port == key->destination_port && entry->client[1] == key->source &&
				    entry->server[1] == key->destination) {
					*forward = true;
					return entry;
				}
				if (entry->client_port == key->destination_port &&
				    entry->server_port == key->source_port && entry->client[1] == key->destination &&
				    entry->server[1] == key->source) {
					*forward = false;
					return entry;
				}
			}
		}
		position = (position + 1) & mask;
	}
	return NULL;
}

static struct entry *insert(struct reference_replay *replay, const struct key *key, uint64_t hash)
{
	uint32_t number = replay->count;
	struct entry *entry;

	if ((number >> CHUNK_BITS) >= CHUNK_LIMIT)
		return NULL;
	if (!(number & (CHUNK_SIZE - 1))) {
		replay->chunks[number >> CHUNK_BITS] = calloc(CHUNK_SIZE, sizeof(struct entry));
		if (!replay->chunks[number >> CHUNK_BITS])
			return NULL;
	}
	if (((uint64_t)number + 1) * 8 > ((uint64_t)7 << replay->slot_bits) && !grow(replay))
		return NULL;
	entry = entry_at(replay, number);
	entry->client[1] = key->source;
	entry->server[1] = key->destination;
	entry->client_port = key->source_port;
	entry->server_port = key->destination_port;
	entry->protocol = key->protocol;
	replay->count++;
	place(replay, hash, number);
	return entry;
}

struct reference_replay *reference_replay_open(const char *path)
{
	struct reference_replay *replay = calloc(1, sizeof(*replay));
	struct stat status;
	void *bytes;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (!replay || file < 0 || fstat(file, &status) || status.st_size < PCAP_HEADER_SIZE)
		goto fail;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	if (bytes == MAP_FAILED)
		goto fail;
	close(file);
	replay->bytes = bytes;
	replay->size = (size_t)status.st_size;
	replay->offset = PCAP_HEADER_SIZE;
	replay->slot_bits = 6;
	replay->slots = calloc((size_t)1 << replay->slot_bits, sizeof(*replay->slots));
	if (replay->slots)
		return replay;
	munmap(bytes, replay->size);
	file = -1;
fail:
	if (file >= 0)
		close(file);
	free(replay);
	return NULL;
}

struct reference_replay_sums reference_replay_run(struct reference_replay *replay, uint64_t count)
{
	struct reference_replay_sums sums = {0};

	while (sums.packets < count && replay->size - replay->offset >= PCAP_RECORD_SIZE) {
		const uint8_t *record = replay->bytes + replay->offset;
		uint32_t captured = native32(record + 8);
		const uint8_t *ip = record + PCAP_RECORD_SIZE + ETHERNET_SIZE;
		uint64_t timestamp = native32(record) * 1000000000ull + native32(record + 4);
		struct entry *entry;
		struct key key;
		uint64_t hash;
		uint16_t total;
		bool forward = true;

		if (replay->size - replay->offset - PCAP_RECORD_SIZE < captured)
			break;
		replay->offset += PCAP_RECORD_SIZE + captured;
		replay->packets++;
		sums.packets++;
		if (captured < ETHERNET_SIZE + 40 || get16(ip - 2) != 0x0800 || ip[0] != 0x45 || get16(ip + 6) & 0x3fff)
			continue;
		total = get16(ip + 2);
		key = (struct key){get32(ip + 12), get32(ip + 16), get16(ip + 20), get16(ip + 22), ip[9]};
		hash = hash_of(&key);
		entry = find(replay, &key, hash, &forward);
		if (!entry) {
			entry = insert(replay, &key, hash);
			if (!entry)
				break;
			entry->first_packet = replay->packets;
			entry->first_timestamp = timestamp;
		}
		entry->last_tick = (uint32_t)((timestamp - entry->first_timestamp) >> 20);
		if (forward) {
			entry->sent_packets++;
			entry->sent_bytes += total;
		} else {
			entry->received_packets++;
			entry->received_bytes += total;
		}
		sums.bytes += total;
	}
	sums.flows = replay->count;
	return sums;
}

void reference_replay_close(struct reference_replay *replay)
{
	for (uint32_t index = 0; index < CHUNK_LIMIT; index++)
		free(replay->chunks[index]);
	free(replay->slots);
	munmap((void *)replay->bytes, replay->size);
	free(replay);
}
