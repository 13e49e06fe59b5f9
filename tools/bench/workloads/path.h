/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pair of devices between two namespaces, ready for traffic.
 *
 * Must never be made in the initial namespace: whatever else is there would have
 * a part in the traffic.
 */
#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#define NEAR_ADDRESS	"10.9.0.1"
#define FAR_ADDRESS	"10.9.0.2"

/* Namespaces by their descriptors; the devices in there are near and far. */
struct path {
	int near;
	int far;
};

void path_make(struct path *path, const char *kind);
void path_up(struct path *path);
/* GRO without TSO at both ends: in veth, packets then go through NAPI. */
void path_gro(struct path *path);
/* Has the near end send packets of one piece, cut before they come to the driver. */
void path_cut(struct path *path);
void path_qdisc(struct path *path, const char *kind);

/* The descriptor of a new namespace that has its devices already. */
int used_namespace(void);
/* A socket of this namespace, whichever the caller is in. */
int socket_in(int ns, int type);
/* In the namespace of this descriptor, until enter() is called again. */
void enter(int ns);

/* UDP, connected to each other. */
void path_datagrams(struct path *path, int *near, int *far);
int path_listen(struct path *path);
/* TCP to a listener at the far end. */
void path_connect(int listener, int near, int *far);

/* Sends @len bytes, and receives all of them at the other end. */
void pass(int from, int to, const void *data, size_t len);

#endif /* BENCH_PATH_H */
