// SPDX-License-Identifier: GPL-2.0
/*
 * A socket that io_uring makes is of the network namespace of the task that makes
 * it, which may be one of the ring's own that has stayed where the ring was set
 * up. That namespace is activated, and no other one.
 */
#include <linux/io_uring.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "dormant_util.h"

struct ring {
	int fd;
	struct io_uring_params p;
	void *rings;
	struct io_uring_sqe *sqe;
	unsigned int nr;	/* requests so far, one at a time */
};

/* A ring with room for one request; the time for a polling thread is short. */
static int ring_open(struct ring *ring, __u32 flags)
{
	struct io_uring_params *p = &ring->p;

	*ring = (struct ring) { .p.flags = flags, .p.sq_thread_idle = 1 };
	ring->fd = syscall(__NR_io_uring_setup, 1, p);
	if (ring->fd < 0)
		return -errno;
	ring->rings = mmap(NULL, p->cq_off.cqes +
			   p->cq_entries * sizeof(struct io_uring_cqe),
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			   ring->fd, IORING_OFF_SQ_RING);
	ring->sqe = mmap(NULL, sizeof(*ring->sqe), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	return ring->rings == MAP_FAILED || ring->sqe == MAP_FAILED ? -errno :
								      0;
}

static unsigned int *ring_word(struct ring *ring, __u32 offset)
{
	return ring->rings + offset;
}

/* The result of one request, or a negative errno. */
static int ring_do(struct ring *ring, const struct io_uring_sqe *sqe)
{
	const struct io_uring_cqe *cqes = ring->rings + ring->p.cq_off.cqes;
	unsigned int mask = *ring_word(ring, ring->p.cq_off.ring_mask);
	int res;

	*ring->sqe = *sqe;
	*ring_word(ring, ring->p.sq_off.array) = 0;
	__atomic_store_n(ring_word(ring, ring->p.sq_off.tail), ring->nr + 1,
			 __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring->fd, 1, 1,
		    IORING_ENTER_GETEVENTS |
		    (ring->p.flags & IORING_SETUP_SQPOLL ?
		     IORING_ENTER_SQ_WAKEUP : 0), NULL, 0) != 1)
		return -errno;
	res = cqes[ring->nr & mask].res;
	ring->nr++;
	__atomic_store_n(ring_word(ring, ring->p.cq_off.head), ring->nr,
			 __ATOMIC_RELEASE);
	return res;
}

static int ring_socket(struct ring *ring, int family, __u8 flags)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SOCKET,
		.fd = family,
		.off = SOCK_DGRAM,
		.flags = flags,
	};

	return ring_do(ring, &sqe);
}

static int ring_nothing(struct ring *ring, __u8 flags)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_NOP,
		.flags = flags,
	};

	return ring_do(ring, &sqe);
}

/* Which is the namespace of a socket? */
static ino_t socket_ino(int sock)
{
	int nsfd = ioctl(sock, SIOCGSKNS);
	ino_t ino = fd_ino(nsfd);

	close(nsfd);
	return ino;
}

/* Is there a thread of this process that has nothing to do and this name? */
static bool idles(const char *prefix)
{
	char path[300], text[256];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	dir = opendir("/proc/self/task");
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/stat",
			 entry->d_name);
		if (read_file(path, text, sizeof(text)) > 0 &&
		    !strncmp(strchrnul(text, '('), prefix, strlen(prefix)) &&
		    strstr(text, ") S "))
			found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

#define WORKER "(iou-wrk-"

/* What is done where a ring is set up, and then somewhere else. */
FIXTURE(ring)
{
	struct ring ring;
	int before;	/* the namespace in which the ring was made */
	int after;	/* that of the task now */
};

FIXTURE_VARIANT(ring)
{
	bool eager;
	__u32 setup;
	__u8 flags;
	bool worker;	/* there is one already, which is as good for others */
	bool stays;	/* what makes sockets has stayed where it was */
};

