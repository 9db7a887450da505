/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "xfrm_messages.h"

/* Before <linux/xfrm.h>, which else defines in6_addr a second time. */
#include <netinet/in.h>

#include <endian.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <string.h>

static const char algorithm[] = "rfc4106(gcm(aes))";

/* Larger windows, and those of extended numbers, do not fit into the state itself. */
#define SMALL_WINDOW 32

static int family_of(int is_ipv6)
{
	return is_ipv6 ? AF_INET6 : AF_INET;
}

static void put_address(xfrm_address_t *to, const struct km_xfrm_address *address, int is_ipv6)
{
	uint64_t words[2] = { htobe64(address->high), htobe64(address->low) };

	memset(to, 0, sizeof(*to));
	if (is_ipv6)
		memcpy(to, words, sizeof(words));
	else
		to->a4 = htobe32((uint32_t)address->low);
}

static struct km_xfrm_address read_address(const xfrm_address_t *from, int is_ipv6)
{
	struct km_xfrm_address address = {};
	uint64_t words[2];

	if (is_ipv6) {
		memcpy(words, from, sizeof(words));
		address.high = be64toh(words[0]);
		address.low = be64toh(words[1]);
	} else {
		address.low = be32toh(from->a4);
	}
	return address;
}

static struct xfrm_lifetime_cfg unlimited(void)
{
	return (struct xfrm_lifetime_cfg) {
		.soft_byte_limit = XFRM_INF, .hard_byte_limit = XFRM_INF,
		.soft_packet_limit = XFRM_INF, .hard_packet_limit = XFRM_INF,
	};
}

static struct nlmsghdr *begin(void *buffer, int type)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST;
	return message;
}

static void put_mark(struct nlmsghdr *message, const struct km_xfrm_mark *mark)
{
	struct xfrm_mark put = { .v = mark->value, .m = mark->mask };

	if (mark->value || mark->mask)
		mnl_attr_put(message, XFRMA_MARK, sizeof(put), &put);
}

static void put_key(struct nlmsghdr *message, const struct km_xfrm_state *state)
{
	_Alignas(8) char bytes[sizeof(struct xfrm_algo_aead) + KM_XFRM_KEY_SIZE] = {};
	struct xfrm_algo_aead *put = (struct xfrm_algo_aead *)bytes;

	memcpy(put->alg_name, algorithm, sizeof(algorithm));
	put->alg_key_len = state->key_size * 8;
	put->alg_icv_len = state->icv_bits;
	memcpy(put->alg_key, state->key, state->key_size);
	mnl_attr_put(message, XFRMA_ALG_AEAD, sizeof(*put) + state->key_size, put);
	explicit_bzero(bytes, sizeof(bytes));
}

/* The bitmap of a new state is empty, and may be left out. */
static void put_window(struct nlmsghdr *message, const struct km_xfrm_state *state)
{
	struct xfrm_replay_state_esn put = {
		.bmp_len = (state->replay_window + 31) / 32, .replay_window = state->replay_window,
		.oseq = (uint32_t)state->sent, .oseq_hi = state->sent >> 32,
	};

	mnl_attr_put(message, XFRMA_REPLAY_ESN_VAL, sizeof(put), &put);
}

struct nlmsghdr *km_xfrm_put_state(void *buffer, int type, const struct km_xfrm_state *state)
{
	struct nlmsghdr *message = begin(buffer, type);
	struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	int is_large = state->is_extended || state->replay_window > SMALL_WINDOW;

