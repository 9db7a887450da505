/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiles the header alone, so that its assertions are checked in every build. */
#include "kernel_abi.h"
