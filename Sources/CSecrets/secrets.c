/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "secrets.h"

#include <string.h>

void cs_wipe(void *bytes, size_t size)
{
	explicit_bzero(bytes, size);
}
