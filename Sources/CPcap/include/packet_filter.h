/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libpcap's filter expressions and names of link types. <pcap.h> itself stays out of sight: it defines the same struct
 * bpf_insn as <linux/bpf.h>.
 */
#ifndef PACKET_FILTER_H
#define PACKET_FILTER_H

enum {
	KM_FILTER_ERROR_SIZE = 256,
};

struct km_filter;

/*
 * Compiles an expression for a link type, in libpcap's numbers (DLT_). Returns NULL with libpcap's message in error, of
 * KM_FILTER_ERROR_SIZE bytes.
 */
struct km_filter *km_filter_compile(const char *expression, int link_type, char *error);
/* Whether a frame passes: its first bytes, how many they are, and how many it had. */
int km_filter_matches(const struct km_filter *filter, const void *frame, unsigned int captured, unsigned int original);
void km_filter_free(struct km_filter *filter);

/* Such as EN10MB, in static memory; NULL for a number that libpcap does not know. */
const char *km_link_type_name(int link_type);

#endif
