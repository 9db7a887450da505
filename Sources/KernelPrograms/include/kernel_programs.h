/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel programs, compiled and embedded: the skeleton that bpftool generates from bpf/ (make programs). */
#ifndef KERNEL_PROGRAMS_H
#define KERNEL_PROGRAMS_H

#include "kernel_abi.h"

#include "../generated/kmesh.skel.h"

/* From now on libbpf's warnings are kept, the first few thousand bytes, instead of printed. */
void km_keep_libbpf_messages(void);
/* What was kept since the last call; valid until the next message. */
const char *km_take_libbpf_messages(void);

#endif
