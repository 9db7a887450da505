/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's states and policies of IPsec (ip xfrm), over netlink.
 *
 * Numbers are in host order; an IPv4 address is in the low half of low. Functions return 0 or an error number.
 * Buffers that carried keys are wiped here; what was listed is the caller's to wipe.
 */
#ifndef XFRM_RULES_H
#define XFRM_RULES_H

#include <stddef.h>
#include <stdint.h>

#define KM_XFRM_KEY_SIZE 36
#define KM_XFRM_TEMPLATE_COUNT 6

struct km_xfrm_address {
	uint64_t high;
	uint64_t low;
};

struct km_xfrm_mark {
	uint32_t value;
	uint32_t mask;
};

/* A state of ESP in tunnel mode. It is found by destination, SPI and mark. */
struct km_xfrm_state {
	struct km_xfrm_address source;
	struct km_xfrm_address destination;
	uint32_t spi;
	uint32_t request_id;
	struct km_xfrm_mark mark;
	struct km_xfrm_mark output_mark;	/* with mask 0: none */
	uint32_t replay_window;
	uint16_t source_port;			/* of ESP in UDP; 0 without it, as the next */
	uint16_t destination_port;
	uint8_t is_ipv6;
	uint8_t is_extended;			/* sequence numbers of 64 bits */
	uint8_t takes_either_family;
	uint8_t key_size;			/* bytes */
	uint32_t icv_bits;
	uint8_t key[KM_XFRM_KEY_SIZE];		/* of rfc4106(gcm(aes)) */
	/* Only of what is listed: */
	uint8_t is_other;			/* has something that cannot be said here */
	uint8_t is_esp;
	uint64_t packet_count;
	uint64_t received;			/* highest sequence numbers */
	uint64_t sent;
};

struct km_xfrm_selector {
	struct km_xfrm_address source;
	struct km_xfrm_address destination;
	uint8_t source_length;
	uint8_t destination_length;
	uint8_t is_ipv6;
	uint8_t protocol;			/* 0: any */
	uint16_t source_port;			/* of ICMP its type */
	uint16_t source_port_mask;
};

/* What packets are to be, or must have been: ESP in tunnel mode. */
struct km_xfrm_template {
	struct km_xfrm_address source;
	struct km_xfrm_address destination;
	uint32_t spi;				/* 0: any */
	uint32_t request_id;
	uint32_t is_ipv6;
};

enum km_xfrm_direction {
	KM_XFRM_IN = 0,
	KM_XFRM_OUT = 1,
	KM_XFRM_FWD = 2,
};

/* A policy. It is found by direction, selector and mark. */
struct km_xfrm_policy {
	struct km_xfrm_selector selector;
	struct km_xfrm_mark mark;
	uint32_t priority;
	uint8_t direction;
	uint8_t is_blocking;
	uint8_t is_other;			/* only of what is listed: has something that cannot be said here */
	uint8_t template_count;
	struct km_xfrm_template templates[KM_XFRM_TEMPLATE_COUNT];
};

/* In the place of a network namespace's descriptor. */
enum km_xfrm_namespace {
	KM_XFRM_OWN_NAMESPACE = -1,	/* the caller's */
	KM_XFRM_NEW_NAMESPACE = -2,	/* one that lasts as long as the socket, with nothing in it */
};

/* A socket in the network namespace of a descriptor: a descriptor, or minus an error number. */
int km_xfrm_open(int netns);

/* Adds a state, or updates the one that is there. */
int km_xfrm_set_state(int socket, int updates, const struct km_xfrm_state *state);
int km_xfrm_delete_state(int socket, const struct km_xfrm_state *state);
/* The state that the kernel finds by this one's destination, SPI and mark; ESRCH without one. */
int km_xfrm_find_state(int socket, const struct km_xfrm_state *wanted, struct km_xfrm_state *found);
/* Adds a policy; with updates, in the place of one that is there. */
int km_xfrm_set_policy(int socket, int updates, const struct km_xfrm_policy *policy);
int km_xfrm_delete_policy(int socket, const struct km_xfrm_policy *policy);
int km_xfrm_flush_states(int socket);
int km_xfrm_flush_policies(int socket);

/* All that there are; the list is the caller's to free. */
int km_xfrm_list_states(int socket, struct km_xfrm_state **list, size_t *count);
int km_xfrm_list_policies(int socket, struct km_xfrm_policy **list, size_t *count);

/* The message that adds a state, for tests: its size, or 0 where it has no room. */
size_t km_xfrm_encoded_state(const struct km_xfrm_state *state, void *buffer, size_t size);

#endif
