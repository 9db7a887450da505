/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "linux_calls.h"

#include <linux/capability.h>
#include <linux/membarrier.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int km_signal_descriptor(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int km_enter_network_namespace(int descriptor)
{
	return setns(descriptor, CLONE_NEWNET);
}

int km_new_network_namespace(void)
{
	return unshare(CLONE_NEWNET);
}

unsigned long long km_network_namespace_cookie(void)
{
	unsigned long long cookie = 0;
	socklen_t length = sizeof(cookie);
	int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (probe < 0)
		return 0;
	if (getsockopt(probe, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length))
		cookie = 0;
	close(probe);
	return cookie;
}

void km_trim_heap(void)
{
	malloc_trim(0);
}

int km_wait_for_readers(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

int km_effective_capabilities(unsigned long long *capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data))
		return -1;
	*capabilities = (unsigned long long)data[1].effective << 32 | data[0].effective;
	return 0;
}
