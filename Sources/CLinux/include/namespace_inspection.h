/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a network namespace is to the mesh: its cookie, its interface, its addresses. */
#ifndef NAMESPACE_INSPECTION_H
#define NAMESPACE_INSPECTION_H

#define KM_NAMESPACE_ADDRESS_COUNT 32
#define KM_NAMESPACE_INTERFACE_COUNT 64

struct km_namespace_address {
	unsigned char is_ipv6;
	unsigned char bytes[16];	/* network order; of IPv4 the first four */
};

struct km_namespace_interface {
	char name[16];
	unsigned int index;
	unsigned int xdp_program;	/* the number of the XDP program that is attached; 0 without one */
	unsigned int peer_index;	/* of the interface that it is linked to, maybe in another namespace; 0 without one */
};

struct km_namespace {
	unsigned long long cookie;
	char interface[16];		/* the first that is up and not the loopback device; empty without one */
	unsigned int peer_index;	/* of its other end, in another namespace; 0 without one */
	unsigned int address_count;	/* of that interface, link-local ones left out */
	struct km_namespace_address addresses[KM_NAMESPACE_ADDRESS_COUNT];
	unsigned int interface_count;	/* that are up and not the loopback device; there may be more than are listed */
	struct km_namespace_interface interfaces[KM_NAMESPACE_INTERFACE_COUNT];
};

/* Looks into the namespace of a descriptor, on a thread of its own. Returns 0, or an error number. */
int km_inspect_namespace(int descriptor, struct km_namespace *result);

#endif
