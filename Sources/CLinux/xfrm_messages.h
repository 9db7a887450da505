/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages of xfrm(7): made from, and read into, the structures of xfrm_rules.h. */
#ifndef XFRM_MESSAGES_H
#define XFRM_MESSAGES_H

#include "xfrm_rules.h"

#include <libmnl/libmnl.h>

/* Has room for every message that is made here. */
#define KM_XFRM_MESSAGE_SIZE 2048

/* Each begins a message in a buffer of that size. */
struct nlmsghdr *km_xfrm_put_state(void *buffer, int type, const struct km_xfrm_state *state);
struct nlmsghdr *km_xfrm_put_state_id(void *buffer, int type, const struct km_xfrm_state *state);
struct nlmsghdr *km_xfrm_put_policy(void *buffer, int type, const struct km_xfrm_policy *policy);
struct nlmsghdr *km_xfrm_put_policy_id(void *buffer, int type, const struct km_xfrm_policy *policy);

/* Read what a dump tells; false where the message is too short to be one. */
int km_xfrm_read_state(const struct nlmsghdr *message, struct km_xfrm_state *state);
int km_xfrm_read_policy(const struct nlmsghdr *message, struct km_xfrm_policy *policy);

#endif