	put_address(&info->id.daddr, &state->destination, state->is_ipv6);
	put_address(&info->saddr, &state->source, state->is_ipv6);
	info->id.spi = htobe32(state->spi);
	info->id.proto = IPPROTO_ESP;
	info->lft = unlimited();
	info->reqid = state->request_id;
	info->family = family_of(state->is_ipv6);
	info->mode = XFRM_MODE_TUNNEL;
	info->replay_window = is_large ? 0 : state->replay_window;
	info->flags = (state->is_extended ? XFRM_STATE_ESN : 0) |
		      (state->takes_either_family ? XFRM_STATE_AF_UNSPEC : 0);
	put_key(message, state);
	if (state->source_port) {
		struct xfrm_encap_tmpl put = {
			.encap_type = UDP_ENCAP_ESPINUDP, .encap_sport = htobe16(state->source_port),
			.encap_dport = htobe16(state->destination_port),
		};

		mnl_attr_put(message, XFRMA_ENCAP, sizeof(put), &put);
	}
	if (is_large)
		put_window(message, state);
	put_mark(message, &state->mark);
	if (state->output_mark.mask) {
		mnl_attr_put_u32(message, XFRMA_SET_MARK, state->output_mark.value);
		mnl_attr_put_u32(message, XFRMA_SET_MARK_MASK, state->output_mark.mask);
	}
	return message;
}

struct nlmsghdr *km_xfrm_put_state_id(void *buffer, int type, const struct km_xfrm_state *state)
{
	struct nlmsghdr *message = begin(buffer, type);
	struct xfrm_usersa_id *id = mnl_nlmsg_put_extra_header(message, sizeof(*id));

	put_address(&id->daddr, &state->destination, state->is_ipv6);
	id->spi = htobe32(state->spi);
	id->family = family_of(state->is_ipv6);
	id->proto = IPPROTO_ESP;
	put_mark(message, &state->mark);
	return message;
}

static void put_selector(struct xfrm_selector *to, const struct km_xfrm_selector *selector)
{
	put_address(&to->daddr, &selector->destination, selector->is_ipv6);
	put_address(&to->saddr, &selector->source, selector->is_ipv6);
	to->family = family_of(selector->is_ipv6);
	to->prefixlen_d = selector->destination_length;
	to->prefixlen_s = selector->source_length;
	to->proto = selector->protocol;
	to->sport = htobe16(selector->source_port);
	to->sport_mask = htobe16(selector->source_port_mask);
}

struct nlmsghdr *km_xfrm_put_policy(void *buffer, int type, const struct km_xfrm_policy *policy)
{
	struct nlmsghdr *message = begin(buffer, type);
	struct xfrm_userpolicy_info *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	struct xfrm_user_tmpl put[KM_XFRM_TEMPLATE_COUNT] = {};

	put_selector(&info->sel, &policy->selector);
	info->lft = unlimited();
	info->priority = policy->priority;
	info->dir = policy->direction;
	info->action = policy->is_blocking ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	for (int index = 0; index < policy->template_count; index++) {
		const struct km_xfrm_template *template = &policy->templates[index];

		put_address(&put[index].id.daddr, &template->destination, template->is_ipv6);
		put_address(&put[index].saddr, &template->source, template->is_ipv6);
		put[index].id.spi = htobe32(template->spi);
		put[index].id.proto = IPPROTO_ESP;
		put[index].family = family_of(template->is_ipv6);
		put[index].reqid = template->request_id;
		put[index].mode = XFRM_MODE_TUNNEL;
		put[index].aalgos = put[index].ealgos = put[index].calgos = ~0;
	}
	if (policy->template_count)
		mnl_attr_put(message, XFRMA_TMPL, policy->template_count * sizeof(put[0]), put);
	put_mark(message, &policy->mark);
	return message;
}

struct nlmsghdr *km_xfrm_put_policy_id(void *buffer, int type, const struct km_xfrm_policy *policy)
{
	struct nlmsghdr *message = begin(buffer, type);
	struct xfrm_userpolicy_id *id = mnl_nlmsg_put_extra_header(message, sizeof(*id));

	put_selector(&id->sel, &policy->selector);
	id->dir = policy->direction;
	put_mark(message, &policy->mark);
	return message;
}

/* The attribute's content where it is as large as it must be, else NULL. */
static const void *content(const struct nlattr *attribute, size_t size)
{
	return mnl_attr_get_payload_len(attribute) >= size ? mnl_attr_get_payload(attribute) : NULL;
}

static void read_mark(const struct nlattr *attribute, struct km_xfrm_mark *mark)
{
	const struct xfrm_mark *found = content(attribute, sizeof(*found));

	if (found)
		*mark = (struct km_xfrm_mark) { .value = found->v, .mask = found->m };
}

