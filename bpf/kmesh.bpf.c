// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel twin: one file a hook, with the names of the simulator's. */
#include "cgroup_skb.h"
#include "connect4.h"
#include "connect6.h"
#include "recvmsg4.h"
#include "sendmsg4.h"
#include "sk_msg.h"
#include "sockops.h"
#include "tc_pod.h"
#include "tc_uplink.h"
#include "xdp_ingress.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
