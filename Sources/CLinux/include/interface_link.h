/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Links of XDP programs to interfaces of other network namespaces. */
#ifndef INTERFACE_LINK_H
#define INTERFACE_LINK_H

struct km_interface {
	char name[16];
	unsigned int index;		/* set by the calls, as the next */
	unsigned long long netns_cookie;
};

/* Finds the interface of that name in the namespace of a descriptor. Returns 0, or an error number. */
int km_find_interface(int netns, struct km_interface *interface);
/*
 * Links an XDP program to the interface of that index there; flags are XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE.
 * Returns the link's descriptor, or a negative error number.
 */
int km_link_xdp(int netns, unsigned int index, int program, unsigned int flags);

#endif
