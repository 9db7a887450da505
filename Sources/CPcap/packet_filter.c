// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "packet_filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct km_filter {
	struct bpf_program program;
};

enum {
	/* What an accepting program returns; it must not be 0. */
	SNAP_LENGTH = 262144,
};

/* The optimizer refuses what rejects every packet, which is no mistake where other link types are filtered too. */
static int compile(pcap_t *compiler, struct bpf_program *program, const char *expression)
{
	return pcap_compile(compiler, program, expression, 1, PCAP_NETMASK_UNKNOWN) &&
	       pcap_compile(compiler, program, expression, 0, PCAP_NETMASK_UNKNOWN);
}

struct km_filter *km_filter_compile(const char *expression, int link_type, char *error)
{
	pcap_t *compiler = pcap_open_dead(link_type, SNAP_LENGTH);
	struct km_filter *filter = calloc(1, sizeof(*filter));

	if (!compiler || !filter) {
		snprintf(error, KM_FILTER_ERROR_SIZE, "out of memory");
	} else if (compile(compiler, &filter->program, expression)) {
		snprintf(error, KM_FILTER_ERROR_SIZE, "%s", pcap_geterr(compiler));
	} else {
		pcap_close(compiler);
		return filter;
	}
	if (compiler)
		pcap_close(compiler);
	free(filter);
	return NULL;
}

int km_filter_matches(const struct km_filter *filter, const void *frame, unsigned int captured, unsigned int original)
{
	struct pcap_pkthdr header = { .caplen = captured, .len = original };

	return pcap_offline_filter(&filter->program, &header, frame) != 0;
}

void km_filter_free(struct km_filter *filter)
{
	pcap_freecode(&filter->program);
	free(filter);
}

const char *km_link_type_name(int link_type)
{
	return pcap_datalink_val_to_name(link_type);
}
