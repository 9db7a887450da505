/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the policies of a view say of a connection. */
#ifndef KM_AUTHORIZE_H
#define KM_AUTHORIZE_H

#include "base.h"
#include "denial.h"
#include "event.h"
#include "maps.h"
#include "packet.h"
#include "view.h"

/* The rule of an alternative. False: there is none in the map. */
static __always_inline bool km_rule_of(const struct km_authz_view *view, __u32 alternative, struct km_denied *denied)
{
	__u32 index = view->first_rule + alternative;
	const struct km_authz_rule *rule = bpf_map_lookup_elem(&km_authz_rule, &index);

	if (!rule)
		return 0;
	denied->rule = *rule;
	denied->has_rule = 1;
	return 1;
}

/* Finds the rows of a connection. False: they cannot be told. */
static __always_inline bool km_find_rows(const struct km_authz_view *view, const struct km_packet *packet,
					 struct km_rows *rows, __u32 *identity)
{
	struct km_addr source;
	bool is_found;

	km_packet_source(packet, &source);
	*identity = 0;
	if (km_find_identity(&source, packet->is_ipv6, identity) == KM_REUSED)
		return 0;
	is_found = packet->is_ipv6 ? km_find_row6(&view->sources6, &source, &rows->source)
				   : km_find_row(&view->sources4, bpf_ntohl(source.word[0]), &rows->source);
	return is_found && km_find_row(&view->identities, *identity, &rows->identity) &&
	       km_find_row(&view->ports, km_packet_destination_port(packet), &rows->port);
}

/*
 * What would be if dry runs were enforced. Counted and told where it differs; what is enforced stays. False: the maps do
 * not hold what the view tells of.
 */
static __always_inline bool km_try_dry_runs(const struct km_authz_view *view, const struct km_packet *packet,
					    const struct km_rows *rows, __u32 reason, const struct km_denied *enforced)
{
	struct km_denied dry = { .identity = enforced->identity, .slot = enforced->slot };
	__u32 alternative;
	bool would_allow;

	if (reason == KM_REASON_DENIED_BY_POLICY)
		return 1;
	alternative = km_first_match(rows, view->allow_end, view->dry_deny_end);
	if (alternative < KM_ALTERNATIVE_MISSING) {
		would_allow = 0;
	} else if (alternative == KM_ALTERNATIVE_NONE && reason != KM_REASON_ALLOWED_BY_POLICY) {
		alternative = km_first_match(rows, view->dry_deny_end, view->dry_allow_end);
		would_allow = alternative < KM_ALTERNATIVE_MISSING || !(view->has_allow || view->has_dry_allow);
	} else {
		would_allow = 1;
	}
	if (alternative == KM_ALTERNATIVE_MISSING)
		return 0;
	if (would_allow == (reason != KM_REASON_DENIED_BY_DEFAULT))
		return 1;
	if (alternative != KM_ALTERNATIVE_NONE && !km_rule_of(view, alternative, &dry))
		return 0;
	dry.reason = would_allow ? KM_REASON_DRY_RUN_ALLOWS : KM_REASON_DRY_RUN_DENIES;
	km_count(KM_HOOK_XDP_INGRESS, dry.reason);
	km_tell_denial(packet, &dry);
	return 1;
}

/*
 * Judges a connection by the view of denied->slot. Returns the reason, and in `denied` who asks and whose rule it is.
 * Not inlined: so it is verified once, and not for each kind of packet.
 */
__noinline __u32 km_evaluate(const struct km_packet *packet, struct km_denied *denied)
{
	const struct km_authz_view *view;
	struct km_rows rows = {};
	__u32 alternative;
	__u32 reason;
	__u32 index;

	/* For the verifier. */
	if (!packet || !denied)
		return KM_REASON_POLICIES_MISSING;
	/* Linux 6.1 takes a key from the stack, not from what an argument points to. */
	index = denied->slot.view;
	view = bpf_map_lookup_elem(&km_authz_view, &index);
	if (!view)
		return KM_REASON_POLICIES_MISSING;
	if (!km_find_rows(view, packet, &rows, &denied->identity))
		return KM_REASON_POLICIES_MISSING;
	alternative = km_first_match(&rows, 0, view->allow_end);
	if (alternative == KM_ALTERNATIVE_MISSING)
		return KM_REASON_POLICIES_MISSING;
	if (alternative == KM_ALTERNATIVE_NONE) {
		reason = view->has_allow ? KM_REASON_DENIED_BY_DEFAULT : KM_REASON_ALLOWED_BY_DEFAULT;
	} else {
		if (!km_rule_of(view, alternative, denied))
			return KM_REASON_POLICIES_MISSING;
		reason = alternative / 64 < view->deny_end ? KM_REASON_DENIED_BY_POLICY
							   : KM_REASON_ALLOWED_BY_POLICY;
	}
	if (view->dry_allow_end > view->allow_end || view->has_dry_allow) {
		if (!km_try_dry_runs(view, packet, &rows, reason, denied)) {
			denied->has_rule = 0;
			return KM_REASON_POLICIES_MISSING;
		}
	}
	return reason;
}

#endif
