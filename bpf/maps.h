/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All maps. The loader sets max_entries of those that follow the mesh, and pins or adopts each by its name. Tables
 * of unknown size are not preallocated: memory is what is used. Upstream's maps have upstream's flags, because its
 * daemon compares them; of those that are ours, what only user space writes is read-only here.
 */
#ifndef KM_MAPS_H
#define KM_MAPS_H

#include "base.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 105000);
	__type(key, struct km_frontend_key);
	__type(value, struct km_frontend_value);
} km_frontend SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 5000);
	__type(key, struct km_service_key);
	__type(value, struct km_service_value);
} km_service SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 105000);
	__type(key, struct km_endpoint_key);
	__type(value, struct km_endpoint_value);
} km_endpoint SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 100000);
	__type(key, struct km_backend_key);
	__type(value, struct km_backend_value);
} km_backend SEC(".maps");

/* Ours: the second address family of dual-stack workloads. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 100000);
	__type(key, struct km_backend_key);
	__type(value, struct km_backend_alt_value);
} km_backend_alt SEC(".maps");

/* Ours: ports of a service beyond ten. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 105000);
	__type(key, struct km_service_port_key);
	__type(value, struct km_service_port_value);
} km_service_port SEC(".maps");

/* Written here too: the control addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__type(key, struct km_manage_key);
	__type(value, struct km_manage_value);
} km_manage SEC(".maps");

/* Prefixes of peers' pods. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__type(key, struct km_nodeinfo_key);
	__type(value, __u32);
} km_nodeinfo SEC(".maps");

/* Ours: the marks of peers' ESP, by their addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 8192);
	__type(key, struct km_addr);
	__type(value, __u32);
} km_peer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct km_sockstorage_value);
} km_sockstorage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} km_auth_req SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__type(key, struct km_tuple);
	__type(value, struct km_auth_result);
} km_auth_res SEC(".maps");

/* Sockets whose first message gets a header, by local → remote; ports in network order. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(struct km_tuple));
	__uint(value_size, sizeof(__u32));
} km_socket SEC(".maps");

/* Connection reports. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} km_tcp_probe SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} km_cgr_tailcall SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} km_cgr_tail6 SEC(".maps");

/*
 * Ours: compiled policies. The loader makes these anew each time, as large as the node's policies are to be, and hands
 * them to the programs filled: the programs in force never look into half of them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, struct km_addr);
	__type(value, struct km_identity_value);
} km_identity SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_bucket);
} km_authz_dst SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_slot);
} km_authz_slot SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_view);
} km_authz_view SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_range);
} km_authz_range SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_range6);
} km_authz_range6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_row);
} km_authz_row SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct km_authz_rule);
} km_authz_rule SEC(".maps");

/* Ours: verdicts of flows and of fragmented packets. Made anew with the policies: generations begin anew too. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct km_tuple);
	__type(value, struct km_verdict_value);
} km_verdict SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct km_fragment_key);
	__type(value, struct km_verdict_value);
} km_fragment SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KM_RECENT_COUNT);
	__type(key, __u32);
	__type(value, struct km_recent);
} km_recent SEC(".maps");

/* Ours: flows that pods opened. They outlive a restart of the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct km_tuple);
	__type(value, struct km_flow_value);
} km_flow SEC(".maps");

/* Ours: connections that were denied, or that a dry run would have judged otherwise. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} km_denial SEC(".maps");

/* Ours: exits of programs, while somebody listens. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} km_event SEC(".maps");

/* Ours: exits of programs, counted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KM_HOOK_COUNT * KM_REASON_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} km_reason_count SEC(".maps");

#endif
