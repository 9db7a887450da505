/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who decides about inbound connections: the compiled policies, or user space. */
#ifndef KM_AUTHORITY_H
#define KM_AUTHORITY_H

#include "base.h"
#include "options.h"

/* Verdicts of another generation are stale. User space sets it when the policies have changed. */
volatile __u32 km_authz_generation = 0;

/* 1: user space decides although the policies are compiled. */
volatile __u32 km_authz_user_space = 0;

static __always_inline bool km_user_space_decides(void)
{
	return !km_options.judges_by_policies || km_authz_user_space;
}

#endif
