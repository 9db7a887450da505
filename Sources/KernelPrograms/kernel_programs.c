/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel_programs.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char taken[16384];
static _Thread_local char kept[16384];
static _Thread_local size_t kept_bytes;

static int keep(enum libbpf_print_level level, const char *format, va_list arguments)
{
	size_t room = sizeof(kept) - kept_bytes;
	int length;

	if (level != LIBBPF_WARN || room <= 1)
		return 0;
	length = vsnprintf(kept + kept_bytes, room, format, arguments);
	if (length > 0)
		kept_bytes += (size_t)length < room ? (size_t)length : room - 1;
	return 0;
}

void km_keep_libbpf_messages(void)
{
	libbpf_set_print(keep);
}

const char *km_take_libbpf_messages(void)
{
	for (size_t i = 0; i <= kept_bytes; i++)
		taken[i] = kept[i];
	taken[kept_bytes] = 0;
	kept_bytes = 0;
	kept[0] = 0;
	return taken;
}