/* Whether a key is of the one algorithm, with a size that one of its keys can have. */
static int read_key(const struct nlattr *attribute, struct km_xfrm_state *state)
{
	const struct xfrm_algo_aead *found = content(attribute, sizeof(*found));
	unsigned int size;

	if (!found || strncmp(found->alg_name, algorithm, sizeof(found->alg_name)))
		return 0;
	size = found->alg_key_len / 8;
	if (size > KM_XFRM_KEY_SIZE || !content(attribute, sizeof(*found) + size))
		return 0;
	state->key_size = size;
	state->icv_bits = found->alg_icv_len;
	memcpy(state->key, found->alg_key, size);
	return 1;
}

static int read_encapsulation(const struct nlattr *attribute, struct km_xfrm_state *state)
{
	const struct xfrm_encap_tmpl *found = content(attribute, sizeof(*found));

	if (!found || found->encap_type != UDP_ENCAP_ESPINUDP)
		return 0;
	state->source_port = be16toh(found->encap_sport);
	state->destination_port = be16toh(found->encap_dport);
	return 1;
}

static void read_window(const struct nlattr *attribute, struct km_xfrm_state *state)
{
	const struct xfrm_replay_state_esn *found = content(attribute, sizeof(*found));

	if (!found)
		return;
	state->replay_window = found->replay_window;
	state->received = (uint64_t)found->seq_hi << 32 | found->seq;
	state->sent = (uint64_t)found->oseq_hi << 32 | found->oseq;
}

static void read_numbers(const struct nlattr *attribute, struct km_xfrm_state *state)
{
	const struct xfrm_replay_state *found = content(attribute, sizeof(*found));

	if (!found)
		return;
	state->received = found->seq;
	state->sent = found->oseq;
}

static int selects_all(const struct xfrm_selector *selector)
{
	return !selector->prefixlen_d && !selector->prefixlen_s && !selector->proto && !selector->dport_mask &&
	       !selector->sport_mask && !selector->ifindex && !selector->user;
}

static void read_state_attribute(const struct nlattr *attribute, struct km_xfrm_state *state)
{
	switch (mnl_attr_get_type(attribute)) {
	case XFRMA_ALG_AEAD:
		state->is_other |= !read_key(attribute, state);
		break;
	case XFRMA_ENCAP:
		state->is_other |= !read_encapsulation(attribute, state);
		break;
	case XFRMA_REPLAY_ESN_VAL:
		read_window(attribute, state);
		break;
	case XFRMA_REPLAY_VAL:
		read_numbers(attribute, state);
		break;
	case XFRMA_MARK:
		read_mark(attribute, &state->mark);
		break;
	case XFRMA_SET_MARK:
		if (content(attribute, 4))
			state->output_mark.value = mnl_attr_get_u32(attribute);
		if (!state->output_mark.mask)
			state->output_mark.mask = ~0;
		break;
	case XFRMA_SET_MARK_MASK:
		if (content(attribute, 4))
			state->output_mark.mask = mnl_attr_get_u32(attribute);
		break;
	case XFRMA_IF_ID:
	case XFRMA_SA_EXTRA_FLAGS:
		state->is_other |= !content(attribute, 4) || mnl_attr_get_u32(attribute);
		break;
	case XFRMA_ALG_AUTH:
	case XFRMA_ALG_AUTH_TRUNC:
	case XFRMA_ALG_CRYPT:
	case XFRMA_ALG_COMP:
	case XFRMA_TFCPAD:
	case XFRMA_COADDR:
	case XFRMA_OFFLOAD_DEV:
	case XFRMA_SEC_CTX:
		state->is_other = 1;
		break;
	}
}

