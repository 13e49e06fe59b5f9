// SPDX-License-Identifier: GPL-2.0
/*
 * To mount a file system of the network may be the first use of a network
 * namespace, and fails as it does in one that was ready at its birth; to mount
 * any other does not use it.
 */
#include <linux/auto_fs.h>
#include <sys/ioctl.h>

#include "dormant_util.h"

#define MOUNT "/mnt"

FIXTURE(filesystem)
{
	int pipe[2];
};

FIXTURE_VARIANT(filesystem)
{
	const char *type;
	const char *source;
	const char *data;	/* with the descriptor of a pipe and a group */
	int wakes;
	int err;
};

#define FILESYSTEM(name, ...)						\
	FIXTURE_VARIANT_ADD(filesystem, name) { __VA_ARGS__ }

/* There is nobody to talk to: lo is down. */
FILESYSTEM(nfs3, "nfs", "127.0.0.1:/",
	   "vers=3,proto=tcp,addr=127.0.0.1,port=2049,mountproto=tcp,mountaddr=127.0.0.1,mountport=635,nolock,soft,timeo=300,retrans=1",
	   1, ENETUNREACH);
FILESYSTEM(nfs4, "nfs4", "127.0.0.1:/",
	   "vers=4.0,proto=tcp,addr=127.0.0.1,clientaddr=127.0.0.1,soft,timeo=300,retrans=1",
	   1, ENETUNREACH);
FILESYSTEM(p9_tcp, "9p", "127.0.0.1", "trans=tcp", 1, ENETUNREACH);
FILESYSTEM(p9_unix, "9p", "/nothing", "trans=unix", 1, ENOENT);
FILESYSTEM(cifs, "cifs", "//127.0.0.1/share",
	   "ip=127.0.0.1,username=user,password=word,vers=3.0", 1, ENETUNREACH);
/* What there is in it per namespace. */
FILESYSTEM(rpc_pipefs, "rpc_pipefs", "none", NULL, 1, 0);
FILESYSTEM(nfsd, "nfsd", "none", NULL, 1, 0);

FILESYSTEM(p9_none, "9p", "127.0.0.1", "trans=none", 0, EINVAL);
FILESYSTEM(autofs, "autofs", "none",
	   "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", 0, 0);
FILESYSTEM(tmpfs, "tmpfs", "none", NULL, 0, 0);
FILESYSTEM(proc, "proc", "none", NULL, 0, 0);
FILESYSTEM(sysfs, "sysfs", "none", NULL, 0, 0);
FILESYSTEM(debugfs, "debugfs", "none", NULL, 0, 0);
FILESYSTEM(devpts, "devpts", "none", NULL, 0, 0);
FILESYSTEM(devtmpfs, "devtmpfs", "none", NULL, 0, 0);
FILESYSTEM(mqueue, "mqueue", "none", NULL, 0, 0);
FILESYSTEM(cgroup2, "cgroup2", "none", NULL, 0, 0);
FILESYSTEM(bpf, "bpf", "none", NULL, 0, 0);
FILESYSTEM(overlay, "overlay", "none", "lowerdir=/etc:/usr", 0, 0);

FIXTURE_SETUP(filesystem)
{
	ASSERT_EQ(0, pipe(self->pipe));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
}

FIXTURE_TEARDOWN(filesystem)
{
	write_file(EAGER_SYSCTL, "0");
}

/* The errno, or 0; nothing is left mounted. */
static int mounts(const char *type, const char *source, const char *format,
		  int pipe)
{
	char data[256] = "";

	if (format)
		snprintf(data, sizeof(data), format, pipe, getpgrp());
	if (mount(source, MOUNT, type, 0, format ? data : NULL))
		return errno;
	return umount(MOUNT) ? errno : 0;
}

#define MOUNTS() \
	mounts(variant->type, variant->source, variant->data, self->pipe[1])

TEST_F(filesystem, first_use)
{
	int err;

	EXPECT_WAKES(variant->wakes, ((err = MOUNTS()), true));
	if (err == ENODEV)
		SKIP(return, "no such file system in this kernel");
	EXPECT_EQ(variant->err, err);
	EXPECT_WAKES(0, MOUNTS() == variant->err);
	EXPECT_EQ(1, own_link_index("lo"));

	ASSERT_EQ(0, write_file(EAGER_SYSCTL, "1"));
	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	EXPECT_WAKES(0, MOUNTS() == variant->err);
}

static int fs_open(const char *type)
{
	int fd = syscall(__NR_fsopen, type, 0);

	return fd < 0 ? -errno : fd;
}

/* What is opened may never be mounted. */
TEST(to_open_a_context_wakes_nobody)
{
	static const char * const types[] = {
		"tmpfs", "proc", "sysfs", "autofs", "overlay", "9p", "cifs",
	};
	unsigned int i;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNET));
	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_WAKES(0, fs_open(types[i]) >= 0);
	EXPECT_WAKES(0, fs_open("nothing") == -ENODEV);
}

/* Who walks there waits for the daemon to mount something. */
static pid_t start_walk(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* The daemon's group would see what lies below. */
	_exit(setpgid(0, 0) || !lists(MOUNT, "there"));
}

TEST(to_trigger_autofs_wakes_nobody)
{
	union autofs_v5_packet_union packet;
	int root, ends[2], before, before_part;
	char data[64];
	pid_t pid;

	ASSERT_EQ(0, sys_unshare(CLONE_NEWNS | CLONE_NEWNET));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(0, setpgid(0, 0));
	snprintf(data, sizeof(data),
		 "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", ends[1],
		 getpgrp());
	if (mount("none", MOUNT, "autofs", 0, data) && errno == ENODEV)
		SKIP(return, "no autofs in this kernel");
	root = open(MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, root);

	before = activations();
	before_part = partial_activations();
	pid = start_walk();
	ASSERT_LT(0, pid);
	ASSERT_LT(0, read(ends[0], &packet, sizeof(packet)));
	ASSERT_EQ(autofs_ptype_missing_direct, packet.hdr.type);
	EXPECT_EQ(pid, (pid_t)packet.missing_direct.pid);
	ASSERT_EQ(0, mount("tmpfs", MOUNT, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkdir(MOUNT "/there", 0755));
	ASSERT_EQ(0, ioctl(root, AUTOFS_IOC_READY,
			   packet.missing_direct.wait_queue_token));
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(before, activations());
	EXPECT_EQ(before_part, partial_activations());

	ASSERT_EQ(0, umount(MOUNT));
	close(root);
	ASSERT_EQ(0, umount(MOUNT));
}

DORMANT_TEST_MAIN
