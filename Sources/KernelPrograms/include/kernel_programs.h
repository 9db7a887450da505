/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel programs, compiled and embedded: the skeleton that bpftool generates from bpf/ (make programs). */
#ifndef KERNEL_PROGRAMS_H
#define KERNEL_PROGRAMS_H

#include "kernel_abi.h"

#include "../generated/kmesh.skel.h"

#endif
