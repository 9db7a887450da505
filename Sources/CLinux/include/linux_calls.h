/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls and constants of Linux that Swift's Glibc module lacks. */
#ifndef LINUX_CALLS_H
#define LINUX_CALLS_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>

/*
 * Blocks SIGTERM, SIGINT and SIGHUP for the process (call it before there are threads) and returns a descriptor from
 * which they are read as struct signalfd_siginfo, or -1.
 */
int km_signal_descriptor(void);
/* setns(2) into a network namespace. */
int km_enter_network_namespace(int descriptor);
/* unshare(2) of the network namespace. */
int km_new_network_namespace(void);
/* The cookie of the caller's network namespace, 0 with errno set when the kernel does not tell. */
unsigned long long km_network_namespace_cookie(void);
/* malloc_trim(3): gives free memory back to the system. */
void km_trim_heap(void);
/* membarrier(2), MEMBARRIER_CMD_GLOBAL: returns after an RCU grace period. */
int km_wait_for_readers(void);
/* The effective capabilities of the process, a bit each, as in <linux/capability.h>. */
int km_effective_capabilities(unsigned long long *capabilities);

#endif