FIXTURE_VARIANT_ADD(ring, at_once)
{
};

FIXTURE_VARIANT_ADD(ring, by_a_worker)
{
	.flags = IOSQE_ASYNC,
	.worker = true,
	.stays = true,
};

/* It is made by the task when it is needed. */
FIXTURE_VARIANT_ADD(ring, by_a_new_worker)
{
	.flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(ring, by_polling)
{
	.setup = IORING_SETUP_SQPOLL,
	.stays = true,
};

/* The same ones. */
FIXTURE_VARIANT_ADD(ring, eagerly_at_once)
{
	.eager = true,
};

FIXTURE_VARIANT_ADD(ring, eagerly_by_a_worker)
{
	.eager = true,
	.flags = IOSQE_ASYNC,
	.worker = true,
	.stays = true,
};

FIXTURE_VARIANT_ADD(ring, eagerly_by_a_new_worker)
{
	.eager = true,
	.flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(ring, eagerly_by_polling)
{
	.eager = true,
	.setup = IORING_SETUP_SQPOLL,
	.stays = true,
};

FIXTURE_SETUP(ring)
{
	if (access("/proc/sys/kernel/io_uring_disabled", F_OK))
		SKIP(return, "no io_uring in this kernel");
	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "%d", variant->eager));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->before = open_self_ns("net");
	ASSERT_LE(0, self->before);
	EXPECT_WAKES_PART(0, !ring_open(&self->ring, variant->setup));
	if (variant->worker) {
		EXPECT_WAKES_PART(0, !ring_nothing(&self->ring, IOSQE_ASYNC));
		/* Busy, it would be given another one for help. */
		ASSERT_TRUE(wait_until(idles(WORKER)));
	}
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	self->after = open_self_ns("net");
	ASSERT_LE(0, self->after);
}

FIXTURE_TEARDOWN(ring)
{
	write_file(EAGER_SYSCTL, "0");
}

TEST_F(ring, wakes_where_the_socket_is)
{
	int used = variant->stays ? self->before : self->after;
	int other = variant->stays ? self->after : self->before;
	int sock = -1;

	EXPECT_WAKES(!variant->eager,
		     (sock = ring_socket(&self->ring, AF_INET,
					 variant->flags)) >= 0);
	EXPECT_EQ(fd_ino(used), socket_ino(sock));
	ASSERT_TRUE(!variant->worker || wait_until(idles(WORKER)));
	EXPECT_WAKES(0, (sock = ring_socket(&self->ring, AF_INET6,
					    variant->flags)) >= 0);
	EXPECT_EQ(fd_ino(used), socket_ino(sock));
	ASSERT_EQ(0, sys_setns(used, CLONE_NEWNET));
	EXPECT_WAKES(0, own_link_index("lo") == 1);
	ASSERT_EQ(0, sys_setns(other, CLONE_NEWNET));
	EXPECT_WAKES(!variant->eager, own_link_index("lo") == 1);
}

TEST_F(ring, wakes_in_part_where_a_local_socket_is)
{
	int used = variant->stays ? self->before : self->after;
	int sock = -1;

	EXPECT_WAKES_PART(!variant->eager,
			  (sock = ring_socket(&self->ring, AF_UNIX,
					      variant->flags)) >= 0);
	EXPECT_EQ(fd_ino(used), socket_ino(sock));
	ASSERT_EQ(0, sys_setns(used, CLONE_NEWNET));
	EXPECT_WAKES_PART(0, makes_socket(AF_UNIX, SOCK_STREAM, 0));
}

TEST_F(ring, wakes_nobody_when_refused)
{
	EXPECT_WAKES_PART(0, ring_nothing(&self->ring, variant->flags) == 0);
	EXPECT_WAKES_PART(0, ring_socket(&self->ring, 99, variant->flags) ==
			     -EAFNOSUPPORT);
}

DORMANT_TEST_MAIN
