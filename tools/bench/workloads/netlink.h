/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few rtnetlink requests that the workloads make.
 *
 * Each returns 0 or a negative errno, from the kernel's acknowledgment. Must
 * never do more than was asked: whatever else it sent would be measured.
 */
#ifndef BENCH_NETLINK_H
#define BENCH_NETLINK_H

/* A socket of the namespace that the caller is in. */
int nl_open(void);

/* Kind is veth or netkit; each end goes into the namespace of its descriptor. */
int nl_pair(int nl, const char *kind, const char *name, int ns,
	    const char *peer, int peer_ns);
int nl_dummy(int nl, const char *name);
/* The same with so many queues for each direction. */
int nl_pair_queues(int nl, const char *kind, const char *name, int ns,
		   const char *peer, int peer_ns, unsigned int queues);
int nl_dummy_queues(int nl, const char *name, unsigned int queues);
int nl_move(int nl, const char *name, int ns);
int nl_delete(int nl, const char *name);
int nl_up(int nl, const char *name);
/* Has the kernel do now what waits for its carrier: until then it drops packets. */
int nl_carrier(int nl, const char *name);
/* IPv4, in a /24. */
int nl_address(int nl, const char *name, const char *address);
/* As the root qdisc. */
int nl_qdisc(int nl, const char *name, const char *kind);
/* In the driver, or not at all where that has none of its own. */
int nl_xdp(int nl, const char *name, int program);
int nl_nsid(int nl, int ns, int id);

#endif /* BENCH_NETLINK_H */
