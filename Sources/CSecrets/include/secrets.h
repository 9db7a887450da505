/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What it takes to be rid of secrets. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stddef.h>

/* Overwrites bytes with zeros, also where the compiler sees that nobody reads them again. */
void cs_wipe(void *bytes, size_t size);

#endif
