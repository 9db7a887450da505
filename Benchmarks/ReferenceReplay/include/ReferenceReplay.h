/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The peer of the replay in C: a mapped capture, packets parsed, their flows found and counted; nothing else. */
#ifndef REFERENCE_REPLAY_H
#define REFERENCE_REPLAY_H

#include <stdint.h>

struct reference_replay;

struct reference_replay_sums {
	uint64_t packets;
	uint64_t bytes;	 /* from the IP header on */
	uint64_t flows;
};

/* Maps a pcap file of Ethernet frames in this machine's byte order; NULL when that fails. */
struct reference_replay *reference_replay_open(const char *path);
/* Processes the next packets, at most so many; less at the end of the file. */
struct reference_replay_sums reference_replay_run(struct reference_replay *replay, uint64_t count);
void reference_replay_close(struct reference_replay *replay);

#endif
