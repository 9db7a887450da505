/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Interfaces of the caller's network namespace, and the programs that packets meet there on their way in (tc). */
#ifndef INTERFACE_FILTERS_H
#define INTERFACE_FILTERS_H

struct km_host_interface {
	char name[16];
	unsigned int index;
	unsigned int peer_index;	/* of the interface that it is linked to, maybe in another namespace; 0 without one */
	unsigned short type;		/* as in <net/if_arp.h> */
};

/* Looks at the interface of that index. Returns 0, or an error number. */
int km_look_at_interface(unsigned int index, struct km_host_interface *interface);
/*
 * Links a tc program to the ingress of an interface by tcx, in front of what is there. Returns the link's descriptor, or
 * a negative error number: -EINVAL from kernels without tcx.
 */
int km_link_tcx(unsigned int index, int program);
/* Counts the filters of the interface's clsact qdisc, in both directions. Returns 0, or an error number. */
int km_count_filters(unsigned int index, unsigned int *count);

#endif
