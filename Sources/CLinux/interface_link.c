/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "interface_link.h"

#include "linux_calls.h"

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct work {
	int netns;
	struct km_interface *interface;	/* to be found, or NULL to link */
	unsigned int index;
	int program;
	unsigned int flags;
	int result;
};

static int find(struct km_interface *interface)
{
	interface->netns_cookie = km_network_namespace_cookie();
	if (!interface->netns_cookie)
		return -errno;
	interface->index = if_nametoindex(interface->name);
	return interface->index ? 0 : -errno;
}

static int link_xdp(const struct work *work)
{
	union bpf_attr attributes;
	int link;

	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = work->program;
	attributes.link_create.target_ifindex = work->index;
	attributes.link_create.attach_type = BPF_XDP;
	attributes.link_create.flags = work->flags;
	link = syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
	return link < 0 ? -errno : link;
}

static void *enter(void *context)
{
	struct work *work = context;

	if (km_enter_network_namespace(work->netns))
		work->result = -errno;
	else
		work->result = work->interface ? find(work->interface) : link_xdp(work);
	return NULL;
}

/* A thread that enters a namespace stays there; it ends instead of coming back. */
static int perform(struct work *work)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, enter, work);

	if (error)
		return -error;
	pthread_join(thread, NULL);
	return work->result;
}

int km_find_interface(int netns, struct km_interface *interface)
{
	struct work work = { .netns = netns, .interface = interface };

	return -perform(&work);
}

int km_link_xdp(int netns, unsigned int index, int program, unsigned int flags)
{
	struct work work = { .netns = netns, .index = index, .program = program, .flags = flags };

	return perform(&work);
}
