/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every header here needs: the kernel's types and helpers, and the layouts shared with user space. */
#ifndef KM_BASE_H
#define KM_BASE_H

#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "kernel_abi.h"

typedef _Bool bool;

enum {
	KM_AF_INET = 2,
	KM_AF_INET6 = 10,
	KM_ECONNREFUSED = 111,
};

/* What a sock_addr program returns: the call goes on, or fails with the error that was set. */
enum km_verdict {
	KM_FAIL = 0,
	KM_PROCEED = 1,
};

#endif
