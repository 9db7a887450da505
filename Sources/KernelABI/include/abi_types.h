/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the layouts of all maps are made of: addresses and tuples, and how their sizes and offsets are asserted. */
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

#ifndef __VMLINUX_H__	/* it defines the same types */
#include <linux/types.h>
#endif

#define KM_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type " size")
#define KM_ASSERT_OFFSET(type, field, at) \
	_Static_assert(__builtin_offsetof(struct type, field) == (at), #type "." #field " offset")

/* An address in network order; IPv4 fills word[0] and the rest is zero. */
struct km_addr {
	__u32 word[4];
};
KM_ASSERT_SIZE(km_addr, 16);
KM_ASSERT_OFFSET(km_addr, word, 0);

/* The kernel's struct bpf_sock_tuple: both families in 36 bytes. */
struct km_tuple4 {
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
};
KM_ASSERT_SIZE(km_tuple4, 12);
KM_ASSERT_OFFSET(km_tuple4, saddr, 0);
KM_ASSERT_OFFSET(km_tuple4, daddr, 4);
KM_ASSERT_OFFSET(km_tuple4, sport, 8);
KM_ASSERT_OFFSET(km_tuple4, dport, 10);

struct km_tuple6 {
	__u32 saddr[4];
	__u32 daddr[4];
	__u16 sport;
	__u16 dport;
};
KM_ASSERT_SIZE(km_tuple6, 36);
KM_ASSERT_OFFSET(km_tuple6, saddr, 0);
KM_ASSERT_OFFSET(km_tuple6, daddr, 16);
KM_ASSERT_OFFSET(km_tuple6, sport, 32);
KM_ASSERT_OFFSET(km_tuple6, dport, 34);

struct km_tuple {
	union {
		struct km_tuple4 ipv4;
		struct km_tuple6 ipv6;
	};
};
KM_ASSERT_SIZE(km_tuple, 36);
KM_ASSERT_OFFSET(km_tuple, ipv4, 0);
KM_ASSERT_OFFSET(km_tuple, ipv6, 0);

#endif