int km_xfrm_read_state(const struct nlmsghdr *message, struct km_xfrm_state *state)
{
	const struct nlattr *attribute;
	struct xfrm_usersa_info info;

	memset(state, 0, sizeof(*state));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(info))
		return 0;
	/* Its numbers of 64 bits need not be aligned there. */
	memcpy(&info, mnl_nlmsg_get_payload(message), sizeof(info));
	state->is_ipv6 = info.family == AF_INET6;
	state->source = read_address(&info.saddr, state->is_ipv6);
	state->destination = read_address(&info.id.daddr, state->is_ipv6);
	state->spi = be32toh(info.id.spi);
	state->is_esp = info.id.proto == IPPROTO_ESP;
	state->request_id = info.reqid;
	state->replay_window = info.replay_window;
	state->is_extended = !!(info.flags & XFRM_STATE_ESN);
	state->takes_either_family = !!(info.flags & XFRM_STATE_AF_UNSPEC);
	state->packet_count = info.curlft.packets;
	state->is_other = !state->is_esp || info.mode != XFRM_MODE_TUNNEL || !selects_all(&info.sel) ||
			  (info.flags & ~(XFRM_STATE_ESN | XFRM_STATE_AF_UNSPEC));
	mnl_attr_for_each(attribute, message, sizeof(info))
		read_state_attribute(attribute, state);
	state->is_other |= !state->key_size;
	return 1;
}

static void read_templates(const struct nlattr *attribute, struct km_xfrm_policy *policy)
{
	const struct xfrm_user_tmpl *found = mnl_attr_get_payload(attribute);
	size_t count = mnl_attr_get_payload_len(attribute) / sizeof(*found);

	if (count > KM_XFRM_TEMPLATE_COUNT) {
		policy->is_other = 1;
		return;
	}
	policy->template_count = count;
	for (size_t index = 0; index < count; index++) {
		struct km_xfrm_template *template = &policy->templates[index];

		template->is_ipv6 = found[index].family == AF_INET6;
		template->source = read_address(&found[index].saddr, template->is_ipv6);
		template->destination = read_address(&found[index].id.daddr, template->is_ipv6);
		template->spi = be32toh(found[index].id.spi);
		template->request_id = found[index].reqid;
		policy->is_other |= found[index].id.proto != IPPROTO_ESP || found[index].mode != XFRM_MODE_TUNNEL ||
				    found[index].optional;
	}
}

int km_xfrm_read_policy(const struct nlmsghdr *message, struct km_xfrm_policy *policy)
{
	const struct xfrm_userpolicy_type *type;
	const struct nlattr *attribute;
	struct km_xfrm_selector *selector = &policy->selector;
	struct xfrm_userpolicy_info info;

	memset(policy, 0, sizeof(*policy));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(info))
		return 0;
	memcpy(&info, mnl_nlmsg_get_payload(message), sizeof(info));
	selector->is_ipv6 = info.sel.family == AF_INET6;
	selector->source = read_address(&info.sel.saddr, selector->is_ipv6);
	selector->destination = read_address(&info.sel.daddr, selector->is_ipv6);
	selector->source_length = info.sel.prefixlen_s;
	selector->destination_length = info.sel.prefixlen_d;
	selector->protocol = info.sel.proto;
	selector->source_port = be16toh(info.sel.sport);
	selector->source_port_mask = be16toh(info.sel.sport_mask);
	policy->priority = info.priority;
	policy->direction = info.dir;
	policy->is_blocking = info.action == XFRM_POLICY_BLOCK;
	policy->is_other = info.sel.dport_mask || info.sel.ifindex || info.sel.user || info.flags;
	mnl_attr_for_each(attribute, message, sizeof(info)) {
		switch (mnl_attr_get_type(attribute)) {
		case XFRMA_TMPL:
			read_templates(attribute, policy);
			break;
		case XFRMA_MARK:
			read_mark(attribute, &policy->mark);
			break;
		case XFRMA_POLICY_TYPE:
			type = content(attribute, sizeof(*type));
			policy->is_other |= !type || type->type != XFRM_POLICY_TYPE_MAIN;
			break;
		case XFRMA_IF_ID:
			policy->is_other |= !content(attribute, 4) || mnl_attr_get_u32(attribute);
			break;
		case XFRMA_SEC_CTX:
		case XFRMA_OFFLOAD_DEV:
			policy->is_other = 1;
			break;
		}
	}
	return 1;
}
