/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of the loaded programs. User space sets all of them before it loads. */
#ifndef KM_OPTIONS_H
#define KM_OPTIONS_H

#include "base.h"

const volatile struct km_options km_options = {};

#endif
